"""Which words does Flow use, and which of ours are they?"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import field_validator

from cloud_api.kit.money import Money
from cloud_api.kit.outgoing import Answer
from cloud_api.payments.errors import (
    ProviderAccountError,
    ProviderError,
    ProviderRefusedError,
    ProviderSilentError,
)
from cloud_api.payments.providers.amounts import InexactAmountError, money_of, written
from cloud_api.payments.providers.asking import Told, exactly, trouble
from cloud_api.payments.types import PaymentState, RefundWish, Seen, Wish

CREDENTIALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "environment": "production or sandbox",
        "api_key": "the merchant's apiKey",
        "secret_key": "the secretKey that signs",
    }
)

HOSTS: Final[Mapping[str, str]] = MappingProxyType(
    {"production": "https://www.flow.cl/api", "sandbox": "https://sandbox.flow.cl/api"}
)
# Which clock Flow writes; it does not say so, and nothing but a date shown to people hangs on it.
ZONE: Final = ZoneInfo("America/Santiago")
ALREADY_PAID = 1605
_ALL_MEDIA = "9"
_MOST_SUBJECT = 250

_STATES: Final[Mapping[int, PaymentState]] = MappingProxyType(
    {
        1: PaymentState.PENDING,
        2: PaymentState.PAID,
        3: PaymentState.REJECTED,
        4: PaymentState.CANCELLED,
    }
)
_REFUSED_REFUNDS = frozenset({"rejected", "canceled", "cancelled"})


class Started(Told):
    """The answer to a new order."""

    url: str
    token: str
    flowOrder: int  # noqa: N815 - the vendor's name


class Order(Told):
    """Flow's payment status. `amount` comes as number or as text."""

    class Payment(Told):
        """How it was paid; all null until it is."""

        date: str | None = None

    flowOrder: int  # noqa: N815 - the vendor's name
    commerceOrder: str  # noqa: N815 - the vendor's name
    requestDate: str | None = None  # noqa: N815 - the vendor's name
    status: int
    currency: str
    amount: Decimal
    paymentData: Payment | None = None  # noqa: N815 - the vendor's name

    @field_validator("commerceOrder", mode="before")
    @classmethod
    def _text(cls, value: object) -> str:
        return str(value)


class Page(Told):
    """One page of a list."""

    hasMore: bool = False  # noqa: N815 - the vendor's name
    data: tuple[Order, ...] = ()


class RefundOrder(Told):
    """Flow's refund status."""

    status: str


class Failure(Told):
    """Flow's error object."""

    code: int = 0
    message: str = ""


def signed(params: Mapping[str, str], secret: str) -> dict[str, str]:
    """The parameters with `s`: HMAC-SHA256 over name and value of each, by name, unseparated."""
    text = "".join(name + params[name] for name in sorted(params))
    return {**params, "s": hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}


def order_params(wish: Wish, *, email: str, now: datetime) -> dict[str, str]:
    """What a new order needs. Our reference goes along in the address that Flow tells.

    Raises ProviderRefusedError where it would be too late to pay it.
    """
    params = {
        "commerceOrder": wish.reference,
        "subject": wish.description[:_MOST_SUBJECT],
        "currency": wish.amount.currency,
        "amount": written(wish.amount),
        "email": email,
        "paymentMethod": _ALL_MEDIA,
        "urlConfirmation": _about(wish.notify_url, wish.reference),
        "urlReturn": wish.return_url,
    }
    if wish.expires_at is not None:
        seconds = int((wish.expires_at - now).total_seconds())
        if seconds <= 0:
            raise ProviderRefusedError("too late to pay", code="payment_expired")
        params["timeout"] = str(seconds)
    return params


def refund_params(wish: RefundWish, *, email: str) -> dict[str, str]:
    """What a refund needs; its callback is told apart from a payment's by its address."""
    return {
        "refundCommerceOrder": wish.reference,
        "receiverEmail": email,
        "amount": written(wish.amount),
        "urlCallBack": _about(wish.notify_url, wish.payment.reference) + "&refund=1",
        "commerceTrxId": wish.payment.reference,
    }


def _about(url: str, reference: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}payment={quote(reference, safe='')}"


def seen(order: Order) -> Seen:
    """The order in our words. Raises ProviderSilentError where its amount is no money."""
    try:
        amount = money_of(order.amount, order.currency)
    except InexactAmountError:
        raise ProviderSilentError("an amount that is none") from None
    paid_at = order.paymentData.date if order.paymentData else None
    return Seen(
        reference=order.commerceOrder,
        provider_id=str(order.flowOrder),
        # A number we do not know is nobody's money yet; people see it beside the payment.
        state=_STATES.get(order.status, PaymentState.PENDING),
        amount=amount,
        refunded=Money(0, order.currency),
        provider_status=str(order.status),
        happened_at=_instant(paid_at or order.requestDate),
    )


def given_back(refund: RefundOrder, wish: RefundWish) -> Seen:
    """The payment as it stands once this refund is asked for.

    Raises ProviderRefusedError where its receiver, or Flow, has said no.
    """
    if refund.status in _REFUSED_REFUNDS:
        raise ProviderRefusedError(f"flow refund {refund.status}", code="refund_refused")
    total = Money(wish.payment.refunded.minor + wish.amount.minor, wish.amount.currency)
    whole = total.minor >= wish.payment.amount.minor
    return Seen(
        reference=wish.payment.reference,
        provider_id=wish.payment.provider_id,
        state=PaymentState.REFUNDED if whole else PaymentState.PARTLY_REFUNDED,
        amount=wish.payment.amount,
        refunded=total,
        provider_status=f"refund {refund.status[:20]}",
        happened_at=wish.payment.happened_at,
    )


def _instant(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=ZONE).astimezone(UTC)
    except ValueError:
        return None


def failure_of(answer: Answer) -> Failure:
    """What Flow says went wrong; code 0 where it says nothing."""
    try:
        return Failure.model_validate(exactly(answer.body))
    except ValueError:
        return Failure()


def is_unknown(failure: Failure) -> bool:
    """Is it that Flow knows no such order? It has no code of its own for this."""
    text = failure.message.lower()
    return "not found" in text and "apikey" not in text


def is_repeated(failure: Failure) -> bool:
    """Is it that this refund has been asked for before?"""
    text = failure.message.lower()
    return "refundcommerceorder" in text and ("already" in text or "previously" in text)


def error_of(answer: Answer, *, did: bool) -> ProviderError:
    """What has to be done about this answer. Flow says 401 for whatever its business refuses."""
    failure = failure_of(answer)
    said = f"flow {failure.code} ({answer.status})"
    if (error := trouble(answer, code=f"flow {failure.code}", did=did)) is not None:
        return error
    words = failure.message.lower()
    if "apikey" in words or "signature" in words or "firma" in words:
        return ProviderAccountError(said)
    return ProviderRefusedError(said, code="payment_refused")
