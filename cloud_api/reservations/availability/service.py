"""Which nights of which units are free, and why not the others?"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.kit.db import Session
from cloud_api.properties.types import BookableUnit
from cloud_api.reservations.availability import repository
from cloud_api.reservations.availability.types import Offer, WhyNot
from cloud_api.reservations.rules import DateFault, date_fault
from cloud_api.reservations.types import Nights, UnitNights

_WHY_NOT = {
    DateFault.PAST: WhyNot.PAST,
    DateFault.TOO_LONG: WhyNot.TOO_LONG,
    DateFault.TOO_FAR: WhyNot.TOO_FAR,
}


async def taken_nights(
    session: Session,
    units: Sequence[BookableUnit],
    nights: Nights,
    *,
    but: UUID | None = None,
) -> tuple[UnitNights, ...]:
    """The taken nights of those units that have any; the booking `but` does not count."""
    spaces = sorted({space for unit in units for space in unit.space_ids})
    taken = await repository.taken(session, spaces, nights, but=but)
    each = (UnitNights(unit.unit_id, unit.name, _nights_of(unit, taken, nights)) for unit in units)
    return tuple(unit for unit in each if unit.nights)


async def taken_by_unit(
    session: Session, units: Sequence[BookableUnit], first: date, until: date
) -> dict[UUID, frozenset[date]]:
    """The taken nights in `[first, until)` of those units that have any, as prices ask for them."""
    found = await taken_nights(session, units, Nights(first, until))
    return {each.unit_id: frozenset(each.nights) for each in found}


async def offers(
    session: Session,
    units: Sequence[BookableUnit],
    nights: Nights,
    *,
    guests: int,
    now: datetime,
) -> tuple[Offer, ...]:
    """Every unit with whether it can be booked alone, and why not; `now` says what is past."""
    taken = {each.unit_id: each.nights for each in await taken_nights(session, units, nights)}
    return tuple(
        _offer(unit, taken.get(unit.unit_id, ()), nights, guests=guests, now=now) for unit in units
    )


def _offer(
    unit: BookableUnit, taken: tuple[date, ...], nights: Nights, *, guests: int, now: datetime
) -> Offer:
    today = now.astimezone(ZoneInfo(unit.time_zone)).date()
    fault = date_fault(nights, today=today)
    reasons = [_WHY_NOT[fault]] if fault else []
    if nights.count > unit.most_nights and WhyNot.TOO_LONG not in reasons:
        reasons.append(WhyNot.TOO_LONG)
    if taken:
        reasons.append(WhyNot.TAKEN)
    if guests > unit.capacity:
        reasons.append(WhyNot.TOO_SMALL)
    return Offer(
        unit_id=unit.unit_id,
        unit_name=unit.name,
        house_id=unit.house_id,
        capacity=unit.capacity,
        free=not reasons,
        why_not=tuple(reasons),
        taken=taken,
    )


def _nights_of(
    unit: BookableUnit, taken: dict[UUID, list[Nights]], nights: Nights
) -> tuple[date, ...]:
    found: set[date] = set()
    for space in unit.space_ids:
        for stretch in taken.get(space, []):
            found.update(stretch.common(nights))
    return tuple(sorted(found))
