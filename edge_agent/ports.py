"""What does the house need of a lock and of a speaker, in our own words?

A port is as narrow as our need. A driver offers the ports its device can serve; `LockDevice`
lists them, `None` where the device cannot. All methods are bounded in time by the driver and
raise only errors of `edge_agent.errors`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class BoltState(StrEnum):
    """Where the bolt is, as far as the lock says."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LockReading:
    """One look at a lock. `battery_percent` is 0..100 or None when not told."""

    bolt: BoltState
    battery_percent: int | None


Go = Callable[[], bool]
"""Is it still wanted? Asked last before a bolt is told to move, after all connecting."""


def at_once() -> bool:
    """Nothing has to be asked again."""
    return True


class Bolt(Protocol):
    """Moves a bolt. A return without error means the lock confirmed the command.

    A driver asks `go` with everything ready and nothing left to await before it sends the command;
    when that is False it sends nothing and raises CalledOff.
    OutcomeUnknown: the command was sent and no answer came back.
    Jammed: the lock confirmed, the bolt did not move.
    """

    async def unlock(self, go: Go = at_once) -> None:
        """Open the door once."""

    async def lock(self, go: Go = at_once) -> None:
        """Close the bolt once."""

    async def read(self) -> LockReading:
        """Ask the lock for its state; no key needed, nothing moves."""


@dataclass(frozen=True, slots=True)
class PinCode:
    """A keypad code with its life in the lock's own local time (naive, minutes)."""

    digits: str
    starts_local: datetime
    ends_local: datetime

    def __repr__(self) -> str:
        """Never shows the digits."""
        return (
            f"PinCode(****, {self.starts_local:%Y-%m-%dT%H:%M}, {self.ends_local:%Y-%m-%dT%H:%M})"
        )


class Keypad(Protocol):
    """Keypad codes, checked by the lock itself.

    write: PickAnother when the lock refuses the digits, CapacityReached when its table is full.
    """

    async def write(self, pin: PinCode) -> None:
        """Add a code; writing the same code again replaces its dates."""

    async def remove(self, pin: PinCode) -> None:
        """Remove a code; a code that is not there counts as removed."""

    async def holds(self, pin: PinCode) -> bool | None:
        """Read back: is the code in the table with these dates? None: this lock cannot tell."""


class LockClock(Protocol):
    """The lock's own clock, kept in house-local time (naive)."""

    async def read(self) -> datetime:
        """The lock's local time, to the second."""

    async def set(self, local: datetime) -> None:
        """Set it; call only with trusted time."""


class LockLogKind(StrEnum):
    """What a log record of the lock tells."""

    APP_UNLOCK = "app_unlock"
    APP_LOCK = "app_lock"
    PIN_UNLOCK = "pin_unlock"
    PIN_REFUSED = "pin_refused"
    MANUAL = "manual"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class LockLogEntry:
    """One record: the lock's running number, its local time, and the PIN used, if any."""

    number: int
    at_local: datetime
    kind: LockLogKind
    pin_digits: str | None = None

    def __repr__(self) -> str:
        """Never shows the digits."""
        return f"LockLogEntry({self.number}, {self.at_local.isoformat()}, {self.kind})"


class LockLog(Protocol):
    """The lock's own record: our second witness."""

    async def entries(self, *, after: int | None, limit: int) -> tuple[LockLogEntry, ...]:
        """Up to `limit` records newer than number `after`, oldest first."""


class CodeTable(Protocol):
    """The keypad codes that carry dates, as the lock itself lists them.

    Unsupported: this lock does not list its codes.
    """

    async def codes(self) -> tuple[PinCode, ...]:
        """All of them, whoever wrote them; the owner's permanent ones and the like are left out."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a lock says to everybody, without being asked. Not authenticated: only for show."""

    reading: LockReading
    has_new_records: bool


class LockGlance(Protocol):
    """A look at a lock that costs it no connection."""

    async def listen(self) -> Glimpse | None:
        """What it says just now; None when it is not heard in time."""


@dataclass(frozen=True, slots=True)
class KeypadLimits:
    """What a lock's keypad can take. `most_codes` None: the lock does not say.

    `reads_the_lock`: `holds` asks the lock's own table, not somebody else's record of it.
    """

    shortest: int = 4
    longest: int = 9
    most_codes: int | None = None
    reads_the_lock: bool = False


@dataclass(frozen=True, slots=True)
class LockDevice:
    """What one lock offers, by one way or by several (`edge_agent.drivers.ways`).

    `firmware`: its version, where the driver knows it.
    """

    bolt: Bolt
    keypad: Keypad | None = None
    clock: LockClock | None = None
    log: LockLog | None = None
    table: CodeTable | None = None
    glance: LockGlance | None = None
    limits: KeypadLimits = KeypadLimits()
    firmware: str | None = None


class PlaybackState(StrEnum):
    """What a player does."""

    IDLE = "idle"
    PLAYING = "playing"
    PAUSED = "paused"
    NOT_CONNECTED = "not_connected"


@dataclass(frozen=True, slots=True)
class PlayerReading:
    """A player as last heard. `volume` is 0..100 or None; `stale` when the link is down."""

    player: str
    name: str
    state: PlaybackState
    volume: int | None
    muted: bool | None
    title: str | None
    artist: str | None
    image_url: str | None
    group: tuple[str, ...]
    stale: bool


class Transport(StrEnum):
    """Commands without an argument."""

    PLAY = "play"
    PAUSE = "pause"
    STOP = "stop"
    NEXT = "next"
    PREVIOUS = "previous"


class QueueOption(StrEnum):
    """Where new media goes in the queue."""

    PLAY = "play"
    REPLACE = "replace"
    NEXT = "next"
    REPLACE_NEXT = "replace_next"
    ADD = "add"


class MediaType(StrEnum):
    """What can be searched for."""

    TRACK = "track"
    ALBUM = "album"
    ARTIST = "artist"
    PLAYLIST = "playlist"


@dataclass(frozen=True, slots=True)
class MediaItem:
    """Something that can be played; `uri` goes back into `enqueue`."""

    uri: str
    name: str
    media_type: MediaType
    artist: str | None
    album: str | None
    duration_seconds: int | None
    image_url: str | None
    explicit: bool | None


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One entry of a queue."""

    item: str
    name: str
    artist: str | None
    duration_seconds: int | None
    current: bool
    explicit: bool | None = None


class Speakers(Protocol):
    """The players of one house. NoSuchThing: no such player; TryLater: not connected."""

    async def players(self) -> tuple[PlayerReading, ...]:
        """All players; when the server is away the last known ones, stale and not connected."""

    async def transport(self, player: str, command: Transport) -> None:
        """Play, pause, stop, next, previous, on the player's active queue."""

    async def set_volume(self, player: str, percent: int) -> None:
        """0..100; one at a time a player, a newer value replaces a waiting older one."""


class PlayerChanges(Protocol):
    """News of the players, for pages that stay open."""

    def changes(self) -> AbstractContextManager[AsyncIterator[PlayerReading]]:
        """Each changed reading while entered; a slow reader gets the newest of each player."""


class MediaLibrary(Protocol):
    """Finding music."""

    async def search(
        self, query: str, *, types: tuple[MediaType, ...], limit: int
    ) -> tuple[MediaItem, ...]:
        """Best matches, at most `limit` of each type."""

    async def tracks(self, *, limit: int, offset: int) -> tuple[MediaItem, ...]:
        """Tracks of the library, by name."""


class PlayQueue(Protocol):
    """What a player will play."""

    async def items(self, player: str, *, limit: int) -> tuple[QueueItem, ...]:
        """The active queue of the player, in order."""

    async def enqueue(self, player: str, uri: str, option: QueueOption) -> None:
        """Put media into the active queue."""


class QueueCare(Protocol):
    """Keeping a queue in order. NoSuchThing: the entry is gone, or plays already."""

    async def remove(self, player: str, item: str) -> None:
        """Take an entry out of the active queue."""

    async def move(self, player: str, item: str, places: int) -> None:
        """So many places earlier (negative) or later."""


class MediaShelf(Protocol):
    """Looking through the library, and at one thing."""

    async def shelf(
        self, media_type: MediaType, *, limit: int, offset: int
    ) -> tuple[MediaItem, ...]:
        """A page of the library's things of one kind, by name."""

    async def look_up(self, uri: str) -> MediaItem:
        """What an address leads to. NoSuchThing when nowhere."""


class HandBack(Protocol):
    """Leaves the speakers as the house found them."""

    async def snapshot_volumes(self) -> dict[str, int]:
        """Volume per player id, of players that tell it."""

    async def hand_back(self, volumes: dict[str, int]) -> None:
        """Stop, clear, ungroup, restore volumes; absent players are skipped, then TryLater."""


class Muting(Protocol):
    """Silence that keeps the volume. Unsupported: this player cannot."""

    async def set_muted(self, player: str, *, muted: bool) -> None:
        """Silent or not."""


class Grouping(Protocol):
    """Players that play the same. Unsupported: one of them cannot."""

    async def join(self, player: str, leader: str) -> None:
        """Let a player play what its leader plays."""

    async def leave(self, player: str) -> None:
        """Let a player play by itself again."""


@dataclass(frozen=True, slots=True)
class ThingReading:
    """A thing of the house (heating, light, switch, sensor) as last heard.

    `state` in the server's word: `on`, `off`, `heat`, a number; `unit` of that number. `measured`
    and `target` are temperatures in the house's unit. `stale`: the link is down.
    """

    thing: str
    name: str
    state: str
    unit: str | None
    measured: float | None
    target: float | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """On or off."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetTemperature:
    """A wanted temperature, in the house's unit."""

    degrees: float


ThingWish = Turn | SetTemperature


class HomeThings(Protocol):
    """Chosen things of the house; who may see or use which is decided elsewhere.

    NoSuchThing: not one of the chosen; TryLater: not connected; Unsupported: not for this thing.
    """

    async def things(self) -> tuple[ThingReading, ...]:
        """The chosen ones, by name; when the server is away the last known, stale."""

    async def use(self, thing: str, wish: ThingWish) -> None:
        """Returns once the state shows it. OutcomeUnknown: asked, and the state did not follow."""
