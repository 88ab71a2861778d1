"""What goes into a snapshot, and what comes out of the builder?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.db import Json, JsonObject
from protocol.house import Position


@dataclass(frozen=True, slots=True)
class HouseCells:
    """A house as the builder finds it, its row held."""

    house_id: UUID
    organisation_id: UUID
    name: str
    zone: str
    doors: list[Json]
    players: list[Json]
    things: list[Json]
    music_rules: JsonObject
    lease_seconds: int
    config_version: int
    sealing_key: str | None
    epoch: int
    version: int
    head_hash: str | None
    issued_at: datetime | None
    dirty: bool
    frozen: bool


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A desired grant as stored; `boxes` are its private words sealed to a house key, if done."""

    id: UUID
    stay_id: UUID | None
    parent: UUID | None
    generation: int
    role: str
    starts: datetime
    ends: datetime
    rights: list[str]
    checked_in: bool
    lan_secret_hash: str | None
    max_delegations: int
    vaulted_words: bytes | None
    pins: list[JsonObject]
    boxes: JsonObject | None


class Idle(StrEnum):
    """Why nothing was built."""

    UNKNOWN_HOUSE = "unknown_house"
    NOT_ENROLLED = "not_enrolled"
    FROZEN = "frozen"
    UNCHANGED = "unchanged"
    EPOCH_NOT_LISTED = "epoch_not_listed"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Stored:
    """The exact bytes of a house's newest version."""

    house_id: UUID
    position: Position
    frame: bytes


@dataclass(frozen=True, slots=True)
class Built:
    """A new version is stored."""

    stored: Stored
    grants: int

    @property
    def position(self) -> Position:
        """Which version it is."""
        return self.stored.position

    @property
    def size_bytes(self) -> int:
        """Of the signed frame."""
        return len(self.stored.frame)
