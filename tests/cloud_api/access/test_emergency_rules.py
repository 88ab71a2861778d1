"""Which hours does an offline code get, and when is none given?"""

from datetime import UTC, datetime, timedelta

import pytest

from cloud_api.access.emergency.rules import whole_hours, why_not, words
from cloud_api.access.emergency.types import Period

NOON = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)
LIMA, KOLKATA = "America/Lima", "Asia/Kolkata"


def test_hours_begin_not_after_the_guest_and_end_inside_the_stay() -> None:
    starts, ends = NOON + timedelta(minutes=20), NOON + timedelta(days=2, minutes=50)
    assert whole_hours(starts, ends, now=NOON - timedelta(hours=3), zone=LIMA) == Period(
        NOON, NOON + timedelta(days=2)
    )


def test_a_stay_under_way_gets_this_hour() -> None:
    late = NOON + timedelta(hours=5, minutes=59)
    found = whole_hours(NOON, NOON + timedelta(days=1), now=late, zone=LIMA)
    assert found == Period(NOON + timedelta(hours=5), NOON + timedelta(days=1))


def test_hours_are_the_houses_own_where_half_an_hour_lies_between() -> None:
    found = whole_hours(NOON, NOON + timedelta(days=1), now=NOON, zone=KOLKATA)
    assert found == Period(NOON - timedelta(minutes=30), NOON + timedelta(hours=23, minutes=30))


def test_a_stay_without_a_whole_hour_left_gets_none() -> None:
    ends = NOON + timedelta(minutes=40)
    assert whole_hours(NOON, ends, now=NOON, zone=LIMA) is None
    assert (
        whole_hours(NOON, NOON + timedelta(hours=1), now=ends + timedelta(hours=1), zone=LIMA)
        is None
    )


@pytest.mark.parametrize(
    ("reached", "pin_state", "hours", "reason"),
    [
        (False, "wanted", 24, None),
        (False, None, 0, None),
        (False, "written", -5, None),
        (False, "wanted", 25, "arrival_is_far"),
        (True, "wanted", 1, "house_is_reached"),
        (False, "read_back", 1, "pin_is_in_the_lock"),
        (False, "first_used", 1, "pin_is_in_the_lock"),
    ],
)
def test_only_a_guest_about_to_arrive_at_a_house_out_of_reach_gets_one(
    *, reached: bool, pin_state: str | None, hours: int, reason: str | None
) -> None:
    found = why_not(
        reached=reached, pin_state=pin_state, starts=NOON + timedelta(hours=hours), now=NOON
    )
    assert found == reason


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "cannot be taken back"), ("es", "No se puede anular"), ("xx", "taken back")],
)
def test_what_it_cannot_do_is_said_with_its_hours(language: str, expected: str) -> None:
    said = " ".join(words(Period(NOON, NOON + timedelta(days=2)), zone=LIMA, language=language))
    assert expected in said
    assert "2026-07-03 07:00" in said
    assert "2026-07-05 07:00" in said
    assert "2026-07-04 07:00" in said, "the last moment for its first use"
