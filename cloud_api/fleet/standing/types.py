"""How can a house stand to what the cloud issued?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from protocol.house import Position


class Standing(StrEnum):
    """NOTHING and BEHIND want the newest snapshot; AHEAD and DIVERGED want a person."""

    NOTHING = "nothing"
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"
    DIVERGED = "diverged"


STRANGE = frozenset({Standing.AHEAD, Standing.DIVERGED})


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the cloud knows of one house; the row is held.

    `issued_hash`: what was stored for the epoch and version the house names, if anything.
    """

    epoch: int
    version: int
    head_hash: str | None
    frozen: bool
    facts_through: int
    facts_head: str
    again_asked_at: datetime | None
    status_at: datetime | None
    sessions: list[str]
    online: bool
    last_seen: datetime | None = None
    issued_hash: str | None = None

    @property
    def head(self) -> Position | None:
        """The newest version issued, if any."""
        if not self.version or self.head_hash is None:
            return None
        return Position(epoch=self.epoch, version=self.version, hash=self.head_hash)


class StatusVerdict(StrEnum):
    """What to do with a status message."""

    NEWS = "news"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class FrozenHouse:
    """A house nothing is published to, and the highest epoch it is known to hold."""

    house_id: UUID
    organisation_id: UUID
    highest_epoch: int
    was_heard: bool


@dataclass(frozen=True, slots=True)
class Resumed:
    """Whether a house goes on in this epoch: once it was heard and the root listed the epoch."""

    house_id: UUID
    epoch: int
    is_heard: bool
    is_listed: bool
