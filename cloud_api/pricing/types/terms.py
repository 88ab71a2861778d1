"""What is a price made from?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from cloud_api.kit.money import Currency, Money
from cloud_api.pricing.discounts.types import FRIDAY_AND_SATURDAY

MAX_NIGHTS = 400
MAX_DAYS_AHEAD = 1_100
MOST_MINIMUM_NIGHTS = 60

type Taken = Mapping[UUID, frozenset[date]]
"""The nights of each unit that somebody has; a unit that is not named is free."""

NONE_TAKEN: Taken = MappingProxyType({})


class Level(StrEnum):
    """How dear a season is."""

    LOW = "low"
    HIGH = "high"


class NightBasis(StrEnum):
    """Why a night costs what it costs."""

    SPECIAL_DATE = "special_date"
    NIGHT_PRICE = "night_price"
    BASE_PRICE = "base_price"


class LineKind(StrEnum):
    """What a line is for."""

    NIGHT = "night"
    EXTRA_PERSONS = "extra_persons"
    DISCOUNT = "discount"
    SERVICE = "service"
    CHARGE = "charge"
    ROUNDING = "rounding"


class ChargeKind(StrEnum):
    """A tax or fee is a share of something, or an amount."""

    PERCENT = "percent"
    FIXED = "fixed"


class Per(StrEnum):
    """How often a fixed charge is due; a percentage is due once a stay."""

    STAY = "stay"
    NIGHT = "night"
    GUEST = "guest"
    GUEST_NIGHT = "guest_night"


class ChargedOn(StrEnum):
    """What a percentage is taken of: the stay after its discount, or all that stands above it."""

    STAY = "stay"
    EVERYTHING = "everything"


class CutKind(StrEnum):
    """How a late check-out or early check-in is made cheaper than its night."""

    PERCENT = "percent"
    FIXED = "fixed"


class HourKind(StrEnum):
    """Which end of a stay is stretched."""

    LATE_CHECK_OUT = "late_check_out"
    EARLY_CHECK_IN = "early_check_in"


class WhyNotHour(StrEnum):
    """Why a stay cannot be stretched."""

    WEEKDAY = "weekday"
    TAKEN = "taken"


class Advice(StrEnum):
    """What a host may wish to say beside a price."""

    OVER_CAPACITY = "over_capacity"
    A_WEEK_OR_MORE = "a_week_or_more"
    HIGH_VALUE = "high_value"
    HEATED_POOL = "heated_pool"
    TWO_WEEKS_OR_MORE = "two_weeks_or_more"
    LARGE_GROUP = "large_group"


@dataclass(frozen=True, slots=True)
class NightPrices:
    """One unit's prices of a night for one person, by season and kind of night."""

    currency: Currency
    low_weekday: int
    low_weekend: int
    high_weekday: int
    high_weekend: int


@dataclass(frozen=True, slots=True)
class Season:
    """Days of the year from `start` to `end`, both inside, as (month, day); may pass New Year.

    `year` is the one year it starts in; None: every year. `own`: of this property alone.
    """

    id: UUID
    name: str
    level: Level
    start: tuple[int, int]
    end: tuple[int, int]
    year: int | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class SpecialDate:
    """A day of the year with a price of its own, and how many nights a stay around it must have."""

    id: UUID
    name: str
    month: int
    day: int
    price: Money
    minimum_nights: int = 1


@dataclass(frozen=True, slots=True)
class Service:
    """Something sold beside the nights. `after`: a hint for whoever shows it once it was bought."""

    id: UUID
    name: str
    mandatory: bool
    per_night: bool
    per_person: bool
    price: Money
    after: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """A tax or fee; listed in the property's own order.

    `percent` for a share, `amount` for a fixed one; `included`: the prices hold it already.
    """

    name: str
    kind: ChargeKind
    percent: Decimal | None = None
    amount: Money | None = None
    per: Per = Per.STAY
    charged_on: ChargedOn = ChargedOn.STAY
    included: bool = False


@dataclass(frozen=True, slots=True)
class HourTerms:
    """May the night of this weekday be had as a late check-out or an early check-in, and how.

    `cut` is a percentage, or whole currency units of the property's currency.
    """

    weekday: int
    allowed: bool
    kind: CutKind = CutKind.PERCENT
    cut: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Settings:
    """One property's own conventions.

    `currency` None: that of its units' base prices. `rounding` is the multiple of minor units a
    total is brought to. The factors apply to a unit's base price where it has no night prices.
    """

    weekend: frozenset[int] = FRIDAY_AND_SATURDAY
    currency: Currency | None = None
    second_currency: Currency | None = None
    deposit_percent: Decimal = Decimal(30)
    high_season_factor: Decimal = Decimal("1.5")
    weekend_factor: Decimal = Decimal(1)
    rounding: int = 1
    quote_minutes: int = 1_440
    charges: tuple[Charge, ...] = ()
    late_check_out: tuple[HourTerms, ...] = ()
    early_check_in: tuple[HourTerms, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitTerms:
    """What a unit's price is made from. `fixed`: the same whatever the number of people.

    `specials` are those that count for this unit: one a day, its own before its property's.
    """

    unit_id: UUID
    name: str
    capacity: int
    base: Money
    nights: NightPrices | None = None
    extra_person: Money | None = None
    fixed: bool = False
    specials: tuple[SpecialDate, ...] = ()


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """One whole unit of `base` is worth `value` of `quote`, from `valid_from` on."""

    base: Currency
    quote: Currency
    value: Decimal
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class UnitPrices:
    """What staff entered for one unit."""

    nights: NightPrices | None
    extra_person: Money
    fixed: bool


@dataclass(frozen=True, slots=True)
class Tariff:
    """All terms for some units at one instant: by property, by unit, rates by organisation."""

    settings: Mapping[UUID, Settings]
    seasons: Mapping[UUID, tuple[Season, ...]]
    services: Mapping[UUID, tuple[Service, ...]]
    prices: Mapping[UUID, UnitPrices]
    specials: Mapping[UUID, tuple[SpecialDate, ...]]
    rates: Mapping[UUID, tuple[ExchangeRate, ...]]
