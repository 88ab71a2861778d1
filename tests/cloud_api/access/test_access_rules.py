"""Windows right across a change of the clocks; PINs nobody guesses; rights that only narrow."""

import random
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.access.rules import (
    companion_rights,
    guest_rights,
    is_trivial,
    link_place,
    links,
    new_pin,
    stay_window,
)

THREE, ELEVEN = time(15), time(11)


@pytest.mark.parametrize(
    ("zone", "check_in", "check_out", "starts", "ends"),
    [
        ("America/Lima", "2026-07-01", "2026-07-03", "2026-07-01T20:00", "2026-07-03T16:00"),
        # Clocks go forward in Manchester on 2027-03-28, back on 2027-10-31.
        ("Europe/London", "2027-03-27", "2027-03-28", "2027-03-27T15:00", "2027-03-28T10:00"),
        ("Europe/London", "2027-10-30", "2027-10-31", "2027-10-30T14:00", "2027-10-31T11:00"),
        # Puerto Varas: summer time begins on 2026-09-06.
        ("America/Santiago", "2026-09-05", "2026-09-06", "2026-09-05T19:00", "2026-09-06T14:00"),
    ],
)
def test_local_hours_hold_on_both_sides_of_the_change(
    zone: str, check_in: str, check_out: str, starts: str, ends: str
) -> None:
    window = stay_window(
        date.fromisoformat(check_in),
        date.fromisoformat(check_out),
        from_local=THREE,
        until_local=ELEVEN,
        zone=zone,
    )
    assert window.starts == datetime.fromisoformat(starts).replace(tzinfo=UTC)
    assert window.ends == datetime.fromisoformat(ends).replace(tzinfo=UTC)


def test_a_check_out_at_an_hour_that_does_not_exist_is_the_change_itself() -> None:
    window = stay_window(
        date(2027, 3, 20),
        date(2027, 3, 28),
        from_local=THREE,
        until_local=time(2, 30),
        zone="Europe/Rome",
    )
    assert window.ends == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


def test_an_hour_that_exists_twice_begins_at_the_first_and_ends_at_the_second() -> None:
    half_past_two = time(2, 30)
    ends = stay_window(
        date(2027, 10, 20),
        date(2027, 10, 31),
        from_local=THREE,
        until_local=half_past_two,
        zone="Europe/Rome",
    ).ends
    starts = stay_window(
        date(2027, 10, 31),
        date(2027, 11, 2),
        from_local=half_past_two,
        until_local=ELEVEN,
        zone="Europe/Rome",
    ).starts
    assert ends == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert starts == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@given(
    st.sampled_from(sorted(available_timezones())),
    st.dates(date(2024, 1, 1), date(2034, 1, 1)),
    st.integers(1, 30),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
)
def test_in_every_zone_the_window_is_aware_and_ends_when_the_clock_says_so(
    zone: str, check_in: date, nights: int, until: time
) -> None:
    check_out = check_in + timedelta(days=nights)
    window = stay_window(check_in, check_out, from_local=time(0), until_local=until, zone=zone)
    assert window.starts.tzinfo is UTC
    local_end = window.ends.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    # Never earlier than promised; later only by the hour(s) a change of clocks swallowed.
    assert timedelta(0) <= local_end - datetime.combine(check_out, until) <= timedelta(hours=24)


@pytest.mark.parametrize(
    "digits", ["111111", "123456", "654321", "901234", "121212", "123123", "9876"]
)
def test_what_people_try_first_is_trivial(digits: str) -> None:
    assert is_trivial(digits)


@given(st.randoms(use_true_random=False))
def test_a_new_pin_has_six_digits_and_is_not_trivial(random: random.Random) -> None:
    pin = new_pin(random.choice)
    assert len(pin) == 6
    assert pin.isdigit()
    assert pin[0] != "0"
    assert not is_trivial(pin)


def test_a_companion_gets_only_what_the_booker_has_and_may_pass_on() -> None:
    lock, player = uuid4(), uuid4()
    mine = guest_rights(locks=[lock], players=[player], may_approve=True)
    assert companion_rights(mine, ["music:control", "access:approve"]) == (
        f"music:control:{player}",
    )
    assert companion_rights((), ["music:control"]) == ()


def test_the_lan_secret_is_another_in_every_house_and_generation() -> None:
    grant, secret = uuid4(), bytes(range(32))
    here, there = links(secret, UUID(int=1)), links(secret, UUID(int=2))
    assert len({here.cloud_secret, here.lan_secret, there.lan_secret}) == 3
    assert link_place(grant, 1) != link_place(grant, 2)
    assert here.lan_secret not in repr(here)
