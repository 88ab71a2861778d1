"""Which words does a price have: terms it is made from, lines it is made of, and what was asked?

Amounts called `minor` or typed `int` are minor units of the currency that the value beside them
names. Weekdays count from Monday, 0. Nights are half-open local dates `[check_in, check_out)`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from cloud_api.kit.money import Currency, Money
from cloud_api.pricing.discounts.types import (
    FRIDAY_AND_SATURDAY,
    ClientFacts,
    Discounting,
    Membership,
)

MAX_NIGHTS = 400
MAX_DAYS_AHEAD = 1_100

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
class Wish:
    """What somebody wants a price for: units of one property, together.

    `service_ids` are optional services beside the mandatory ones; `code` a discount code.
    """

    unit_ids: tuple[UUID, ...]
    check_in: date
    check_out: date
    guests: int
    service_ids: tuple[UUID, ...] = ()
    code: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a quote's amounts follow from: the same inputs give the same quote, byte for byte.

    `people` are how many guests sleep in each of `units`; `taken` the nights somebody has around
    special dates; `decimals` the currencies' minor digits on that day.
    """

    organisation_id: UUID
    property_id: UUID
    made_at: datetime
    expires_at: datetime
    today: date
    wish: Wish
    settings: Settings
    currency: Currency
    units: tuple[UnitTerms, ...]
    people: tuple[int, ...]
    seasons: tuple[Season, ...] = ()
    services: tuple[Service, ...] = ()
    rates: tuple[ExchangeRate, ...] = ()
    decimals: Mapping[str, int] = field(default_factory=dict)
    taken: Mapping[UUID, frozenset[date]] = field(default_factory=dict)
    client: ClientFacts | None = None
    heated_pool: bool = False
    discounting: Discounting = Discounting(applied=None, considered=())


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `amount` in the quote's currency, `second` in its second one if it has one.

    Both columns sum exactly to the quote's totals. `each` x `quantity` = `amount` where nothing
    was rounded between.
    """

    kind: LineKind
    name: str
    quantity: int
    each: int
    amount: int
    unit_id: UUID | None = None
    night: date | None = None
    basis: NightBasis | None = None
    second: int | None = None


@dataclass(frozen=True, slots=True)
class IncludedCharge:
    """A tax or fee that the prices hold already; says how much of the total it is."""

    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums, in minor units of one currency.

    base + extra_persons = subtotal; - discount = stay; + services = with_services;
    + charges + rounding = total; deposit + balance = total. All but `rounding` are >= 0.
    """

    base: int
    extra_persons: int
    subtotal: int
    discount: int
    stay: int
    services: int
    with_services: int
    charges: int
    rounding: int
    total: int
    deposit: int
    balance: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A price as a value: itemised, in the property's currency and its second one."""

    property_id: UUID
    unit_ids: tuple[UUID, ...]
    check_in: date
    check_out: date
    nights: int
    guests: int
    language: str
    currency: Currency
    totals: Totals
    lines: tuple[Line, ...]
    included: tuple[IncludedCharge, ...]
    second_currency: Currency | None
    second_totals: Totals | None
    rate: ExchangeRate | None
    discounting: Discounting
    advice: tuple[Advice, ...]
    made_at: datetime
    expires_at: datetime

    @property
    def total(self) -> Money:
        """What the stay costs in all."""
        return Money(self.totals.total, self.currency)

    @property
    def deposit(self) -> Money:
        """What is paid to confirm."""
        return Money(self.totals.deposit, self.currency)

    @property
    def balance(self) -> Money:
        """What is paid later."""
        return Money(self.totals.balance, self.currency)

    @property
    def membership(self) -> Membership:
        """How much of a regular the guest is."""
        return self.discounting.membership


@dataclass(frozen=True, slots=True)
class SignedQuote:
    """A quote that was stored and signed; `token` is how its holder names it."""

    id: UUID
    organisation_id: UUID
    token: str = field(repr=False)
    quote: Quote


@dataclass(frozen=True, slots=True)
class MinimumStay:
    """A special date near the stay wants more nights, or wants to be among them."""

    name: str
    night: date
    minimum_nights: int


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """One unit's price for a search: mandatory services and charges in, discounts out.

    With `minimum_stay` or `no_rate` it is not for sale like this, and the amounts are zero.
    """

    unit_id: UUID
    nights: int
    stay: Money
    total: Money
    second_total: Money | None = None
    minimum_stay: MinimumStay | None = None
    no_rate: bool = False


@dataclass(frozen=True, slots=True)
class HourPrice:
    """What a late check-out or early check-in costs: its night's price less the weekday's cut.

    Where `why_not` is told it cannot be had, and the amounts are zero.
    """

    kind: HourKind
    unit_id: UUID
    night: date
    guests: int
    full: Money
    cut: Money
    price: Money
    second_price: Money | None = None
    percent: Decimal | None = None
    why_not: WhyNotHour | None = None


@dataclass(frozen=True, slots=True)
class CancellationPolicy:
    """Whoever cancels at least `days_before` arrival gets `refund_percent` back."""

    id: UUID
    name: str
    days_before: int
    refund_percent: Decimal
    default: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class RefundShare:
    """How much of what was paid goes back, and by which policy; None: by none, so nothing."""

    percent: Decimal
    policy: CancellationPolicy | None
