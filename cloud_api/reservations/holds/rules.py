"""Which units can be booked together, for which dates and how many people?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.properties.types import BookableUnit, ConfirmsOn
from cloud_api.reservations.errors import InvalidDatesError, InvalidGuestsError, InvalidUnitsError
from cloud_api.reservations.rules import DateFault, guests_fault
from cloud_api.reservations.types import Nights


@dataclass(frozen=True, slots=True)
class Place:
    """Units of one house that are booked together; no `hold_lifetime`: a hold stands."""

    organisation_id: UUID
    property_id: UUID
    house_id: UUID
    zone: ZoneInfo
    hold_lifetime: timedelta | None
    voucher_lifetime: timedelta
    confirms_on: ConfirmsOn
    most_nights: int
    units: tuple[BookableUnit, ...]

    @property
    def capacity(self) -> int:
        """How many people sleep in all of them."""
        return sum(unit.capacity for unit in self.units)

    @property
    def unit_ids(self) -> tuple[UUID, ...]:
        """The units, in order."""
        return tuple(sorted(unit.unit_id for unit in self.units))

    @property
    def space_ids(self) -> tuple[UUID, ...]:
        """The spaces, in the order they are locked in."""
        return tuple(sorted(space for unit in self.units for space in unit.space_ids))

    def date_at(self, now: datetime) -> date:
        """The date on the wall of the house at this instant."""
        return now.astimezone(self.zone).date()


def place_of(units: Sequence[BookableUnit]) -> Place:
    """The place these units make together.

    Raises InvalidUnitsError for units of two houses, or that share a space.
    """
    first = units[0]
    if any(unit.house_id != first.house_id for unit in units):
        raise InvalidUnitsError("one booking stays in one house")
    spaces = [space for unit in units for space in unit.space_ids]
    if len(spaces) != len(set(spaces)):
        raise InvalidUnitsError("these units share a space")
    return Place(
        organisation_id=first.organisation_id,
        property_id=first.property_id,
        house_id=first.house_id,
        zone=ZoneInfo(first.time_zone),
        hold_lifetime=(
            None if first.may_stand_unconfirmed else timedelta(minutes=first.hold_minutes)
        ),
        voucher_lifetime=timedelta(minutes=first.voucher_minutes),
        confirms_on=first.confirms_on,
        most_nights=first.most_nights,
        units=tuple(units),
    )


def refuse_dates(fault: DateFault | None) -> None:
    """Raise InvalidDatesError where there is a fault."""
    if fault is not None:
        raise InvalidDatesError(fault)


def refuse_too_many_nights(nights: Nights, place: Place) -> None:
    """Raise InvalidDatesError for more nights than a stranger may hold here."""
    if nights.count > place.most_nights:
        raise InvalidDatesError(DateFault.TOO_LONG_HERE, most_nights=place.most_nights)


def refuse_guests(guests: int, place: Place) -> None:
    """Raise InvalidGuestsError for nobody, and for more than these units sleep."""
    fault = guests_fault(guests, capacity=place.capacity)
    if fault is not None:
        raise InvalidGuestsError(fault)
