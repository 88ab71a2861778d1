"""How is an answer about free nights told?"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.money import Money
from cloud_api.properties.types import BookableUnit
from cloud_api.reservations.types import Nights


class WhyNot(StrEnum):
    """Why a unit cannot be booked for these dates and guests."""

    TAKEN = "taken"
    TOO_SMALL = "too_small"
    PAST = "past"
    TOO_LONG = "too_long"
    TOO_FAR = "too_far"
    TOO_DEAR = "too_dear"
    NOT_SOLD_SO = "not_sold_so"


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
class Asked:
    """The total for the dates and guests in every currency it was worked out in; or why not.

    `amounts` is empty where there is no price; `refused` then is pricing's word for the reason.
    """

    amounts: tuple[Money, ...] = ()
    refused: str | None = None

    def in_currency(self, currency: str | None) -> Money | None:
        """The amount in this currency; in the first where none is named."""
        return next((each for each in self.amounts if currency in {None, each.currency}), None)


@dataclass(frozen=True, slots=True)
class Found:
    """One unit that was looked at, with what else could be had of it."""

    unit: BookableUnit
    free: bool
    why_not: tuple[WhyNot, ...]
    taken: tuple[date, ...]
    price: Asked
    nearest: tuple[Alternative, ...] = ()
    shorter: tuple[Alternative, ...] = ()
