"""What does OpenPay do with a charge, and what does it refuse?

After its public reference (https://documents.openpay.pe/en/api/): Basic auth with the private key,
`order_id` taken once only (409, 1006), refunds without any key, of which a charge shows the last
one alone, and webhooks that prove nothing but a user and a password.
"""

import base64
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cloud_api.kit.clock import Clock
from portero.simulators.kit import Refusal, same, vendor
from portero.simulators.post import Sent

_ZONE = timezone(timedelta(hours=-5))
_CURRENCIES = {"mx": {"MXN", "USD"}, "co": {"COP"}, "pe": {"PEN", "USD"}}
_CHARGE = {"method", "amount", "currency", "description", "order_id", "customer", "redirect_url"}
_CARD = {"source_id", "device_session_id", "use_3d_secure"}
_PAGE = {"confirm", "send_email"}
_CUSTOMER = {"name", "last_name", "email"}
# Cards that banks refuse, by the token the payer's browser made of them.
DECLINED = {"tok_declined": (402, 3001), "tok_expired": (402, 3002), "tok_poor": (402, 3003)}
_MOST_TEXT, _MOST_ID, _OF_CARDS = 250, 100, 3000
_NUMBER = re.compile(r'"@@(.*?)@@"')

type Row = dict[str, object]


@dataclass(slots=True)
class Charge:
    """One charge, and the money that went back of it."""

    id: str
    order_id: str
    amount: Decimal
    currency: str
    status: str
    made: datetime
    changed: datetime
    description: str
    url: str | None = None
    refunds: list[Row] = field(default_factory=list)

    @property
    def left(self) -> Decimal:
        """What has not gone back."""
        return self.amount - sum(
            (Decimal(str(each["_amount"])) for each in self.refunds), Decimal()
        )

    def row(self) -> Row:
        """As OpenPay writes it."""
        row: Row = {
            "id": self.id,
            "authorization": "801585" if self.status == "completed" else None,
            "operation_type": "in",
            "transaction_type": "charge",
            "method": "card",
            "status": self.status,
            "amount": _number(self.amount),
            "currency": self.currency,
            "order_id": self.order_id,
            "description": self.description,
            "error_message": None,
            "creation_date": self.made.isoformat(),
            "operation_date": self.changed.isoformat(),
        }
        if self.url is not None:
            row["payment_method"] = {"type": "redirect", "url": self.url}
        if self.refunds:
            row["refund"] = {k: v for k, v in self.refunds[-1].items() if k != "_amount"}
        return row


class OpenPay:
    """One merchant's OpenPay; `app` is served by a Stage, the rest is for tests and demos."""

    def __init__(
        self,
        clock: Clock,
        *,
        country: str = "pe",
        merchant_id: str,
        private_key: str,
        webhook: tuple[str, str],
    ) -> None:
        self._clock = clock
        self._country = country
        self._merchant = merchant_id
        self._key = private_key
        self._webhook = webhook
        self._ids = itertools.count(1)
        self._used_tokens: set[str] = set()
        self.charges: dict[str, Charge] = {}

    @property
    def app(self) -> Starlette:
        """What the stage serves."""
        base = "/v1/{merchant}/charges"
        return vendor(
            Route(base, self._guarded(self._create), methods=["POST"]),
            Route(base, self._guarded(self._list), methods=["GET"]),
            Route(base + "/{id}", self._guarded(self._get), methods=["GET"]),
            Route(base + "/{id}/refund", self._guarded(self._refund), methods=["POST"]),
        )

    # What happens to a payment, and what OpenPay tells of it.

    def of(self, order_id: str) -> Charge:
        """The charge of an order."""
        return next(each for each in self.charges.values() if each.order_id == order_id)

    def pay(self, order_id: str) -> Charge:
        """The payer gives a good card on OpenPay's page."""
        charge = self.of(order_id)
        if charge.status != "charge_pending":
            raise RuntimeError(f"cannot be paid while {charge.status}")
        return self._turn(charge, "completed")

    def reject(self, order_id: str) -> Charge:
        """The bank refuses."""
        return self._turn(self.of(order_id), "failed")

    def cancel(self, order_id: str) -> Charge:
        """Nobody paid, and OpenPay has given up."""
        return self._turn(self.of(order_id), "cancelled")

    def charge_back(self, order_id: str) -> Charge:
        """The payer's bank takes the money back."""
        return self._turn(self.of(order_id), "chargeback_pending")

    def refund(self, order_id: str, amount: Decimal) -> Charge:
        """Given back in OpenPay's own console."""
        charge = self.of(order_id)
        self._give_back(charge, amount, "by hand")
        return charge

    def notice(
        self, kind: str, order_id: str, *, password: str | None = None, at: datetime | None = None
    ) -> Sent:
        """The webhook that tells of it."""
        body: Row = {
            "type": kind,
            "event_date": (at or self._now()).isoformat(),
            "transaction": self.of(order_id).row(),
        }
        return self._sent(body, password)

    def verification(self, code: str = "3vWQ1x6I") -> Sent:
        """The first call at a new webhook."""
        when = self._now().isoformat()
        body: Row = {"type": "verification", "event_date": when, "verification_code": code}
        return self._sent(body | {"id": "w7evenqvf4a3crkdmkj6"}, None)

    # What OpenPay answers.

    async def _create(self, request: Request) -> Response:
        body = await _body(request)
        self._check(body)
        order_id = str(body["order_id"])
        if any(each.order_id == order_id for each in self.charges.values()):
            raise _refusal(409, 1006, "order exists")
        charge = self._charge(body, order_id)
        token = body.get("source_id")
        if token is None or str(token).startswith("tok_3ds"):
            charge.status = "charge_pending"
            charge.url = f"{request.base_url}v1/{self._merchant}/charges/{charge.id}/card_capture"
        elif str(token) in DECLINED:
            charge.status = "failed"
            raise _refusal(*DECLINED[str(token)], "declined")
        return _json(charge.row())

    async def _list(self, request: Request) -> Response:
        asked = dict(request.query_params)
        unknown = set(asked) - {"order_id", "status", "creation[gte]", "limit", "offset"}
        if unknown:
            raise _refusal(400, 1001, "unknown filter")
        fits = [each for each in self.charges.values() if _fits(each, asked)]
        newest_first = sorted(fits, key=lambda each: (each.made, each.id), reverse=True)
        start, limit = int(asked.get("offset", 0)), min(int(asked.get("limit", 10)), 100)
        return _json([each.row() for each in newest_first[start : start + limit]])

    async def _get(self, request: Request) -> Response:
        return _json(self._known(request).row())

    async def _refund(self, request: Request) -> Response:
        body = await _body(request)
        if (
            set(body) - {"description", "amount"}
            or len(str(body.get("description", ""))) > _MOST_TEXT
        ):
            raise _refusal(400, 1001, "fields")
        charge = self._known(request)
        amount = _amount(body.get("amount", charge.left))
        self._give_back(charge, amount, str(body.get("description", "")))
        return _json(charge.row())

    def _give_back(self, charge: Charge, amount: Decimal, description: str) -> None:
        if charge.status != "completed" or not 0 < amount <= charge.left:
            raise _refusal(422, 1003, "not to be refunded")
        when = self._now().isoformat()
        charge.refunds.append(
            {
                "id": f"trrefund{next(self._ids):04}",
                "operation_type": "out",
                "transaction_type": "refund",
                "status": "completed",
                "amount": _number(amount),
                "_amount": amount,
                "currency": charge.currency,
                "description": description,
                "order_id": None,
                "creation_date": when,
            }
        )
        self._turn(charge, "completed" if charge.left else "refunded")

    def _check(self, body: Row) -> None:
        card = "source_id" in body
        expected = _CHARGE | (_CARD if card else _PAGE)
        expected |= {"iva"} if self._country == "co" else set()
        customer = body.get("customer")
        if set(body) != expected or not isinstance(customer, dict) or set(customer) != _CUSTOMER:
            raise _refusal(400, 1001, "fields")
        if not customer["name"] or "@" not in str(customer["email"]):
            raise _refusal(400, 1001, "customer")
        if not card and body["confirm"] is not False:
            raise _refusal(400, 1001, "confirm")
        self._check_values(body, card=card)

    def _check_values(self, body: Row, *, card: bool) -> None:
        _amount(body["amount"])
        if body["method"] != "card" or body["currency"] not in _CURRENCIES[self._country]:
            raise _refusal(422, 1003, "currency or method")
        if (
            not 0 < len(str(body["description"])) <= _MOST_TEXT
            or len(str(body["order_id"])) > _MOST_ID
        ):
            raise _refusal(422, 1003, "too long")
        if card and (not body["device_session_id"] or body["source_id"] in self._used_tokens):
            raise _refusal(422, 1003, "token or device")
        if card:
            self._used_tokens.add(str(body["source_id"]))

    def _charge(self, body: Row, order_id: str) -> Charge:
        now = self._now()
        charge = Charge(
            id=f"trcharge{next(self._ids):012}",
            order_id=order_id,
            amount=_amount(body["amount"]),
            currency=str(body["currency"]),
            status="completed",
            made=now,
            changed=now,
            description=str(body["description"]),
        )
        self.charges[charge.id] = charge
        return charge

    def _known(self, request: Request) -> Charge:
        charge = self.charges.get(request.path_params["id"])
        if charge is None:
            raise _refusal(404, 1005, "no such charge")
        return charge

    def _turn(self, charge: Charge, status: str) -> Charge:
        charge.status, charge.changed = status, self._now()
        if status != "charge_pending":
            charge.url = None
        return charge

    def _guarded(self, handler: Callable[..., object]) -> Callable[..., object]:
        async def guarded(request: Request) -> Response:
            shown = request.headers.get("authorization", "")
            if not same(shown, _basic(self._key, "")):
                raise _refusal(401, 1002, "not authenticated")
            if request.path_params["merchant"] != self._merchant:
                raise _refusal(404, 1005, "no such merchant")
            return await handler(request)  # type: ignore[no-any-return, misc] # one of ours

        return guarded

    def _sent(self, body: Row, password: str | None) -> Sent:
        user, ours = self._webhook
        authorization = _basic(user, ours if password is None else password)
        headers = {"content-type": "application/json", "authorization": authorization}
        return Sent(_text(body), headers)

    def _now(self) -> datetime:
        return self._clock.utc_now().astimezone(_ZONE).replace(microsecond=0)


def _fits(charge: Charge, asked: dict[str, str]) -> bool:
    return (
        asked.get("order_id", charge.order_id) == charge.order_id
        and asked.get("status", charge.status.upper()) == charge.status.upper()
        and asked.get("creation[gte]", "") <= charge.made.date().isoformat()
    )


async def _body(request: Request) -> Row:
    kind = request.headers.get("content-type", "").partition(";")[0]
    try:
        body = json.loads(await request.body(), parse_float=Decimal)
    except ValueError:
        raise _refusal(400, 1001, "not JSON") from None
    if kind != "application/json" or not isinstance(body, dict):
        raise _refusal(400, 1001, "not JSON")
    return body


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _refusal(400, 1001, "amount is no number")
    amount = Decimal(value)
    if amount <= 0 or amount != round(amount, 2):
        raise _refusal(422, 1003, "amount")
    return amount


def _refusal(status: int, code: int, description: str) -> Refusal:
    body: Row = {
        "category": "request" if code < _OF_CARDS else "gateway",
        "error_code": code,
        "description": description,
        "http_code": status,
        "request_id": "1981cdb8-19cb-4bad-8256-e95d58bc035c",
        "fraud_rules": None,
    }
    return Refusal(_json(body, status))


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _number(amount: Decimal) -> str:
    return f"@@{amount:.2f}@@"


def _text(value: object) -> bytes:
    # Amounts are numbers with two decimals, exact, as no float of Python's would be written.
    return _NUMBER.sub(r"\1", json.dumps(value)).encode()


def _json(value: object, status: int = 200) -> Response:
    return Response(_text(value), status_code=status, media_type="application/json")
