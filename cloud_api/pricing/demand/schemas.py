"""What do towns, halls, events and the prices they suggest look like from outside?"""

from datetime import date, datetime, time
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool, model_validator

from cloud_api.kit.money import MOST_MINOR, Currency, Money
from cloud_api.kit.patches import Patch
from cloud_api.kit.text import Line, OptionalLine
from cloud_api.pricing.demand.types import (
    Demand,
    EventStatus,
    Numbers,
    PriceStep,
    SuggestionState,
)

type Points = Annotated[int, Field(strict=True, ge=0, le=100)]
type PropertyIds = Annotated[
    list[UUID], Field(min_length=1, max_length=500, description="whose prices follow this town")
]
_DEFAULT = Numbers()


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class NightPrice(_In):
    """What a night is worth then."""

    minor: Annotated[int, Field(strict=True, ge=1, le=MOST_MINOR)]
    currency: Currency

    def money(self) -> Money:
        """The amount."""
        return Money(self.minor, self.currency)


def _price(money: Money) -> NightPrice:
    return NightPrice(minor=money.minor, currency=money.currency)


class StepIn(_In):
    """A ticket dearer than `above` whole units adds `points`."""

    above: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
    points: Points


class SettingsIn(_In):
    """What an organisation counts with; what is left out has its default again."""

    base: Points = _DEFAULT.base
    sold_out: Points = _DEFAULT.sold_out
    unpriced_major: Points = _DEFAULT.unpriced_major
    steps: Annotated[list[StepIn], Field(max_length=20)] = [
        StepIn(above=each.above, points=each.points) for each in _DEFAULT.steps
    ]
    critical_from: Points = _DEFAULT.critical_from
    high_from: Points = _DEFAULT.high_from
    medium_from: Points = _DEFAULT.medium_from
    critical_price: NightPrice = _price(_DEFAULT.critical_price)
    high_price: NightPrice = _price(_DEFAULT.high_price)
    medium_price: NightPrice = _price(_DEFAULT.medium_price)
    low_price: NightPrice = _price(_DEFAULT.low_price)
    short_list: Annotated[int, Field(strict=True, ge=0, le=100)] = _DEFAULT.short_list
    horizon_days: Annotated[int, Field(strict=True, ge=1, le=365)] = 365

    @model_validator(mode="after")
    def _levels_in_order(self) -> Self:
        if not self.medium_from <= self.high_from <= self.critical_from:
            raise ValueError("the levels must not stand below each other")
        return self

    def numbers(self) -> Numbers:
        """As the rules read it."""
        return Numbers(
            base=self.base,
            sold_out=self.sold_out,
            unpriced_major=self.unpriced_major,
            steps=tuple(PriceStep(each.above, each.points) for each in self.steps),
            critical_from=self.critical_from,
            high_from=self.high_from,
            medium_from=self.medium_from,
            critical_price=self.critical_price.money(),
            high_price=self.high_price.money(),
            medium_price=self.medium_price.money(),
            low_price=self.low_price.money(),
            short_list=self.short_list,
        )

    @classmethod
    def of(cls, numbers: Numbers, *, horizon_days: int) -> Self:
        """What is in force."""
        return cls(
            base=numbers.base,
            sold_out=numbers.sold_out,
            unpriced_major=numbers.unpriced_major,
            steps=[StepIn(above=each.above, points=each.points) for each in numbers.steps],
            critical_from=numbers.critical_from,
            high_from=numbers.high_from,
            medium_from=numbers.medium_from,
            critical_price=_price(numbers.critical_price),
            high_price=_price(numbers.high_price),
            medium_price=_price(numbers.medium_price),
            low_price=_price(numbers.low_price),
            short_list=numbers.short_list,
            horizon_days=horizon_days,
        )


class AccountIn(_In):
    """The key that the vendor gave; never shown again."""

    api_key: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class AccountOut(BaseModel):
    """Whether there is a key, how asking goes, and what it may still ask today (UTC)."""

    api_key: str | None
    last_trouble: str
    last_success_at: datetime | None
    used_today: int
    daily_limit: int
    closed_until: datetime | None


class PlaceIn(_In):
    """A town to watch."""

    city: Line
    country: Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["GB"])]
    property_ids: PropertyIds


class PlacePatch(Patch):
    """What changes; another town is another place."""

    property_ids: PropertyIds | None = None


class PlaceOut(_Out):
    """A town that is watched."""

    id: UUID
    city: str
    country: str
    property_ids: list[UUID]
    created_at: datetime


class VenueIn(_In):
    """A hall to mind. Known to the vendor by `vendor_id`, it is asked for by itself."""

    place_id: UUID
    name: Line
    vendor_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,40}$")] = ""
    bonus: Points = 0
    priority: StrictBool = True
    by_title: StrictBool = False
    always_alert: StrictBool = False
    price: NightPrice | None = None


class VenuePatch(Patch):
    """What changes."""

    clearable = frozenset({"price"})

    name: Line | None = None
    vendor_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,40}$")] | None = None
    bonus: Points | None = None
    priority: StrictBool | None = None
    by_title: StrictBool | None = None
    always_alert: StrictBool | None = None
    price: NightPrice | None = None


class VenueOut(_Out):
    """A hall that is minded."""

    id: UUID
    place_id: UUID
    name: str
    vendor_id: str
    bonus: int
    priority: bool
    by_title: bool
    always_alert: bool
    price: Money | None


class SuggestionOut(BaseModel):
    """An event, what we think of it, and what a night is worth then."""

    id: UUID
    place_id: UUID
    venue_id: UUID | None
    title: str
    venue: str
    day: date
    starts: time | None
    status: EventStatus
    sold_out: bool
    least_price: int | None
    most_price: int | None
    score: int
    level: Demand
    colour: str
    suggested: Money
    state: SuggestionState
    url: str
    alerted_at: datetime | None


class DayOut(BaseModel):
    """One day with events."""

    day: date
    events: int
    sold_out: int
    score: int
    level: Demand
    colour: str


class CalendarOut(BaseModel):
    """The days with events, in order."""

    days: list[DayOut]


type Keyword = OptionalLine
