"""Which nights of which units are free, and why not the others?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.kit.db import Session
from cloud_api.kit.paging import Window
from cloud_api.pricing import service as pricing
from cloud_api.pricing.types import UnitPrice
from cloud_api.properties import service as properties
from cloud_api.properties.types import BookableUnit
from cloud_api.reservations.availability import repository
from cloud_api.reservations.availability.rules import (
    NaturalKey,
    natural_key,
    nearest_free,
    shorter_free,
    window_around,
)
from cloud_api.reservations.availability.types import (
    Found,
    HouseNights,
    Offer,
    Search,
    SortBy,
    WhyNot,
)
from cloud_api.reservations.errors import AccommodationNotFoundError, InvalidDatesError
from cloud_api.reservations.rules import DateFault, date_fault
from cloud_api.reservations.types import MAX_NIGHTS, Nights, UnitNights

_WHY_NOT = {
    DateFault.PAST: WhyNot.PAST,
    DateFault.TOO_LONG: WhyNot.TOO_LONG,
    DateFault.TOO_FAR: WhyNot.TOO_FAR,
}
# Where it could not be booked at any price, none is worked out.
_UNPRICED = frozenset({WhyNot.PAST, WhyNot.TOO_LONG, WhyNot.TOO_FAR, WhyNot.TOO_SMALL})


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


async def search(
    session: Session, wanted: Search, window: Window, *, now: datetime
) -> tuple[list[Found], int]:
    """One page of an owner's units with whether, why not and for how much; and how many match.

    The number of statements is the same for one house and for a thousand. Only what the page shows
    is priced, unless the price decides what that is. Raises accommodation_not_found.
    """
    units = await properties.units_offered(
        session, organisation_id=wanted.organisation_id, property_id=wanted.property_id
    )
    if not units:
        raise AccommodationNotFoundError
    fitting = [unit for unit in units if unit.capacity >= (wanted.least_capacity or 0)]
    fitting.sort(key=_place_of_name)
    if _page_is_known(wanted):
        fitting.sort(key=_capacity_key(wanted))
        shown = fitting[window.offset : window.offset + window.limit]
        return await _look(session, shown, wanted, now=now), len(fitting)
    found = [
        each for each in await _look(session, fitting, wanted, now=now) if _keeps(wanted, each)
    ]
    found.sort(key=_order(wanted))
    return found[window.offset : window.offset + window.limit], len(found)


async def house_nights(
    session: Session, house_id: UUID, first: date | None, last: date | None, *, now: datetime
) -> HouseNights:
    """Taken nights of each unit of a house in `[first, last)`; else from today to the year's end.

    Raises accommodation_not_found and invalid_dates.
    """
    units = await properties.units_on_sale(session, house_id=house_id)
    if not units:
        raise AccommodationNotFoundError
    start = first or now.astimezone(ZoneInfo(units[0].time_zone)).date()
    span = Nights(start, last or date(start.year + 1, 1, 1))
    if not 1 <= span.count <= MAX_NIGHTS:
        raise InvalidDatesError(DateFault.NO_NIGHT if span.count < 1 else DateFault.TOO_LONG)
    taken = await taken_nights(session, units, span)
    return HouseNights(
        house_id=house_id,
        house_name=units[0].house_name,
        span=span,
        units=tuple(sorted(units, key=_place_of_name)),
        taken={each.unit_id: each.nights for each in taken},
    )


def _place_of_name(unit: BookableUnit) -> tuple[NaturalKey, NaturalKey, UUID]:
    return natural_key(unit.house_name), natural_key(unit.name), unit.unit_id


def _page_is_known(wanted: Search) -> bool:
    """Whether names and beds alone say what the page shows."""
    return not wanted.only_free and wanted.most_minor is None and wanted.sort is not SortBy.PRICE


def _capacity_key(wanted: Search) -> Callable[[BookableUnit], int]:
    return lambda unit: unit.capacity if wanted.sort is SortBy.CAPACITY else 0


def _order(wanted: Search) -> Callable[[Found], tuple[bool, int]]:
    """Names are in order already, and sorting keeps that; without a price: last."""

    def key(found: Found) -> tuple[bool, int]:
        if wanted.sort is SortBy.CAPACITY:
            return False, found.unit.capacity
        if wanted.sort is SortBy.NAME:
            return False, 0
        total = found.total_in(wanted.currency)
        return total is None, total.minor if total else 0

    return key


def _keeps(wanted: Search, found: Found) -> bool:
    if wanted.only_free and not found.free:
        return False
    if wanted.most_minor is None:
        return True
    total = found.total_in(wanted.currency)
    return total is not None and total.minor <= wanted.most_minor


async def _look(
    session: Session, units: Sequence[BookableUnit], wanted: Search, *, now: datetime
) -> list[Found]:
    """Every one of these units, in their order, in two questions: what is taken, what it costs."""
    if not units:
        return []
    wide = _reach(wanted)
    taken = {each.unit_id: each.nights for each in await taken_nights(session, units, wide)}
    offered = [
        _offer(unit, _within(taken.get(unit.unit_id, ()), wanted.nights), wanted.nights,
               guests=wanted.guests, now=now)
        for unit in units
    ]  # fmt: skip
    prices = await pricing.price_units(
        session,
        [each.unit_id for each in offered if not _UNPRICED.intersection(each.why_not)],
        wanted.nights.check_in,
        wanted.nights.check_out,
        wanted.guests,
        now=now,
        taken={unit_id: frozenset(nights) for unit_id, nights in taken.items()},
    )
    return [
        _found(unit, offer, prices.get(unit.unit_id), taken.get(unit.unit_id, ()), wanted, now=now)
        for unit, offer in zip(units, offered, strict=True)
    ]


def _reach(wanted: Search) -> Nights:
    """Every night that an answer about these may ask for."""
    first, last = pricing.around(wanted.nights.check_in, wanted.nights.check_out)
    if not wanted.alternatives:
        return Nights(first, last)
    near = window_around(wanted.nights)
    return Nights(min(first, near.check_in), max(last, near.check_out))


def _within(taken: tuple[date, ...], nights: Nights) -> tuple[date, ...]:
    return tuple(day for day in taken if nights.check_in <= day < nights.check_out)


def _found(
    unit: BookableUnit,
    offer: Offer,
    price: UnitPrice | None,
    taken: tuple[date, ...],
    wanted: Search,
    *,
    now: datetime,
) -> Found:
    reasons = (*offer.why_not, *_price_reasons(price))
    found = Found(unit=unit, free=not reasons, why_not=reasons, taken=offer.taken, price=price)
    if not wanted.alternatives or WhyNot.TOO_SMALL in reasons or not reasons:
        return found
    today = now.astimezone(ZoneInfo(unit.time_zone)).date()
    return replace(
        found,
        nearest=nearest_free(wanted.nights, taken, today=today),
        shorter=shorter_free(wanted.nights, taken, today=today),
    )


def _price_reasons(price: UnitPrice | None) -> Iterator[WhyNot]:
    if price is not None and price.minimum_stay:
        yield WhyNot.MINIMUM_STAY
    if price is not None and price.no_rate:
        yield WhyNot.NO_RATE


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
