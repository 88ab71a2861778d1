"""What is told, and what is carried?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cloud_api.messaging.types import (
    Attachment,
    Carried,
    ChannelAccount,
    ChannelName,
    FileRef,
    Letter,
    MessageEvent,
    Reason,
    Recipient,
    Value,
)


@dataclass(frozen=True, slots=True)
class Telling:
    """A fact somebody is told of, before it is known by which channel."""

    organisation_id: UUID
    event: MessageEvent
    key: str
    to: Recipient
    values: Mapping[str, Value] = field(repr=False)
    attachments: tuple[FileRef | Attachment, ...]
    subject_id: UUID | None
    zone: str
    not_before: datetime
    useful_until: datetime


@dataclass(frozen=True, slots=True)
class Sending:
    """One message on its way. `again`: it was begun before and nobody knows how that ended."""

    message_id: UUID
    event: MessageEvent
    tries: int
    again: bool
    account: ChannelAccount
    letter: Letter
    files: tuple[FileRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """The vendor has it."""

    carried: Carried


@dataclass(frozen=True, slots=True)
class Later:
    """Surely not sent, or (`look`) to be looked after first; `seconds`: the vendor's own wish."""

    detail: str
    look: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say."""

    detail: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody is there."""

    detail: str
    reason: Reason = Reason.REFUSED


@dataclass(frozen=True, slots=True)
class Troubled:
    """The account has to be mended by a person first."""

    detail: str


type Outcome = Sent | Later | Unknown | Refused | Troubled

__all__ = [
    "ChannelName",
    "Later",
    "Outcome",
    "Refused",
    "Sending",
    "Sent",
    "Telling",
    "Troubled",
    "Unknown",
]
