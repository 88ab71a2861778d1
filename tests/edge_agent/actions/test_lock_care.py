"""Is a lock's clock moved with the house's, is its battery's end foreseen, is it left in peace?"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge_agent.actions.keep_lock import LockKeeper
from edge_agent.actions.lock_care import (
    CareRound,
    DayReading,
    battery_lasts_until,
    drift_a_day,
    is_old,
)
from edge_agent.actions.lock_clock import ClockRound
from edge_agent.actions.lock_log import LogRound
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.lock_time import local
from edge_agent.actions.pins import PinRound
from edge_agent.errors import DeviceUnreachable
from edge_agent.ports import BoltState, Glimpse, LockDevice, LockLogKind, LockReading
from protocol.access import Window
from protocol.facts import Alarmed, LockCared
from tests.edge_agent.lock_kit import MemoryLog
from tests.edge_agent.lockd_kit import MemoryBolt, snapshot_frame
from tests.edge_agent.means_kit import Desk
from tests.edge_agent.policy_kit import FRONT, NOON, a_grant, a_snapshot

MADRID = ZoneInfo("Europe/Madrid")
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=UTC)
SPRING = datetime(2027, 3, 28, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class RunningClock:
    """A lock's clock: runs, knows nothing of summer and winter."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ahead = local(desk.clock.now, MADRID) - desk.clock.now.replace(tzinfo=None)
        self.sets: list[datetime] = []
        self.reads = 0
        self.away = False

    async def read(self) -> datetime:
        self.reads += 1
        if self.away:
            raise DeviceUnreachable("not_heard")
        return self._desk.clock.now.replace(tzinfo=None) + self._ahead

    async def set(self, local: datetime) -> None:
        self._ahead = local - self._desk.clock.now.replace(tzinfo=None)
        self.sets.append(local)

    def gain(self, span: timedelta) -> None:
        self._ahead += span


class Voice:
    """What the lock says to everybody."""

    def __init__(self) -> None:
        self.says: Glimpse | None = Glimpse(
            LockReading(BoltState.LOCKED, 71), has_new_records=False
        )

    async def listen(self) -> Glimpse | None:
        return self.says


class Watched:
    """One lock looked after for weeks."""

    def __init__(self, desk: Desk, *, glance: Voice | None = None) -> None:
        self.desk = desk
        self.clock = RunningClock(desk)
        self.log = MemoryLog()
        self.glance = glance
        bolt = MemoryBolt(state=BoltState.LOCKED)
        self.room = LockRoom(
            LockDevice(bolt, None, self.clock, self.log, glance=glance, firmware="6.5.07")
        )
        means, marks = desk.means, desk.state.marks
        pins = PinRound(means, FRONT, self.room, desk.state.pins)
        self.clock_round = ClockRound(means, FRONT, self.room, marks)
        self.keeper = LockKeeper(
            means,
            FRONT,
            self.room,
            pins,
            LogRound(means, FRONT, self.room, pins=pins, marks=marks),
            self.clock_round,
            CareRound(means, FRONT, self.room, marks),
            300.0,
        )
        desk.offer(snapshot_frame(a_snapshot(a_grant())))

    async def look(self, *, after: timedelta = timedelta(0)) -> None:
        self.desk.clock.pass_time(after)
        self.desk.trust_time()
        await self.keeper.look()

    def alarms(self) -> list[str]:
        return [each.name for each in self.desk.facts() if isinstance(each, Alarmed)]

    def cared(self) -> list[LockCared]:
        return [each for each in self.desk.facts() if isinstance(each, LockCared)]


async def at(watched: Watched, moment: datetime) -> None:
    """Look at a moment to come."""
    await watched.look(after=moment - watched.desk.clock.now)


@pytest.mark.parametrize("change", [AUTUMN, SPRING])
async def test_the_locks_clock_is_moved_when_the_houses_are_and_nobody_calls_it_drift(
    at_work: Desk, change: datetime
) -> None:
    watched = Watched(at_work)
    await watched.look()
    await at(watched, change - timedelta(hours=2))
    until = watched.clock_round.until_change()
    assert until is not None
    assert abs(until - timedelta(hours=2)) < timedelta(seconds=1)
    sets = len(watched.clock.sets)
    await at(watched, change + timedelta(seconds=1))
    assert watched.clock.sets[sets:] == [local(change + timedelta(seconds=1), MADRID)]
    assert "lock_clock_drifted" not in watched.alarms()
    assert watched.room.clock_is_right


async def test_a_clock_that_could_not_be_moved_is_told_once(at_work: Desk) -> None:
    watched = Watched(at_work)
    await at(watched, AUTUMN - timedelta(hours=1))
    watched.clock.away = True
    await at(watched, AUTUMN + timedelta(minutes=5))
    assert "lock_clock_not_moved" not in watched.alarms()
    assert watched.clock_round.must_move()
    for _ in range(3):
        await watched.look(after=timedelta(minutes=20))
    assert watched.alarms().count("lock_clock_not_moved") == 1
    known = [watched.room.clock_is_right]
    watched.clock.away = False
    await watched.look(after=timedelta(minutes=1))
    known.append(watched.room.clock_is_right)
    assert known == [False, True]
    assert not watched.clock_round.must_move()


async def test_a_vague_time_reads_but_never_sets(bare: Desk) -> None:
    bare.take_keys()
    bare.means.time.witness(NOON - timedelta(minutes=10), NOON + timedelta(minutes=10))
    watched = Watched(bare)
    watched.clock.gain(timedelta(minutes=30))
    await watched.keeper.look()
    assert (watched.clock.reads, watched.clock.sets) == (1, [])
    known = [watched.room.clock_is_right]
    watched.clock.gain(timedelta(minutes=-25))
    await watched.keeper.look()  # as far as anybody knows, it is right
    known.append(watched.room.clock_is_right)
    assert known == [False, True]


async def test_drift_is_told_as_a_trend(at_work: Desk) -> None:
    watched = Watched(at_work)
    await watched.look()
    for _ in range(5):
        watched.clock.gain(timedelta(seconds=4))
        await watched.look(after=DAY + timedelta(minutes=1))
    told = watched.cared()
    assert len(told) == 6
    assert told[-1].drift_seconds_a_day is not None
    assert 3.5 < told[-1].drift_seconds_a_day < 12.5
    assert told[0].firmware == "6.5.07"
    assert watched.alarms().count("lock_firmware_old") == 1


async def test_a_lock_that_says_nothing_is_new_is_not_connected_to_for_an_hour(
    at_work: Desk,
) -> None:
    voice = Voice()
    watched = Watched(at_work, glance=voice)
    await watched.look()
    reads = watched.clock.reads
    for _ in range(10):
        await watched.look(after=timedelta(minutes=5))
    assert watched.clock.reads == reads
    assert watched.room.last == LockReading(BoltState.LOCKED, 71)
    await watched.look(after=timedelta(minutes=15))  # who keeps silent may be another
    assert watched.clock.reads > reads


async def test_news_in_the_air_are_fetched_at_once(at_work: Desk) -> None:
    voice = Voice()
    watched = Watched(at_work, glance=voice)
    watched.log.add(local(NOON, MADRID), LockLogKind.MANUAL)
    await watched.look()
    watched.log.add(local(NOON, MADRID), LockLogKind.APP_UNLOCK)
    await watched.look(after=timedelta(minutes=5))
    assert "opened_not_by_us" not in watched.alarms()
    voice.says = Glimpse(LockReading(BoltState.UNLOCKED, 70), has_new_records=True)
    await watched.look(after=timedelta(minutes=5))
    assert watched.alarms().count("opened_not_by_us") == 1


def days(*battery: int, every: timedelta = DAY) -> list[DayReading]:
    return [DayReading(at=NOON + index * every, battery=each) for index, each in enumerate(battery)]


def test_a_battery_is_foreseen_from_a_week_of_readings() -> None:
    falling = days(*(90 - 2 * index for index in range(8)))  # 2 % a day, 76 % now
    lasts = battery_lasts_until(falling)
    assert lasts is not None
    assert abs(lasts - (NOON + 35 * DAY)) < timedelta(hours=1)
    assert battery_lasts_until(falling[:5]) is None
    assert battery_lasts_until(days(*([80] * 10))) is None


def test_a_fresh_battery_begins_a_new_line() -> None:
    assert battery_lasts_until(days(40, 35, 30, 26, 23, 21, 99, 99)) is None


async def test_a_battery_that_will_not_last_the_next_stay_is_an_alarm(at_work: Desk) -> None:
    watched = Watched(at_work, glance=None)
    bolt = watched.room.device.bolt
    assert isinstance(bolt, MemoryBolt)
    late = Window(starts=NOON + 20 * DAY, ends=NOON + 40 * DAY)
    at_work.offer(snapshot_frame(a_snapshot(a_grant(window=late), version=2)))
    for percent in range(80, 52, -3):
        watched.room.saw(LockReading(BoltState.LOCKED, percent))
        at_work.trust_time()
        watched.keeper.care.turn(None)
        at_work.clock.pass_time(DAY + timedelta(minutes=1))
    assert "lock_battery_will_not_last" in watched.alarms()
    assert watched.cared()[-1].battery_lasts_until is not None


def test_the_middle_drift_is_told_and_old_firmware_known() -> None:
    series = [DayReading(at=NOON, drift=each) for each in (1.0, 900.0, 1.2)]
    assert drift_a_day(series) == 1.2
    assert (is_old("6.5.07"), is_old("6.5.8"), is_old("5.9"), is_old(None), is_old("new")) == (
        True,
        False,
        True,
        False,
        False,
    )
