"""Is a PIN ever good outside its stay on a lock that keeps house-local time, also in March, October?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.actions.lock_time import change_between, local, local_life, next_change

MADRID = ZoneInfo("Europe/Madrid")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def opens(starts: datetime, ends: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Each minute around the window at which a lock with the right hands lets the PIN in."""
    first, last = local_life(starts, ends, zone)
    moment = starts.replace(second=0) - 5 * HOUR
    while moment < ends + 5 * HOUR:
        if first <= local(moment, zone) < last:
            yield moment
        moment += MINUTE


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
@pytest.mark.parametrize("starts", [-150, -90, -61, -30, -1, 0, 1, 30, 59, 60, 90])
@pytest.mark.parametrize("length", [20, 45, 60, 100, 300])
def test_never_a_minute_outside_near_a_change(change: datetime, starts: int, length: int) -> None:
    first = change + starts * MINUTE
    last = first + length * MINUTE
    found = list(opens(first, last, MADRID))
    assert all(first <= each < last for each in found)


@settings(max_examples=60, deadline=None)
@given(
    starts=st.integers(-24 * 60, 24 * 60),
    length=st.integers(1, 30 * 60),
    seconds=st.integers(0, 59),
    place=st.sampled_from([(MADRID, SPRING), (MADRID, AUTUMN), (LORD_HOWE, SPRING)]),
)
def test_never_outside_whatever_the_window(
    starts: int, length: int, seconds: int, place: tuple[ZoneInfo, datetime]
) -> None:
    zone, change = place
    first = change + starts * MINUTE + timedelta(seconds=seconds)
    last = first + length * MINUTE
    assert all(first <= each < last for each in opens(first, last, zone))


def test_a_stay_across_a_change_is_whole() -> None:
    for change in (SPRING, AUTUMN):
        starts, ends = change - 10 * HOUR, change + 10 * HOUR
        life = local_life(starts, ends, MADRID)
        assert life == (local(starts, MADRID), local(ends, MADRID))
    ordinary = list(opens(SPRING - 10 * HOUR, SPRING + 10 * HOUR, MADRID))
    assert len(ordinary) == 20 * 60


def test_seconds_are_rounded_into_the_stay() -> None:
    starts = datetime(2026, 7, 1, 13, 0, 1, tzinfo=UTC)
    ends = datetime(2026, 7, 3, 9, 0, 59, tzinfo=UTC)
    first, last = local_life(starts, ends, MADRID)
    assert first == datetime(2026, 7, 1, 15, 1)  # noqa: DTZ001 - a lock's local time
    assert last == datetime(2026, 7, 3, 11, 0)  # noqa: DTZ001 - a lock's local time


@pytest.mark.parametrize(("change", "by"), [(SPRING, HOUR), (AUTUMN, -HOUR)])
def test_the_change_is_found_to_the_second(change: datetime, by: timedelta) -> None:
    found = next_change(MADRID, after=change - HOUR, until=change + HOUR)
    assert found == change
    assert next_change(MADRID, after=change, until=change + HOUR) is None
    assert change_between(change - MINUTE, change, MADRID) == by
