"""How is an answer about free nights told?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.money import Money
from cloud_api.pricing.types import UnitPrice
from cloud_api.properties.types import BookableUnit
from cloud_api.reservations.types import Nights


class WhyNot(StrEnum):
    """Why a unit cannot be booked for these dates and guests."""

    TAKEN = "taken"
    TOO_SMALL = "too_small"
    PAST = "past"
    TOO_LONG = "too_long"
    TOO_FAR = "too_far"
    MINIMUM_STAY = "minimum_stay"
    NO_RATE = "no_rate"


@dataclass(frozen=True, slots=True)
class Offer:
    """One unit and whether it can be booked; `taken` are the nights it cannot be slept in."""

    unit_id: UUID
    unit_name: str
    house_id: UUID
    capacity: int
    free: bool
    why_not: tuple[WhyNot, ...]
    taken: tuple[date, ...]


class SortBy(StrEnum):
    """In which order the found units are told; names as people count, "House 2" before "10"."""

    NAME = "name"
    PRICE = "price"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for. `most_minor` is in `currency`, for the whole stay."""

    nights: Nights
    guests: int
    organisation_id: UUID | None = None
    property_id: UUID | None = None
    most_minor: int | None = None
    currency: str | None = None
    least_capacity: int | None = None
    only_free: bool = False
    sort: SortBy = SortBy.NAME
    alternatives: bool = True


@dataclass(frozen=True, slots=True)
class Alternative:
    """Other nights that can be had; `shift_days` later than asked, negative: earlier."""

    nights: Nights
    shift_days: int


@dataclass(frozen=True, slots=True)
class Found:
    """One unit that was looked at, with what else could be had of it."""

    unit: BookableUnit
    free: bool
    why_not: tuple[WhyNot, ...]
    taken: tuple[date, ...]
    price: UnitPrice | None
    nearest: tuple[Alternative, ...] = ()
    shorter: tuple[Alternative, ...] = ()

    def total_in(self, currency: str | None) -> Money | None:
        """What the stay costs in this currency (None: the property's own); None: no such price."""
        if self.price is None or self.price.minimum_stay or self.price.no_rate:
            return None
        totals = (self.price.total, self.price.second_total)
        return next((each for each in totals if each and currency in {None, each.currency}), None)


@dataclass(frozen=True, slots=True)
class HouseNights:
    """Taken and free nights of each unit of a house inside `span`, by unit id."""

    house_id: UUID
    house_name: str
    span: Nights
    units: tuple[BookableUnit, ...]
    taken: Mapping[UUID, tuple[date, ...]]
