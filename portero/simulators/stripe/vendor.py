"""How does Stripe answer?"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_api.kit.clock import Clock
from portero.simulators.kit import same, vendor
from portero.simulators.post import Sent
from portero.simulators.stripe.forms import (
    Form,
    amount_of,
    check_refund,
    check_session,
    currency_of,
    failure,
    invalid,
    metadata_of,
)
from portero.simulators.stripe.till import Intent, Row, Session, Till

_REMEMBERED = timedelta(hours=24)
_QUERY = re.compile(r"metadata\['(\w+)'\]:'([^']*)'")
_LISTED = r"limit|starting_after|created\[gte\]"
_MOST_TYPES, _MOST_KEY, _MOST_PAGE = 20, 255, 100
_EXPANDED = "payment_intent.latest_charge"

type Begin = Callable[[Form], Row]


class Stripe:
    """One account's Stripe; `app` is served by a Stage, the rest is for tests and demos."""

    def __init__(self, clock: Clock, *, secret_key: str, webhook: str) -> None:
        self._clock = clock
        self._key = secret_key
        self._webhook = webhook
        self._keys: dict[str, tuple[datetime, str, Form, Row]] = {}
        self.events: list[Row] = []
        self.till = Till(clock, self._happened)

    @property
    def app(self) -> Starlette:
        """What the stage serves."""
        sessions = "/v1/checkout/sessions"
        return vendor(
            Route(sessions, self._post(self._create, self._check_session), methods=["POST"]),
            Route(sessions, self._get(self._sessions), methods=["GET"]),
            Route(sessions + "/{id}", self._get(self._session), methods=["GET"]),
            Route("/v1/refunds", self._post(self._refund, check_refund), methods=["POST"]),
            Route("/v1/refunds", self._get(self._refunds), methods=["GET"]),
            Route("/v1/disputes", self._get(self._disputes), methods=["GET"]),
            Route("/v1/events", self._get(self._events), methods=["GET"]),
            Route("/v1/payment_intents/search", self._get(self._search), methods=["GET"]),
        )

    # What happens to a payment, and what Stripe tells of it.

    def of(self, reference: str) -> Session:
        """The session of a reference."""
        return self.till.of(reference)

    def pay(self, reference: str) -> None:
        """The payer gives a good card."""
        self.till.lapse()
        self.till.pay(self.of(reference))

    def decline(self, reference: str) -> None:
        """The payer's card is refused; another may be tried on the same page."""
        self.till.try_to_pay(self.of(reference))

    def promise(self, reference: str) -> None:
        """The payer chose a way that takes days."""
        session = self.of(reference)
        self.till.try_to_pay(session).status = "processing"
        session.status = "complete"
        self._happened("checkout.session.completed", self.till.session_row(session))

    def reject(self, reference: str) -> None:
        """A promise that was not kept."""
        self.promise(reference)
        session = self.of(reference)
        self._intent(session).status = "requires_payment_method"
        self._happened("checkout.session.async_payment_failed", self.till.session_row(session))

    def cancel(self, reference: str) -> None:
        """Nobody paid in time."""
        self.till.expire(self.of(reference))

    def refund(self, reference: str, amount: int) -> None:
        """Given back in Stripe's dashboard."""
        self.till.give_back(self._intent(self.of(reference)), amount, {})

    def charge_back(self, reference: str) -> None:
        """The payer's bank takes the money back."""
        self.till.dispute(self._intent(self.of(reference)))

    def end_dispute(self, reference: str, status: str) -> None:
        """It is won or lost."""
        charge = self._intent(self.of(reference)).charge
        assert charge is not None  # noqa: S101 - paid
        for each in charge.disputes:
            each["status"] = status
            self._happened("charge.dispute.closed", each)

    def forget_keys(self) -> None:
        """A day has gone by."""
        self._keys.clear()

    def notice(
        self, at: int = -1, *, secret: str | None = None, when: datetime | None = None
    ) -> Sent:
        """The webhook of one of the events, the last one as a rule."""
        body = json.dumps(self.events[at], indent=2).encode()
        return self.signed(body, secret=secret, when=when)

    def signed(
        self, body: bytes, *, secret: str | None = None, when: datetime | None = None
    ) -> Sent:
        """Any body, signed as Stripe does."""
        stamp = int((when or self._clock.utc_now()).timestamp())
        text = f"{stamp}.".encode() + body
        proof = hmac.new((secret or self._webhook).encode(), text, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "stripe-signature": f"t={stamp},v1={proof}"}
        return Sent(body, headers)

    # What Stripe answers.

    def _check_session(self, form: Form) -> None:
        check_session(form, now=self._clock.utc_now())

    def _create(self, form: Form) -> Row:
        made = self.till.now()
        ends = made + timedelta(hours=24)
        if "expires_at" in form:
            ends = datetime.fromtimestamp(int(form["expires_at"]), made.tzinfo)
        name = self.till.new_id("cs_test")
        session = Session(
            id=name,
            amount=amount_of(form),
            currency=currency_of(form),
            reference=form.get("client_reference_id"),
            metadata=metadata_of(form),
            intent_metadata=metadata_of(form, "payment_intent_data[metadata]"),
            made=made,
            expires=ends,
            url=f"https://checkout.stripe.com/c/pay/{name}",
        )
        self.till.sessions[name] = session
        return self.till.session_row(session)

    def _refund(self, form: Form) -> Row:
        intent = self._intent_named(form["payment_intent"])
        if intent.charge is None:
            raise invalid("payment_intent", code="resource_missing", status=404)
        left = intent.charge.amount - self.till.given_back(intent)
        amount = int(form.get("amount", left))
        if left == 0:
            raise failure(400, "invalid_request_error", "charge_already_refunded")
        if not 0 < amount <= left:
            raise failure(400, "invalid_request_error", None, param="amount")
        return self.till.refund_row(self.till.give_back(intent, amount, metadata_of(form)))

    def _session(self, request: Request) -> Row:
        self._names(request, r"expand\[0\]")
        session = self.till.sessions.get(request.path_params["id"])
        if session is None:
            raise invalid("session", code="resource_missing", status=404)
        return self.till.session_row(session, expanded=self._expands(request, _EXPANDED))

    def _sessions(self, request: Request) -> Row:
        self._names(request, rf"{_LISTED}|payment_intent|expand\[0\]")
        expanded = self._expands(request, f"data.{_EXPANDED}")
        wanted = request.query_params.get("payment_intent")
        rows = [
            self.till.session_row(each, expanded=expanded)
            for each in self.till.sessions.values()
            if wanted in {None, each.intent.id if each.intent else None}
        ]
        return _page(request, rows)

    def _refunds(self, request: Request) -> Row:
        self._names(request, rf"{_LISTED}|payment_intent")
        intent = request.query_params.get("payment_intent")
        rows = [self.till.refund_row(each) for each in self.till.refunds]
        return _page(request, [each for each in rows if each["payment_intent"] == intent])

    def _disputes(self, request: Request) -> Row:
        self._names(request, rf"{_LISTED}|payment_intent")
        intent = self._intent_named(request.query_params["payment_intent"])
        return _page(request, intent.charge.disputes if intent.charge else [])

    def _events(self, request: Request) -> Row:
        self._names(request, rf"{_LISTED}|types\[\d\d?\]")
        types = [value for name, value in request.query_params.items() if name.startswith("types[")]
        if len(types) > _MOST_TYPES:
            raise invalid("types")
        return _page(request, [each for each in self.events if not types or each["type"] in types])

    def _search(self, request: Request) -> Row:
        self._names(request, "query|limit|page")
        asked = _QUERY.fullmatch(request.query_params.get("query", ""))
        if asked is None:
            raise invalid("query")
        name, value = asked.groups()
        intents = [each.intent for each in self.till.sessions.values() if each.intent]
        found = [self.till.intent_row(each) for each in intents if each.metadata.get(name) == value]
        return {"object": "search_result", "has_more": False, "data": found}

    def _intent(self, session: Session) -> Intent:
        assert session.intent is not None  # noqa: S101 - tried
        return session.intent

    def _intent_named(self, name: str) -> Intent:
        for each in self.till.sessions.values():
            if each.intent is not None and each.intent.id == name:
                return each.intent
        raise invalid("payment_intent", code="resource_missing", status=404)

    def _happened(self, kind: str, thing: Mapping[str, object]) -> None:
        # As it is now: what happens to the thing later happens to other events.
        kept = json.loads(json.dumps(thing))
        self.events.append(
            {
                "id": self.till.new_id("evt"),
                "object": "event",
                "type": kind,
                "created": int(self.till.now().timestamp()),
                "livemode": False,
                "data": {"object": kept},
            }
        )

    def _get(self, handler: Callable[[Request], Row]) -> Callable[..., object]:
        async def answer(request: Request) -> Response:
            self._admit(request)
            self.till.lapse()
            return JSONResponse(handler(request))

        return answer

    def _post(self, begin: Begin, check: Callable[[Form], None]) -> Callable[..., object]:
        async def answer(request: Request) -> Response:
            self._admit(request)
            self.till.lapse()
            kind = request.headers.get("content-type", "").partition(";")[0]
            key = request.headers.get("idempotency-key", "")
            if kind != "application/x-www-form-urlencoded" or not 0 < len(key) <= _MOST_KEY:
                raise invalid("content-type or idempotency-key")
            form = {name: str(value) for name, value in (await request.form()).items()}
            return self._once(key, request.url.path, form, begin=begin, check=check)

        return answer

    def _once(
        self, key: str, path: str, form: Form, *, begin: Begin, check: Callable[[Form], None]
    ) -> Response:
        kept = self._keys.get(key)
        if kept is not None and kept[0] + _REMEMBERED > self._clock.utc_now():
            if kept[1:3] != (path, form):
                raise failure(400, "idempotency_error", None)
            return JSONResponse(kept[3], headers={"idempotent-replayed": "true"})
        check(form)
        row = begin(form)
        self._keys[key] = (self._clock.utc_now(), path, form, row)
        return JSONResponse(row)

    def _admit(self, request: Request) -> None:
        if not same(request.headers.get("authorization", ""), f"Bearer {self._key}"):
            raise failure(401, "invalid_request_error", None)
        version = request.headers.get("stripe-version", "")
        if version and not re.fullmatch(r"\d{4}-\d\d-\d\d(\.\w+)?", version):
            raise invalid("Stripe-Version")

    @staticmethod
    def _names(request: Request, known: str) -> None:
        for name in request.query_params:
            if not re.fullmatch(known, name):
                raise invalid(name, code="parameter_unknown")

    @staticmethod
    def _expands(request: Request, path: str) -> bool:
        return request.query_params.get("expand[0]") == path


def _page(request: Request, rows: Sequence[Row]) -> Row:
    asked = request.query_params
    limit = int(asked.get("limit", "10"))
    if not 1 <= limit <= _MOST_PAGE:
        raise invalid("limit")
    since = int(asked.get("created[gte]", "0"))
    newest_first = [
        each for each in reversed(rows) if int(str(each.get("created", since))) >= since
    ]
    after = asked.get("starting_after")
    start = 0
    if after is not None:
        start = [each["id"] for each in newest_first].index(after) + 1
    page = newest_first[start : start + limit]
    more = start + limit < len(newest_first)
    return {"object": "list", "has_more": more, "data": page}
