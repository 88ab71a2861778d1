"""Who may say what time it is, how far is it believed, and what of that is on record?"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge_agent.actions.hear_time import SystemTime, declare_time, hear_lock_time, hear_time
from edge_agent.actions.limits import Pace
from edge_agent.actions.trusted_time import LONGEST_DECLARED, Heard
from edge_agent.policy.decide import decide
from edge_agent.policy.model import Allowed, Denied, Time, Wish
from protocol.access import Refusal, Right, Role, Verb, open_door
from protocol.facts import Alarmed, ClockChanged, Via
from protocol.house import ClockState
from tests.edge_agent.lockd_kit import FakeClock, settle, snapshot_frame
from tests.edge_agent.means_kit import Desk, desk
from tests.edge_agent.policy_kit import BOOKER, ENDS, FRIEND, FRONT, NOON, ROOM, a_grant, a_snapshot

HALF = timedelta(milliseconds=500)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MADRID = ZoneInfo("Europe/Madrid")
OVERRIDE = str(Right(Verb.ACCESS_OVERRIDE))


@pytest.fixture
def off(tmp_path: Path) -> Iterator[Desk]:
    """A house with a book that was off for two hours: nobody knows for how long."""
    clock = FakeClock()
    settle(tmp_path)
    with desk(tmp_path, clock) as before:
        before.take_keys()
        before.trust_time()
        host = a_grant(FRIEND, role=Role.STAFF, stay=None, rights=(OVERRIDE, str(open_door(FRONT))))
        before.offer(snapshot_frame(a_snapshot(a_grant(), host)))
        before.means.time.save()
    clock.reboot(off=2 * HOUR)
    with desk(tmp_path, clock) as made:
        made.clock.boot = 100.0
        yield made


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    file = tmp_path / "synchronized"
    file.touch()
    return file


def on_the_lock(moment: datetime) -> datetime:
    """What the hands of a lock in Madrid show."""
    return moment.astimezone(MADRID).replace(tzinfo=None)


def hear_lock(made: Desk, name: str, moment: datetime) -> Heard | None:
    return hear_lock_time(made.means, name, on_the_lock(moment))


def news(made: Desk) -> list[str]:
    """What was put on record of clocks."""
    told = [each for each in made.facts() if isinstance(each, Alarmed | ClockChanged)]
    return [each.name if isinstance(each, Alarmed) else each.reason for each in told]


def opens(made: Desk) -> bool:
    means = made.means
    wish = Wish(BOOKER, open_door(FRONT))
    return isinstance(decide(means.ledger.book, wish, means.time.now()), Allowed)


def test_a_vouched_system_clock_proves_time(bare: Desk, tmp_path: Path) -> None:
    file = tmp_path / "not yet"
    system = SystemTime(bare.means, file, vouched=True)
    system.look()
    assert bare.means.time.now().latest is None
    assert bare.facts() == []
    file.touch()
    system.look()
    assert bare.means.time.proven() == Time(NOON - HALF, NOON + HALF)
    system.look()
    assert bare.facts() == [ClockChanged(state=ClockState.TRUSTED, reason="system")]


@pytest.mark.parametrize("vouched", [True, False])
def test_a_system_clock_set_back_reopens_nothing(
    at_work: Desk, mark: Path, *, vouched: bool
) -> None:
    """And is told once, not every half minute."""
    system = SystemTime(at_work.means, mark, vouched=vouched)
    at_work.clock.now -= timedelta(days=3)
    for _ in range(5):
        system.look()
    assert at_work.means.time.now() == Time(NOON, NOON)
    assert news(at_work) == ["clock_witness_behind" if vouched else "clock_witness_disagrees"]


@pytest.mark.parametrize("step", [timedelta(seconds=-5), timedelta(seconds=5), HOUR, 9000 * HOUR])
def test_a_time_server_nobody_vouched_for_moves_nothing(
    at_work: Desk, mark: Path, step: timedelta
) -> None:
    at_work.means.time.witness(NOON, NOON + 2 * MINUTE)
    at_work.clock.now += step
    if step < timedelta(0):
        at_work.means.time.witness(NOON + timedelta(seconds=1), NOON + MINUTE)
    before = at_work.means.time.proven()
    SystemTime(at_work.means, mark, vouched=False).look()
    after = at_work.means.time.proven()
    assert before == after


def test_a_time_server_alone_bounds_nothing(off: Desk, mark: Path) -> None:
    SystemTime(off.means, mark, vouched=False).look()
    assert off.means.time.now().latest is None
    assert not opens(off)


def test_a_lock_and_a_time_server_that_agree_open_doors_again(off: Desk, mark: Path) -> None:
    assert hear_lock(off, "front", off.clock.now + MINUTE) is Heard.AGREES
    assert not opens(off)
    SystemTime(off.means, mark, vouched=False).look()
    assert opens(off)
    now, proven = off.means.time.now(), off.means.time.proven()
    assert now.latest is not None
    assert now.earliest <= off.clock.now <= now.latest <= off.clock.now + 4 * MINUTE
    assert proven.latest is None
    assert news(off)[-2:] == ["two_witnesses_agree", "clock_supposed"]


def test_two_locks_agree_and_one_lock_twice_does_not(off: Desk) -> None:
    hear_lock(off, "front", off.clock.now)
    hear_lock(off, "front", off.clock.now)
    assert not opens(off)
    hear_lock(off, "room", off.clock.now - 30 * timedelta(seconds=1))
    assert opens(off)


@pytest.mark.parametrize("apart", [5 * MINUTE, HOUR, 2000 * HOUR])
def test_witnesses_that_differ_bound_nothing(off: Desk, apart: timedelta) -> None:
    hear_lock(off, "front", off.clock.now)
    hear_lock(off, "room", off.clock.now + apart)
    assert not opens(off)


def test_witnesses_before_the_floor_bound_nothing(off: Desk) -> None:
    """Whoever wants an ended stay back sets the clocks back: they lie before what is proven."""
    for lock in ("front", "room"):
        assert hear_lock(off, lock, NOON - HOUR) is Heard.BEHIND
    assert off.means.time.now().latest is None


def test_what_was_heard_long_ago_agrees_with_nobody(off: Desk) -> None:
    hear_lock(off, "front", off.clock.now)
    off.clock.pass_time(2 * HOUR)
    hear_lock(off, "room", off.clock.now)
    assert not opens(off)


def test_supposed_time_lifts_no_floor_and_ends_with_the_first_proof(off: Desk) -> None:
    wrong = off.clock.now + 40 * HOUR
    for lock in ("front", "room"):
        hear_lock(off, lock, wrong)
    assert off.means.time.now().earliest > NOON + 30 * HOUR
    off.means.time.save()
    true = off.clock.now
    assert hear_time(off.means, true, true, witness="cloud") is Heard.GAINED
    assert off.means.time.now() == Time(true, true)
    assert news(off)[-2:] == ["cloud", "clock_supposed_wrongly"]


def test_after_another_start_nothing_is_supposed(off: Desk) -> None:
    for lock in ("front", "room"):
        hear_lock(off, lock, off.clock.now)
    off.means.time.save()
    again = type(off.means.time)(off.clock, off.state.marks)
    assert again.now().latest is None


def test_locks_that_missed_the_change_of_the_clocks_leave_both_hours_open(tmp_path: Path) -> None:
    """Off over the night of the change: no lock was moved, and both are an hour behind."""
    changed = datetime(2026, 10, 25, 1, tzinfo=NOON.tzinfo)
    clock = FakeClock(now=changed - 24 * HOUR)
    settle(tmp_path)
    with desk(tmp_path, clock) as before:
        before.take_keys()
        before.trust_time()
        before.offer(snapshot_frame(a_snapshot(a_grant())))
        before.means.time.save()
        clock.reboot(off=48 * HOUR)
    with desk(tmp_path, clock) as made:
        true = clock.now
        still_summer = (true + 2 * HOUR).replace(tzinfo=None)
        for lock in ("front", "room"):
            hear_lock_time(made.means, lock, still_summer)
        now = made.means.time.now()
        assert now.latest is not None
        assert now.earliest <= true <= now.latest
        assert now.latest - now.earliest >= HOUR


def test_a_host_declares_the_time_on_record(off: Desk) -> None:
    now = off.clock.now
    assert declare_time(off.means, BOOKER, now) is Refusal.NO_SUCH_RIGHT
    assert not opens(off)
    assert declare_time(off.means, FRIEND, now) is None
    assert opens(off)
    assert news(off)[-2:] == ["declared_by_host", "clock_declared"]
    assert declare_time(off.means, FRIEND, now) is Refusal.REQUEST_GONE
    assert off.means.time.proven().latest is None


@pytest.mark.parametrize("moment", [NOON - HOUR, NOON + LONGEST_DECLARED + 3 * HOUR])
def test_a_time_that_cannot_be_is_not_taken(off: Desk, moment: datetime) -> None:
    assert declare_time(off.means, FRIEND, moment) is Refusal.TIME_UNKNOWN
    assert not opens(off)


def test_a_stay_that_ended_by_the_declared_time_stays_shut(off: Desk) -> None:
    declare_time(off.means, FRIEND, ENDS)
    wish = Wish(BOOKER, open_door(ROOM), Via.LAN)
    verdict = decide(off.means.ledger.book, wish, off.means.time.now())
    assert verdict == Denied(Refusal.ENDED, Role.GUEST)


def test_a_pace_is_kept_for_each_by_itself() -> None:
    now = [0.0]
    pace = Pace(2, 60.0, now=lambda: now[0])
    assert [pace.allows("a") for _ in range(3)] == [True, True, False]
    assert pace.allows("b")
    now[0] = 59.9
    assert not pace.allows("a")
    now[0] = 60.0
    assert pace.allows("a")
    assert (pace.count("a"), pace.count("b")) == (1, 0)
