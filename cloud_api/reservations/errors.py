"""Which refusals can a booking meet?

InvalidRequest (422)  change the request
  InvalidDatesError             no night, past, too long, too far
  InvalidGuestsError            nobody, or more than the units sleep
  InvalidUnitsError             units of two houses in one booking
NotFound (404)
  AccommodationNotFoundError    no such unit, or not for sale
  ReservationNotFoundError      no such booking, or not for this caller
Conflict (409)
  DateOverlapError              nights are taken; says which of which unit
  InvalidStateError             this status does not allow the deed
  HoldExpiredError              the hold ran out
  ProcessingError               others are taking the same nights this instant; ask again
"""

from collections.abc import Iterable

from cloud_api.kit.errors import Conflict, InvalidRequest, NotFound
from cloud_api.reservations.rules import DateFault
from cloud_api.reservations.types import Action, Status, UnitNights

_MOST_NIGHTS_TOLD = 100


class InvalidDatesError(InvalidRequest):
    """Nobody could book these dates."""

    code = "invalid_dates"
    title = "These dates cannot be booked"

    def __init__(self, fault: DateFault, *, most_nights: int | None = None) -> None:
        limit = {} if most_nights is None else {"most_nights": most_nights}
        super().__init__(fault.value, extra={"reason": fault.name.lower(), **limit})


class NoPlaceNamedError(InvalidRequest):
    """Asked for nights, but not where."""

    code = "no_place_named"
    title = "Name units (unit_id), a house (house_id) or a property (property_id)"


class InvalidGuestsError(InvalidRequest):
    """Too few or too many guests."""

    code = "invalid_guests"
    title = "This number of guests cannot be booked"


class InvalidUnitsError(InvalidRequest):
    """The units cannot be booked together."""

    code = "invalid_units"
    title = "These units cannot be booked together"


class AccommodationNotFoundError(NotFound):
    """A unit does not exist or is not for sale."""

    code = "accommodation_not_found"
    title = "There is no such accommodation to book"


class ReservationNotFoundError(NotFound):
    """No such booking for this caller."""

    title = "There is no such reservation"


class DateOverlapError(Conflict):
    """Some of the nights are taken."""

    code = "date_overlap"
    title = "Some of these nights are taken"

    def __init__(self, taken: Iterable[UnitNights]) -> None:
        super().__init__(extra={"conflicts": conflicts_of(taken)[:_MOST_NIGHTS_TOLD]})


class InvalidStateError(Conflict):
    """The booking's status does not allow it."""

    code = "invalid_state"
    title = "The reservation's status does not allow this"

    def __init__(self, status: Status, action: Action, detail: str | None = None) -> None:
        super().__init__(detail, extra={"state": status.value, "action": action.value})


class HoldExpiredError(Conflict):
    """The hold ran out before it was confirmed."""

    code = "expired"
    title = "The hold has expired"


class ProcessingError(Conflict):
    """Others are at these nights this instant."""

    code = "processing_or_unavailable"
    title = "Others are booking these nights this very moment; ask again"

    def __init__(self) -> None:
        super().__init__(headers={"retry-after": "1"})


def conflicts_of(taken: Iterable[UnitNights]) -> list[dict[str, str]]:
    """One row a unit and night, as problem documents tell them."""
    return [
        {"unit_id": str(unit.unit_id), "unit": unit.unit_name, "night": night.isoformat()}
        for unit in taken
        for night in unit.nights
    ]
