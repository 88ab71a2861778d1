"""Which wishes for a price can be answered?"""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from cloud_api.pricing.errors import (
    CheckInPast,
    DatesReversed,
    GuestsNotPositive,
    ServiceNotOffered,
    SpecialDateMinimum,
    StayTooLong,
)
from cloud_api.pricing.rules.calendar import minimum_stay
from cloud_api.pricing.types import (
    MAX_DAYS_AHEAD,
    MAX_NIGHTS,
    Service,
    Taken,
    UnitTerms,
)

_LIMITS = {"most_nights": MAX_NIGHTS, "most_days_ahead": MAX_DAYS_AHEAD}


def refuse_dates(check_in: date, check_out: date, *, today: date) -> None:
    """Raises check_in_past, dates_reversed, stay_too_long."""
    refuse_day(check_in, today=today)
    if check_out <= check_in:
        raise DatesReversed
    if (check_out - check_in).days > MAX_NIGHTS:
        raise StayTooLong(extra=_LIMITS)


def refuse_day(day: date, *, today: date) -> None:
    """Raises check_in_past, stay_too_long."""
    if day < today:
        raise CheckInPast
    if (day - today).days > MAX_DAYS_AHEAD:
        raise StayTooLong(extra=_LIMITS)


def refuse_guests(guests: int) -> None:
    """Raises guests_not_positive."""
    if guests < 1:
        raise GuestsNotPositive


def refuse_short_stay(
    units: Sequence[UnitTerms], check_in: date, check_out: date, taken: Taken
) -> None:
    """Raises special_date_minimum where a special date of a unit is still free."""
    for unit in units:
        nights = taken.get(unit.unit_id, frozenset())
        found = minimum_stay(unit.specials, check_in, check_out, nights)
        if found is not None:
            raise SpecialDateMinimum(
                extra={
                    "special_date": found.night.isoformat(),
                    "special_date_name": found.name,
                    "minimum_nights": found.minimum_nights,
                    "unit_id": str(unit.unit_id),
                }
            )


def chosen(offered: Sequence[Service], wanted: Collection[UUID]) -> tuple[Service, ...]:
    """The mandatory services and the wanted ones, in the offered order.

    Raises service_not_offered.
    """
    unknown = sorted(set(wanted) - {each.id for each in offered})
    if unknown:
        raise ServiceNotOffered(extra={"service_ids": [str(each) for each in unknown]})
    return tuple(each for each in offered if each.mandatory or each.id in wanted)
