"""Which words does Mercado Pago use, and which of ours are they?"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
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
from cloud_api.payments.providers.amounts import InexactAmountError, in_units, money_of, written
from cloud_api.payments.providers.asking import Told, exactly, safe_code, trouble
from cloud_api.payments.types import PaymentState, Seen, Wish

CREDENTIALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "access_token": "the access token of the application, APP_USR-…",
        "webhook_secret": "the secret signature of the application's webhooks",
        "collector_id": "the user id of the account that gets the money",
    }
)
HOST: Final = "https://api.mercadopago.com"

_STATES: Final[Mapping[str, PaymentState]] = MappingProxyType(
    {
        "pending": PaymentState.PENDING,
        "in_process": PaymentState.PENDING,
        "authorized": PaymentState.PENDING,
        "in_mediation": PaymentState.PAID,
        "approved": PaymentState.PAID,
        "rejected": PaymentState.REJECTED,
        "cancelled": PaymentState.CANCELLED,
        "canceled": PaymentState.CANCELLED,
        "refunded": PaymentState.REFUNDED,
        "charged_back": PaymentState.DISPUTED,
    }
)
_WON: Final = "reimbursed"
_NUMBER: Final = re.compile(r'"\\u0000(-?[0-9]+(?:\.[0-9]+)?)\\u0000"')
_MOST_TITLE = 250


class Collector(Told):
    """Who gets the money, where it is told as an object."""

    id: int


class Payment(Told):
    """A payment, as Mercado Pago shows it."""

    id: int
    status: str
    status_detail: str | None = None
    external_reference: str | None = None
    transaction_amount: Decimal
    transaction_amount_refunded: Decimal = Decimal()
    currency_id: str
    collector_id: int | None = None
    collector: Collector | None = None
    date_approved: datetime | None = None
    date_last_updated: datetime | None = None

    @property
    def paid_to(self) -> int | None:
        """Who gets the money."""
        return self.collector.id if self.collector is not None else self.collector_id


class Item(Told):
    """What a preference is for."""

    unit_price: Decimal
    quantity: int = 1
    currency_id: str


class Preference(Told):
    """Something that can be paid on Mercado Pago's page."""

    id: str
    init_point: str | None = None
    external_reference: str | None = None
    collector_id: int | None = None
    items: tuple[Item, ...] = ()

    def is_of(self, wish: Wish) -> bool:
        """Is it for the same amount? One that does not tell its items is believed."""
        wanted = (in_units(wish.amount), wish.amount.currency)
        told = [(each.unit_price * each.quantity, each.currency_id) for each in self.items]
        return told in ([], [wanted])


class Paging(Told):
    """How long a list is."""

    total: int


class Payments(Told):
    """One page of payments."""

    results: list[Payment]
    paging: Paging


class Preferences(Told):
    """One page of preferences."""

    elements: list[Preference]


class Refund(Told):
    """Money that went back."""

    id: int


class Failure(Told):
    """What was refused."""

    error: str | None = None


def payment_body(wish: Wish) -> bytes:
    """A payment with a card's token. Source: reference, POST /v1/payments."""
    if not wish.payer_email:
        raise ProviderRefusedError("no e-mail address", code="payer_email_missing")
    if not wish.card_method:
        raise ProviderRefusedError("no card brand", code="card_method_missing")
    return _body(
        {
            "transaction_amount": _number(wish.amount),
            "token": wish.card_token,
            "description": wish.description[:_MOST_TITLE],
            "installments": 1,
            "payment_method_id": wish.card_method,
            "payer": {"email": wish.payer_email},
            "external_reference": wish.reference,
            "notification_url": wish.notify_url,
        }
    )


def preference_body(wish: Wish) -> bytes:
    """Something to be paid on Mercado Pago's page. Source: POST /checkout/preferences."""
    body: JsonObject = {
        "items": [
            {
                "id": wish.reference,
                "title": wish.description[:_MOST_TITLE],
                "quantity": 1,
                "currency_id": wish.amount.currency,
                "unit_price": _number(wish.amount),
            }
        ],
        "back_urls": dict.fromkeys(("success", "pending", "failure"), wish.return_url),
        "auto_return": "approved",
        "external_reference": wish.reference,
        "notification_url": wish.notify_url,
    }
    if wish.payer_email:
        body["payer"] = {"name": wish.payer_name, "email": wish.payer_email}
    if wish.expires_at is not None:
        body["expires"] = True
        body["expiration_date_to"] = wish.expires_at.isoformat(timespec="milliseconds")
    return _body(body)


def refund_body(amount: Money) -> bytes:
    """So much goes back. Source: POST /v1/payments/{id}/refunds."""
    return _body({"amount": _number(amount)})


def seen(payment: Payment, *, collector_id: str) -> Seen:
    """The payment in our words."""
    amount = _money(payment.transaction_amount, payment.currency_id)
    refunded = _money(payment.transaction_amount_refunded, payment.currency_id)
    ours = payment.paid_to is None or str(payment.paid_to) == collector_id
    return Seen(
        reference=payment.external_reference or "",
        provider_id=str(payment.id),
        state=_state(payment, amount, refunded),
        amount=amount,
        refunded=refunded,
        provider_status=f"{payment.status} {payment.status_detail or ''}".strip()[:100],
        happened_at=payment.date_approved or payment.date_last_updated,
        strange=None if ours else "collector",
    )


def waiting(preference: Preference, wish: Wish) -> Seen:
    """A preference on which nobody has tried to pay."""
    return Seen(
        reference=wish.reference,
        provider_id=preference.id,
        state=PaymentState.PENDING,
        amount=wish.amount,
        refunded=Money(0, wish.amount.currency),
        provider_status="preference",
        pay_url=preference.init_point,
    )


def error_of(answer: Answer, *, did: bool) -> ProviderError:
    """What has to be done about this answer."""
    code = failure_code(answer)
    said = f"mercadopago {code} ({answer.status})"
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return ProviderAccountError(said)
    if answer.status in {HTTPStatus.LOCKED, HTTPStatus.FAILED_DEPENDENCY}:
        return ProviderBusyError(said)
    if (error := trouble(answer, code=code, did=did)) is not None:
        return error
    if answer.status < HTTPStatus.BAD_REQUEST:
        # Success of a kind we did not ask for: perhaps done.
        return ProviderSilentError(said)
    if answer.status == HTTPStatus.CONFLICT:
        return ProviderRefusedError(said, code="reference_reused")
    return ProviderRefusedError(said, code="payment_refused")


def failure_code(answer: Answer) -> str:
    """The vendor's own word, if it is one."""
    try:
        return safe_code(Failure.model_validate(exactly(answer.body)).error)
    except ValueError:
        return "unreadable"


def _state(payment: Payment, amount: Money, refunded: Money) -> PaymentState:
    state = _STATES.get(payment.status)
    if state is None:
        raise ProviderSilentError(f"mercadopago status {safe_code(payment.status)}")
    if state is PaymentState.DISPUTED and payment.status_detail == _WON:
        state = PaymentState.PAID
    if state is PaymentState.PAID and refunded.minor > 0:
        whole = refunded.minor >= amount.minor
        return PaymentState.REFUNDED if whole else PaymentState.PARTLY_REFUNDED
    return state


def _money(units: Decimal, currency: str) -> Money:
    try:
        return money_of(units, currency)
    except InexactAmountError:
        raise ProviderSilentError("an amount finer than its currency") from None


def _number(amount: Money) -> str:
    # Amounts are JSON numbers there; Python would only write them as floats. No text holds a NUL.
    return f"\0{written(amount)}\0"


def _body(body: JsonObject) -> bytes:
    return _NUMBER.sub(r"\1", json.dumps(body)).encode()
