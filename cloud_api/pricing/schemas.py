"""What do the terms of a price look like from outside?"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    model_validator,
)

from cloud_api.kit.days import Moment
from cloud_api.kit.money import Currency, Money
from cloud_api.kit.patches import Patch
from cloud_api.kit.text import Line, OptionalLine, Paragraph
from cloud_api.pricing.rules.entries import day_exists
from cloud_api.pricing.types import (
    MOST_MINIMUM_NIGHTS,
    ChargedOn,
    ChargeKind,
    CutKind,
    Level,
    Per,
    Settings,
)

MOST_PRICE = 10**11
"""Minor units; so that a year in fifty units stays an exact integer everywhere."""


def _shortest(number: Decimal) -> str:
    return format(number.normalize(), "f")


type Exact = Annotated[
    Decimal, PlainSerializer(_shortest, return_type=str, when_used="json"), Field(examples=["1.5"])
]
"""An exact number, told as text in its shortest form, wherever it comes from."""

type Price = Annotated[int, Field(strict=True, ge=0, le=MOST_PRICE, description="minor units")]
type Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]
type Factor = Annotated[Decimal, Field(gt=0, le=100, max_digits=6, decimal_places=3)]
type Weekday = Annotated[int, Field(strict=True, ge=0, le=6, description="Monday is 0")]
type Month = Annotated[int, Field(strict=True, ge=1, le=12)]
type DayOfMonth = Annotated[int, Field(strict=True, ge=1, le=31)]
type Year = Annotated[int, Field(strict=True, ge=2000, le=2200)]
type MinimumNights = Annotated[int, Field(strict=True, ge=1, le=MOST_MINIMUM_NIGHTS)]
type Rounding = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=1_000_000,
        description="totals become multiples of so many minor units",
    ),
]
type QuoteMinutes = Annotated[int, Field(strict=True, ge=1, le=60 * 24 * 60)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Stored(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PriceIn(_In):
    """An exact price, in the currency's minor unit."""

    minor: Price
    currency: Currency

    def money(self) -> Money:
        """The amount."""
        return Money(self.minor, self.currency)


class ChargeIn(_In):
    """A tax or fee: a `percent` once a stay, or an `amount` as often as `per` says."""

    name: Line
    kind: ChargeKind
    percent: Percent | None = None
    amount: PriceIn | None = None
    per: Per = Per.STAY
    charged_on: ChargedOn = ChargedOn.STAY
    included: StrictBool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        share = self.kind is ChargeKind.PERCENT
        if (self.percent is not None) != share or (self.amount is not None) == share:
            raise ValueError("a percentage needs percent alone, a fixed charge amount alone")
        if share and self.per is not Per.STAY:
            raise ValueError("a percentage is due once a stay")
        return self


class HourTermsIn(_In):
    """Whether and how the night of a weekday is had late or early.

    `cut`: a percentage, or whole units of the property's currency.
    """

    weekday: Weekday
    allowed: StrictBool
    kind: CutKind = CutKind.PERCENT
    cut: Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=9, decimal_places=3)] = Decimal(0)

    @model_validator(mode="after")
    def _a_share_is_a_share(self) -> Self:
        if self.kind is CutKind.PERCENT and self.cut > 100:  # noqa: PLR2004 - per cent
            raise ValueError("a percentage is at most 100")
        return self


type Week = Annotated[list[HourTermsIn], Field(max_length=7)]
type Weekend = Annotated[list[Weekday], Field(max_length=7)]
type Charges = Annotated[
    list[ChargeIn], Field(max_length=30, description="taxes and fees, in the order of the bill")
]


class SettingsPatch(Patch):
    """What changes of a property's conventions; what was never told is by default."""

    clearable = frozenset({"currency", "second_currency"})

    weekend: Weekend | None = None
    currency: Currency | None = None
    second_currency: Currency | None = None
    deposit_percent: Percent | None = None
    high_season_factor: Factor | None = None
    weekend_factor: Factor | None = None
    rounding: Rounding | None = None
    quote_minutes: QuoteMinutes | None = None
    charges: Charges | None = None
    late_check_out: Week | None = None
    early_check_in: Week | None = None

    @model_validator(mode="after")
    def _each_day_once(self) -> Self:
        for week in (self.late_check_out, self.early_check_in):
            days = [each.weekday for each in week or ()]
            if len(set(days)) != len(days):
                raise ValueError("name each weekday once")
        return self


class ChargeOut(_Stored):
    """A tax or fee."""

    name: str
    kind: ChargeKind
    percent: Exact | None
    amount: Money | None
    per: Per
    charged_on: ChargedOn
    included: bool


class HourTermsOut(_Stored):
    """Whether and how the night of a weekday is had late or early."""

    weekday: int
    allowed: bool
    kind: CutKind
    cut: Exact


class SettingsOut(_Stored):
    """A property's conventions as they are in force.

    `offered_hours` are terms to begin with for late check-out and early check-in; they count only
    once they are told.
    """

    property_id: UUID
    weekend: list[int]
    currency: str | None
    second_currency: str | None
    deposit_percent: Exact
    high_season_factor: Exact
    weekend_factor: Exact
    rounding: int
    quote_minutes: int
    charges: list[ChargeOut]
    late_check_out: list[HourTermsOut]
    early_check_in: list[HourTermsOut]
    offered_hours: list[HourTermsOut]


class UnitPriceIn(_In):
    """A unit's prices of a night for one person, all four or none; and for each further person.

    `fixed`: the same price whatever the number of people.
    """

    currency: Currency
    low_weekday: Price | None = None
    low_weekend: Price | None = None
    high_weekday: Price | None = None
    high_weekend: Price | None = None
    extra_person: Price = 0
    fixed: StrictBool = False

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        told = (self.low_weekday, self.low_weekend, self.high_weekday, self.high_weekend)
        if 0 < told.count(None) < len(told):
            raise ValueError("tell all four night prices, or none of them")
        return self


class UnitPriceOut(_Stored):
    """A unit's prices."""

    unit_id: UUID
    currency: str
    low_weekday: int | None
    low_weekend: int | None
    high_weekday: int | None
    high_weekend: int | None
    extra_person: int
    fixed: bool
    changed_at: datetime


class EntryPatch(Patch):
    """What changes; `archived` puts it into the archive or takes it back."""

    archived: StrictBool | None = None


class _EntryOut(_Stored):
    id: UUID
    name: str
    created_at: datetime
    archived_at: datetime | None


class SeasonIn(_In):
    """Days of the year, both ends inside; may pass New Year. Without a property: of all.

    `year`: the one year it starts in; left out, every year.
    """

    property_id: UUID | None = None
    name: Line
    level: Level
    start_month: Month
    start_day: DayOfMonth
    end_month: Month
    end_day: DayOfMonth
    year: Year | None = None

    @model_validator(mode="after")
    def _days_exist(self) -> Self:
        if not (
            day_exists(self.start_month, self.start_day)
            and day_exists(self.end_month, self.end_day)
        ):
            raise ValueError("there is no such day of the year")
        return self


class SeasonPatch(EntryPatch):
    """What changes."""

    clearable = frozenset({"year"})

    name: Line | None = None
    level: Level | None = None
    start_month: Month | None = None
    start_day: DayOfMonth | None = None
    end_month: Month | None = None
    end_day: DayOfMonth | None = None
    year: Year | None = None


class SeasonOut(_EntryOut):
    """A season."""

    property_id: UUID | None
    level: Level
    start_month: int
    start_day: int
    end_month: int
    end_day: int
    year: int | None


class SpecialDateIn(_In):
    """A day of the year with a price of its own for one person; of one unit, or of all.

    Stays near it must have `minimum_nights` and hold its night while that is free.
    """

    property_id: UUID
    unit_id: UUID | None = None
    name: Line
    month: Month
    day: DayOfMonth
    price: PriceIn
    minimum_nights: MinimumNights = 1

    @model_validator(mode="after")
    def _day_exists(self) -> Self:
        if not day_exists(self.month, self.day):
            raise ValueError("there is no such day of the year")
        return self


class SpecialDatePatch(EntryPatch):
    """What changes; another day is another special date."""

    name: Line | None = None
    price: PriceIn | None = None
    minimum_nights: MinimumNights | None = None


class SpecialDateOut(_EntryOut):
    """A special date."""

    property_id: UUID
    unit_id: UUID | None
    month: int
    day: int
    price: Money
    minimum_nights: int


type PropertyIds = Annotated[
    list[UUID], Field(max_length=500, description="where it is offered; empty: everywhere")
]


class ServiceIn(_In):
    """Something sold beside the nights. `after` is a hint for whoever shows it."""

    name: Line
    description: Paragraph = ""
    mandatory: StrictBool = False
    per_night: StrictBool = False
    per_person: StrictBool = False
    price: PriceIn
    property_ids: PropertyIds = []
    after: OptionalLine = ""
    place: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0


class ServicePatch(EntryPatch):
    """What changes."""

    name: Line | None = None
    description: Paragraph | None = None
    mandatory: StrictBool | None = None
    per_night: StrictBool | None = None
    per_person: StrictBool | None = None
    price: PriceIn | None = None
    property_ids: PropertyIds | None = None
    after: OptionalLine | None = None
    place: Annotated[int, Field(strict=True, ge=0, le=10_000)] | None = None


class ServiceOut(_EntryOut):
    """A service."""

    description: str
    mandatory: bool
    per_night: bool
    per_person: bool
    price: Money
    property_ids: list[UUID]
    after: str
    place: int


type DaysBefore = Annotated[int, Field(strict=True, ge=0, le=1_000)]


class PolicyIn(_In):
    """Whoever cancels at least `days_before` arrival gets `refund_percent` back.

    Without a property it is general. `is_default` counts where no other does; one in each place.
    """

    property_id: UUID | None = None
    name: Line
    days_before: DaysBefore
    refund_percent: Percent
    is_default: StrictBool = False


class PolicyPatch(EntryPatch):
    """What changes."""

    name: Line | None = None
    days_before: DaysBefore | None = None
    refund_percent: Percent | None = None
    is_default: StrictBool | None = None


class PolicyOut(_EntryOut):
    """A cancellation policy."""

    property_id: UUID | None
    days_before: int
    refund_percent: Exact
    is_default: bool


class RateIn(_In):
    """One whole unit of `base` is worth `value` of `quote` from `valid_from` on; now if left out.

    The history is never changed: a mistake is mended by a newer rate.
    """

    base: Currency
    quote: Currency
    value: Annotated[Decimal, Field(gt=0, lt=10**9, max_digits=19, decimal_places=10)]
    valid_from: Moment | None = None

    @model_validator(mode="after")
    def _two_currencies(self) -> Self:
        if self.base == self.quote:
            raise ValueError("a rate needs two currencies")
        if self.valid_from is not None and self.valid_from.tzinfo is None:
            raise ValueError("a moment needs its offset from UTC")
        return self


class RateOut(_Stored):
    """A rate as it was entered."""

    id: UUID
    base: str
    quote: str
    value: Exact
    valid_from: datetime
    created_at: datetime


def settings_out(property_id: UUID, settings: Settings, offered: object) -> SettingsOut:
    """A property's conventions, with what may be begun with."""
    told = {name: getattr(settings, name) for name in _SAME}
    return SettingsOut.model_validate(
        {
            **told,
            "property_id": property_id,
            "weekend": sorted(settings.weekend),
            "offered_hours": offered,
        }
    )


_SAME = tuple(
    name
    for name in SettingsOut.model_fields
    if name not in {"property_id", "weekend", "offered_hours"}
)
