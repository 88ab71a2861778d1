"""What does Mercado Pago do with preferences and payments, and what does it refuse?

After https://www.mercadopago.com/developers/en/reference: bearer token, JSON, amounts as numbers,
`X-Idempotency-Key` on every POST of money, a refused card as 201, several payments on one
preference, webhooks signed over a short manifest. The codes of refusals that are not published are
made up here.
"""

import hashlib
import hmac
import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cloud_api.kit.clock import Clock
from portero.simulators.kit import Refusal, same, vendor
from portero.simulators.post import Sent

_DECIMALS = {"ARS": 2, "BRL": 2, "MXN": 2, "PEN": 2, "UYU": 2, "USD": 2, "COP": 2, "CLP": 0}
_PREFERENCE = {"items", "back_urls", "external_reference", "notification_url"}
_PREFERENCE_TOO = {"payer", "auto_return", "expires", "expiration_date_from", "expiration_date_to"}
_ITEM = {"id", "title", "quantity", "currency_id", "unit_price"}
_BACK = {"success", "pending", "failure"}
_PAYMENT = {
    "transaction_amount",
    "token",
    "description",
    "installments",
    "payment_method_id",
    "payer",
    "external_reference",
    "notification_url",
}
_SEARCH = {"external_reference", "sort", "criteria", "limit", "offset", "range", "begin_date"}
_SEARCH_TOO = {"end_date"}
_REFUNDABLE = {"approved", "in_mediation"}
_MOST_PAGE = 100
_NUMBER = re.compile(r'"@@(.*?)@@"')
# Cards that banks refuse, by the token the payer's browser made of them.
DECLINED = {
    "tok_declined": "cc_rejected_other_reason",
    "tok_poor": "cc_rejected_insufficient_amount",
}
WAITING_TOKEN = "tok_waiting"

type Row = dict[str, Any]


@dataclass(slots=True)
class Payment:
    """One payment: one try on a preference, or one card's token."""

    id: int
    reference: str
    amount: Decimal
    currency: str
    status: str
    detail: str
    made: datetime
    changed: datetime
    collector_id: int
    notify_url: str
    refunds: list[Decimal] = field(default_factory=list)

    @property
    def refunded(self) -> Decimal:
        """What went back."""
        return sum(self.refunds, Decimal())

    def row(self) -> Row:
        """As Mercado Pago writes it."""
        return {
            "id": self.id,
            "status": self.status,
            "status_detail": self.detail,
            "external_reference": self.reference,
            "transaction_amount": _number(self.amount),
            "transaction_amount_refunded": _number(self.refunded),
            "currency_id": self.currency,
            "collector_id": self.collector_id,
            "date_created": _stamp(self.made),
            "date_last_updated": _stamp(self.changed),
            "date_approved": _stamp(self.made) if self.status == "approved" else None,
            "live_mode": False,
        }


@dataclass(slots=True)
class Preference:
    """Something that can be paid on a page."""

    id: str
    reference: str
    title: str
    amount: Decimal
    currency: str
    notify_url: str

    def row(self, collector_id: int) -> Row:
        """As Mercado Pago writes it."""
        page = f"https://www.mercadopago.com/checkout/v1/redirect?pref_id={self.id}"
        return {
            "id": self.id,
            "client_id": "1",
            "collector_id": collector_id,
            "external_reference": self.reference,
            "items": [
                {
                    "id": self.reference,
                    "title": self.title,
                    "quantity": 1,
                    "currency_id": self.currency,
                    "unit_price": _number(self.amount),
                }
            ],
            "init_point": page,
            "sandbox_init_point": page.replace("www", "sandbox", 1),
        }


class MercadoPago:
    """One merchant's Mercado Pago; `app` is served by a Stage, the rest is for tests and demos."""

    def __init__(
        self, clock: Clock, *, access_token: str, webhook_secret: str, collector_id: int = 4711
    ) -> None:
        self._clock = clock
        self._token = access_token
        self._secret = webhook_secret
        self.collector_id = collector_id
        self._ids = itertools.count(1_000_001)
        self._answers: dict[str, tuple[str, Response]] = {}
        self._used_tokens: set[str] = set()
        self.currency = "PEN"
        self.preferences: dict[str, Preference] = {}
        self.payments: dict[int, Payment] = {}

    @property
    def app(self) -> Starlette:
        """What the stage serves."""
        at = "/checkout/preferences"
        return vendor(
            Route(at, self._make_preference, methods=["POST"]),
            Route(f"{at}/search", self._search_preferences, methods=["GET"]),
            Route(f"{at}/{{id}}", self._show_preference, methods=["GET"]),
            Route("/v1/payments", self._make_payment, methods=["POST"]),
            Route("/v1/payments/search", self._search_payments, methods=["GET"]),
            Route("/v1/payments/{id:int}", self._show_payment, methods=["GET"]),
            Route("/v1/payments/{id:int}/refunds", self._refund, methods=["POST"]),
        )

    @property
    def captured(self) -> list[Payment]:
        """Payments by which money came."""
        return [each for each in self.payments.values() if each.status != "rejected"]

    def pay(
        self,
        preference_id: str,
        *,
        status: str = "approved",
        amount: Decimal | None = None,
        currency: str | None = None,
        reference: str | None = None,
    ) -> Payment:
        """A payer tries on the preference's page; amount and the like: somebody tampered."""
        told = self.preferences[preference_id]
        return self._add(
            reference=told.reference if reference is None else reference,
            amount=told.amount if amount is None else amount,
            currency=currency or told.currency,
            status=status,
            notify_url=told.notify_url,
        )

    def elsewhere(self, amount: Decimal, *, reference: str = "") -> Payment:
        """Somebody pays this merchant for something that we know nothing of."""
        return self._add(
            reference=reference,
            amount=amount,
            currency=self.currency,
            status="approved",
            notify_url="",
        )

    def turn(self, payment: Payment, status: str, *, detail: str = "") -> None:
        """It has another status from now on."""
        payment.status, payment.detail = status, detail or _DETAILS.get(status, "")
        payment.changed = self._clock.utc_now()

    def give_back(self, payment: Payment, amount: Decimal) -> None:
        """The merchant gives back in Mercado Pago's own console."""
        payment.refunds.append(amount)
        if payment.refunded >= payment.amount:
            payment.status = "refunded"
        payment.detail = "refunded" if payment.status == "refunded" else "partially_refunded"
        payment.changed = self._clock.utc_now()

    def notice(
        self,
        payment: Payment,
        *,
        secret: str | None = None,
        at: datetime | None = None,
        milliseconds: bool = False,
        request_id: str = "",
    ) -> Sent:
        """The webhook about it, signed now."""
        moment = at or self._clock.utc_now()
        stamp = str(int(moment.timestamp() * (1000 if milliseconds else 1)))
        request = request_id or f"request-{next(self._ids)}"
        signed = f"id:{payment.id};request-id:{request};ts:{stamp};"
        digest = hmac.new(
            (secret or self._secret).encode(), signed.encode(), hashlib.sha256
        ).hexdigest()
        body = {
            "id": next(self._ids),
            "live_mode": False,
            "type": "payment",
            "date_created": _stamp(moment),
            "user_id": self.collector_id,
            "api_version": "v1",
            "action": "payment.updated",
            "data": {"id": str(payment.id)},
        }
        return Sent(
            json.dumps(body).encode(),
            {
                "content-type": "application/json",
                "x-signature": f"ts={stamp},v1={digest}",
                "x-request-id": request,
            },
            {"data.id": str(payment.id), "type": "payment"},
        )

    def _add(
        self, *, reference: str, amount: Decimal, currency: str, status: str, notify_url: str
    ) -> Payment:
        now = self._clock.utc_now()
        payment = Payment(
            id=next(self._ids),
            reference=reference,
            amount=amount,
            currency=currency,
            status=status,
            detail=_DETAILS.get(status, ""),
            made=now,
            changed=now,
            collector_id=self.collector_id,
            notify_url=notify_url,
        )
        self.payments[payment.id] = payment
        return payment

    async def _make_preference(self, request: Request) -> Response:
        body = await self._posted(request)
        _fields(body, _PREFERENCE, _PREFERENCE_TOO)
        items = body["items"]
        if not isinstance(items, list) or len(items) != 1:
            raise _refusal(400, "invalid_items")
        item = items[0]
        _fields(item, _ITEM, set())
        if set(body["back_urls"]) != _BACK or body.get("auto_return") not in {"approved", "all"}:
            raise _refusal(400, "invalid_back_urls")
        return await self._once(request, body, lambda: self._new_preference(body, item))

    def _new_preference(self, body: Row, item: Row) -> Response:
        currency = str(item["currency_id"])
        amount = _amount(item["unit_price"], currency) * int(str(item["quantity"]))
        made = Preference(
            id=f"{self.collector_id}-{next(self._ids)}-pref",
            reference=str(body["external_reference"]),
            title=str(item["title"]),
            amount=amount,
            currency=currency,
            notify_url=_address(body["notification_url"]),
        )
        self.preferences[made.id] = made
        return _json(made.row(self.collector_id), 201)

    async def _search_preferences(self, request: Request) -> Response:
        self._known(request)
        wanted = request.query_params.get("external_reference", "")
        found = [
            {"id": each.id, "external_reference": each.reference}
            for each in self.preferences.values()
            if each.reference == wanted
        ]
        return _json({"elements": found, "next_offset": len(found), "total": len(found)}, 200)

    async def _show_preference(self, request: Request) -> Response:
        self._known(request)
        found = self.preferences.get(request.path_params["id"])
        if found is None:
            raise _refusal(404, "preference_not_found")
        return _json(found.row(self.collector_id), 200)

    async def _make_payment(self, request: Request) -> Response:
        body = await self._posted(request)
        _fields(body, _PAYMENT, set())
        if "email" not in body["payer"] or "@" not in str(body["payer"]["email"]):
            raise _refusal(400, "invalid_payer_email")
        return await self._once(request, body, lambda: self._new_payment(body))

    def _new_payment(self, body: Mapping[str, Any]) -> Response:
        token = str(body["token"])
        if token in self._used_tokens or not token.startswith("tok_"):
            raise _refusal(400, "invalid_card_token")
        self._used_tokens.add(token)
        waiting = token == WAITING_TOKEN
        status = "rejected" if token in DECLINED else "in_process" if waiting else "approved"
        made = self._add(
            reference=str(body["external_reference"]),
            amount=_amount(body["transaction_amount"], self.currency),
            currency=self.currency,
            status=status,
            notify_url=_address(body["notification_url"]),
        )
        made.detail = DECLINED.get(token, made.detail)
        return _json(made.row(), 201)

    async def _search_payments(self, request: Request) -> Response:
        self._known(request)
        asked = request.query_params
        if set(asked) - _SEARCH - _SEARCH_TOO:
            raise _refusal(400, "invalid_search")
        limit, offset = int(asked.get("limit", "30")), int(asked.get("offset", "0"))
        if limit > _MOST_PAGE:
            raise _refusal(400, "invalid_limit")
        by = {"date_created": _made, "date_last_updated": _changed}[
            asked.get("sort", "date_created")
        ]
        found = sorted(
            (each for each in self.payments.values() if _fits(each, asked)),
            key=by,
            reverse=asked.get("criteria") == "desc",
        )
        page = {"total": len(found), "limit": limit, "offset": offset}
        rows = [each.row() for each in found[offset : offset + limit]]
        return _json({"paging": page, "results": rows}, 200)

    async def _show_payment(self, request: Request) -> Response:
        self._known(request)
        return _json(self._payment(request).row(), 200)

    async def _refund(self, request: Request) -> Response:
        body = await self._posted(request)
        _fields(body, set(), {"amount"})
        payment = self._payment(request)
        return await self._once(request, body, lambda: self._new_refund(payment, body))

    def _new_refund(self, payment: Payment, body: Mapping[str, Any]) -> Response:
        left = payment.amount - payment.refunded
        amount = _amount(body["amount"], payment.currency) if "amount" in body else left
        if payment.status not in _REFUNDABLE or amount > left:
            raise _refusal(400, "invalid_refund_amount")
        self.give_back(payment, amount)
        row = {"id": next(self._ids), "payment_id": payment.id, "amount": _number(amount)}
        return _json({**row, "status": "approved"}, 201)

    def _payment(self, request: Request) -> Payment:
        found = self.payments.get(request.path_params["id"])
        if found is None:
            raise _refusal(404, "payment_not_found")
        return found

    def _known(self, request: Request) -> None:
        shown = request.headers.get("authorization", "")
        if not same(shown, f"Bearer {self._token}"):
            raise _refusal(401, "unauthorized")

    async def _posted(self, request: Request) -> Row:
        self._known(request)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise _refusal(415, "unsupported_media_type")
        try:
            body: Row = json.loads(await request.body(), parse_float=Decimal)
        except ValueError:
            raise _refusal(400, "invalid_json") from None
        return body

    async def _once(
        self, request: Request, body: Mapping[str, Any], do: Callable[[], Response]
    ) -> Response:
        key = request.headers.get("x-idempotency-key")
        if not key:
            raise _refusal(400, "bad_request", "Header X-Idempotency-Key can't be null")
        said = f"{request.url.path} {sorted(body.items(), key=str)}"
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = (said, do())
        if known[0] != said:
            raise _refusal(409, "idempotency_key_already_used")
        return known[1]


_DETAILS = {
    "approved": "accredited",
    "pending": "pending_waiting_payment",
    "in_process": "pending_review_manual",
    "rejected": "cc_rejected_other_reason",
    "cancelled": "expired",
    "charged_back": "in_process",
}


def _fits(payment: Payment, asked: Mapping[str, str]) -> bool:
    if asked.get("external_reference", payment.reference) != payment.reference:
        return False
    if "range" not in asked:
        return True
    begin, end = (datetime.fromisoformat(asked[name]) for name in ("begin_date", "end_date"))
    return begin <= payment.changed <= end


def _made(payment: Payment) -> tuple[datetime, int]:
    return payment.made, payment.id


def _changed(payment: Payment) -> tuple[datetime, int]:
    return payment.changed, payment.id


_SORTS = {"date_created": _made, "date_last_updated": _changed}


def _fields(body: object, needed: set[str], allowed: set[str]) -> None:
    if not isinstance(body, dict):
        raise _refusal(400, "invalid_body")
    missing, unknown = needed - set(body), set(body) - needed - allowed
    if missing or unknown:
        raise _refusal(400, "invalid_parameters", f"{sorted(missing)} {sorted(unknown)}")


def _amount(written: object, currency: str) -> Decimal:
    if currency not in _DECIMALS:
        raise _refusal(400, "invalid_currency_id")
    if isinstance(written, bool) or not isinstance(written, int | Decimal) or written <= 0:
        raise _refusal(400, "invalid_amount")
    amount = Decimal(written)
    if amount != amount.quantize(Decimal(1).scaleb(-_DECIMALS[currency])):
        raise _refusal(400, "invalid_amount")
    return amount


def _address(url: object) -> str:
    text = str(url)
    if urlsplit(text).scheme not in {"http", "https"} or parse_qsl(urlsplit(text).query):
        raise _refusal(400, "invalid_notification_url")
    return text


def _refusal(status: int, error: str, message: str = "") -> Refusal:
    body = {"message": message or error, "error": error, "status": status, "cause": []}
    return Refusal(_json(body, status))


def _json(body: Mapping[str, Any], status: int) -> Response:
    text = _NUMBER.sub(r"\1", json.dumps(body))
    return Response(text, status_code=status, media_type="application/json")


def _number(amount: Decimal) -> str:
    return f"@@{amount}@@"


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
