"""What terms does a stay have, unless a test says otherwise?"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from cloud_api.kit.money import Money
from cloud_api.pricing.rules.money import decimals_of
from cloud_api.pricing.rules.people import spread
from cloud_api.pricing.rules.stay import price
from cloud_api.pricing.types import (
    ExchangeRate,
    Inputs,
    Level,
    NightPrices,
    Quote,
    Season,
    Service,
    Settings,
    SpecialDate,
    UnitTerms,
    Wish,
)

UNIT = UUID(int=1)
OTHER = UUID(int=2)
NOW = datetime(2029, 12, 1, 12, tzinfo=UTC)
# 2030-01-04 is a Friday.
MONDAY = date(2030, 1, 7)
FRIDAY = date(2030, 1, 4)
SUNDAY = date(2030, 1, 6)
NIGHTS = NightPrices("USD", 100_00, 150_00, 200_00, 300_00)
SOLES = ExchangeRate("USD", "PEN", Decimal("3.800"), NOW)


def unit(**other: object) -> UnitTerms:
    return replace(UnitTerms(UNIT, "House", 6, Money(100_00, "USD")), **other)  # type: ignore[arg-type] # test's own words


def special(month: int, day: int, minor: int = 500_00, nights: int = 1) -> SpecialDate:
    return SpecialDate(
        UUID(int=month * 100 + day), "Fiesta", month, day, Money(minor, "USD"), nights
    )


def high(start: tuple[int, int], end: tuple[int, int], **other: object) -> Season:
    season = Season(UUID(int=7), "Summer", Level.HIGH, start, end)
    return replace(season, **other)  # type: ignore[arg-type] # test's own words


def service(minor: int, **other: object) -> Service:
    plain = Service(
        UUID(int=minor),
        "Breakfast",
        mandatory=False,
        per_night=False,
        per_person=False,
        price=Money(minor, "USD"),
    )
    return replace(plain, **other)  # type: ignore[arg-type] # test's own words


def inputs(
    check_in: date = MONDAY,
    nights: int = 2,
    guests: int = 1,
    *,
    units: tuple[UnitTerms, ...] = (),
    settings: Settings | None = None,
    **other: object,
) -> Inputs:
    told = units or (unit(),)
    currency = (settings and settings.currency) or told[0].base.currency
    made = Inputs(
        organisation_id=UUID(int=100),
        property_id=UUID(int=101),
        made_at=NOW,
        expires_at=NOW + timedelta(days=1),
        today=NOW.date(),
        wish=Wish(
            tuple(each.unit_id for each in told),
            check_in,
            check_in + timedelta(days=nights),
            guests,
        ),
        settings=settings or Settings(),
        currency=currency,
        units=told,
        people=spread(told, guests),
        decimals=decimals_of({"USD", "PEN", "CLP", "PYG", "ARS", currency}),
    )
    return replace(made, **other)  # type: ignore[arg-type] # test's own words


def quote(*args: object, **other: object) -> Quote:
    return price(inputs(*args, **other))  # type: ignore[arg-type] # passed on as they are


def total(*args: object, **other: object) -> int:
    return quote(*args, **other).totals.total
