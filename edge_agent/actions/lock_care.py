"""How fares a lock over weeks: does its battery last for the stays to come, how fast is its clock?

One reading a day is kept, for two months. The forecast is a straight line through them, which is
what an alkaline battery does between fresh and nearly empty; it is made from a week on.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError

from edge_agent.actions.keeping import Marks
from edge_agent.actions.lock_clock import DRIFT_ALARM, ClockReading
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.means import Means
from protocol.access import Grant, Right, Role, Verb
from protocol.base import Instant, Wire
from protocol.facts import Alarmed, FactBody, LockCared
from protocol.ids import LockId

RESERVE_PERCENT: Final = 20
"""Below this a lock's motor may fail although its radio still answers."""

OLD_FIRMWARE: Final = (6, 5, 7)
"""Up to this version TTLock's firmware has the published holes (VU#949046)."""

_MOST_DAYS: Final = 60
_FEWEST_READINGS: Final = 4
_SHORTEST_SPAN: Final = timedelta(days=6)
_LONGEST_FORECAST: Final = timedelta(days=730)
_DAY: Final = timedelta(days=1)


class DayReading(Wire):
    """What was seen on one day. `drift`: seconds a day, ahead is positive."""

    at: Instant
    battery: Annotated[int, Field(ge=0, le=100)] | None = None
    drift: float | None = None


_READINGS = TypeAdapter(tuple[DayReading, ...])


class CareRound:
    """One lock's health, told once a day."""

    def __init__(self, means: Means, lock: LockId, room: LockRoom, marks: Marks) -> None:
        self._means = means
        self._lock = lock
        self._room = room
        self._marks = marks

    def turn(self, clock: ClockReading | None) -> None:
        """Keep today's reading; tell once a day, and when the battery will not last a stay."""
        now = self._means.time.now()
        if now.latest is None:
            return
        kept = self._readings()
        if kept and now.earliest - kept[-1].at < _DAY:
            return
        today = DayReading(
            at=now.earliest, battery=self._room.last.battery_percent, drift=_drift(clock)
        )
        kept = (*kept, today)[-_MOST_DAYS:]
        empty = battery_lasts_until(kept)
        told = LockCared(
            lock=self._lock,
            clock_off_seconds=None if clock is None else round(clock.off.total_seconds(), 1),
            drift_seconds_a_day=drift_a_day(kept),
            battery_percent=today.battery,
            battery_lasts_until=empty,
            firmware=self._room.device.firmware,
        )
        self._means.record(told, *self._worries(today, empty, first=len(kept) == 1))
        self._marks.set(self._mark, _READINGS.dump_json(kept).decode())

    def _worries(self, today: DayReading, empty: datetime | None, *, first: bool) -> list[FactBody]:
        worries: list[FactBody] = []
        if today.battery is not None and today.battery <= RESERVE_PERCENT:
            worries.append(
                Alarmed(name="lock_battery_low", detail=f"{self._lock} {today.battery} %")
            )
        elif empty is not None and (stay := self._first_stay_after(empty, today.at)) is not None:
            until = stay.window.ends.isoformat(timespec="minutes")
            detail = f"{self._lock} lasts until {empty:%Y-%m-%d}, a stay until {until}"
            worries.append(Alarmed(name="lock_battery_will_not_last", detail=detail))
        if first and is_old(self._room.device.firmware):
            detail = f"{self._lock} {self._room.device.firmware}"
            worries.append(Alarmed(name="lock_firmware_old", detail=detail[:500]))
        return worries

    def _first_stay_after(self, empty: datetime, now: datetime) -> Grant | None:
        """The first stay at this door, running or to come, that ends later than the battery."""
        snapshot = self._means.ledger.book.snapshot
        door = str(Right(Verb.DOOR_OPEN, self._lock))
        stays = [
            each
            for each in (() if snapshot is None else snapshot.grants)
            if each.role is Role.GUEST and door in each.rights and each.window.ends > now
        ]
        late = [each for each in stays if each.window.ends > empty]
        return min(late, key=lambda each: each.window.starts, default=None)

    @property
    def _mark(self) -> str:
        return f"care|{self._lock}"

    def _readings(self) -> tuple[DayReading, ...]:
        text = self._marks.get(self._mark)
        try:
            return () if text is None else _READINGS.validate_json(text)
        except ValidationError:
            return ()  # from another version; a new series begins


def battery_lasts_until(readings: Sequence[DayReading]) -> datetime | None:
    """When the line through the readings since the last fresh battery meets the reserve.

    None while they are too few, span too little, or do not fall.
    """
    series = [(each.at, each.battery) for each in _since_fresh(readings)]
    known = [(at, percent) for at, percent in series if percent is not None]
    if len(known) < _FEWEST_READINGS or known[-1][0] - known[0][0] < _SHORTEST_SPAN:
        return None
    slope = _slope([((at - known[0][0]) / _DAY, percent) for at, percent in known])
    if slope >= 0:
        return None
    days = max(0.0, (RESERVE_PERCENT - known[-1][1]) / slope)
    return known[-1][0] + min(days * _DAY, _LONGEST_FORECAST)


def drift_a_day(readings: Sequence[DayReading]) -> float | None:
    """The middle one of the drifts seen; one wild reading changes nothing."""
    seen = sorted(each.drift for each in readings if each.drift is not None)
    return round(seen[len(seen) // 2], 2) if seen else None


def is_old(firmware: str | None) -> bool:
    """Has this version the published holes? False where it is not told or cannot be read."""
    try:
        version = tuple(int(part) for part in (firmware or "").split(".")[:3])
    except ValueError:
        return False
    return bool(version) and version <= OLD_FIRMWARE


def _since_fresh(readings: Sequence[DayReading]) -> Sequence[DayReading]:
    """From the last reading that is much higher than the one before: a new battery."""
    first, before = 0, 100
    for index, each in enumerate(readings):
        if each.battery is not None:
            if each.battery > before + 10:
                first = index
            before = each.battery
    return readings[first:]


def _slope(points: Sequence[tuple[float, int]]) -> float:
    """Least squares."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread


def _drift(clock: ClockReading | None) -> float | None:
    """Seconds a day since it was right; None over less than an hour, or when it was turned."""
    if clock is None or clock.over is None or clock.over < timedelta(hours=1):
        return None
    return (
        clock.off.total_seconds() / (clock.over / _DAY) if abs(clock.off) <= DRIFT_ALARM else None
    )
