"""Telegram's Bot API as it behaves: the token in the path, strict JSON, updates with a secret.

Written from https://core.telegram.org/bots/api. A bot may write only to who has written first.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_api.kit.clock import SystemClock
from portero.simulators.kit import Bell, Refusal, same, vendor

_MOST_UNITS = 4096


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Preview(_Strict):
    is_disabled: bool = False


class _Order(_Strict):
    chat_id: int | str
    text: str
    link_preview_options: _Preview = _Preview()
    disable_notification: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """A call as Telegram makes it."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    async def ring(self) -> int:
        """Make it; the status it was answered with, or 0."""
        return await Bell.at(self.url).ring(content=self.body, headers=self.headers)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message a bot has sent."""

    chat_id: int
    message_id: int
    text: str
    preview: bool


@dataclass(slots=True)
class Telegram:
    """One bot. `chats` know it, `blocked` have blocked it, `moved` are groups with a new id."""

    url: str = "https://portero.example/webhooks/telegram"
    token: str = "4711:a-simulated-bots-token"
    secret: str = "telegram-webhook-secret"
    chats: set[int] = field(default_factory=lambda: {4711})
    blocked: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)
    messages: list[Sent] = field(default_factory=list)
    busy_seconds: int | None = None
    updates: int = 1000
    now: Callable[[], datetime] = SystemClock().utc_now

    @property
    def app(self) -> Starlette:
        """The one method we use."""
        return vendor(Route("/bot{token}/{method}", self._call, methods=["POST"]))

    def written(self, chat: int, text: str, **more: object) -> Webhook:
        """Somebody writes to the bot."""
        self.chats.add(chat)
        self.blocked.discard(chat)
        person = {"id": chat, "is_bot": False, "first_name": "A guest"}
        message: dict[str, object] = {
            "message_id": len(self.messages) + 500,
            "date": int(self.now().timestamp()),
            "chat": {"id": chat, "type": "private", "first_name": "A guest"},
            "from": person,
        }
        if text:
            message["text"] = text
        return self.update(message=message | more)

    def update(self, **kind: object) -> Webhook:
        """One update; its number is the last one's and one."""
        self.updates += 1
        body = json.dumps({"update_id": self.updates, **kind}, ensure_ascii=False).encode()
        headers = {
            "content-type": "application/json",
            "x-telegram-bot-api-secret-token": self.secret,
        }
        return Webhook(self.url, headers, body)

    async def _call(self, request: Request) -> Response:
        if not same(request.path_params["token"], self.token):
            _refuse(401, "Unauthorized")
        if request.path_params["method"] != "sendMessage":
            _refuse(404, "Not Found: method not found")
        if self.busy_seconds is not None:
            _refuse(
                429,
                f"Too Many Requests: retry after {self.busy_seconds}",
                {"retry_after": self.busy_seconds},
            )
        sent = self._send(await _order(request))
        self.messages.append(sent)
        result = {
            "message_id": sent.message_id,
            "date": int(self.now().timestamp()),
            "chat": {"id": sent.chat_id, "type": "private"},
            "text": sent.text,
        }
        return JSONResponse({"ok": True, "result": result})

    def _send(self, order: _Order) -> Sent:
        chat = order.chat_id
        if not order.text.strip():
            _refuse(400, "Bad Request: message text is empty")
        if len(order.text.encode("utf-16-le")) // 2 > _MOST_UNITS:
            _refuse(400, "Bad Request: message is too long")
        if isinstance(chat, str) or chat not in self.chats | self.blocked | set(self.moved):
            _refuse(400, "Bad Request: chat not found")
        if chat in self.blocked:
            _refuse(403, "Forbidden: bot was blocked by the user")
        if chat in self.moved:
            _refuse(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": self.moved[chat]},
            )
        return Sent(
            chat_id=chat,
            message_id=len(self.messages) + 1,
            text=order.text,
            preview=not order.link_preview_options.is_disabled,
        )


async def _order(request: Request) -> _Order:
    if request.headers.get("content-type") != "application/json":
        _refuse(400, "Bad Request: unsupported content type")
    try:
        return _Order.model_validate_json(await request.body())
    except ValidationError:
        _refuse(400, "Bad Request: can't parse the request")


def _refuse(code: int, description: str, parameters: Mapping[str, int] | None = None) -> NoReturn:
    said: dict[str, object] = {"ok": False, "error_code": code, "description": description}
    if parameters is not None:
        said["parameters"] = dict(parameters)
    raise Refusal(JSONResponse(said, status_code=code))
