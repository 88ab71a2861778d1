"""Which words do messages have?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.money import Money


class MessageEvent(StrEnum):
    """What somebody is told: how, `rules.TRAITS` says; with which words, `wording.types`."""

    CONFIRMATION = "confirmation"
    WELCOME = "welcome"
    CHECK_IN_INVITATION = "check_in_invitation"
    HOLD_EXPIRING = "hold_expiring"
    PAYMENT_RECEIVED = "payment_received"
    PAID_IN_FULL = "paid_in_full"
    VOUCHER_DEADLINE = "voucher_deadline"
    KEY_READY = "key_ready"
    KEY_DELAYED = "key_delayed"
    OTP = "otp"
    REMINDER_24H = "reminder_24h"
    CHECK_OUT = "check_out"
    POST_STAY = "post_stay"
    CANCELLATION = "cancellation"
    REARRANGED_STAY = "rearranged_stay"
    STAFF_ALERT = "staff_alert"
    BIRTHDAY = "birthday"
    PROMOTION = "promotion"
    NEWSLETTER = "newsletter"
    REACTIVATION = "reactivation"
    TEST = "test"


class PreferenceType(StrEnum):
    """What a person may refuse to hear of."""

    CONFIRMATIONS = "confirmations"
    REMINDERS = "reminders"
    SURVEYS = "surveys"
    BIRTHDAY = "birthday"
    PROMOTIONAL = "promotional"
    NEWSLETTERS = "newsletters"
    REACTIVATION = "reactivation"


class Reason(StrEnum):
    """Why a message did not go, or was given up."""

    SMS_SWITCHED_OFF = "sms_switched_off"
    CHANNEL_OPTED_OUT = "channel_opted_out"
    TYPE_OPTED_OUT = "type_opted_out"
    DAILY_LIMIT = "daily_limit"
    WEEKLY_LIMIT = "weekly_limit"
    MONTHLY_LIMIT = "monthly_limit"
    NO_CHANNEL = "no_channel"
    EVENT_OFF = "event_off"
    WITHDRAWN = "withdrawn"
    TOO_LATE = "too_late"
    GIVEN_UP = "given_up"
    REFUSED = "refused"
    NO_ACCOUNT = "no_account"


class Medium(StrEnum):
    """A kind of channel: what templates are written for and people agree to."""

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"


class ChannelName(StrEnum):
    """By which way somebody is told."""

    EMAIL = "email"
    SMS_TWILIO = "sms_twilio"
    SMS_REDVOISS = "sms_redvoiss"
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"

    @property
    def medium(self) -> Medium:
        """Which kind it is."""
        return _MEDIA[self]


_MEDIA = {
    ChannelName.EMAIL: Medium.EMAIL,
    ChannelName.SMS_TWILIO: Medium.SMS,
    ChannelName.SMS_REDVOISS: Medium.SMS,
    ChannelName.WHATSAPP: Medium.WHATSAPP,
    ChannelName.TELEGRAM: Medium.TELEGRAM,
}


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


type Value = str | int | Money | date | datetime | None
"""What a template is filled with; money, days and instants are written for the reader later."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom to tell, and where. `phone` and `whatsapp` in E.164 (or a WhatsApp user id).

    Without a `client_id` preferences and limits go by the address.
    """

    name: str = field(repr=False)
    language: str = "en"
    client_id: UUID | None = None
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    whatsapp: str | None = field(default=None, repr=False)
    telegram: str | None = field(default=None, repr=False)

    def at(self, medium: Medium) -> str | None:
        """Where they are reached; a phone without a WhatsApp entry is tried there too."""
        where = {
            Medium.EMAIL: self.email,
            Medium.SMS: self.phone,
            Medium.WHATSAPP: self.whatsapp or self.phone,
            Medium.TELEGRAM: self.telegram,
        }
        return where[medium] or None


@dataclass(frozen=True, slots=True)
class FileRef:
    """A stored file that goes along; it is read when the message goes out."""

    file_id: UUID
    name: str
    media_type: str


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
    `status_url` is where the vendor may call us; `unsubscribe_url` is there for what nobody needs.
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
    unsubscribe_url: str = field(default="", repr=False)


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
