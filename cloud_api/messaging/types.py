"""Which words do messages have?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ChannelName(StrEnum):
    """By which way somebody is told."""

    EMAIL = "email"
    SMS_TWILIO = "sms_twilio"
    SMS_REDVOISS = "sms_redvoiss"
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"


class MessageState(StrEnum):
    """Where a message stands; `unknown`: sent or not, the vendor cannot be asked."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    REPLIED = "replied"
    FAILED = "failed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ChannelAccount:
    """An organisation's account at a channel's vendor, opened for one errand; never logged."""

    id: UUID
    organisation_id: UUID
    channel: ChannelName
    credentials: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message ready to go. `key` is ours, unique, and the same at every try.

    `to` is in the channel's own form: an address, an E.164 number, a WhatsApp user id, a chat id.
    `template` and `variables` name a vendor's approved template where the channel needs one.
    """

    message_id: UUID
    key: str
    to: str = field(repr=False)
    body: str = field(repr=False)
    subject: str = field(default="", repr=False)
    html: str | None = field(default=None, repr=False)
    language: str = "en"
    # What a vendor has from before this is another letter, though of the same words.
    written_at: datetime | None = None
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    template: str | None = None
    variables: tuple[str, ...] = field(default=(), repr=False)
    status_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Carried:
    """What the vendor says of a message. `cost_minor` in the vendor's `currency`, where it says."""

    vendor_id: str
    state: MessageState
    detail: str = ""
    cost_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A webhook exactly as it came; header names are lower case. `url` is the public one."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class News:
    """A status a vendor told us of a message. `key` is ours where the vendor echoes it."""

    event_id: str
    vendor_id: str
    state: MessageState
    key: str | None = None
    detail: str = ""
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """Somebody wrote to us. `sender` is the identity at the channel, `phone` where it is told."""

    event_id: str
    sender: str = field(repr=False)
    text: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    reply_to_vendor_id: str | None = None
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overheard:
    """All one webhook or poll told. `answer` is what the vendor wants to hear back, if anything."""

    news: tuple[News, ...] = ()
    incoming: tuple[Incoming, ...] = ()
    answer: str | None = None
    answer_type: str = "text/plain"
