"""Meta's WhatsApp Cloud API as it behaves: bearer, strict JSON, the 24 hours, signed webhooks.

Written from Meta's documents of 2026. Nobody but whoever plays moves a message on: `progress` says
which webhook Meta then makes.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import uuid4

import httpx
import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_api.kit.clock import SystemClock
from portero.simulators.kit import Bell, Refusal, same, vendor

_WINDOW = timedelta(hours=24)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Text(_Strict):
    body: str = Field(min_length=1, max_length=4096)
    preview_url: bool = False


class _Language(_Strict):
    code: str = Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")


class _Parameter(_Strict):
    type: str = Field(pattern="^text$")
    text: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_line(self) -> "_Parameter":
        if any(each in self.text for each in ("\n", "\t", "     ")):
            raise ValueError("Param text cannot have new-line/tab characters")
        return self


class _Component(_Strict):
    type: str = Field(pattern="^(body|header|button)$")
    parameters: list[_Parameter]


class _Template(_Strict):
    name: str
    language: _Language
    components: list[_Component] = []


class _Context(_Strict):
    message_id: str


class _Order(_Strict):
    messaging_product: str = Field(pattern="^whatsapp$")
    recipient_type: str = Field(default="individual", pattern="^individual$")
    to: str | None = None
    recipient: str | None = None
    type: str = Field(pattern="^(text|template)$")
    text: _Text | None = None
    template: _Template | None = None
    context: _Context | None = None
    biz_opaque_callback_data: str | None = Field(default=None, max_length=512)

    @model_validator(mode="after")
    def _one_of_each(self) -> "_Order":
        if self.to is None and self.recipient is None:
            raise ValueError("to or recipient is required")
        if (self.text is None) == (self.type == "text"):
            raise ValueError("text")
        if (self.template is None) == (self.type == "template"):
            raise ValueError("template")
        return self


@dataclass(frozen=True, slots=True)
class Webhook:
    """A call as Meta makes it."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    async def ring(self) -> int:
        """Make it; the status it was answered with, or 0."""
        return await Bell.at(self.url).ring(content=self.body, headers=self.headers)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message Meta has taken."""

    wamid: str
    to: str
    by_user_id: bool
    text: str
    key: str | None
    template: str | None
    parameters: tuple[str, ...]


@dataclass(slots=True)
class WhatsApp:
    """One number of one business. Who is in `written_at` has written then; `unreachable` are gone.

    `templates` are the approved ones: name and how many parameters each has.
    """

    url: str = "https://portero.example/webhooks/whatsapp"
    phone_number_id: str = "106540352242922"
    access_token: str = "EAAG-whatsapp-token"
    app_secret: str = "whatsapp-app-secret"
    verify_token: str = "whatsapp-verify-token"
    unreachable: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    written_at: dict[str, datetime] = field(default_factory=dict)
    templates: dict[str, int] = field(default_factory=dict)
    usernames: dict[str, str] = field(default_factory=dict)
    messages: dict[str, Sent] = field(default_factory=dict)
    fails_with: int | None = None
    busy_minutes: int | None = None
    now: Callable[[], datetime] = SystemClock().utc_now

    @property
    def app(self) -> Starlette:
        """Its one resource."""
        path = "/{version}/{number}/messages"
        return vendor(Route(path, self._take, methods=["POST"]))

    async def shake_hands(self) -> tuple[int, str, str]:
        """What Meta asks when a webhook is entered: (status, body, media type) of the answer."""
        params = {
            "hub.mode": "subscribe",
            "hub.verify_token": self.verify_token,
            "hub.challenge": "1158201444",
        }
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(self.url, params=params)
        return answer.status_code, answer.text, answer.headers.get("content-type", "")

    def progress(self, wamid: str, status: str, *, error: int | None = None) -> Webhook:
        """A status of a message."""
        return self.deliver(statuses=[self.status(wamid, status, error=error)])

    def status(self, wamid: str, status: str, *, error: int | None = None) -> dict[str, object]:
        """One status, to be delivered with others."""
        sent = self.messages[wamid]
        told: dict[str, object] = {
            "id": wamid,
            "status": status,
            "timestamp": self._timestamp(),
            ("recipient_user_id" if sent.by_user_id else "recipient_id"): sent.to.lstrip("+"),
        }
        if sent.key is not None:
            told["biz_opaque_callback_data"] = sent.key
        if error is not None:
            told["errors"] = [{"code": error, "title": "x", "error_data": {"details": sent.to}}]
        else:
            told["pricing"] = {"billable": True, "pricing_model": "PMP", "category": "utility"}
        return told

    def written(self, sender: str, text: str, *, reply_to: str | None = None) -> Webhook:
        """Somebody writes: with their number, or only with their user id where they have a name."""
        self.written_at[sender] = self.now()
        message: dict[str, object] = {"type": "text", "text": {"body": text}}
        if reply_to is not None:
            message["context"] = {"id": reply_to}
        return self.deliver_message(sender, message)

    def deliver_message(self, sender: str, message: Mapping[str, object]) -> Webhook:
        """A message of any type."""
        head: dict[str, object] = {"id": f"wamid.{uuid4().hex}", "timestamp": self._timestamp()}
        user_id = self.usernames.get(sender)
        contact: dict[str, object] = {"profile": {"name": "A guest"}}
        if user_id is None:
            head["from"] = contact["wa_id"] = sender.lstrip("+")
        else:
            head["from_user_id"] = contact["user_id"] = user_id
        return self.deliver(contacts=[contact], messages=[head | dict(message)])

    def deliver(self, *, number: str | None = None, **parts: list[dict[str, object]]) -> Webhook:
        """One webhook with these parts."""
        value = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": "15550783881",
                "phone_number_id": number or self.phone_number_id,
            },
            **parts,
        }
        change = {"field": "messages", "value": value}
        whole = {
            "object": "whatsapp_business_account",
            "entry": [{"id": "102290129340398", "changes": [change]}],
        }
        # Meta escapes what is not ASCII, and slashes with it.
        return self.sign(json.dumps(whole).replace("/", "\\/").encode())

    def sign(self, body: bytes) -> Webhook:
        """Any bytes, signed."""
        digest = hmac.digest(self.app_secret.encode(), body, "sha256").hex()
        headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}
        return Webhook(self.url, headers, body)

    def _timestamp(self) -> str:
        return str(int(self.now().timestamp()))

    async def _take(self, request: Request) -> Response:
        self._know(request)
        order = await _order(request)
        to = order.to or order.recipient or ""
        self._check_recipient(order, to)
        self._check_content(order, to)
        components = order.template.components if order.template else []
        sent = Sent(
            wamid=f"wamid.{uuid4().hex}",
            to=to,
            by_user_id=order.to is None,
            text=order.text.body if order.text else "",
            key=order.biz_opaque_callback_data,
            template=order.template.name if order.template else None,
            parameters=tuple(each.text for part in components for each in part.parameters),
        )
        self.messages[sent.wamid] = sent
        contact = {"input": to, "wa_id": to.lstrip("+")} if order.to else {"user_id": to}
        return JSONResponse(
            {
                "messaging_product": "whatsapp",
                "contacts": [contact],
                "messages": [{"id": sent.wamid, "message_status": "accepted"}],
            }
        )

    def _know(self, request: Request) -> None:
        if not same(request.headers.get("authorization", ""), f"Bearer {self.access_token}"):
            _refuse(401, 190, "Invalid OAuth access token")
        if request.path_params["number"] != self.phone_number_id:
            _refuse(400, 100, "Unsupported post request. Object does not exist")
        if self.busy_minutes is not None:
            _refuse(429, 80007, "Rate limit issues", headers=self._usage(self.busy_minutes))
        if self.fails_with is not None:
            _refuse(400, self.fails_with, "Failed")

    def _usage(self, minutes: int) -> dict[str, str]:
        use = {"type": "whatsapp", "call_count": 100, "estimated_time_to_regain_access": minutes}
        return {"X-Business-Use-Case-Usage": json.dumps({"102290129340398": [use]})}

    def _check_recipient(self, order: _Order, to: str) -> None:
        if order.to is not None:
            try:
                number = phonenumbers.parse(to if to.startswith("+") else f"+{to}")
            except phonenumbers.NumberParseException:
                _refuse(400, 131009, f"Parameter value is not valid: {to}")
            if not phonenumbers.is_possible_number(number):
                _refuse(400, 131009, f"Parameter value is not valid: {to}")
        elif to not in self.usernames.values():
            _refuse(400, 131026, f"Message undeliverable: {to}")
        if to in self.unreachable:
            _refuse(400, 131026, f"Message undeliverable: {to}")
        if to in self.stopped:
            _refuse(400, 131050, f"User has stopped marketing messages: {to}")

    def _check_content(self, order: _Order, to: str) -> None:
        if order.template is not None:
            told = sum(len(each.parameters) for each in order.template.components)
            if order.template.name not in self.templates:
                _refuse(404, 132001, "Template name does not exist in the translation")
            if told != self.templates[order.template.name]:
                _refuse(400, 132000, "Number of parameters does not match")
            return
        known = next((each for each, user in self.usernames.items() if user == to), to)
        written = self.written_at.get(known)
        if written is None or self.now() - written > _WINDOW:
            _refuse(400, 131047, "Re-engagement message")


async def _order(request: Request) -> _Order:
    if request.headers.get("content-type") != "application/json":
        _refuse(400, 100, "Content-Type must be application/json")
    try:
        return _Order.model_validate_json(await request.body())
    except ValidationError as error:
        _refuse(400, 100, f"Invalid parameter: {error.errors()[0]['loc']}")


def _refuse(
    status: int, code: int, message: str, *, headers: Mapping[str, str] | None = None
) -> NoReturn:
    said = {
        "message": f"(#{code}) {message}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": message},
        "fbtrace_id": uuid4().hex[:16],
    }
    raise Refusal(JSONResponse({"error": said}, status_code=status, headers=headers))
