"""Does a lock's clock stand where the house's clocks do, also on the nights they are changed?

The lock judges PINs by its own clock. It is set only by trusted time, and read back; where the
house's clocks were changed, it is moved with them and nobody calls that drift.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.actions.hear_time import hear_lock_time
from edge_agent.actions.keeping import Marks
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.lock_time import change_between, local, next_change
from edge_agent.actions.means import Means
from edge_agent.errors import EdgeError, TryLater
from edge_agent.ports import LockClock
from protocol.facts import Alarmed
from protocol.ids import LockId

DRIFT_ALARM: Final = timedelta(seconds=60)
_DRIFT_SET: Final = timedelta(seconds=10)
_NARROW: Final = timedelta(seconds=60)
_MOVED_WITHIN: Final = timedelta(minutes=15)
_SESSION_SECONDS: Final = 15.0
_HORIZON: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How far ahead the lock was, before it was set. `over`: since when it had been right."""

    off: timedelta
    over: timedelta | None


@dataclass(frozen=True, slots=True)
class _Now:
    earliest: datetime
    latest: datetime
    zone: ZoneInfo

    @property
    def middle(self) -> datetime:
        return self.earliest + (self.latest - self.earliest) / 2


class ClockRound:
    """The clock of one lock."""

    def __init__(self, means: Means, lock: LockId, room: LockRoom, marks: Marks) -> None:
        self._means = means
        self._lock = lock
        self._room = room
        self._marks = marks

    async def turn(self, clock: LockClock) -> ClockReading | None:
        """Read it, set it where it is wrong; None while nobody knows what is right.

        Then it is heard as a witness: it is never set by a time that rests on its own word.
        """
        if self._now() is None:
            hear_lock_time(self._means, str(self._lock), await self._read(clock))
            return None
        self._room.clock_is_right = False
        try:
            return await self._keep(clock)
        except EdgeError:
            self._tell_if_not_moved()
            raise

    def until_change(self) -> timedelta | None:
        """How long until the house's clocks are changed; None when not soon."""
        now = self._now()
        if now is None:
            return None
        change = next_change(now.zone, after=now.latest, until=now.latest + _HORIZON)
        return None if change is None else change - now.latest

    def must_move(self) -> bool:
        """Have the house's clocks been changed since this lock's was right?"""
        now, right = self._now(), self._last_right()
        return now is not None and right is not None and self._change(right, now) != timedelta(0)

    async def _keep(self, clock: LockClock) -> ClockReading | None:
        told = await self._read(clock)
        now = self._now()
        if now is None:
            return None
        right = self._last_right()
        reading = ClockReading(_off(told, now), None if right is None else now.earliest - right)
        if abs(reading.off) > _DRIFT_SET + (now.latest - now.earliest) / 2:
            await self._correct(clock, reading, now, right)
        self._room.clock_is_right = True
        self._marks.set(self._mark, now.earliest.isoformat())
        change = timedelta(0) if right is None else self._change(right, now)
        return ClockReading(reading.off + change, reading.over)

    async def _correct(
        self, clock: LockClock, reading: ClockReading, now: _Now, right: datetime | None
    ) -> None:
        change = timedelta(0) if right is None else self._change(right, now)
        if abs(reading.off + change) > DRIFT_ALARM:
            drift = f"{self._lock} {reading.off.total_seconds():+.0f} s"
            self._means.record(Alarmed(name="lock_clock_drifted", detail=drift))
        if now.latest - now.earliest > _NARROW:
            raise TryLater("time_too_vague_to_set_a_clock")
        fresh = self._now() or now
        wanted = local(fresh.middle, fresh.zone)
        await self._room.quietly(lambda _device: clock.set(wanted), seconds=_SESSION_SECONDS)
        again = await self._read(clock)
        after = self._now() or fresh
        if abs(_off(again, after)) > _DRIFT_SET + (after.latest - after.earliest) / 2:
            raise TryLater("clock_did_not_take_it")

    async def _read(self, clock: LockClock) -> datetime:
        return await self._room.quietly(lambda _device: clock.read(), seconds=_SESSION_SECONDS)

    def _tell_if_not_moved(self) -> None:
        """Once a change: until it is moved, PINs begin and end an hour off."""
        now, right = self._now(), self._last_right()
        if now is None or right is None:
            return
        change = next_change(now.zone, after=right, until=now.earliest)
        if change is None or now.earliest - change < _MOVED_WITHIN:
            return
        told = f"clock_not_moved|{self._lock}"
        if self._marks.get(told) != change.isoformat():
            self._marks.set(told, change.isoformat())
            self._means.record(Alarmed(name="lock_clock_not_moved", detail=str(self._lock)))

    def _change(self, right: datetime, now: _Now) -> timedelta:
        return change_between(right, now.earliest, now.zone)

    def _now(self) -> _Now | None:
        snapshot, now = self._means.ledger.book.snapshot, self._means.time.proven()
        if snapshot is None or now.latest is None:
            return None
        return _Now(now.earliest, now.latest, ZoneInfo(snapshot.zone))

    @property
    def _mark(self) -> str:
        return f"clock|{self._lock}"

    def _last_right(self) -> datetime | None:
        kept = self._marks.get(self._mark)
        return None if kept is None else datetime.fromisoformat(kept)


def _off(told: datetime, now: _Now) -> timedelta:
    return told - local(now.middle, now.zone)
