"""A house's hours are its own, whatever the season."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.messaging.types import MessageEvent
from cloud_api.papers.letters.rules import arrival, departure, due, thanks_at
from cloud_api.papers.letters.types import USUAL, Habits, StayHours

HOUSE = UUID(int=7)


def stay(check_in: date, check_out: date, zone: str = "America/Santiago") -> StayHours:
    return StayHours(HOUSE, check_in, check_out, time(15), time(11), zone)


def named(of: StayHours, now: datetime, habits: Habits = USUAL) -> set[MessageEvent]:
    return {each.letter for each in due(of, habits, now=now)}


@pytest.mark.parametrize(
    ("check_in", "hour_before"),
    [
        # Chile's clocks go forward in the night to 6 September 2026, back in the one to 4 April.
        (date(2026, 9, 6), datetime(2026, 9, 5, 19, tzinfo=UTC)),
        (date(2027, 4, 4), datetime(2027, 4, 3, 18, tzinfo=UTC)),
        (date(2026, 7, 1), datetime(2026, 6, 30, 19, tzinfo=UTC)),
    ],
)
def test_the_day_before_is_the_same_hour_on_the_houses_clock(
    check_in: date, hour_before: datetime
) -> None:
    booked = stay(check_in, check_in + timedelta(days=2))
    just = timedelta(seconds=1)
    assert MessageEvent.REMINDER_24H in named(booked, hour_before)
    assert MessageEvent.REMINDER_24H not in named(booked, hour_before - just)
    assert MessageEvent.REMINDER_24H not in named(booked, arrival(booked))


def test_departure_morning_is_the_houses_morning() -> None:
    booked = stay(date(2026, 9, 4), date(2026, 9, 6))
    assert MessageEvent.CHECK_OUT in named(booked, datetime(2026, 9, 6, 11, tzinfo=UTC))
    assert MessageEvent.CHECK_OUT not in named(booked, datetime(2026, 9, 6, 10, 59, tzinfo=UTC))
    assert departure(booked) == datetime(2026, 9, 6, 14, tzinfo=UTC)


def test_whoever_books_on_the_last_day_is_reminded_and_not_welcomed_beside_it() -> None:
    booked = stay(date(2026, 7, 1), date(2026, 7, 3))
    on_the_day = named(booked, datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert MessageEvent.REMINDER_24H in on_the_day
    assert MessageEvent.WELCOME not in on_the_day


def test_thanks_come_at_the_hour_the_property_writes_at() -> None:
    booked = stay(date(2026, 7, 1), date(2026, 7, 3))
    assert thanks_at(booked, USUAL) == datetime(2026, 7, 4, 14, tzinfo=UTC)


@given(
    st.dates(date(2025, 1, 1), date(2030, 1, 1)),
    st.integers(1, 20),
    st.sampled_from(["America/Santiago", "Europe/Madrid", "Asia/Kolkata", "Pacific/Apia"]),
    st.integers(-40 * 24, 40 * 24),
    st.sets(st.sampled_from(sorted(MessageEvent))),
)
def test_nothing_switched_off_or_of_no_use_is_ever_due(
    first: date, nights: int, zone: str, hours: int, off: set[MessageEvent]
) -> None:
    booked = stay(first, first + timedelta(days=nights), zone)
    now = arrival(booked) + timedelta(hours=hours)
    found = due(booked, Habits(off=frozenset(off)), now=now)
    assert not {each.letter for each in found} & off
    assert all(each.since <= now < each.until <= departure(booked) for each in found)
    assert len({(each.letter, each.fact) for each in found}) == len(found)
