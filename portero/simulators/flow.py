"""What does Flow do with an order, and what does it refuse?

After https://developers.flow.cl/api: every request signed, an order's number payable once, error
bodies of code and message under 400 (its interface) and 401 (its business). The codes of refusals
that Flow does not publish are made up here; only 1605 is its own.
"""

import hashlib
import hmac
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_api.kit.clock import Clock
from portero.simulators.kit import Refusal, same, vendor
from portero.simulators.post import Sent

PENDING, PAID, REJECTED, CANCELLED = 1, 2, 3, 4
_ZONE = ZoneInfo("America/Santiago")
_DECIMALS = {"CLP": 0, "PEN": 2, "MXN": 2, "USD": 2}
_LEAST_CLP = 350
_MOST_PAGE = 100
_ORDER = {"commerceOrder", "subject", "currency", "amount", "email", "urlConfirmation", "urlReturn"}
_ORDER_TOO = {"paymentMethod", "optional", "timeout", "merchantId", "payment_currency"}
_REFUND = {"refundCommerceOrder", "receiverEmail", "amount", "urlCallBack"}
_REFUND_TOO = {"commerceTrxId", "flowTrxId"}

type Params = Mapping[str, str]


@dataclass(slots=True)
class Order:
    """One order; several may have the same number of the merchant's until one is paid."""

    flow_order: int
    token: str
    params: Params
    made: datetime
    status: int = PENDING
    paid: datetime | None = None

    @property
    def number(self) -> str:
        """The merchant's."""
        return self.params["commerceOrder"]

    @property
    def amount(self) -> Decimal:
        """What it is for."""
        return Decimal(self.params["amount"])


@dataclass(slots=True)
class RefundOrder:
    """Money on its way back, if its receiver agrees."""

    flow_order: int
    token: str
    params: Params
    of: Order
    made: datetime
    status: str = "created"


class Flow:
    """One merchant's Flow; `app` is served by a Stage, the rest is for tests and demos.

    `amounts_as_text`: amounts are answered as text, as Flow sometimes does.
    """

    def __init__(self, clock: Clock, *, api_key: str, secret_key: str) -> None:
        self._clock = clock
        self._api_key = api_key
        self._secret = secret_key
        self._ids = itertools.count(8_765_456)
        self.orders: list[Order] = []
        self.refunds: list[RefundOrder] = []
        self.amounts_as_text = False

    @property
    def app(self) -> Starlette:
        """What the stage serves."""
        return vendor(
            self._post("/payment/create", self._create, _ORDER, _ORDER_TOO),
            self._get("/payment/getStatus", self._by_token, {"token"}),
            self._get("/payment/getStatusByCommerceId", self._by_number, {"commerceId"}),
            self._get("/payment/getStatusByFlowOrder", self._by_flow_order, {"flowOrder"}),
            self._get("/payment/getPayments", self._payments, {"date"}, {"start", "limit"}),
            self._post("/refund/create", self._refund, _REFUND, _REFUND_TOO),
            self._get("/refund/getStatus", self._refund_status, {"token"}),
        )

    # What happens to a payment, and what Flow tells of it.

    def of(self, number: str) -> Order:
        """The order that stands for a number: the paid one, else the newest."""
        orders = [each for each in self.orders if each.number == number]
        return next((each for each in orders if each.status == PAID), orders[-1])

    def pay(self, number: str, *, token: str | None = None) -> Order:
        """Somebody pays, at the newest link or at this one."""
        order = self._with("token", token) if token else self.of(number)
        self._expire(order)
        if order.status != PENDING or any(
            each.number == number and each.status == PAID for each in self.orders
        ):
            raise RuntimeError("this commerceOrder cannot be paid any more")
        order.status, order.paid = PAID, self._clock.utc_now()
        return order

    def reject(self, number: str) -> Order:
        """The bank refuses."""
        self.of(number).status = REJECTED
        return self.of(number)

    def cancel(self, number: str) -> Order:
        """The payer, or time, has given it up."""
        self.of(number).status = CANCELLED
        return self.of(number)

    def answer_refund(self, reference: str, status: str) -> RefundOrder:
        """Its receiver has accepted or rejected it, or has the money."""
        [refund] = [
            each for each in self.refunds if each.params["refundCommerceOrder"] == reference
        ]
        refund.status = status
        return refund

    def notice(self, number: str) -> Sent:
        """The confirmation of an order: a token, and nothing that proves who brings it."""
        order = self.of(number)
        return _sent(order.token, order.params["urlConfirmation"])

    def refund_notice(self, reference: str) -> Sent:
        """The call-back of a refund."""
        [refund] = [
            each for each in self.refunds if each.params["refundCommerceOrder"] == reference
        ]
        return _sent(refund.token, refund.params["urlCallBack"])

    # What Flow answers.

    def _create(self, params: Params, request: Request) -> object:
        _check_order(params)
        if any(
            each.number == params["commerceOrder"] and each.status == PAID for each in self.orders
        ):
            number = params["commerceOrder"]
            raise _refusal(401, 1605, f"This commerceOrder {number} has been previously paid")
        order = Order(next(self._ids), self._token(), params, self._clock.utc_now())
        self.orders.append(order)
        url = f"{request.base_url}app/web/pay.php"
        return {"url": url, "token": order.token, "flowOrder": order.flow_order}

    def _by_token(self, params: Params, _request: Request) -> object:
        return self._status(self._with("token", params["token"]))

    def _by_flow_order(self, params: Params, _request: Request) -> object:
        return self._status(self._with("flow_order", int(params["flowOrder"])))

    def _by_number(self, params: Params, _request: Request) -> object:
        if all(each.number != params["commerceId"] for each in self.orders):
            raise _refusal(400, 105, "Transaction not found")
        return self._status(self.of(params["commerceId"]))

    def _payments(self, params: Params, _request: Request) -> object:
        start, limit = int(params.get("start", 0)), int(params.get("limit", 10))
        if not 1 <= limit <= _MOST_PAGE:
            raise _refusal(400, 102, "limit")
        paid = [
            each
            for each in self.orders
            if each.paid and each.paid.astimezone(_ZONE).date().isoformat() == params["date"]
        ]
        page = [self._status(each) for each in paid[start : start + limit]]
        return {"total": len(paid), "hasMore": int(start + limit < len(paid)), "data": page}

    def _refund(self, params: Params, _request: Request) -> object:
        order = self._refunded_order(params)
        sent = [each.params["refundCommerceOrder"] for each in self.refunds]
        if params["refundCommerceOrder"] in sent:
            raise _refusal(401, 1701, "This refundCommerceOrder has been previously sent")
        gone = [
            Decimal(each.params["amount"])
            for each in self.refunds
            if each.of is order and each.status != "rejected"
        ]
        if not 0 < Decimal(params["amount"]) <= order.amount - sum(gone):
            raise _refusal(401, 1702, "The amount exceeds what was paid")
        refund = RefundOrder(next(self._ids), self._token(), params, order, self._clock.utc_now())
        self.refunds.append(refund)
        return self._refund_row(refund)

    def _refunded_order(self, params: Params) -> Order:
        number, flow_order = params.get("commerceTrxId"), params.get("flowTrxId")
        for each in self.orders:
            if each.status == PAID and (
                each.number == number or str(each.flow_order) == flow_order
            ):
                return each
        raise _refusal(401, 1703, "Transaction not found")

    def _refund_status(self, params: Params, _request: Request) -> object:
        for each in self.refunds:
            if each.token == params["token"]:
                return self._refund_row(each)
        raise _refusal(400, 105, "Refund not found")

    def _refund_row(self, refund: RefundOrder) -> object:
        return {
            "token": refund.token,
            "flowRefundOrder": str(refund.flow_order),
            "date": _local(refund.made),
            "status": refund.status,
            "amount": f"{Decimal(refund.params['amount']):.2f}",
            "fee": "240.00",
        }

    def _status(self, order: Order) -> object:
        self._expire(order)
        paid = _local(order.paid) if order.paid else None
        text = f"{order.amount:.2f}"
        whole = order.amount == order.amount.to_integral_value()
        number = int(order.amount) if whole else float(order.amount)
        amount = text if self.amounts_as_text else number
        return {
            "flowOrder": order.flow_order,
            "commerceOrder": order.number,
            "requestDate": _local(order.made),
            "status": order.status,
            "subject": order.params["subject"],
            "currency": order.params["currency"],
            "amount": amount,
            "payer": order.params["email"],
            "optional": None,
            "pending_info": {"media": None, "date": None},
            "paymentData": {
                "date": paid,
                "media": "webpay" if paid else None,
                "amount": amount if paid else None,
                "currency": order.params["currency"] if paid else None,
                "fee": None,
                "balance": None,
                "transferDate": None,
            },
            "merchantId": None,
        }

    def _with(self, name: str, value: object) -> Order:
        for each in self.orders:
            if getattr(each, name) == value:
                return each
        raise _refusal(400, 105, "Transaction not found")

    def _expire(self, order: Order) -> None:
        seconds = order.params.get("timeout")
        over = seconds and self._clock.utc_now() >= order.made + timedelta(seconds=int(seconds))
        if over and order.status == PENDING:
            order.status = CANCELLED

    def _token(self) -> str:
        at = next(self._ids)
        return hashlib.sha1(str(at).encode(), usedforsecurity=False).hexdigest().upper() + "H"

    def _get(
        self,
        path: str,
        handler: Callable[[Params, Request], object],
        needed: set[str],
        besides: set[str] | None = None,
    ) -> Route:
        async def answer(request: Request) -> Response:
            params = dict(request.query_params)
            self._check(params, needed, besides or set())
            return JSONResponse(handler(params, request))

        return Route(path, answer, methods=["GET"])

    def _post(
        self,
        path: str,
        handler: Callable[[Params, Request], object],
        needed: set[str],
        besides: set[str],
    ) -> Route:
        async def answer(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0]
            if kind != "application/x-www-form-urlencoded":
                raise _refusal(400, 100, "not a form")
            params = {name: str(value) for name, value in (await request.form()).items()}
            self._check(params, needed, besides)
            return JSONResponse(handler(params, request))

        return Route(path, answer, methods=["POST"])

    def _check(self, params: dict[str, str], needed: set[str], besides: set[str]) -> None:
        if params.get("apiKey") != self._api_key:
            raise _refusal(401, 101, f"apiKey not found: {params.get('apiKey')}")
        shown = params.pop("s", "")
        text = "".join(f"{name}{params[name]}" for name in sorted(params))
        ours = hmac.new(self._secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        if not same(shown, ours):
            raise _refusal(400, 103, "The signature is not valid")
        del params["apiKey"]
        missing, unknown = needed - set(params), set(params) - needed - besides
        if missing or unknown:
            raise _refusal(400, 100, f"fields {sorted(missing | unknown)}")


def _check_order(params: Params) -> None:
    currency = params["currency"]
    try:
        amount = Decimal(params["amount"])
    except InvalidOperation:
        raise _refusal(400, 107, "Amount is not numeric") from None
    if currency not in _DECIMALS:
        raise _refusal(401, 106, "Currency is not supported")
    if (
        amount <= 0
        or amount != round(amount, _DECIMALS[currency])
        or (currency == "CLP" and "." in params["amount"])
    ):
        raise _refusal(401, 108, "Amount can not contain decimals for this currency")
    if currency == "CLP" and amount < _LEAST_CLP:
        raise _refusal(401, 109, f"The minimum amount is {_LEAST_CLP} CLP")
    if "@" not in params["email"]:
        raise _refusal(400, 102, "email")
    if any(not urlsplit(params[each]).netloc for each in ("urlConfirmation", "urlReturn")):
        raise _refusal(400, 102, "url")


def _refusal(status: int, code: int, message: str) -> Refusal:
    return Refusal(JSONResponse({"code": code, "message": message}, status_code=status))


def _local(moment: datetime) -> str:
    return moment.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _sent(token: str, url: str) -> Sent:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    query = dict(parse_qsl(urlsplit(url).query))
    return Sent(urlencode({"token": token}).encode(), headers, query)
