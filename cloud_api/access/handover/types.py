"""What is there to hand over?"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Standing(StrEnum):
    """READY: the house holds the key and its locks have proven the PIN; NONE: no house of ours."""

    READY = "ready"
    AWAITED = "awaited"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """Where a stay's key stands; `credential` changes when its PIN does."""

    standing: Standing
    credential: UUID | None


@dataclass(frozen=True, slots=True)
class Handover:
    """A stay's key as its guest gets it: secrets, derived anew each time, never stored or logged.

    `path` is the page behind the cloud's address, `lan_url` the whole one inside the house.
    """

    starts: datetime
    ends: datetime
    path: str = field(repr=False)
    lan_url: str | None = field(repr=False)
    pin: str | None = field(repr=False)
