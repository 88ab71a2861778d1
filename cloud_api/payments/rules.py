"""How is money counted, when is a payment believed, and what follows from what a provider says?

All of it is decided here from values; nothing here asks anybody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud_api.kit.money import Money
from cloud_api.payments.types import Balance, MatterKind, PaymentState, Review, Seen

_MONEY_STATES = frozenset(
    {
        PaymentState.PAID,
        PaymentState.PARTLY_REFUNDED,
        PaymentState.REFUNDED,
        PaymentState.DISPUTED,
    }
)
_LOOK_FIRST = timedelta(seconds=30)
_LOOK_LONGEST = timedelta(hours=6)
_MOST_DOUBLINGS = 12
MOST_TRIES = 8
REFERENCE_PREFIX = "PT-"


def balance_of(
    currency: str, *, charged: int, paid: int, refunded: int, deposit: int | None
) -> Balance:
    """How a folio stands; what is due now is the rest of the deposit, or of everything.

    `due = charged - paid + refunded`: the four always sum to zero.
    """
    due = charged - paid + refunded
    wanted = due if deposit is None else min(due, deposit - (paid - refunded))
    # A deposit that is paid: what is left of everything is what can be paid now.
    now = wanted if wanted > 0 else max(due, 0)
    return Balance(
        charged=Money(charged, currency),
        paid=Money(paid, currency),
        refunded=Money(refunded, currency),
        due=Money(due, currency),
        due_now=Money(max(now, 0), currency),
    )


def look_again_after(looks: int) -> timedelta:
    """How long to wait before a pending payment is looked at again: 30 s, doubling, to 6 h."""
    return min(_LOOK_FIRST * (1 << min(max(looks - 1, 0), _MOST_DOUBLINGS)), _LOOK_LONGEST)


@dataclass(frozen=True, slots=True)
class Standing:
    """What we know of a payment already."""

    reference: str
    provider_id: str
    amount: Money
    state: PaymentState
    received_minor: int
    refunded_minor: int
    wanted_minor: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows: a new state, money that came or went, or a reason to call a person.

    `stray` is money that is not this payment's: it is kept beside it. `came_minor` is negative when
    a dispute takes it away, `went_minor` is what was given back without our asking.
    """

    state: PaymentState
    came_minor: int = 0
    went_minor: int = 0
    stray: MatterKind | None = None


def has_money(state: PaymentState) -> bool:
    """Did money move in this state?"""
    return state in _MONEY_STATES


def mismatch(standing: Standing, seen: Seen) -> str | None:
    """What contradicts the payment we asked for; None when nothing does."""
    if seen.strange is not None:
        return seen.strange
    if seen.reference != standing.reference:
        return "reference"
    if seen.amount.currency != standing.amount.currency:
        return "currency"
    if seen.amount.minor != standing.amount.minor:
        return "amount"
    return "refunded" if not 0 <= seen.refunded.minor <= seen.amount.minor else None


def judge(standing: Standing, seen: Seen) -> Verdict:
    """What follows from what the provider says now.

    Answers may overtake one another, so what is older than what we know changes nothing: money
    that came is never forgotten because an earlier answer did not know of it, except by a dispute.
    """
    if not has_money(seen.state):
        return Verdict(_without_money(standing, seen))
    if mismatch(standing, seen) is not None:
        return Verdict(standing.state, stray=MatterKind.MISMATCH)
    if has_money(standing.state) and seen.provider_id != standing.provider_id:
        return Verdict(standing.state, stray=MatterKind.PAID_TWICE)
    refunded = max(seen.refunded.minor, standing.refunded_minor)
    went = max(0, refunded - standing.refunded_minor - standing.wanted_minor)
    disputed = seen.state is PaymentState.DISPUTED
    holds = refunded if disputed else seen.amount.minor
    state = PaymentState.DISPUTED if disputed else state_of(seen.amount.minor, refunded)
    return Verdict(state, came_minor=holds - standing.received_minor, went_minor=went)


def state_of(amount_minor: int, refunded_minor: int) -> PaymentState:
    """The state of a payment that was paid, by how much of it went back."""
    if refunded_minor <= 0:
        return PaymentState.PAID
    whole = refunded_minor >= amount_minor
    return PaymentState.REFUNDED if whole else PaymentState.PARTLY_REFUNDED


def _without_money(standing: Standing, seen: Seen) -> PaymentState:
    """A payment that was paid stays so; one that failed may be tried again on the same page."""
    if has_money(standing.state):
        return standing.state
    if seen.state is PaymentState.PENDING and standing.state is PaymentState.CANCELLED:
        return standing.state
    return seen.state


def refundable_minor(*, received: int, reserved: int) -> int:
    """What can still go back: what came and is not disputed, less what went or is on its way."""
    return max(0, received - reserved)


def value_usable(
    *, available: int, wanted: int, expires_at: datetime | None, now: datetime
) -> bool:
    """Is there enough on the card, and is it not over?"""
    return wanted <= available and (expires_at is None or now < expires_at)


def next_review(vouchers: int) -> Review:
    """How a transfer stands after so many vouchers: the first is received, more are a question."""
    return Review.VOUCHER_RECEIVED if vouchers <= 1 else Review.UNDER_REVIEW
