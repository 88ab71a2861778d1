"""Which words does Stripe use, and which of ours are they?"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from cloud_api.kit.money import Money
from cloud_api.kit.outgoing import Answer
from cloud_api.payments.errors import (
    ProviderAccountError,
    ProviderError,
    ProviderRefusedError,
    ProviderSilentError,
)
from cloud_api.payments.providers.asking import Told, exactly, safe_code, trouble
from cloud_api.payments.providers.stripe.amounts import told
from cloud_api.payments.types import PaymentState, Seen

CREDENTIALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "secret_key": "the secret or a restricted key, sk_… or rk_…: checkout sessions and refunds "
        "to write; events, payment intents, charges and disputes to read",
        "webhook_secret": "the signing secret of our webhook endpoint, whsec_…",
    }
)

HOST: Final = "https://api.stripe.com"
VERSION: Final = "2025-03-31.basil"
TOLERANCE: Final = timedelta(seconds=300)
# What makes us look at a payment again.
EVENTS: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "charge.refunded",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
)

_REFUSAL_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "charge_already_refunded": "already_refunded",
        "charge_disputed": "payment_disputed",
        "insufficient_funds": "provider_balance_too_low",
        "balance_insufficient": "provider_balance_too_low",
        "amount_too_small": "amount_not_taken",
        "amount_too_large": "amount_not_taken",
        "resource_missing": "payment_unknown",
    }
)
_LIVE_DISPUTES = frozenset({"needs_response", "under_review", "lost"})
_DEAD_REFUNDS = frozenset({"failed", "canceled"})


class Named(Told):
    """Anything with an id."""

    id: str


class Charge(Named):
    """What was taken, and what went back of it."""

    amount_refunded: int = 0
    disputed: bool = False
    created: int


class Intent(Named):
    """Stripe's payment intent, its last charge expanded."""

    status: str
    latest_charge: Charge | None = None


class Session(Named):
    """Stripe's checkout session, its payment intent expanded."""

    status: str
    payment_status: str
    amount_total: int
    currency: str
    created: int
    url: str | None = None
    client_reference_id: str | None = None
    payment_intent: Intent | None = None

    @property
    def charge(self) -> Charge | None:
        """The charge that paid it, or tried to."""
        return self.payment_intent.latest_charge if self.payment_intent else None


class Refund(Named):
    """Stripe's refund."""

    status: str | None = None
    metadata: dict[str, str] | None = None

    def is_for(self, reference: str) -> bool:
        """Is it this refund of ours, and did it not fail?"""
        mark = (self.metadata or {}).get("reference")
        return mark == reference and self.status not in _DEAD_REFUNDS


class Dispute(Named):
    """Stripe's dispute."""

    status: str

    @property
    def holds_money(self) -> bool:
        """Is the money gone, or may it go? A warning takes none; one that is won gave it back."""
        return self.status in _LIVE_DISPUTES


class Listed[T: Named](Told):
    """One page of a list, newest first."""

    has_more: bool = False
    data: tuple[T, ...]


class Event(Named):
    """Something that happened; `data.object` is what it happened to."""

    class Data(Told):
        """Where Stripe keeps it."""

        class Thing(Told):
            """A session, charge, refund, dispute, or something that is none of ours."""

            object: str
            id: str = ""
            client_reference_id: str | None = None
            payment_intent: str | None = None
            metadata: dict[str, str] | None = None

        object: Thing

    type: str
    data: Data

    @property
    def provider_id(self) -> str | None:
        """By what its payment is looked up."""
        thing = self.data.object
        if thing.object in {"checkout.session", "payment_intent"}:
            return thing.id
        return thing.payment_intent

    @property
    def reference(self) -> str | None:
        """Our reference of the payment, where it tells."""
        thing = self.data.object
        metadata = thing.metadata or {}
        if thing.object == "refund":
            return metadata.get("payment")
        return thing.client_reference_id or metadata.get("reference")


class Failure(Told):
    """Stripe's error object."""

    class Error(Told):
        """What went wrong."""

        type: str = ""
        code: str | None = None

    error: Error = Error()


def seen(session: Session, *, disputed: bool) -> Seen:
    """The session in our words. `disputed`: a dispute holds its money."""
    amount = told(session.amount_total, session.currency)
    charge = session.charge
    refunded = told(charge.amount_refunded if charge else 0, session.currency)
    when = charge.created if charge else session.created
    return Seen(
        reference=session.client_reference_id or "",
        provider_id=session.id,
        state=PaymentState.DISPUTED if disputed else _state(session, amount, refunded),
        amount=amount,
        refunded=refunded,
        provider_status=safe_code(f"{session.status}.{session.payment_status}"),
        pay_url=session.url if session.status == "open" else None,
        happened_at=datetime.fromtimestamp(when, UTC),
    )


def _state(session: Session, amount: Money, refunded: Money) -> PaymentState:
    match (session.status, session.payment_status):
        case ("expired", _):
            return PaymentState.CANCELLED
        case ("complete", "paid" | "no_payment_required"):
            return _paid(amount, refunded)
        case ("complete", _) if session.payment_intent is not None:
            # A card that is refused leaves the session open: only what was promised can fail here.
            failed = session.payment_intent.status in {"requires_payment_method", "canceled"}
            return PaymentState.REJECTED if failed else PaymentState.PENDING
        case _:
            return PaymentState.PENDING


def _paid(amount: Money, refunded: Money) -> PaymentState:
    if refunded.minor == 0:
        return PaymentState.PAID
    whole = refunded.minor >= amount.minor
    return PaymentState.REFUNDED if whole else PaymentState.PARTLY_REFUNDED


def failure_of(answer: Answer) -> Failure.Error:
    """What Stripe says went wrong."""
    try:
        return Failure.model_validate(exactly(answer.body)).error
    except ValueError:
        return Failure.Error()


def error_of(answer: Answer, *, did: bool) -> ProviderError:
    """What has to be done about this answer."""
    failure = failure_of(answer)
    code = safe_code(failure.code or failure.type or "none")
    said = f"stripe {code} ({answer.status})"
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return ProviderAccountError(said)
    if answer.status == HTTPStatus.CONFLICT:
        # The same key is being worked on this moment.
        return ProviderSilentError(said)
    if (error := trouble(answer, code=f"stripe {code}", did=did)) is not None:
        return error
    return ProviderRefusedError(said, code=_REFUSAL_CODES.get(code, "payment_refused"))
