"""Which stays does a special date forbid?"""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.pricing.rules.calendar import minimum_stay, protected
from tests.cloud_api.pricing.terms import special

NEW_YEAR = date(2030, 12, 31)
FIESTA = (special(12, 31, nights=3),)


def forbidden(first: int, last: int, *, taken: frozenset[date] = frozenset()) -> bool:
    """Of a stay whose dates are told as days from the special night."""
    check_in, check_out = NEW_YEAR + timedelta(first), NEW_YEAR + timedelta(last)
    return minimum_stay(FIESTA, check_in, check_out, taken) is not None


def test_a_stay_in_the_protected_nights_must_be_long_enough_and_hold_the_special_night() -> None:
    assert forbidden(0, 2)  # holds it, too short
    assert forbidden(-2, 0)  # leaves on its day
    assert not forbidden(-2, 1)
    assert not forbidden(0, 3)
    assert not forbidden(-1, 2)


def test_a_long_stay_that_leaves_the_special_night_out_is_forbidden_near_it() -> None:
    assert forbidden(-5, 0)


def test_nights_further_away_than_the_minimum_are_free() -> None:
    assert not forbidden(-4, -2)  # its last night is three before
    assert forbidden(-4, -1)  # its last night is two before


def test_the_nights_after_it_are_protected_as_those_before() -> None:
    after = date(2030, 6, 15)
    june = (special(6, 15, nights=3),)
    assert minimum_stay(june, after + timedelta(1), after + timedelta(6), frozenset())
    assert minimum_stay(june, after + timedelta(2), after + timedelta(6), frozenset())
    assert not minimum_stay(june, after + timedelta(3), after + timedelta(6), frozenset())


def test_a_special_night_somebody_has_already_forbids_nothing() -> None:
    assert not forbidden(-2, 0, taken=frozenset({NEW_YEAR}))


def test_nights_taken_beside_it_change_nothing() -> None:
    assert forbidden(-2, 0, taken=frozenset({NEW_YEAR + timedelta(1)}))


def test_the_special_date_of_the_year_after_arrival_counts_too() -> None:
    january = (special(1, 2, nights=4),)
    found = minimum_stay(january, date(2030, 12, 28), date(2030, 12, 31), frozenset())
    assert found is not None
    assert (found.night, found.minimum_nights) == (date(2031, 1, 2), 4)


def test_a_special_date_without_a_minimum_forbids_nothing() -> None:
    assert minimum_stay((special(12, 31),), NEW_YEAR, NEW_YEAR + timedelta(1), frozenset()) is None


@pytest.mark.parametrize("year", [2031, 2032])
def test_29_february_protects_only_in_years_that_have_it(year: int) -> None:
    leap = (special(2, 29, nights=3),)
    found = minimum_stay(leap, date(year, 2, 27), date(year, 2, 28), frozenset())
    assert (found is not None) is (year == 2032)


@given(
    first=st.integers(-12, 12),
    nights=st.integers(1, 12),
    minimum=st.integers(1, 8),
    taken=st.booleans(),
)
def test_a_stay_is_forbidden_exactly_when_one_of_its_nights_is_protected_and_it_does_not_pay_for_it(
    *, first: int, nights: int, minimum: int, taken: bool
) -> None:
    night = date(2030, 6, 15)
    check_in = night + timedelta(first)
    stay = {check_in + timedelta(n) for n in range(nights)}
    near = {night + timedelta(n) for n in range(1 - minimum, minimum)}
    right = nights >= minimum and night in stay
    expected = bool(stay & near) and not taken and not right
    specials = (special(6, 15, nights=minimum),)
    gone = frozenset({night}) if taken else frozenset()
    found = minimum_stay(specials, check_in, check_in + timedelta(nights), gone)
    assert (found is not None) is expected


def test_only_special_nights_near_the_stay_need_to_be_known_free_or_taken() -> None:
    dates = (special(6, 15, nights=3), special(7, 1, nights=3))
    near = protected(dates, date(2030, 6, 16), date(2030, 6, 18))
    assert near == {date(2030, 6, 15)}
