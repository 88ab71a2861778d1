"""How does a message leave by a Telegram bot, and what do its updates tell?

Telegram has neither an idempotency key nor a way to ask for a message, and tells no statuses: a
letter whose answer was lost stays unknown (`look` is always ChannelSilentError). A letter longer
than 4096 characters leaves in parts; when it breaks off after the first part nothing certain can be
said of it either, and so nothing is sent twice.

`to` is the chat's id, or the @name of a channel. People must have written to the bot first.
Who blocks the bot is refused (`Mishap.BLOCKED`) at the next letter.

Credentials: `bot_token`, `webhook_secret`. Attachments are not carried.
https://core.telegram.org/bots/api
"""

import re
from collections.abc import Sequence
from typing import NoReturn

from pydantic import BaseModel, Field, ValidationError

from cloud_api.kit.db import Json
from cloud_api.kit.outgoing import Answer, Ask, Outgoing
from cloud_api.messaging.channels.post import (
    Mishap,
    bounded,
    carry,
    header,
    instant,
    invalid_address,
    is_broken,
    number_in,
    object_of,
    part_of,
    plain_credential,
    said_yes,
    same_secret,
    storable,
    utf16_length,
    wait_of,
)
from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelBusyError,
    ChannelError,
    ChannelSilentError,
    ForgedCallError,
    RecipientRefusedError,
)
from cloud_api.messaging.types import (
    Call,
    Carried,
    ChannelAccount,
    ChannelName,
    Incoming,
    Letter,
    MessageState,
    Overheard,
)

_URL = "https://api.telegram.org"
# Characters are documented, code units are what clients count: the stricter of the two.
_MOST_UNITS = 4096
_BUSY_SECONDS = 5.0
_CHAT_ID = re.compile(r"-?\d{1,16}")
_CHANNEL = re.compile(r"@[A-Za-z]\w{3,31}", re.ASCII)

_FORBIDDEN = 403
_TOO_MANY = 429
# Telegram answers a wrong token with 401, a malformed one with 404.
_ACCOUNT = frozenset({401, 404})
_NOBODY = re.compile(r"chat not found|PEER_ID_INVALID|user not found|chat_id is empty", re.ASCII)


class Telegram:
    """Messages by a Telegram bot."""

    name = ChannelName.TELEGRAM

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, account: ChannelAccount, letter: Letter) -> Carried:
        """Send it, in parts where it is long."""
        parts = split(letter.body)
        first = await self._tell(account, letter.to, parts[0])
        for number, part in enumerate(parts[1:], start=2):
            try:
                await self._tell(account, letter.to, part)
            except ChannelError as error:
                raise ChannelSilentError(f"part {number} of {len(parts)}: {error}") from None
        detail = f"parts={len(parts)}" if len(parts) > 1 else ""
        return Carried(vendor_id=first, state=MessageState.SENT, detail=detail)

    async def look(self, account: ChannelAccount, letter: Letter) -> Carried | None:  # noqa: ARG002 - the port's shape
        """Never known."""
        raise ChannelSilentError("Telegram cannot be asked")

    def hear(self, account: ChannelAccount, call: Call) -> Overheard:
        """Somebody's message."""
        secret = account.credentials.get("webhook_secret", "")
        given = header(call.headers, "x-telegram-bot-api-secret-token")
        if not same_secret(given, secret):
            raise ForgedCallError("another secret")
        try:
            update = _Update.model_validate_json(call.body)
        except ValidationError:
            return Overheard()
        return Overheard(incoming=_incoming(update))

    async def poll(self, account: ChannelAccount, vendor_ids: Sequence[str]) -> Overheard:  # noqa: ARG002 - the port's shape
        """Nothing: Telegram tells no statuses, and messages come by webhook."""
        return Overheard()

    async def _tell(self, account: ChannelAccount, to: str, text: str) -> str:
        token = plain_credential(account, "bot_token")
        message: Json = {
            "chat_id": _chat(to),
            "text": text,
            # No preview: for one, Telegram would open the guest's secret link.
            "link_preview_options": {"is_disabled": True},
        }
        url = f"{self._outgoing.base('telegram', _URL)}/bot{token}/sendMessage"
        answer = await carry(self._outgoing, Ask("POST", url, json=message))
        told = object_of(answer)
        if not said_yes(answer) or told.get("ok") is not True:
            _refuse(answer, told)
        return _vendor_id(part_of(told, "result"))


def split(text: str, *, most: int = _MOST_UNITS) -> list[str]:
    """The text in parts of at most `most` UTF-16 units.

    Cut after a line, else after a word, else where it must be. Together the parts are the text, but
    for the white space between them.
    """
    parts = []
    rest = text
    while utf16_length(rest) > most:
        cut = _cut(rest, most)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest or not parts else parts


def _cut(text: str, most: int) -> int:
    room = text.encode("utf-16-le")[: most * 2].decode("utf-16-le", errors="ignore")
    return max(room.rfind("\n"), 0) or max(room.rfind(" "), 0) or len(room)


def _chat(to: str) -> Json:
    if _CHAT_ID.fullmatch(to):
        return int(to)
    if _CHANNEL.fullmatch(to):
        return to
    raise invalid_address()


def _vendor_id(message: dict[str, Json]) -> str:
    """Numbers of messages are unique in their chat alone."""
    chat, number = number_in(part_of(message, "chat"), "id"), number_in(message, "message_id")
    if chat is None or number is None:
        raise ChannelSilentError("answer without a message")
    return f"{chat}:{number}"


def _refuse(answer: Answer, told: dict[str, Json]) -> NoReturn:
    code = number_in(told, "error_code") or answer.status
    if code == _TOO_MANY:
        wait = number_in(part_of(told, "parameters"), "retry_after")
        seconds = bounded(wait, otherwise=wait_of(answer, otherwise=_BUSY_SECONDS))
        raise ChannelBusyError("too many requests", retry_after_seconds=seconds)
    if is_broken(answer) or told.get("ok") is not False:
        raise ChannelSilentError(f"status {answer.status}")
    if code == _FORBIDDEN:
        raise RecipientRefusedError("refused with 403", code=Mishap.BLOCKED)
    if code not in _ACCOUNT:
        _refuse_recipient(told)
    raise ChannelAccountError(f"refused with {code}")


def _refuse_recipient(told: dict[str, Json]) -> None:
    if number_in(part_of(told, "parameters"), "migrate_to_chat_id") is not None:
        raise RecipientRefusedError("the group has another id now", code=Mishap.MOVED)
    # Everything else Telegram says only in words.
    if _NOBODY.search(str(told.get("description"))):
        raise RecipientRefusedError("nobody there", code=Mishap.UNDELIVERABLE)


class _Chat(BaseModel):
    id: int


class _SharedContact(BaseModel):
    phone_number: str
    user_id: int | None = None


class _Earlier(BaseModel):
    message_id: int


class _Message(BaseModel):
    message_id: int
    date: int
    chat: _Chat
    sender: _Chat | None = Field(default=None, alias="from")
    text: str = ""
    caption: str = ""
    contact: _SharedContact | None = None
    reply_to_message: _Earlier | None = None


class _Update(BaseModel):
    update_id: int
    message: _Message | None = None


def _incoming(update: _Update) -> tuple[Incoming, ...]:
    message = update.message
    if message is None:
        return ()
    earlier = message.reply_to_message
    return (
        Incoming(
            event_id=str(update.update_id),
            sender=str(message.chat.id),
            text=storable(message.text or message.caption or "[other]"),
            phone=_own_phone(message),
            reply_to_vendor_id=f"{message.chat.id}:{earlier.message_id}" if earlier else None,
            happened_at=instant(message.date),
        ),
    )


def _own_phone(message: _Message) -> str | None:
    """The number somebody shared of themselves; anybody can share somebody else's."""
    contact = message.contact
    if contact is None or message.sender is None or contact.user_id != message.sender.id:
        return None
    return "+" + contact.phone_number.removeprefix("+")
