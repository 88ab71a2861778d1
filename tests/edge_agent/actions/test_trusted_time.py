"""Does the house know what time it is not, whatever its clocks say?"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.actions.trusted_time import BUILD_FLOOR, DRIFT, Heard, TrustedTime
from edge_agent.policy.model import Time
from protocol.house import ClockState
from protocol.ids import RequestId
from tests.edge_agent.lockd_kit import FakeClock
from tests.edge_agent.policy_kit import NOON, at

HOUR = timedelta(hours=1)


@dataclass
class MemoryMarks:
    """Marks that outlive a TrustedTime, not the test."""

    values: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def set(self, name: str, value: str) -> None:
        self.values[name] = value

    def hear(self, request: RequestId, *, until: datetime, now: datetime) -> bool:
        raise AssertionError(request, until, now)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def marks() -> MemoryMarks:
    return MemoryMarks()


def trusted(clock: FakeClock, marks: MemoryMarks) -> TrustedTime:
    time = TrustedTime(clock, marks)
    assert time.witness(NOON, NOON) is Heard.GAINED
    return time


def test_a_new_house_knows_only_that_its_code_exists(clock: FakeClock, marks: MemoryMarks) -> None:
    now = TrustedTime(clock, marks).now()
    assert now == Time(BUILD_FLOOR, None)
    assert now.state is ClockState.TIME_UNKNOWN


def test_a_witness_gives_trust_and_drift_widens_it(clock: FakeClock, marks: MemoryMarks) -> None:
    time = trusted(clock, marks)
    assert time.now() == at(NOON)
    clock.pass_time(HOUR)
    now = time.now()
    assert now.earliest == NOON + HOUR * (1 - DRIFT)
    assert now.latest == NOON + HOUR * (1 + DRIFT)


def test_steps_of_the_wall_clock_move_nothing(clock: FakeClock, marks: MemoryMarks) -> None:
    time = trusted(clock, marks)
    for step in (-400 * 24 * HOUR, HOUR, 400 * 24 * HOUR):
        clock.now += step
        assert time.now() == at(NOON)


def test_after_a_reboot_time_is_unknown_but_never_earlier(
    clock: FakeClock, marks: MemoryMarks
) -> None:
    time = trusted(clock, marks)
    clock.pass_time(HOUR)
    time.save()
    known = time.now().earliest
    clock.reboot(off=100 * HOUR, wall=datetime(1970, 1, 1, tzinfo=NOON.tzinfo))
    again = TrustedTime(clock, marks).now()
    assert again.latest is None
    assert known < again.earliest <= known + timedelta(seconds=5)


def test_a_restart_within_one_boot_keeps_trust(clock: FakeClock, marks: MemoryMarks) -> None:
    trusted(clock, marks).save()
    clock.pass_time(HOUR)
    now = TrustedTime(clock, marks).now()
    assert now.latest == NOON + HOUR * (1 + DRIFT)
    assert now.earliest == NOON + HOUR * (1 - DRIFT)


def test_what_was_recorded_since_the_last_save_does_not_cost_trust(
    clock: FakeClock, marks: MemoryMarks
) -> None:
    trusted(clock, marks).save()
    clock.pass_time(HOUR)
    now = TrustedTime(clock, marks, floor=NOON + HOUR / 2).now()
    assert now.latest == NOON + HOUR * (1 + DRIFT)


def test_a_boot_clock_that_ran_backwards_is_another_boot(
    clock: FakeClock, marks: MemoryMarks
) -> None:
    trusted(clock, marks).save()
    clock.boot = 1.0
    assert TrustedTime(clock, marks).now().latest is None


def test_a_garbled_mark_is_no_time(clock: FakeClock, marks: MemoryMarks) -> None:
    trusted(clock, marks).save()
    marks.values = dict.fromkeys(marks.values, "garbled")
    assert TrustedTime(clock, marks).now() == Time(BUILD_FLOOR, None)


def test_anything_known_past_lifts_the_floor(clock: FakeClock, marks: MemoryMarks) -> None:
    trusted(clock, marks).save()
    later = TrustedTime(clock, marks, floor=NOON + HOUR)
    assert later.now() == Time(NOON + HOUR, None)


def test_a_signed_word_lifts_the_floor_and_breaks_a_false_ceiling(
    clock: FakeClock, marks: MemoryMarks
) -> None:
    time = trusted(clock, marks)
    time.has_passed(NOON - HOUR)
    assert time.now() == at(NOON)
    time.witness(NOON, NOON + 3 * HOUR)
    time.has_passed(NOON)
    assert time.now() == at(NOON)
    time.has_passed(NOON + HOUR)
    assert time.now() == Time(NOON + HOUR, None)


def test_a_witness_may_narrow_and_move_on_but_not_back(
    clock: FakeClock, marks: MemoryMarks
) -> None:
    time = TrustedTime(clock, marks)
    assert time.witness(NOON - HOUR, NOON + HOUR) is Heard.GAINED
    assert time.witness(NOON, NOON + 2 * HOUR) is Heard.AGREES
    assert time.now() == Time(NOON, NOON + HOUR)
    assert time.witness(NOON - 2 * HOUR, NOON - HOUR) is Heard.BEHIND
    assert time.now() == Time(NOON, NOON + HOUR)
    assert time.witness(NOON + 5 * HOUR, NOON + 6 * HOUR) is Heard.AHEAD
    assert time.now() == Time(NOON + 5 * HOUR, NOON + 6 * HOUR)


spans = st.integers(-200, 200).map(lambda minutes: timedelta(minutes=minutes))
events = st.one_of(
    st.tuples(st.just("pass"), spans.map(abs)),
    st.tuples(st.just("step"), spans),
    st.tuples(st.just("hear"), spans),
    st.tuples(st.just("told"), spans),
    st.tuples(st.just("restart"), spans.map(abs)),
    st.tuples(st.just("reboot"), spans.map(abs)),
)


@given(st.lists(events, max_size=25))
def test_whatever_happens_the_floor_never_falls(happened: list[tuple[str, timedelta]]) -> None:
    clock, marks = FakeClock(), MemoryMarks()
    time = TrustedTime(clock, marks)
    floor = time.now().earliest
    for what, span in happened:
        match what:
            case "pass":
                clock.pass_time(span)
            case "step":
                clock.now += span
            case "hear":
                time.witness(NOON + span, NOON + span + timedelta(seconds=1))
            case "told":
                time.has_passed(NOON + span)
            case "restart":
                time.save()
                clock.pass_time(span)
                time = TrustedTime(clock, marks)
            case _:
                time.save()
                clock.reboot(off=span)
                time = TrustedTime(clock, marks)
                assert time.now().latest is None
        now = time.now()
        assert now.earliest >= floor
        assert now.latest is None or now.latest >= now.earliest
        floor = now.earliest


@given(st.lists(spans.map(abs), max_size=10))
def test_the_true_time_lies_in_the_interval_while_the_crystal_is_within_bounds(
    passes: list[timedelta],
) -> None:
    clock = FakeClock()
    time = TrustedTime(clock, MemoryMarks())
    time.witness(NOON, NOON)
    true = NOON
    for number, span in enumerate(passes):
        off = 90e-6 if number % 2 else -90e-6
        true += span
        clock.boot += span.total_seconds() * (1 + off)
        now = time.now()
        assert now.latest is not None
        assert now.earliest <= true <= now.latest


def test_two_cloud_clocks_a_second_apart_do_not_shut_the_door(
    clock: FakeClock, marks: MemoryMarks
) -> None:
    time = trusted(clock, marks)
    ahead = NOON + timedelta(seconds=1)
    time.has_passed(ahead)
    now = time.now()
    assert now.state is ClockState.TRUSTED
    # Neither earlier for an arrival nor later for a departure than either clock said.
    assert now.earliest == NOON
    assert now.latest is not None
    assert now.latest >= ahead


def test_clocks_further_apart_cost_the_trust(clock: FakeClock, marks: MemoryMarks) -> None:
    time = trusted(clock, marks)
    time.has_passed(NOON + timedelta(seconds=3))
    assert time.now() == Time(NOON + timedelta(seconds=3), None)
