"""May this stay begin earlier or end later than the house says, for how much, and agreed how?

The night of the departure day (or before the arrival day) is what is sold: it is kept from others.
"""

from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID

from cloud_api.kit.audit import Deed
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.money import Money
from cloud_api.kit.tenancy import Scope
from cloud_api.payments import service as payments
from cloud_api.payments.types import ChargeLine, Opening
from cloud_api.pricing import service as pricing
from cloud_api.pricing.types import HourKind, HourPrice
from cloud_api.properties.types import BookableUnit
from cloud_api.reservations import repository
from cloud_api.reservations.availability.service import taken_nights
from cloud_api.reservations.errors import InvalidStateError, ProcessingError
from cloud_api.reservations.events import HoursAgreed, publish_event
from cloud_api.reservations.holds import service as holds
from cloud_api.reservations.holds.types import Moving
from cloud_api.reservations.hours.errors import (
    HourNotOfferedError,
    HourPriceChangedError,
    HourUnfitError,
)
from cloud_api.reservations.record.service import note
from cloud_api.reservations.types import (
    Action,
    AgreedHours,
    Booking,
    Kind,
    Nights,
    Status,
    UnitNights,
)

_ONE_DAY = timedelta(days=1)


async def offer(session: Session, clock: Clock, booking: Booking, kind: HourKind) -> HourPrice:
    """What it costs, or why it cannot be had. Raises hour_not_offered for several units at once."""
    place = await holds.place_for(session, booking.unit_ids, scope=None, sold_already=True)
    return await _price(session, clock, booking, kind, place.units)


async def agree(
    session: Session,
    clock: Clock,
    booking: Booking,
    kind: HourKind,
    *,
    hour: time,
    price: Money,
    scope: Scope | None,
) -> Booking:
    """Keep the night, charge the price and let the keys hold until then; without a scope: a guest.

    Raises hour_not_offered, hour_price_changed, hour_unfit, invalid_state, date_overlap and
    processing_or_unavailable; after any of them the transaction must be rolled back.
    """
    place = await holds.place_for(session, booking.unit_ids, scope=scope, sold_already=True)
    await holds.lock_houses(session, [booking.house_id])
    locked = await repository.lock_any(session, booking.id)
    if locked is None or locked.version != booking.version:
        raise ProcessingError
    if locked.status is not Status.CONFIRMED or locked.kind is not Kind.STAY:
        raise InvalidStateError(locked.status, Action.MOVE)
    _refuse_hour(kind, hour, place.units[0])
    offered = await _price(session, clock, locked, kind, place.units)
    if offered.why_not is not None:
        raise HourNotOfferedError(offered.why_not.value)
    if offered.price != price:
        raise HourPriceChangedError
    moving = Moving(
        reservation_id=locked.id,
        property_id=locked.property_id,
        house_id=locked.house_id,
        nights=locked.nights,
        guests=locked.guests,
        unit_ids=locked.unit_ids,
        space_ids=place.space_ids,
        hours=_with(locked.hours, kind, hour),
    )
    await holds.move(session, moving, place, channel=locked.channel)
    await _charge(session, locked, kind, price, offered.night)
    agreed = await repository.must_find(session, locked.id)
    await publish_event(session, HoursAgreed, agreed)
    if scope is not None:
        await note(session, scope, Deed.HOURS_AGREED, agreed, before=locked)
    return agreed


async def _price(
    session: Session,
    clock: Clock,
    booking: Booking,
    kind: HourKind,
    units: tuple[BookableUnit, ...],
) -> HourPrice:
    if len(units) != 1:
        raise HourNotOfferedError("several_units")
    if _has(booking.hours, kind):
        raise HourNotOfferedError("agreed_already")
    late = kind is HourKind.LATE_CHECK_OUT
    day = booking.nights.check_out if late else booking.nights.check_in
    night = day if late else day - _ONE_DAY
    taken = await taken_nights(session, units, Nights(night, night + _ONE_DAY), but=booking.id)
    return await pricing.stretch(
        session,
        kind,
        units[0].unit_id,
        day,
        booking.guests,
        now=clock.utc_now(),
        taken=_as_taken(taken),
    )


def _as_taken(taken: tuple[UnitNights, ...]) -> dict[UUID, frozenset[date]]:
    return {each.unit_id: frozenset(each.nights) for each in taken}


def _has(hours: AgreedHours, kind: HourKind) -> bool:
    given = hours.late_check_out if kind is HourKind.LATE_CHECK_OUT else hours.early_check_in
    return given is not None


def _with(hours: AgreedHours, kind: HourKind, hour: time) -> AgreedHours:
    if kind is HourKind.LATE_CHECK_OUT:
        return replace(hours, late_check_out=hour, late_night=True)
    return replace(hours, early_check_in=hour, early_night=True)


def _refuse_hour(kind: HourKind, hour: time, unit: BookableUnit) -> None:
    late = kind is HourKind.LATE_CHECK_OUT
    if hour.tzinfo is not None:
        raise HourUnfitError("a local hour has no zone")
    if (late and hour <= unit.check_out_until) or (not late and hour >= unit.check_in_from):
        raise HourUnfitError


async def _charge(
    session: Session, booking: Booking, kind: HourKind, price: Money, night: date
) -> None:
    folio = await payments.open_folio(
        session,
        Opening(
            organisation_id=booking.organisation_id,
            property_id=booking.property_id,
            subject_id=booking.id,
            currency=price.currency,
            title=booking.code,
            client_id=booking.client_id,
            payer_name=booking.contact.name,
            payer_email=booking.contact.email,
            language=booking.contact.language,
        ),
    )
    if price.minor:
        line = ChargeLine(
            key=f"{kind}:{night}", what=kind.value, label=night.isoformat(), amount=price
        )
        await payments.charge(session, folio, [line])
