"""C1 to C4: whatever the clocks of a house do, it opens for nobody whose time may be over.

The oracle knows the true time; the house is told by its clocks, which lie as they like, and by
the witnesses that reach it.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest

from cloud_api.access.rules import stay_window
from edge_agent.actions.hear_time import SystemTime, hear_lock_time, hear_time
from edge_agent.policy.decide import decide
from edge_agent.policy.model import Allowed, Time, Wish
from edge_agent.policy.windows import closed
from protocol.access import Refusal, Window, open_door
from protocol.facts import Alarmed, ClockChanged
from tests.edge_agent.lockd_kit import FakeClock, settle, snapshot_frame
from tests.edge_agent.means_kit import Desk, desk
from tests.edge_agent.policy_kit import BOOKER, ENDS, FRONT, NOON, STARTS, a_grant, a_snapshot
from tests.faults.figures import Figure, Scale

pytestmark = [pytest.mark.fault, pytest.mark.timeout(1800)]

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
TICK = timedelta(microseconds=1)
QUARTER = timedelta(minutes=15)
MADRID = ZoneInfo("Europe/Madrid")
WRONG = {
    "1970": datetime(1970, 1, 1, tzinfo=UTC),
    "before the stay": STARTS - DAY,
    "inside the stay": NOON,
    "ten years on": NOON.replace(year=2036),
}


@dataclass
class Truth(FakeClock):
    """The machine's clocks, and beside them the true time, which no step moves."""

    true: datetime = NOON
    drift: float = 0.0
    booted: list[str] = field(default_factory=list)

    def live(self, span: timedelta) -> None:
        """Time passes; the crystal is off by `drift`."""
        self.true += span
        self.pass_time(span * (1 + self.drift))


@contextmanager
def started(folder: Path, clock: FakeClock) -> Iterator[Desk]:
    with desk(folder, clock) as made:
        yield made
        made.means.time.save()


def opens(made: Desk) -> bool:
    means = made.means
    verdict = decide(means.ledger.book, Wish(BOOKER, open_door(FRONT)), means.time.now())
    return isinstance(verdict, Allowed)


def a_house(folder: Path, clock: FakeClock) -> None:
    """With a guest who has arrived, so that no lease shuts the door in the end's place."""
    settle(folder)
    with started(folder, clock) as made:
        made.take_keys()
        made.trust_time()
        made.offer(snapshot_frame(a_snapshot(a_grant(checked_in=True))))


@pytest.mark.parametrize("wall", list(WRONG))
def test_c1_after_a_power_cut_no_clock_of_its_own_opens_a_door(
    tmp_path: Path, scale: Scale, wall: str
) -> None:
    dice, figure = scale.dice(f"C1 {wall}"), Figure(f"C1 boot at {wall}", scale.seed)
    clock = FakeClock()
    a_house(tmp_path, clock)
    mark = tmp_path / "synchronized"
    mark.touch()
    for _ in scale.tries(25, 200):
        clock.reboot(off=dice.uniform(0, 400) * HOUR, wall=WRONG[wall])
        with started(tmp_path, clock) as made:
            system = SystemTime(made.means, mark, vouched=False)
            for _ in range(3):
                system.look()
                clock.pass_time(dice.uniform(0, 3600) * SECOND)
                figure.tried += 1
                figure.violations += opens(made)
            unknown = [each for each in made.facts() if isinstance(each, ClockChanged)]
            figure.violations += any(each.state.value == "trusted" for each in unknown)
    figure.publish(scale)
    assert figure.violations == 0


def test_c2_steps_slews_drift_reboots_and_lying_time_servers(tmp_path: Path, scale: Scale) -> None:
    """Outside the true window never opened; a jump forward by a key's word never goes untold."""
    dice, figure = scale.dice("C2"), Figure("C2 steps, slews, reboots, false servers", scale.seed)
    for number in scale.tries(12, 250):
        clock = Truth(now=NOON, true=NOON, drift=dice.choice([-9e-5, 0.0, 9e-5]))
        folder = tmp_path / str(number)
        a_house(folder, clock)
        for _ in range(dice.randrange(1, 4)):
            with started(folder, clock) as made:
                _one_boot(made, clock, dice, figure, folder / "synchronized")
            off = dice.uniform(0, 30) * HOUR
            clock.true += off
            clock.reboot(off=off, wall=clock.true + dice.choice([-1, 0, 1]) * 300 * DAY)
    figure.publish(scale)
    assert figure.violations == 0
    assert figure.notes["opened inside the stay"] > 0


def _one_boot(made: Desk, clock: Truth, dice: random.Random, figure: Figure, mark: Path) -> None:
    system = SystemTime(made.means, mark, vouched=False)
    mark.touch()
    for _ in range(20):
        match dice.randrange(5):
            case 0:
                clock.now += dice.choice([-1, 1]) * 10 ** dice.uniform(0, 7.5) * SECOND
            case 1:
                hear_time(made.means, clock.true, clock.true + SECOND, witness="cloud")
            case 2:
                system.look()
            case 3:
                hands = (clock.true + dice.uniform(-60, 60) * SECOND).astimezone(MADRID)
                hear_lock_time(made.means, "front", hands.replace(tzinfo=None))
            case _:
                clock.live(dice.uniform(0, 6) * HOUR)
        now = made.means.time.now()
        inside = STARTS <= clock.true < ENDS
        opened = opens(made)
        figure.tried += 1
        figure.note("opened inside the stay", opened and inside)
        bounded = now.latest is not None
        figure.violations += bounded and not _holds(now, clock.true)
        figure.violations += opened and not inside


def _holds(now: Time, true: datetime) -> bool:
    return now.latest is not None and now.earliest <= true <= now.latest + SECOND


def test_c2_a_step_forward_that_ends_a_stay_is_told(tmp_path: Path) -> None:
    clock = FakeClock()
    a_house(tmp_path, clock)
    with started(tmp_path, clock) as made:
        hear_time(made.means, ENDS + HOUR, ENDS + HOUR, witness="cloud")
        assert not opens(made)
        alarms = [each.name for each in made.facts() if isinstance(each, Alarmed)]
        assert alarms == ["clock_moved_on"]
        clock.now = STARTS
        hear_time(made.means, NOON, NOON, witness="cloud")
        assert not opens(made)


YEARS = range(2026, 2036)
CHECK_OUTS = (time(0, 0), time(2, 30), time(11, 0))
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def test_c3_in_every_zone_a_stay_begins_and_ends_by_the_walls_clock(scale: Scale) -> None:
    """Ten years of nights on which the clocks change, in every zone there is."""
    figure = Figure("C3 all zones, ten years", scale.seed)
    names = sorted(available_timezones())
    for name in names if scale.evidence else names[:: max(1, len(names) // 150)]:
        zone = ZoneInfo(name)
        for day in _nights_of_change(zone):
            for hour in CHECK_OUTS:
                figure.tried += 1
                figure.violations += not _is_right(day, hour, name, zone)
    figure.note("zones", len(names))
    figure.publish(scale)
    assert figure.violations == 0
    assert figure.tried > 3000


def _nights_of_change(zone: ZoneInfo) -> Iterator[date]:
    for year in YEARS:
        previous = datetime(year, 1, 1, 12, tzinfo=zone).utcoffset()
        for month in range(1, 13):
            for day in (1, 8, 15, 22, 28):
                offset = datetime(year, month, day, 12, tzinfo=zone).utcoffset()
                if offset != previous:
                    yield from _around(datetime(year, month, day, 12, tzinfo=zone), previous)
                previous = offset
    yield date(2028, 2, 29)


def _around(after: datetime, previous: timedelta | None) -> Iterator[date]:
    for back in range(10):
        day = after - back * DAY
        if (day - DAY).utcoffset() == previous:
            yield day.date()
            return


def _is_right(day: date, hour: time, name: str, zone: ZoneInfo) -> bool:
    made = stay_window(day - 2 * DAY, day, from_local=time(15), until_local=hour, zone=name)
    wall = datetime.combine(day, hour)
    moments = (wall.replace(tzinfo=UTC) + step * QUARTER for step in range(-60, 61))
    shown = [each for each in moments if _hands(each, zone) == wall]
    jumped = _hands(made.ends - SECOND, zone) < wall < _hands(made.ends, zone)
    right = made.ends == shown[-1] if shown else jumped
    window = Window(starts=made.starts, ends=made.ends)
    last = Time(made.ends - TICK, made.ends - TICK)
    return (
        right
        and closed(window, last) is None
        and closed(window, Time(made.ends, made.ends)) is Refusal.ENDED
    )


def _hands(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


@pytest.mark.parametrize("edge", ["starts", "ends"])
def test_c4_windows_are_half_open_to_the_microsecond(scale: Scale, edge: str) -> None:
    dice, figure = scale.dice(f"C4 {edge}"), Figure(f"C4 {edge}", scale.seed)
    for _ in scale.tries(2000, 50_000):
        starts = EARLIEST + dice.randrange(10**10) * SECOND + dice.randrange(10**6) * TICK
        window = Window(starts=starts, ends=starts + dice.randrange(1, 10**9) * TICK)
        moment: datetime = getattr(window, edge)
        for off in (-1, 0, 1):
            now, doubt = moment + off * TICK, dice.choice([0, 1, 2]) * TICK
            is_open = closed(window, Time(now, now + doubt)) is None
            truly = window.starts <= now and now + doubt < window.ends
            figure.tried += 1
            figure.violations += is_open != truly
    figure.publish(scale)
    assert figure.violations == 0
