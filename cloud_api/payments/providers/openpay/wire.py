"""Which words does OpenPay use, and which of ours are they?"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from cloud_api.kit.db import JsonObject
from cloud_api.kit.money import Money
from cloud_api.kit.outgoing import Answer
from cloud_api.payments.errors import (
    ProviderAccountError,
    ProviderBusyError,
    ProviderError,
    ProviderRefusedError,
    ProviderSilentError,
)
from cloud_api.payments.providers.amounts import InexactAmountError, money_of, written
from cloud_api.payments.providers.asking import Told, exactly, safe_code, trouble
from cloud_api.payments.types import PaymentState, RefundWish, Seen, Wish

CREDENTIALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "country": "mx, co or pe: where the merchant is registered",
        "environment": "production or sandbox",
        "merchant_id": "the merchant's id",
        "private_key": "the private key, sk_…",
        "webhook_user": "the user that OpenPay shows at our door, chosen with the webhook",
        "webhook_password": "its password",
    }
)

HOSTS: Final[Mapping[str, str]] = MappingProxyType(
    {"production": "https://api.openpay.", "sandbox": "https://sandbox-api.openpay."}
)
COUNTRIES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "mx": frozenset({"MXN", "USD"}),
        "co": frozenset({"COP"}),
        "pe": frozenset({"PEN", "USD"}),
    }
)

MOST_DESCRIPTION = 250
DUPLICATE_ORDER = 1006
NOT_FOUND = 1005
_NOT_NOW = 1004
_ACCOUNT = frozenset({1002, 1008, 1010})
_TOO_POOR = 4001
# The card's or its bank's fault: an answer to the payer, whose money was not taken.
CARD_REFUSALS: Final = frozenset({1007, *range(2004, 2010), *range(3001, 3013)})

_STATES: Final[Mapping[str, PaymentState]] = MappingProxyType(
    {
        "completed": PaymentState.PAID,
        "in_progress": PaymentState.PENDING,
        "charge_pending": PaymentState.PENDING,
        "failed": PaymentState.REJECTED,
        "cancelled": PaymentState.CANCELLED,
        "expired": PaymentState.CANCELLED,
        "refunded": PaymentState.REFUNDED,
        "chargeback_pending": PaymentState.DISPUTED,
        "chargeback_accepted": PaymentState.DISPUTED,
        "chargeback_adjustment": PaymentState.DISPUTED,
    }
)
# Where one order has several charges, the one that took money says how it stands.
_RANK: Final = (
    PaymentState.PAID,
    PaymentState.PARTLY_REFUNDED,
    PaymentState.DISPUTED,
    PaymentState.REFUNDED,
    PaymentState.PENDING,
    PaymentState.REJECTED,
    PaymentState.CANCELLED,
)
_TRAIL = re.compile(r"([A-Za-z0-9_.:\-]+)=(\d+(?:\.\d+)?)")


class Refund(Told):
    """Money that went back of a charge."""

    id: str
    amount: Decimal
    status: str
    description: str | None = None


class PaymentMethod(Told):
    """Where the payer has to go."""

    url: str | None = None


class Charge(Told):
    """OpenPay's transaction object, as a charge."""

    id: str
    status: str
    amount: Decimal
    currency: str
    order_id: str | None = None
    creation_date: datetime
    operation_date: datetime | None = None
    payment_method: PaymentMethod | None = None
    refund: Refund | None = None
    refunds: tuple[Refund, ...] = ()

    @property
    def given_back(self) -> Sequence[Refund]:
        """The refunds it shows, each once; OpenPay may show the last one only."""
        shown = {each.id: each for each in (*self.refunds, *([self.refund] if self.refund else []))}
        return [each for each in shown.values() if each.status.lower() != "failed"]


class Failure(Told):
    """OpenPay's error object; `http_code` is left to the answer itself."""

    error_code: int = 0


class Event(Told):
    """A webhook's body."""

    class Transaction(Told):
        """What it is about."""

        id: str
        order_id: str | None = None
        transaction_type: str = ""

    type: str
    event_date: str = ""
    id: str = ""
    verification_code: str | None = None
    transaction: Transaction | None = None


def seen(charge: Charge) -> Seen:
    """The charge in our words. Raises ProviderSilentError where its amounts are not money."""
    try:
        amount = money_of(charge.amount, charge.currency)
        refunded = money_of(_refunded(charge), charge.currency)
    except InexactAmountError:
        raise ProviderSilentError("an amount that is none") from None
    when = charge.operation_date or charge.creation_date
    state = _state(charge, amount, refunded)
    pending = state is PaymentState.PENDING and charge.payment_method is not None
    return Seen(
        reference=charge.order_id or "",
        provider_id=charge.id,
        state=state,
        amount=amount,
        refunded=refunded,
        provider_status=safe_code(charge.status),
        pay_url=charge.payment_method.url if pending and charge.payment_method else None,
        happened_at=when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC),
    )


def _refunded(charge: Charge) -> Decimal:
    if charge.status.lower() == "refunded" and not charge.given_back:
        return charge.amount
    shown = sum((each.amount for each in charge.given_back), Decimal())
    return max(shown, sum(trail(charge).values(), Decimal()))


def _state(charge: Charge, amount: Money, refunded: Money) -> PaymentState:
    # A word we do not know is nobody's money yet; people see it beside the payment.
    state = _STATES.get(charge.status.lower(), PaymentState.PENDING)
    if state not in {PaymentState.PAID, PaymentState.REFUNDED} or refunded.minor == 0:
        return state
    whole = refunded.minor >= amount.minor
    return PaymentState.REFUNDED if whole else PaymentState.PARTLY_REFUNDED


def best(found: Sequence[Seen]) -> Seen | None:
    """The one that says how the order stands."""
    return min(found, key=lambda each: _RANK.index(each.state), default=None)


def trail(charge: Charge) -> Mapping[str, Decimal]:
    """Which of our refunds went back so far, by their references, and how much each."""
    found: dict[str, Decimal] = {}
    for each in charge.given_back:
        found |= {name: Decimal(units) for name, units in _TRAIL.findall(each.description or "")}
    return found


def refund_body(charge: Charge, wish: RefundWish) -> bytes:
    """The refund's body: it carries the references of all that went back, and its own."""
    text = f"{wish.reference}={written(wish.amount)}"
    for name, units in trail(charge).items():
        # Whole or not at all: half a number would be another number.
        text += f" {name}={units}" if len(f"{text} {name}={units}") <= MOST_DESCRIPTION else ""
    reason = wish.reason.replace("=", " ")[: MOST_DESCRIPTION - len(text) - 1]
    return body_of({"description": f"{text} {reason}".strip()}, wish.amount)


def charge_body(wish: Wish, *, country: str) -> bytes:
    """The charge's body: with the payer's card where a token of it is given, else as a redirect."""
    first, _, rest = (wish.payer_name or wish.payer_email or "").strip().partition(" ")
    body: JsonObject = {
        "method": "card",
        "currency": wish.amount.currency,
        "description": wish.description[:MOST_DESCRIPTION],
        "order_id": wish.reference,
        "redirect_url": wish.return_url,
        "customer": {"name": first, "last_name": rest.strip(), "email": wish.payer_email},
    }
    if country == "co":
        body["iva"] = "0"  # they want to be told the tax; it changes nothing of the amount
    if wish.card_token is None:
        return body_of(body | {"confirm": False, "send_email": False}, wish.amount)
    card: JsonObject = {
        "source_id": wish.card_token,
        "device_session_id": wish.device_session,
        "use_3d_secure": True,
    }
    return body_of(body | card, wish.amount)


def body_of(body: JsonObject, amount: Money) -> bytes:
    """JSON whose amount is a number with exactly our digits, which no float would promise."""
    rest = json.dumps(body, ensure_ascii=False)
    return f'{{"amount": {written(amount)}, {rest[1:]}'.encode()


def failure_of(answer: Answer) -> int:
    """OpenPay's error code; 0 where it told none."""
    try:
        return Failure.model_validate(exactly(answer.body)).error_code
    except ValueError:
        return 0


def error_of(answer: Answer, *, did: bool) -> ProviderError:
    """What has to be done about this answer."""
    code = failure_of(answer)
    said = f"openpay {code} ({answer.status})"
    if code in _ACCOUNT or answer.status in {401, 403}:
        return ProviderAccountError(said)
    if code == _NOT_NOW:
        return ProviderBusyError(said)
    if (error := trouble(answer, code=f"openpay {code}", did=did)) is not None:
        return error
    if code == _TOO_POOR:
        return ProviderRefusedError(said, code="provider_balance_too_low")
    return ProviderRefusedError(said, code="payment_refused")
