"""What do discounts and codes look like from outside?"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator

from cloud_api.kit.days import Day
from cloud_api.kit.money import MOST_MINOR, Currency, Money
from cloud_api.kit.patches import Patch
from cloud_api.kit.text import Line, OptionalLine
from cloud_api.pricing.discounts.types import (
    FRIDAY_AND_SATURDAY,
    Asked,
    ClientFacts,
    CodeOrigin,
    DiscountKind,
    Membership,
    Off,
    Rate,
    Reason,
    Trigger,
)

MOST_VALID_DAYS = 365
DEFAULT_VALID_DAYS = 7
DEFAULT_SIMPLE_PERCENT = Decimal("10.00")


def _capitals(code: str) -> str:
    return code.upper()


def _hundredths(percent: Decimal) -> Decimal:
    # As the database answers it: one percentage has one spelling, at once and later.
    return percent.quantize(Decimal("0.01"))


def _each_once[T](items: list[T]) -> list[T]:
    if len(set(items)) != len(items):
        raise ValueError("name each once")
    return items


type Code = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_-]{3,40}$", description="kept in capitals", examples=["SUMMER26"]),
    AfterValidator(_capitals),
]
type Prefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,20}$"), AfterValidator(_capitals)]
type Percent = Annotated[
    Decimal, Field(gt=0, le=100, decimal_places=2, examples=["15"]), AfterValidator(_hundredths)
]
type ValidDays = Annotated[int, Field(strict=True, ge=1, le=MOST_VALID_DAYS)]
type UsageLimit = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
type Ids = Annotated[list[UUID], Field(max_length=500), AfterValidator(_each_once)]
type Weekdays = Annotated[
    list[Annotated[int, Field(strict=True, ge=0, le=6)]],
    Field(max_length=7, description="Monday is 0; not empty: stands in the place of the flags"),
    AfterValidator(_each_once),
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AmountIn(_In):
    """An exact amount above nothing, in the currency's minor unit."""

    minor: Annotated[int, Field(strict=True, ge=1, le=MOST_MINOR)]
    currency: Currency

    def money(self) -> Money:
        """The amount."""
        return Money(self.minor, self.currency)


class OffIn(_In):
    """A percentage, with a cap if any; or a fixed amount. Either currency of a property will do."""

    percent: Percent | None = None
    fixed: AmountIn | None = None
    cap: AmountIn | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.percent is None) == (self.fixed is None):
            raise ValueError("give a percentage or a fixed amount, not both")
        if self.cap is not None and self.percent is None:
            raise ValueError("only a percentage has a cap")
        return self


def _in_order(first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last < first:
        raise ValueError("the last day must not be before the first")


class CodeIn(_In):
    """A new code. Without properties, or with both flags set, it is kept but can never be used."""

    code: Code
    off: OffIn
    note: OptionalLine = ""
    minimum: AmountIn | None = None
    valid_from: Day | None = None
    valid_until: Day | None = None
    usage_limit: UsageLimit | None = None
    only_weekdays: StrictBool = False
    only_weekends: StrictBool = False
    property_ids: Ids = []
    active: StrictBool = True

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        _in_order(self.valid_from, self.valid_until)
        return self


class CodePatch(Patch):
    """What changes; the word itself stays."""

    clearable = frozenset({"minimum", "valid_from", "valid_until", "usage_limit"})

    off: OffIn | None = None
    note: OptionalLine | None = None
    minimum: AmountIn | None = None
    valid_from: Day | None = None
    valid_until: Day | None = None
    usage_limit: UsageLimit | None = None
    only_weekdays: StrictBool | None = None
    only_weekends: StrictBool | None = None
    property_ids: Ids | None = None
    active: StrictBool | None = None


class _Kept(BaseModel):
    id: UUID
    active: bool
    created_at: datetime


class CodeOut(_Kept):
    """A code; `never_works` names what its entry lacks, so that no stay can ever get it."""

    code: str
    origin: CodeOrigin
    off: Off
    note: str
    minimum: Money | None
    valid_from: date | None
    valid_until: date | None
    usage_limit: int | None
    used: int
    only_weekdays: bool
    only_weekends: bool
    property_ids: list[UUID]
    never_works: list[Reason]


class SimpleIn(_In):
    """A code for one use, in every property there is now."""

    percent: Percent = DEFAULT_SIMPLE_PERCENT
    valid_days: ValidDays = DEFAULT_VALID_DAYS


class DynamicCodeIn(_In):
    """A code made as the configuration of this name says."""

    config_name: Line


class DynamicIn(_In):
    """How codes are made on demand: prefix and six letters or digits."""

    name: Line
    prefix: Prefix
    percent: Percent
    valid_days: ValidDays = DEFAULT_VALID_DAYS
    minimum: AmountIn | None = AmountIn(minor=3000, currency="USD")
    usage_limit: UsageLimit | None = 1
    property_ids: Ids = []
    active: StrictBool = True


class DynamicPatch(Patch):
    """What changes, for codes made from now on."""

    clearable = frozenset({"minimum", "usage_limit"})

    name: Line | None = None
    prefix: Prefix | None = None
    percent: Percent | None = None
    valid_days: ValidDays | None = None
    minimum: AmountIn | None = None
    usage_limit: UsageLimit | None = None
    property_ids: Ids | None = None
    active: StrictBool | None = None


class DynamicOut(_Kept):
    """How codes are made on demand."""

    name: str
    prefix: str
    percent: Decimal
    valid_days: int
    minimum: Money | None
    usage_limit: int | None
    property_ids: list[UUID]


class AutomaticIn(_In):
    """A discount nobody has to ask for. The dates are of the arrival, both inclusive.

    Of `achievement_ids` the guest must have at least one.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Birthday",
                    "trigger": "birthday",
                    "off": {"percent": "15", "cap": {"minor": 5000, "currency": "USD"}},
                }
            ]
        }
    )

    name: Line
    trigger: Trigger
    off: OffIn
    arrival_from: Day | None = None
    arrival_until: Day | None = None
    weekdays: Weekdays = []
    only_weekdays: StrictBool = False
    only_weekends: StrictBool = False
    achievement_ids: Ids = []
    base_price_only: StrictBool = False
    active: StrictBool = True

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        _in_order(self.arrival_from, self.arrival_until)
        return self


class AutomaticPatch(Patch):
    """What changes."""

    clearable = frozenset({"arrival_from", "arrival_until"})

    name: Line | None = None
    trigger: Trigger | None = None
    off: OffIn | None = None
    arrival_from: Day | None = None
    arrival_until: Day | None = None
    weekdays: Weekdays | None = None
    only_weekdays: StrictBool | None = None
    only_weekends: StrictBool | None = None
    achievement_ids: Ids | None = None
    base_price_only: StrictBool | None = None
    active: StrictBool | None = None


class AutomaticOut(_Kept):
    """An automatic discount; `never_works` names what its entry lacks."""

    name: str
    trigger: Trigger
    off: Off
    arrival_from: date | None
    arrival_until: date | None
    weekdays: list[int]
    only_weekdays: bool
    only_weekends: bool
    achievement_ids: list[UUID]
    base_price_only: bool
    never_works: list[Reason]


class ReferralIn(_In):
    """What a guest gets at a first stay whom somebody of this level has sent."""

    percent: Percent
    active: StrictBool = True


class ReferralOut(_Kept):
    """What a referrer's level gives."""

    achievement_id: UUID
    percent: Decimal


class RateIn(_In):
    """One whole unit of `base` is worth `value` of `quote`."""

    base: Currency
    quote: Currency
    value: Annotated[Decimal, Field(gt=0, le=1_000_000_000, decimal_places=9)]


class GuestIn(_In):
    """What is known of the guest."""

    client_id: UUID
    birth_month: Annotated[int, Field(strict=True, ge=1, le=12)] | None = None
    reservations: Annotated[int, Field(strict=True, ge=0)] = 0
    approved_stays: Annotated[int, Field(strict=True, ge=0)] = 0
    achievement_ids: Ids = []
    referrer_level: UUID | None = None

    def facts(self) -> ClientFacts:
        """As the rules read it."""
        return ClientFacts(
            client_id=self.client_id,
            birth_month=self.birth_month,
            reservations=self.reservations,
            approved_stays=self.approved_stays,
            achievements=frozenset(self.achievement_ids),
            referrer_level=self.referrer_level,
        )


class TrialIn(_In):
    """A stay to try the discounts on; one minor amount for each total, in one currency."""

    property_id: UUID
    check_in: Day
    check_out: Day
    today: Day
    guests: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1
    currency: Currency
    base_total_minor: Annotated[int, Field(strict=True, ge=0, le=MOST_MINOR)]
    subtotal_minor: Annotated[int, Field(strict=True, ge=0, le=MOST_MINOR)]
    special_dates: Annotated[list[Day], Field(max_length=400)] = []
    client: GuestIn | None = None
    code: OptionalLine | None = None
    rate: RateIn | None = None
    weekend: Weekdays = sorted(FRIDAY_AND_SATURDAY)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.check_out <= self.check_in:
            raise ValueError("check-out must be after check-in")
        if self.base_total_minor > self.subtotal_minor:
            raise ValueError("the base total is a part of the subtotal")
        return self

    def asked(self) -> Asked:
        """As the rules read it."""
        return Asked(
            property_id=self.property_id,
            unit_ids=(),
            check_in=self.check_in,
            check_out=self.check_out,
            today=self.today,
            guests=self.guests,
            base_total=Money(self.base_total_minor, self.currency),
            subtotal=Money(self.subtotal_minor, self.currency),
            special_dates=frozenset(self.special_dates),
            client=None if self.client is None else self.client.facts(),
            code=self.code,
            rate=None if self.rate is None else Rate(**self.rate.model_dump()),
            weekend=frozenset(self.weekend),
        )


class _Told(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: DiscountKind
    name: str
    amount: Money


class AppliedOut(_Told):
    """What is taken off."""

    discount_id: UUID


class ConsideredOut(_Told):
    """What was looked at, and what became of it."""

    discount_id: UUID | None
    reason: Reason


class DiscountingOut(BaseModel):
    """What is taken off, and everything that was considered."""

    model_config = ConfigDict(from_attributes=True)

    applied: AppliedOut | None
    considered: list[ConsideredOut]
    membership: Membership
