"""How are messages spoken of over HTTP?"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cloud_api.messaging.types import ChannelName, MessageEvent, MessageState


class MessageOut(BaseModel):
    """A message, without its text; `to_masked` is for people to recognise."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    key: str
    event: MessageEvent
    channel: ChannelName
    client_id: UUID | None
    subject_id: UUID | None
    language: str
    to_masked: str
    state: MessageState
    reason: str | None
    detail: str
    tries: int
    due_at: datetime
    created_at: datetime
    sent_at: datetime | None
    cost_minor: int | None
    cost_currency: str | None
    resend_of: UUID | None


class HistoryOut(BaseModel):
    """One thing that happened to a message; `source`: us, vendor or staff."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    state: MessageState
    detail: str
    source: str


class MessageDetailOut(MessageOut):
    """With all that happened to it."""

    history: list[HistoryOut] = []


class StatisticOut(BaseModel):
    """How many messages of one state, event and channel there were, and what they cost."""

    model_config = ConfigDict(from_attributes=True)

    state: MessageState
    event: MessageEvent
    channel: ChannelName
    messages: int
    cost_minor: int
    cost_currency: str | None
