"""What do WhatsApp's webhooks tell?

One call holds several entries, changes, messages and statuses, in any order and any number of
times. What we do not know is passed over; a change of another number than the account's (one
application may serve several) is not ours to read.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from cloud_api.messaging.channels.post import instant, storable
from cloud_api.messaging.channels.whatsapp.codes import reason_of
from cloud_api.messaging.types import Incoming, MessageState, News, Overheard

_STATES = {
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.READ,
    "played": MessageState.READ,
    "failed": MessageState.FAILED,
}
_NOT_WORDS = frozenset({"system", "request_welcome", "ephemeral"})


def _known_only(value: object, parse: ValidatorFunctionWrapHandler) -> list[object]:
    """The parts that can be read: a new kind of part must not cost us the others."""
    readable = []
    for each in value if isinstance(value, list) else ():
        try:
            readable += parse([each])
        except ValidationError:
            continue
    return readable


type Known[T] = Annotated[list[T], WrapValidator(_known_only)]


class _Error(BaseModel):
    code: int


class _Status(BaseModel):
    id: str
    status: str
    timestamp: str = ""
    biz_opaque_callback_data: str = ""
    errors: Known[_Error] = []


class _Words(BaseModel):
    """The one place where a message of its type keeps its words."""

    body: str = ""
    text: str = ""
    caption: str = ""
    emoji: str = ""
    title: str = ""

    def said(self) -> str:
        return self.body or self.text or self.caption or self.emoji or self.title


class _Interactive(BaseModel):
    button_reply: _Words | None = None
    list_reply: _Words | None = None

    def said(self) -> str:
        words = self.button_reply or self.list_reply
        return words.said() if words else ""


class _Context(BaseModel):
    id: str | None = None


class _Message(BaseModel):
    id: str
    type: str
    timestamp: str = ""
    sender: str | None = Field(default=None, alias="from")
    from_user_id: str | None = None
    text: _Words | None = None
    button: _Words | None = None
    reaction: _Words | None = None
    image: _Words | None = None
    video: _Words | None = None
    document: _Words | None = None
    interactive: _Interactive | None = None
    context: _Context | None = None

    def said(self) -> str:
        told = (self.text, self.button, self.reaction, self.image, self.video, self.document)
        words = next((each.said() for each in told if each is not None and each.said()), "")
        return words or (self.interactive.said() if self.interactive else "") or f"[{self.type}]"


class _Contact(BaseModel):
    wa_id: str | None = None
    user_id: str | None = None


class _Metadata(BaseModel):
    phone_number_id: str


class _Value(BaseModel):
    metadata: _Metadata
    contacts: Known[_Contact] = []
    messages: Known[_Message] = []
    statuses: Known[_Status] = []


class _Change(BaseModel):
    field: str
    value: _Value


class _Entry(BaseModel):
    changes: Known[_Change] = []


class _Delivery(BaseModel):
    object: str
    entry: Known[_Entry] = []


def overheard(body: bytes, *, phone_number_id: str) -> Overheard:
    """All that is told of this number."""
    values = list(_values(body, phone_number_id))
    return Overheard(
        news=tuple(news for value in values for news in _news(value)),
        incoming=tuple(each for value in values for each in _incoming(value)),
    )


def _values(body: bytes, phone_number_id: str) -> Iterator[_Value]:
    try:
        delivery = _Delivery.model_validate_json(body)
    except ValidationError:
        return
    for change in (change for entry in delivery.entry for change in entry.changes):
        if change.field == "messages" and change.value.metadata.phone_number_id == phone_number_id:
            yield change.value


def _news(value: _Value) -> Iterator[News]:
    for status in value.statuses:
        state = _STATES.get(status.status)
        if state is not None:
            yield News(
                event_id=f"{status.id}:{status.status}",
                vendor_id=status.id,
                state=state,
                key=status.biz_opaque_callback_data or None,
                detail=reason_of(status.errors[0].code) if status.errors else "",
                happened_at=instant(status.timestamp or None),
            )


def _incoming(value: _Value) -> Iterator[Incoming]:
    for message in value.messages:
        number, user_id = _who(message, value.contacts)
        sender = user_id or (f"+{number}" if number else "")
        if sender and message.type not in _NOT_WORDS:
            yield Incoming(
                event_id=message.id,
                sender=sender,
                text=storable(message.said()),
                phone=f"+{number}" if number else None,
                reply_to_vendor_id=message.context.id if message.context else None,
                happened_at=instant(message.timestamp or None),
            )


def _who(message: _Message, contacts: list[_Contact]) -> tuple[str | None, str | None]:
    """(number, user id): of the message itself, or of its contact where there is only one."""
    if message.from_user_id:
        contacts = [each for each in contacts if each.user_id == message.from_user_id]
    elif message.sender:
        contacts = [each for each in contacts if each.wa_id == message.sender]
    contact = contacts[0] if len(contacts) == 1 else _Contact()
    return message.sender or contact.wa_id, message.from_user_id or contact.user_id
