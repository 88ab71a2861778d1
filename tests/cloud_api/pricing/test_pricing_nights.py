"""What does a night cost?"""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from cloud_api.kit.money import Money
from cloud_api.pricing.errors import ExchangeRateMissing
from cloud_api.pricing.rules.calendar import season_of
from cloud_api.pricing.types import Level, LineKind, NightBasis, Settings
from tests.cloud_api.pricing.terms import (
    FRIDAY,
    MONDAY,
    NIGHTS,
    OTHER,
    SOLES,
    SUNDAY,
    high,
    inputs,
    quote,
    special,
    total,
    unit,
)

SUMMER = high((12, 15), (3, 15))


def test_a_special_date_counts_before_season_and_weekday() -> None:
    priced = unit(nights=NIGHTS, specials=(special(1, 8),))
    made = quote(MONDAY, 2, units=(priced,), seasons=(SUMMER,))
    told = [(line.amount, line.basis) for line in made.lines]
    assert told == [(200_00, NightBasis.NIGHT_PRICE), (500_00, NightBasis.SPECIAL_DATE)]


def test_night_prices_count_before_the_base_price() -> None:
    made = quote(MONDAY, 1, units=(unit(nights=NIGHTS),))
    assert [(line.amount, line.basis) for line in made.lines] == [(100_00, NightBasis.NIGHT_PRICE)]


@pytest.mark.parametrize(
    ("night", "seasons", "amount"),
    [
        (MONDAY, (), 100_00),
        (FRIDAY, (), 150_00),
        (MONDAY, (SUMMER,), 200_00),
        (FRIDAY, (SUMMER,), 300_00),
    ],
)
def test_night_prices_go_by_season_and_weekend(
    night: date, seasons: tuple[()], amount: int
) -> None:
    assert total(night, 1, units=(unit(nights=NIGHTS),), seasons=seasons) == amount


def test_friday_and_saturday_nights_are_the_weekend_by_default() -> None:
    made = quote(FRIDAY, 3, units=(unit(nights=NIGHTS),))
    assert [line.amount for line in made.lines] == [150_00, 150_00, 100_00]


def test_a_property_may_call_saturday_and_sunday_its_weekend() -> None:
    settings = Settings(weekend=frozenset({5, 6}))
    made = quote(FRIDAY, 3, units=(unit(nights=NIGHTS),), settings=settings)
    assert [line.amount for line in made.lines] == [100_00, 150_00, 150_00]


def test_without_night_prices_the_base_price_is_half_as_much_again_in_high_season() -> None:
    assert total(MONDAY, 1) == 100_00
    assert total(MONDAY, 1, seasons=(SUMMER,)) == 150_00


def test_a_property_has_its_own_factor_for_high_season() -> None:
    settings = Settings(high_season_factor=Decimal("1.25"))
    assert total(MONDAY, 1, seasons=(SUMMER,), settings=settings) == 125_00


def test_base_12000_with_weekend_factor_one_and_a_half_from_friday_to_monday_is_48000() -> None:
    cabin = unit(base=Money(12_000, "ARS"))
    settings = Settings(weekend=frozenset({5, 6}), weekend_factor=Decimal("1.5"))
    made = quote(date(2025, 1, 3), 3, units=(cabin,), settings=settings)
    assert made.total == Money(48_000, "ARS")
    assert made.deposit == Money(14_400, "ARS")


def test_each_person_after_the_first_pays_for_each_night() -> None:
    made = quote(MONDAY, 3, 4, units=(unit(extra_person=Money(20_00, "USD")),))
    extra = [line for line in made.lines if line.kind is LineKind.EXTRA_PERSONS]
    assert [(line.quantity, line.each, line.amount) for line in extra] == [(9, 20_00, 180_00)]
    assert (made.totals.base, made.totals.subtotal) == (300_00, 480_00)


def test_a_cabin_costs_the_same_whatever_the_number_of_people() -> None:
    cabin = unit(extra_person=Money(20_00, "USD"), fixed=True)
    assert total(MONDAY, 2, 6, units=(cabin,)) == total(MONDAY, 2, 1, units=(cabin,))


def test_the_first_person_of_each_unit_is_in_its_price() -> None:
    rooms = (
        unit(capacity=2, extra_person=Money(10_00, "USD")),
        unit(unit_id=OTHER, capacity=2, extra_person=Money(30_00, "USD")),
    )
    assert inputs(MONDAY, 1, 3, units=rooms).people == (2, 1)
    assert total(MONDAY, 1, 2, units=rooms) == 200_00
    assert total(MONDAY, 1, 3, units=rooms) == 210_00
    assert total(MONDAY, 1, 4, units=rooms) == 240_00


def test_who_does_not_fit_is_counted_in_the_last_unit() -> None:
    rooms = (unit(capacity=2), unit(unit_id=OTHER, capacity=2))
    assert inputs(guests=7, units=rooms).people == (2, 5)


def test_a_season_may_pass_new_year() -> None:
    for night, held in (
        (date(2030, 12, 14), False),
        (date(2030, 12, 15), True),
        (date(2031, 1, 1), True),
        (date(2031, 3, 15), True),
        (date(2031, 3, 16), False),
    ):
        assert (season_of(night, [SUMMER]) is not None) is held, night


def test_a_season_of_one_year_counts_from_its_start_over_new_year_and_then_no_more() -> None:
    once = high((12, 15), (3, 15), year=2030)
    for night, held in (
        (date(2030, 2, 1), False),
        (date(2030, 12, 20), True),
        (date(2031, 2, 1), True),
        (date(2031, 12, 20), False),
    ):
        assert (season_of(night, [once]) is not None) is held, night


def test_a_propertys_own_season_counts_before_a_general_one() -> None:
    own = high((1, 1), (1, 31), id=UUID(int=9), level=Level.LOW, own=True)
    assert season_of(MONDAY, [SUMMER, own]) == own
    assert total(MONDAY, 1, seasons=(SUMMER, own)) == 100_00


def test_a_season_of_one_year_counts_before_one_of_every_year() -> None:
    once = high((1, 1), (1, 31), id=UUID(int=9), level=Level.LOW, year=2030)
    assert season_of(MONDAY, [SUMMER, once]) == once


def test_a_propertys_own_yearly_season_counts_before_a_general_one_of_one_year() -> None:
    own = high((1, 1), (1, 31), id=UUID(int=9), level=Level.LOW, own=True)
    once = high((1, 1), (1, 31), id=UUID(int=8), year=2030)
    assert season_of(MONDAY, [once, own]) == own


def test_29_february_is_special_only_in_years_that_have_it() -> None:
    leap = unit(specials=(special(2, 29),))
    assert total(date(2032, 2, 29), 1, units=(leap,)) == 500_00
    assert total(date(2031, 2, 28), 2, units=(leap,)) == 200_00


def test_prices_in_another_currency_are_brought_to_the_propertys() -> None:
    settings = Settings(currency="PEN")
    made = quote(MONDAY, 1, settings=settings, rates=(SOLES,))
    assert made.total == Money(380_00, "PEN")
    back = quote(
        MONDAY,
        1,
        units=(unit(base=Money(380_00, "PEN")),),
        settings=Settings(currency="USD"),
        rates=(SOLES,),
    )
    assert back.total == Money(100_00, "USD")


def test_without_an_exchange_rate_no_price_is_guessed() -> None:
    with pytest.raises(ExchangeRateMissing):
        quote(MONDAY, 1, settings=Settings(currency="PEN"))


def test_the_day_of_departure_is_not_paid_for() -> None:
    made = quote(SUNDAY, 1, units=(unit(specials=(special(1, 7),)),))
    assert [line.night for line in made.lines] == [SUNDAY]
