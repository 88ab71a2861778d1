"""What time is it, as far as this house can prove?

An interval. Its lower end never goes back: it is saved, and runs on with the boot clock, which no
step of the wall clock moves. Its upper end needs a witness heard during this boot; without one
nobody knows how long the house was off, and `latest` is None.

Proven is what somebody said who holds a key: the cloud, to our own nonce. Supposed is what two
witnesses without a key agree on (a lock's clock, the system's), or what a host declared on record.
Supposed time opens doors while nothing better is known, never before the floor; it is not saved,
lifts no floor, and the first proven word ends it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import ValidationError

from edge_agent.actions.keeping import Marks
from edge_agent.clock import Clock
from edge_agent.policy.model import Time
from protocol.base import Instant, Wire

DRIFT: Final = 100e-6
"""What a cheap crystal may be off, in seconds per second."""

BUILD_FLOOR: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""This code did not exist before."""

_MARK = "clock"


FRESH_SECONDS: Final = 3600.0
"""How long a witness without a key waits for a second one."""

LONGEST_DECLARED: Final = timedelta(days=92)
"""How far beyond the floor a host may declare the time; houses are not off for longer."""

_DECLARED_GIVE: Final = timedelta(minutes=5)


class Heard(StrEnum):
    """What a witness of time changed."""

    AGREES = "agrees"
    GAINED = "gained"
    AHEAD = "ahead"
    BEHIND = "behind"


class _Saved(Wire):
    boot_id: str
    boot_seconds: float
    earliest: Instant
    latest: Instant | None


@dataclass(frozen=True, slots=True)
class _Anchor:
    earliest: datetime
    latest: datetime | None
    boot_seconds: float


CLOUD_CLOCKS_DIFFER = timedelta(seconds=2)
"""By how much two well-kept machines of the cloud may disagree."""


class TrustedTime:
    """The house's time. Reads and keeps itself in `marks`; `floor` is anything else known past."""

    def __init__(self, clock: Clock, marks: Marks, *, floor: datetime = BUILD_FLOOR) -> None:
        self._clock = clock
        self._marks = marks
        self._anchor = self._resumed()
        self._supposed: _Anchor | None = None
        self._unkeyed = dict[str, _Anchor]()
        self.has_passed(max(floor, BUILD_FLOOR))

    def now(self) -> Time:
        """The interval that holds this moment: proven, or as good as is supposed."""
        proven = self.proven()
        if proven.latest is not None or self._supposed is None:
            return proven
        supposed = self._run_on(self._supposed)
        if supposed.latest is None or supposed.latest < proven.earliest:
            return proven
        return Time(max(proven.earliest, supposed.earliest), supposed.latest)

    def proven(self) -> Time:
        """What does not rest on anybody's bare word; for all that cannot be taken back."""
        return self._run_on(self._anchor)

    def _run_on(self, anchor: _Anchor) -> Time:
        passed = max(0.0, self._clock.boot_seconds() - anchor.boot_seconds)
        latest = anchor.latest
        return Time(
            anchor.earliest + timedelta(seconds=passed * (1 - DRIFT)),
            None if latest is None else latest + timedelta(seconds=passed * (1 + DRIFT)),
        )

    def boot_seconds(self) -> float:
        """For measuring spans: never jumps."""
        return self._clock.boot_seconds()

    def wall(self) -> datetime:
        """The system clock, for whoever has a reason to trust it just now."""
        return self._clock.wall()

    def boot_id(self) -> str:
        """Names this boot."""
        return self._clock.boot_id()

    def has_passed(self, moment: datetime) -> None:
        """A signed word that this moment has come. An upper end it contradicts is given up.

        A contradiction of a few seconds is two cloud clocks that differ, not a lie: the interval
        then spans both, so that nothing opens earlier or ends later for it.
        """
        now = self.proven()
        if moment <= now.earliest:
            return
        if now.latest is None or now.latest >= moment:
            self._set(moment, now.latest)
        elif moment - now.latest <= CLOUD_CLOCKS_DIFFER:
            self._set(now.earliest, moment + CLOUD_CLOCKS_DIFFER)
        else:
            self._set(moment, None)

    def witness(self, earliest: datetime, latest: datetime) -> Heard:
        """A keyed witness heard just now. It may narrow the interval or move it on, never back."""
        now = self.proven()
        if latest < now.earliest:
            return Heard.BEHIND
        if now.latest is not None and earliest > now.latest:
            self._set(earliest, latest)
            return Heard.AHEAD
        self._set(max(earliest, now.earliest), min(latest, now.latest or latest))
        return Heard.GAINED if now.latest is None else Heard.AGREES

    def compare(self, earliest: datetime, latest: datetime) -> Heard:
        """A witness without a key beside proven time: does it contradict? It changes nothing.

        Let it make the interval narrower, and whoever lies to it drags the house's time along.
        """
        now = self.proven()
        if now.latest is not None and earliest > now.latest:
            return Heard.AHEAD
        return Heard.BEHIND if latest < now.earliest else Heard.AGREES

    def suppose(self, witness: str, earliest: datetime, latest: datetime) -> Heard:
        """A witness without a key: two that agree bound time while nothing better does.

        GAINED: it was unknown. AGREES: it stays as it was. BEHIND: before the floor, not believed.
        """
        if latest < self.proven().earliest:
            self._unkeyed.pop(witness, None)
            return Heard.BEHIND
        was_unknown = self.now().latest is None
        self._unkeyed[witness] = _Anchor(earliest, latest, self._clock.boot_seconds())
        agreed = self._agreed(witness)
        if was_unknown and agreed is not None:
            self._supposed = agreed
            return Heard.GAINED
        return Heard.AGREES

    def declare(self, moment: datetime) -> bool:
        """A host's word, while time is unknown; False when that is not so or cannot be true."""
        now = self.now()
        latest = moment + _DECLARED_GIVE
        too_far = moment > now.earliest + LONGEST_DECLARED
        if now.latest is not None or latest < now.earliest or too_far:
            return False
        self._supposed = _Anchor(moment - _DECLARED_GIVE, latest, self._clock.boot_seconds())
        return True

    def forget_supposed(self) -> None:
        """Something better is known."""
        self._supposed = None
        self._unkeyed.clear()

    def _agreed(self, witness: str) -> _Anchor | None:
        """The widest that this witness and those who agree with it allow; None when nobody does."""
        mine = self._unkeyed[witness]
        assert mine.latest is not None  # noqa: S101 - only bounded ones are kept
        earliest, latest = mine.earliest, mine.latest
        agreeing = 0
        for name, kept in self._unkeyed.items():
            other = self._run_on(kept)
            is_fresh = mine.boot_seconds - kept.boot_seconds <= FRESH_SECONDS
            if name == witness or other.latest is None or not is_fresh:
                continue
            if other.earliest <= mine.latest and mine.earliest <= other.latest:
                agreeing += 1
                earliest, latest = min(earliest, other.earliest), max(latest, other.latest)
        return _Anchor(earliest, latest, mine.boot_seconds) if agreeing else None

    def save(self) -> None:
        """Keep the floor, for the next boot; and both ends, for a restart within this one."""
        now = self.proven()
        saved = _Saved(
            boot_id=self._clock.boot_id(),
            boot_seconds=self._clock.boot_seconds(),
            earliest=now.earliest,
            latest=now.latest,
        )
        self._marks.set(_MARK, saved.model_dump_json())

    def _set(self, earliest: datetime, latest: datetime | None) -> None:
        self._anchor = _Anchor(earliest, latest, self._clock.boot_seconds())

    def _resumed(self) -> _Anchor:
        saved = self._saved()
        boot_seconds = self._clock.boot_seconds()
        if saved is None:
            return _Anchor(BUILD_FLOOR, None, boot_seconds)
        same_boot = saved.boot_id == self._clock.boot_id() and saved.boot_seconds <= boot_seconds
        if same_boot:
            return _Anchor(saved.earliest, saved.latest, saved.boot_seconds)
        # Another boot: all of this one lies after the moment that was saved.
        return _Anchor(saved.earliest, None, 0.0)

    def _saved(self) -> _Saved | None:
        text = self._marks.get(_MARK)
        try:
            return None if text is None else _Saved.from_bytes(text.encode())
        except ValidationError:
            return None
