"""What does leaving late or coming early cost, and what goes back after a cancellation?"""

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from cloud_api.kit.money import Money
from cloud_api.pricing.rules.hours import OFFERED
from cloud_api.pricing.rules.naming import natural
from cloud_api.pricing.rules.refunds import policy_for, share_by
from cloud_api.pricing.rules.tariff import stretched
from cloud_api.pricing.types import (
    NONE_TAKEN,
    CancellationPolicy,
    CutKind,
    HourKind,
    HourPrice,
    HourTerms,
    RefundShare,
    Settings,
    Taken,
    Tariff,
    UnitPrices,
    WhyNotHour,
)
from cloud_api.properties.types import BookableUnit, ConfirmsOn
from tests.cloud_api.pricing.terms import FRIDAY, MONDAY, NIGHTS, SOLES, SUNDAY, UNIT

PLACE = UUID(int=101)
TENANT = UUID(int=100)
LATE, EARLY = HourKind.LATE_CHECK_OUT, HourKind.EARLY_CHECK_IN
HOUSE = BookableUnit(
    unit_id=UNIT,
    name="House",
    house_id=UUID(int=3),
    property_id=PLACE,
    organisation_id=TENANT,
    space_ids=(),
    capacity=6,
    time_zone="America/Lima",
    check_in_from=time(15),
    check_out_until=time(11),
    hold_minutes=30,
    may_stand_unconfirmed=False,
    most_nights=60,
    house_name="House",
    voucher_minutes=60,
    confirms_on=ConfirmsOn.DEPOSIT,
    active=True,
    base_price=Money(100_00, "USD"),
)


def asked(
    kind: HourKind,
    day: date,
    *,
    guests: int = 1,
    settings: Settings | None = None,
    taken: Taken = NONE_TAKEN,
) -> HourPrice:
    terms = Tariff(
        settings={PLACE: settings or Settings()},
        seasons={},
        services={},
        prices={UNIT: UnitPrices(NIGHTS, Money(20_00, "USD"), fixed=False)},
        specials={},
        rates={TENANT: (SOLES,)},
    )
    return stretched(terms, HOUSE, kind, day, guests=guests, taken=taken)


@pytest.mark.parametrize("day", [MONDAY + timedelta(n) for n in range(4)] + [SUNDAY])
def test_without_terms_a_late_check_out_costs_the_whole_night_of_the_departure_day(
    day: date,
) -> None:
    price = asked(LATE, day)
    assert (price.night, price.price, price.cut.minor) == (day, Money(100_00, "USD"), 0)


@pytest.mark.parametrize("day", [FRIDAY, FRIDAY + timedelta(1)])
def test_without_terms_there_is_no_late_check_out_on_friday_and_saturday(day: date) -> None:
    assert asked(LATE, day).why_not is WhyNotHour.WEEKDAY


def test_a_late_check_out_is_paid_for_every_guest() -> None:
    assert asked(LATE, MONDAY, guests=4).price == Money(160_00, "USD")


def test_there_is_no_late_check_out_where_somebody_has_the_night() -> None:
    taken = {UNIT: frozenset({MONDAY})}
    assert asked(LATE, MONDAY, taken=taken).why_not is WhyNotHour.TAKEN
    assert asked(LATE, MONDAY + timedelta(1), taken=taken).why_not is None


def test_the_terms_offered_are_ten_per_cent_off_on_weekdays_fifteen_on_sunday_and_none_between() -> (
    None
):
    settings = Settings(late_check_out=OFFERED)
    told = [asked(LATE, MONDAY + timedelta(n), settings=settings) for n in range(7)]
    assert [each.why_not for each in told[4:6]] == [WhyNotHour.WEEKDAY] * 2
    assert [each.price.minor for each in told[:4]] == [90_00] * 4
    assert (told[6].price.minor, told[6].percent) == (85_00, Decimal(15))


def test_a_fixed_cut_is_in_whole_units_and_never_more_than_the_night() -> None:
    terms = HourTerms(0, allowed=True, kind=CutKind.FIXED, cut=Decimal("12.50"))
    assert asked(LATE, MONDAY, settings=Settings(late_check_out=(terms,))).price.minor == 87_50
    large = replace(terms, cut=Decimal(1_000))
    assert asked(LATE, MONDAY, settings=Settings(late_check_out=(large,))).price.minor == 0


def test_a_weekday_that_is_not_allowed_is_not_sold_though_its_night_is_free() -> None:
    terms = HourTerms(0, allowed=False)
    price = asked(LATE, MONDAY, settings=Settings(late_check_out=(terms,)))
    assert price.why_not is WhyNotHour.WEEKDAY


def test_a_late_check_out_is_told_in_both_currencies() -> None:
    price = asked(LATE, MONDAY, settings=Settings(second_currency="PEN"))
    assert price.second_price == Money(380_00, "PEN")


def test_an_early_check_in_is_the_night_before_arrival_by_its_own_terms() -> None:
    terms = HourTerms(6, allowed=True, cut=Decimal(20))
    settings = Settings(early_check_in=(terms,), late_check_out=OFFERED)
    price = asked(EARLY, MONDAY, settings=settings)
    assert (price.night, price.price.minor) == (SUNDAY, 80_00)
    taken = {UNIT: frozenset({SUNDAY})}
    assert asked(EARLY, MONDAY, settings=settings, taken=taken).why_not is WhyNotHour.TAKEN


def policy(days: int, percent: int, **other: object) -> CancellationPolicy:
    plain = CancellationPolicy(UUID(int=days + 1), f"{days} days", days, Decimal(percent))
    return replace(plain, **other)  # type: ignore[arg-type] # test's own words


def test_the_policy_with_the_most_days_that_are_not_more_than_these_counts() -> None:
    known = [policy(7, 50), policy(30, 100), policy(1, 10)]
    for days, percent in ((40, 100), (30, 100), (29, 50), (7, 50), (3, 10)):
        assert share_by(policy_for(known, days)).percent == percent, days


def test_a_propertys_own_policies_count_before_general_ones() -> None:
    known = [policy(30, 100), policy(7, 25, own=True)]
    assert share_by(policy_for(known, 40)).percent == 25


def test_where_no_policy_fits_the_default_one_counts() -> None:
    known = [policy(30, 100), policy(20, 5, default=True)]
    assert share_by(policy_for(known, 3)).percent == 5
    own = [policy(30, 100, own=True), policy(20, 5, default=True)]
    assert share_by(policy_for(own, 3)).percent == 5


def test_without_any_policy_nothing_goes_back() -> None:
    assert share_by(policy_for([], 90)) == RefundShare(Decimal(0), None)


def test_a_share_of_what_was_paid_goes_back_to_the_minor_unit() -> None:
    share = RefundShare(Decimal("33.33"), None)
    assert share.of(Money(100_01, "USD")) == Money(33_33, "USD")


def test_house_2_stands_before_house_10() -> None:
    names = ["House 10", "Cabin", "house 2", "House 1"]
    assert sorted(names, key=natural) == ["Cabin", "House 1", "house 2", "House 10"]
