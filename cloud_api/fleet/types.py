"""Which values does fleet exchange with the rooms above it?"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloud_api.fleet.lives.types import Doubled
from protocol.access import Role
from protocol.devices import Door, Player
from protocol.home import Thing
from protocol.house import Position
from protocol.ids import HouseId
from protocol.music import MusicRules
from protocol.topics import RETAINED, Down, down

CHANNEL_WORK = "fleet_work"
"""Couriers and builders listen here: `dirty|snapshot|command|music|keys <id>`."""

CHANNEL_DONE = "fleet_done"
"""Those who wait for an outcome listen here: `command|music <id>`."""

LEASE_SECONDS = 72 * 3600
SHORTEST_LEASE_SECONDS = 3600
LONGEST_LEASE_SECONDS = 14 * 24 * 3600


@dataclass(frozen=True, slots=True)
class DesiredPin:
    """A PIN one lock shall hold in `[starts, ends)`; `credential` is what the house calls it."""

    credential: UUID
    lock: UUID
    starts: datetime
    ends: datetime
    digits: str

    def __repr__(self) -> str:
        """Never the digits."""
        return f"DesiredPin(credential={self.credential}, lock={self.lock})"


@dataclass(frozen=True, slots=True)
class DesiredGrant:
    """Who shall be allowed what in one house, shaped like the wire; instants in UTC.

    `lan_secret_hash`: SHA-256 of the LAN secret as hex. `parent`: the grant it dies with.
    """

    id: UUID
    house_id: UUID
    organisation_id: UUID
    role: Role
    starts: datetime
    ends: datetime
    rights: tuple[str, ...]
    stay_id: UUID | None = None
    parent: UUID | None = None
    generation: int = 1
    checked_in: bool = False
    lan_secret_hash: str | None = None
    max_delegations: int = 0
    name: str | None = None
    language: str = "en"
    pins: tuple[DesiredPin, ...] = ()


@dataclass(frozen=True, slots=True)
class HouseLayout:
    """What a house is made of, as its owner described it."""

    house_id: UUID
    organisation_id: UUID
    name: str
    zone: str
    doors: tuple[Door, ...] = ()
    players: tuple[Player, ...] = ()
    things: tuple[Thing, ...] = ()
    music_rules: MusicRules = field(default_factory=MusicRules)
    lease_seconds: int = LEASE_SECONDS


class DeliveryState(StrEnum):
    """How far the house's book is."""

    NOT_ENROLLED = "not_enrolled"
    FROZEN = "frozen"
    PENDING = "pending"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the house should hold and what it has proved to hold.

    `revocation_worst_case`: while something that was taken away (a revocation, a shorter stay, an
    old link, a door) is undelivered, the instant after which even a house that never hears of it
    no longer honours it; None when nothing is pending. `doubled`: within a day a second device
    spoke as this house.
    """

    house_id: UUID
    state: DeliveryState
    wanted: Position | None
    acknowledged: Position | None
    acknowledged_at: datetime | None
    dirty: bool
    online: bool
    last_seen: datetime | None
    revocation_worst_case: datetime | None
    frozen_reason: str | None
    doubled: Doubled | None = None


class CommandState(StrEnum):
    """Where a live door command stands."""

    WANTED = "wanted"
    ASKED = "asked"
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


FINAL_COMMAND_STATES = frozenset({CommandState.DONE, CommandState.REFUSED, CommandState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class CommandView:
    """A door command and what truly became of it.

    `outcome` is the house's own word (`protocol.live.Outcome`), `unknown` when none came in time;
    `reason` a stable word. A late truth may still replace `unknown`.
    """

    id: UUID
    house_id: UUID
    grant_id: UUID
    lock_id: UUID
    move: str
    state: CommandState
    outcome: str | None
    reason: str | None
    asked_at: datetime
    ended_at: datetime | None


class MusicState(StrEnum):
    """Where a relayed wish for music stands."""

    WANTED = "wanted"
    SENT = "sent"
    ANSWERED = "answered"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class FactView:
    """One verified fact of a house, as it stands in the inbox."""

    house_id: UUID
    chain: int
    sequence: int
    kind: str
    exact: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Sender:
    """An enrolled house, as the inbox knows the writer of a message."""

    house_id: UUID
    organisation_id: UUID
    signing_key: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A signed frame for one house, to be published after the transaction has committed."""

    house_id: UUID
    channel: Down
    frame: bytes
    expiry_seconds: int | None = None

    @property
    def topic(self) -> str:
        """Where it is published."""
        return down(HouseId(self.house_id), self.channel)

    @property
    def retained(self) -> bool:
        """Whether the broker keeps it for those who come later."""
        return self.channel in RETAINED
