"""Twilio's Programmable Messaging as it behaves: forms, errors, lists, signed callbacks.

Written from Twilio's documents (2010-04-01). A message is `queued` at once; what follows is told
by whoever plays: `progress` moves it on and says which callback Twilio would then make.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from typing import NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import phonenumbers
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_api.kit.clock import SystemClock
from portero.simulators.kit import Bell, Refusal, same, vendor

_MOST_CHARACTERS = 1600
_MOST_LISTED = 1000
_SEGMENT_UNITS = 70
_MORE = "https://www.twilio.com/docs/errors/"
_FIELDS = frozenset(
    {"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "SmartEncoded", "MaxPrice"}
)
_FILTERS = frozenset({"To", "From", "DateSent", "PageSize", "Page", "PageToken"})
_STATUSES = (
    *("accepted", "scheduled", "queued", "sending", "sent"),
    *("delivered", "undelivered", "failed", "read", "canceled"),
)


@dataclass(frozen=True, slots=True)
class Callback:
    """A call as Twilio makes it."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    async def ring(self) -> int:
        """Make it; the status it was answered with, or 0."""
        return await Bell.at(self.url).ring(content=self.body, headers=self.headers)


@dataclass(slots=True)
class Text:
    """One message Twilio knows."""

    sid: str
    to: str
    sender: str
    body: str
    created: datetime
    callback: str = ""
    status: str = "queued"
    direction: str = "outbound-api"
    error_code: int | None = None
    price: str | None = None


@dataclass(slots=True)
class Twilio:
    """One account. `opted_out`, `landlines` and `unreachable` are numbers; `busy` answers 429."""

    account_sid: str = "AC" + "0" * 32
    auth_token: str = "twilio-token"
    shared_key: str = ""
    senders: set[str] = field(default_factory=lambda: {"+15005550006"})
    opted_out: set[str] = field(default_factory=set)
    landlines: set[str] = field(default_factory=set)
    messages: dict[str, Text] = field(default_factory=dict)
    busy_seconds: int | None = None
    now: Callable[[], datetime] = SystemClock().utc_now

    @property
    def app(self) -> Starlette:
        """Its one resource."""
        path = "/2010-04-01/Accounts/{account}/Messages.json"
        return vendor(
            Route(path, self._create, methods=["POST"]), Route(path, self._list, methods=["GET"])
        )

    def age(self, sid: str, by: timedelta) -> None:
        """Let a message be older than it is."""
        self.messages[sid].created -= by

    def progress(
        self, sid: str, status: str, *, error_code: int | None = None, price: str | None = None
    ) -> Callback:
        """Move a message on; the callback Twilio makes for it."""
        assert status in _STATUSES, status  # noqa: S101 - the script's own mistake
        text = self.messages[sid]
        text.status, text.error_code, text.price = status, error_code, price
        told = {
            "MessageSid": sid,
            "SmsSid": sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": self.account_sid,
            "From": text.sender,
            "To": text.to,
            "ApiVersion": "2010-04-01",
        }
        if error_code is not None:
            told["ErrorCode"] = str(error_code)
        return self.call(text.callback, told)

    def written(self, url: str, *, sender: str, body: str, **more: str) -> Callback:
        """Somebody writes to our number, whose webhook is `url`."""
        sid = "SM" + uuid4().hex
        told = {
            "MessageSid": sid,
            "SmsMessageSid": sid,
            "SmsStatus": "received",
            "AccountSid": self.account_sid,
            "From": sender,
            "To": next(iter(self.senders)),
            "Body": body,
            "NumMedia": "0",
            "NumSegments": "1",
            "ApiVersion": "2010-04-01",
        }
        return self.call(url, told | more)

    def call(self, url: str, told: Mapping[str, str]) -> Callback:
        """A signed form."""
        body = urlencode(told).encode()
        signed = url + "".join(name + told[name] for name in sorted(told))
        return Callback(url, self._headers(signed, "application/x-www-form-urlencoded"), body)

    def call_json(self, url: str, body: bytes) -> Callback:
        """A signed JSON body, bound by its hash in the address."""
        joint = "&" if urlsplit(url).query else "?"
        url = f"{url}{joint}bodySHA256={sha256(body).hexdigest()}"
        return Callback(url, self._headers(url, "application/json"), body)

    def _headers(self, signed: str, media_type: str) -> dict[str, str]:
        headers = {"content-type": media_type, "i-twilio-idempotency-token": uuid4().hex}
        if self.shared_key:
            headers["x-twilio-webhooks-signature-settings"] = (
                f"key=webhooks_sharedkey_{'1' * 26},algorithm=HMAC_SHA256"
            )
        algorithm = "sha256" if self.shared_key else "sha1"
        key = self.shared_key or self.auth_token
        digest = hmac.digest(key.encode(), signed.encode(), algorithm)
        return headers | {"x-twilio-signature": b64encode(digest).decode()}

    async def _create(self, request: Request) -> Response:
        self._know(request)
        if request.headers.get("content-type", "") != "application/x-www-form-urlencoded":
            _refuse(400, 20001, "Unsupported content type")
        fields = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        form = dict(fields)
        self._check(form, fields)
        text = Text(
            sid="SM" + uuid4().hex,
            to=form["To"],
            sender=form.get("From") or next(iter(self.senders)),
            body=form["Body"],
            created=self.now(),
            callback=form.get("StatusCallback", ""),
        )
        self.messages[text.sid] = text
        return JSONResponse(self._told(text), status_code=201)

    def _check(self, form: Mapping[str, str], fields: list[tuple[str, str]]) -> None:
        if unknown := {name for name, _ in fields} - _FIELDS:
            _refuse(400, 20001, f"Unknown parameters {sorted(unknown)}")
        if not form.get("To"):
            _refuse(400, 21604, "A 'To' phone number is required.")
        if not form.get("Body"):
            _refuse(400, 21602, "Message body is required.")
        if len(form["Body"]) > _MOST_CHARACTERS:
            _refuse(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if ("From" in form) == ("MessagingServiceSid" in form):
            _refuse(400, 21603, "A 'From' phone number is required.")
        if "From" in form and form["From"] not in self.senders:
            _refuse(400, 21606, "The 'From' phone number is not a valid sender.")
        self._check_callback(form.get("StatusCallback"))
        self._check_recipient(form["To"])

    def _check_callback(self, url: str | None) -> None:
        if url is not None and not (
            urlsplit(url).scheme in {"http", "https"} and "_" not in str(urlsplit(url).hostname)
        ):
            _refuse(400, 21609, "Invalid 'StatusCallback' URL.")

    def _check_recipient(self, to: str) -> None:
        try:
            number = phonenumbers.parse(to)
        except phonenumbers.NumberParseException:
            _refuse(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if not phonenumbers.is_possible_number(number):
            _refuse(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if to in self.opted_out:
            _refuse(400, 21610, "Attempt to send to unsubscribed recipient")
        if to in self.landlines:
            _refuse(400, 21614, f"'To' number is not a valid mobile number: {to}")

    async def _list(self, request: Request) -> Response:
        self._know(request)
        if unknown := set(request.query_params) - _FILTERS:
            _refuse(400, 20001, f"Unknown parameters {sorted(unknown)}")
        size = int(request.query_params.get("PageSize", "50"))
        if not 1 <= size <= _MOST_LISTED:
            _refuse(400, 20006, "Page size must be 1..1000")
        to = request.query_params.get("To")
        newest = sorted(self.messages.values(), key=lambda each: each.created, reverse=True)
        fitting = [each for each in newest if to in {None, each.to}]
        listed = [self._told(each) for each in fitting[:size]]
        return JSONResponse({"messages": listed, "page": 0, "page_size": size})

    def _know(self, request: Request) -> None:
        kind, _, told = request.headers.get("authorization", "").partition(" ")
        expected = f"{self.account_sid}:{self.auth_token}"
        try:
            given = b64decode(told, validate=True).decode()
        except ValueError:
            given = ""
        if kind != "Basic" or not same(given, expected):
            _refuse(401, 20003, "Authenticate")
        if request.path_params["account"] != self.account_sid:
            _refuse(404, 20404, "The requested resource was not found")
        if self.busy_seconds is not None:
            _refuse(429, 20429, "Too Many Requests", {"Retry-After": str(self.busy_seconds)})

    def _told(self, text: Text) -> dict[str, object]:
        units = len(text.body.encode("utf-16-le")) // 2
        return {
            "sid": text.sid,
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "to": text.to,
            "from": text.sender,
            "body": text.body,
            "status": text.status,
            "direction": text.direction,
            "num_segments": str(-(-units // _SEGMENT_UNITS)),
            "num_media": "0",
            "date_created": format_datetime(text.created),
            "date_updated": format_datetime(text.created),
            "date_sent": None if text.status == "queued" else format_datetime(text.created),
            "error_code": text.error_code,
            "error_message": None,
            "price": text.price,
            "price_unit": "USD",
            "messaging_service_sid": None,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Messages/{text.sid}.json",
        }


def _refuse(
    status: int, code: int, message: str, headers: Mapping[str, str] | None = None
) -> NoReturn:
    said = {"code": code, "message": message, "more_info": f"{_MORE}{code}", "status": status}
    raise Refusal(JSONResponse(said, status_code=status, headers=headers))
