"""What does a quote ask about discounts, and what is it answered?"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.money import Currency, Money

FRIDAY_AND_SATURDAY = frozenset({4, 5})
"""Nights that are a weekend's unless the property says otherwise; Monday is 0."""


class DiscountKind(StrEnum):
    """What a discount is given for."""

    CODE = "code"
    BIRTHDAY = "birthday"
    RETURNING = "returning"
    FIRST_TIME = "first_time"
    LOYALTY = "loyalty"
    LAST_MINUTE = "last_minute"
    GLOBAL_PROMOTION = "global_promotion"
    REFERRAL = "referral"


class Trigger(StrEnum):
    """When an automatic discount is given; each is a `DiscountKind`."""

    BIRTHDAY = "birthday"
    RETURNING = "returning"
    FIRST_TIME = "first_time"
    LOYALTY = "loyalty"
    LAST_MINUTE = "last_minute"
    GLOBAL_PROMOTION = "global_promotion"


class CodeOrigin(StrEnum):
    """Who thought of a code."""

    STAFF = "staff"
    DYNAMIC = "dynamic"
    SIMPLE = "simple"


class Reason(StrEnum):
    """Why a discount applied or did not; stable, for machines."""

    APPLIED = "applied"
    # It would have applied alone.
    SMALLER_THAN_ANOTHER = "smaller_than_another"
    A_CODE_WON = "a_code_won"
    WORTH_NOTHING = "worth_nothing"
    # What the code or the discount itself lacks.
    UNKNOWN_CODE = "unknown_code"
    INACTIVE = "inactive"
    NOT_YET_VALID = "not_yet_valid"
    NO_LONGER_VALID = "no_longer_valid"
    EXHAUSTED = "exhausted"
    NO_PROPERTIES_ASSIGNED = "no_properties_assigned"
    AMBIGUOUS_DAYS = "ambiguous_days"
    NO_ACHIEVEMENTS_NAMED = "no_achievements_named"
    NO_EXCHANGE_RATE = "no_exchange_rate"
    # What the stay does not fit.
    OTHER_PROPERTY = "other_property"
    BELOW_MINIMUM = "below_minimum"
    ARRIVAL_NOT_ON_WEEKDAY = "arrival_not_on_weekday"
    ARRIVAL_NOT_ON_WEEKEND = "arrival_not_on_weekend"
    ARRIVAL_ON_OTHER_DAY = "arrival_on_other_day"
    ARRIVAL_OUTSIDE_DATES = "arrival_outside_dates"
    SPECIAL_DATE = "special_date"
    NOT_LAST_MINUTE = "not_last_minute"
    # What the guest does not fit.
    GUEST_NOT_KNOWN = "guest_not_known"
    NOT_BIRTH_MONTH = "not_birth_month"
    NEVER_STAYED = "never_stayed"
    BOOKED_BEFORE = "booked_before"
    ACHIEVEMENT_MISSING = "achievement_missing"
    NOT_REFERRED = "not_referred"
    LEVEL_WITHOUT_DISCOUNT = "level_without_discount"


class Membership(StrEnum):
    """How much of a regular somebody is, by the stays that were approved."""

    GUEST = "guest"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"


@dataclass(frozen=True, slots=True)
class Rate:
    """One whole unit of `base` is worth `value` of `quote`: USD, PEN, 3.800."""

    base: Currency
    quote: Currency
    value: Decimal


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What is known of the guest; told by the rooms that know.

    `reservations` counts every booking of theirs, `approved_stays` those approved or completed.
    `referrer_level` is the highest achievement of whoever referred them.
    """

    client_id: UUID
    birth_month: int | None = None
    reservations: int = 0
    approved_stays: int = 0
    achievements: frozenset[UUID] = frozenset()
    referrer_level: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One stay, priced without discounts; dates are local to the house.

    `base_total` is the nights for one guest, `subtotal` with the money for further guests, both in
    one currency. `special_dates` are the days of this property that have a special price; only the
    one of the arrival matters. `rate` compares the stay's currency with the other one.
    """

    property_id: UUID
    unit_ids: tuple[UUID, ...]
    check_in: date
    check_out: date
    today: date
    guests: int
    base_total: Money
    subtotal: Money
    special_dates: frozenset[date] = frozenset()
    client: ClientFacts | None = None
    code: str | None = None
    rate: Rate | None = None
    weekend: frozenset[int] = FRIDAY_AND_SATURDAY


@dataclass(frozen=True, slots=True)
class Off:
    """What is taken off: `percent` of the price, at most `cap`; or the `fixed` amount.

    Exactly one of `percent` (above 0, at most 100) and `fixed` is given. `cap` and `fixed` may be
    in another currency than the stay.
    """

    percent: Decimal | None = None
    fixed: Money | None = None
    cap: Money | None = None


@dataclass(frozen=True, slots=True)
class CodeOffer:
    """A code as it stands; `used` counts the reservations that were created with it."""

    id: UUID
    code: str
    off: Off
    active: bool
    property_ids: frozenset[UUID]
    minimum: Money | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    usage_limit: int | None = None
    used: int = 0
    only_weekdays: bool = False
    only_weekends: bool = False


@dataclass(frozen=True, slots=True)
class AutomaticOffer:
    """A discount nobody has to ask for; the dates are of the arrival, both inclusive.

    `weekdays` (Monday is 0), when not empty, stands in the place of the two flags.
    """

    id: UUID
    name: str
    trigger: Trigger
    off: Off
    arrival_from: date | None = None
    arrival_until: date | None = None
    weekdays: frozenset[int] = frozenset()
    only_weekdays: bool = False
    only_weekends: bool = False
    achievements: frozenset[UUID] = frozenset()
    base_price_only: bool = False


@dataclass(frozen=True, slots=True)
class LevelOffer:
    """What a guest gets whom somebody of this level (an achievement) has sent."""

    id: UUID
    achievement_id: UUID
    percent: Decimal
    active: bool


@dataclass(frozen=True, slots=True)
class Offers:
    """An organisation's discounts, and what a guest typed; `code` is None when nobody knows it."""

    typed: str | None
    code: CodeOffer | None
    automatic: tuple[AutomaticOffer, ...]
    levels: tuple[LevelOffer, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """The one discount that was taken off; `amount` is positive, at most what it is taken from.

    `discount_id` names the code (give it to `redeem`), the automatic discount or the level's entry.
    """

    discount_id: UUID
    kind: DiscountKind
    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Considered:
    """One discount that was looked at: what it is worth for this stay alone, and what became of it.

    `discount_id` is None for a code nobody knows, and for a referral without an entry.
    """

    discount_id: UUID | None
    kind: DiscountKind
    name: str
    amount: Money
    reason: Reason


@dataclass(frozen=True, slots=True)
class Discounting:
    """What is taken off one stay, and everything that was considered."""

    applied: Applied | None
    considered: tuple[Considered, ...]
    membership: Membership = Membership.GUEST
