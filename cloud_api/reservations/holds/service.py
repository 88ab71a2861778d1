"""How does somebody come to have nights, or others instead of them?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from cloud_api.clients import service as clients
from cloud_api.kit import metrics
from cloud_api.kit.audit import Deed
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.ids import human_code, new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.properties import service as properties
from cloud_api.reservations import repository as bookings
from cloud_api.reservations.availability.service import taken_nights
from cloud_api.reservations.errors import (
    AccommodationNotFoundError,
    DateOverlapError,
    InvalidUnitsError,
    ProcessingError,
)
from cloud_api.reservations.events import (
    ReservationConfirmed,
    ReservationExpired,
    ReservationHeld,
    publish_event,
)
from cloud_api.reservations.holds import repository
from cloud_api.reservations.holds.rules import (
    Place,
    place_of,
    refuse_dates,
    refuse_guests,
    refuse_too_many_nights,
)
from cloud_api.reservations.holds.types import Moving, Taken, Taking
from cloud_api.reservations.record.service import note
from cloud_api.reservations.rules import channel_label, date_fault
from cloud_api.reservations.types import Booking, Contact, Kind, Moments, Nights, Price, Status

# serialization failure, deadlock, unique violation (two equal codes), lock time-out
_ASK_AGAIN = frozenset({"40001", "40P01", "23505", "55P03"})


@dataclass(frozen=True, slots=True)
class Wish:
    """Which nights somebody asks for."""

    unit_ids: tuple[UUID, ...]
    nights: Nights
    guests: int
    channel: str
    contact: Contact
    notes: str = ""
    price: Price | None = None
    transfer: bool = False


async def hold(session: Session, clock: Clock, wish: Wish) -> Booking:
    """Hold nights for the property's lifetime; the units name the organisation.

    Raises accommodation_not_found, invalid_units, invalid_dates, invalid_guests, date_overlap or
    processing_or_unavailable; after any of them the transaction must be rolled back.
    """
    place = await place_for(session, wish.unit_ids, scope=None)
    refuse_too_many_nights(wish.nights, place)
    taking = _taking(wish, place, clock, kind=Kind.STAY, status=Status.HELD)
    booking = await _take(session, taking, place)
    await publish_event(session, ReservationHeld, booking)
    return booking


async def create(
    session: Session, scope: Scope, clock: Clock, wish: Wish, *, confirmed: bool
) -> Booking:
    """Staff book for somebody: held, or confirmed at once. Raises as `hold`."""
    place = await place_for(session, wish.unit_ids, scope=scope)
    status = Status.CONFIRMED if confirmed else Status.HELD
    taking = replace(
        _taking(wish, place, clock, kind=Kind.STAY, status=status),
        confirmed_by=scope.principal_id if confirmed else None,
    )
    booking = await with_client(session, await _take(session, taking, place))
    await publish_event(session, ReservationConfirmed if confirmed else ReservationHeld, booking)
    deed = Deed.RESERVATION_CONFIRMED if confirmed else Deed.RESERVATION_HELD
    return await note(session, scope, deed, booking)


async def block(session: Session, scope: Scope, clock: Clock, kind: Kind, wish: Wish) -> Booking:
    """Keep nights from being sold, without a guest. Raises as `hold`, but never for guests."""
    place = await place_for(session, wish.unit_ids, scope=scope)
    taking = replace(
        _taking(wish, place, clock, kind=kind, status=Status.CONFIRMED),
        confirmed_by=scope.principal_id,
    )
    booking = await _take(session, taking, place)
    await publish_event(session, ReservationConfirmed, booking)
    return await note(session, scope, Deed.NIGHTS_BLOCKED, booking)


async def move(session: Session, moving: Moving, place: Place, *, channel: str) -> None:
    """Give the old nights back and take the new ones, all or none; raises as `hold`."""
    try:
        expired = await repository.move(session, moving)
    except DBAPIError as error:
        _ask_again(error, channel)
    if expired is None:
        await _refuse(session, place, moving.nights, moving.reservation_id, channel)
    await announce_expired(session, expired)


async def place_for(
    session: Session, unit_ids: Sequence[UUID], *, scope: Scope | None, sold_already: bool = False
) -> Place:
    """The place these units make; without a scope the units themselves name the organisation.

    Raises accommodation_not_found where one does not exist, is another organisation's, or is not
    for sale (which does not matter to who has it already); raises invalid_units.
    """
    wanted = set(unit_ids)
    units = await properties.units_for_booking(session, tuple(sorted(wanted)))
    if len(wanted) != len(unit_ids):
        raise InvalidUnitsError("name each unit once")
    sold = [unit for unit in units if unit.active or sold_already]
    if len(sold) != len(wanted):
        raise AccommodationNotFoundError
    if scope is not None and any(u.organisation_id != scope.organisation_id for u in sold):
        raise AccommodationNotFoundError
    return place_of(sold)


async def with_client(session: Session, booking: Booking) -> Booking:
    """The booking with the person behind its contact, who becomes a client now if not before.

    Called after nights or the booking itself are locked, never before: one order of locks.
    """
    if booking.client_id is not None or booking.kind is not Kind.STAY:
        return booking
    client = await clients.find_or_create(session, booking.organisation_id, booking.contact)
    await bookings.set_client(session, booking, client.id)
    return replace(booking, client_id=client.id)


async def lock_houses(session: Session, house_ids: Sequence[UUID]) -> None:
    """Let one move at a time pass through each of these houses, until the transaction ends."""
    await repository.lock_houses(session, house_ids)


async def revive(session: Session, booking: Booking) -> bool:
    """Confirm this locked, ended booking if all its nights are free still; else nothing changes."""
    place = await place_for(session, booking.unit_ids, scope=None, sold_already=True)
    expired = await repository.revive(session, booking.id, booking.nights, place.space_ids)
    if expired is None:
        return False
    await announce_expired(session, expired)
    return True


async def set_free(session: Session, ids: Sequence[UUID]) -> None:
    """Give back the nights of these locked bookings; the caller moves each in this transaction."""
    await repository.set_free(session, ids)


async def expire_batch(
    session: Session, batch: int, *, organisation_id: UUID | None
) -> tuple[UUID, ...]:
    """Expire up to `batch` holds that ran out; their events are for the caller to write."""
    return await repository.expire_batch(session, batch=batch, organisation_id=organisation_id)


async def announce_expired(session: Session, ids: Sequence[UUID]) -> list[Booking]:
    """Tell that these holds ran out."""
    if not ids:
        return []
    expired = await bookings.find_all(session, ids)
    for booking in expired:
        await publish_event(session, ReservationExpired, booking)
    metrics.PRERESERVATIONS_EXPIRED.inc(len(expired))
    return expired


async def _take(session: Session, taking: Taking, place: Place) -> Booking:
    try:
        taken = await repository.take(session, taking)
    except DBAPIError as error:
        _ask_again(error, taking.channel)
    if taken is None:
        await _refuse(session, place, taking.nights, taking.reservation_id, taking.channel)
    await announce_expired(session, taken.expired)
    metrics.RESERVATIONS_CREATED.labels(channel_label(taking.channel)).inc()
    return _booking(taking, taken)


async def _refuse(
    session: Session, place: Place, nights: Nights, own: UUID, channel: str
) -> NoReturn:
    taken = await taken_nights(session, place.units, nights, but=own)
    if taken:
        metrics.RESERVATIONS_DATE_OVERLAP.labels(channel_label(channel)).inc()
        raise DateOverlapError(taken)
    # Who stood in the way has gone since; nobody can say more than that.
    metrics.RESERVATIONS_LOCK_FAILED.labels(channel_label(channel)).inc()
    raise ProcessingError


def _ask_again(error: DBAPIError, channel: str) -> NoReturn:
    if getattr(error.orig, "sqlstate", None) not in _ASK_AGAIN:
        raise error
    metrics.RESERVATIONS_LOCK_FAILED.labels(channel_label(channel)).inc()
    raise ProcessingError from error


def _taking(wish: Wish, place: Place, clock: Clock, *, kind: Kind, status: Status) -> Taking:
    now = clock.utc_now()
    refuse_dates(date_fault(wish.nights, today=place.date_at(now)))
    if kind is Kind.STAY:
        refuse_guests(wish.guests, place)
    held = status is Status.HELD
    return Taking(
        reservation_id=new_id(),
        organisation_id=place.organisation_id,
        property_id=place.property_id,
        house_id=place.house_id,
        code=human_code(f"RES{now:%y%m%d}", length=6),
        kind=kind,
        status=status,
        nights=wish.nights,
        guests=wish.guests,
        channel=wish.channel,
        contact=wish.contact,
        standing=held and _lifetime(wish, place) is None,
        lifetime=_lifetime(wish, place) if held else None,
        notes=wish.notes,
        client_id=None,
        confirmed_by=None,
        unit_ids=place.unit_ids,
        space_ids=place.space_ids,
        price=wish.price,
        transfer=held and wish.transfer,
    )


def _lifetime(wish: Wish, place: Place) -> timedelta | None:
    """How long it is held: who pays by transfer has until the voucher's deadline."""
    return place.voucher_lifetime if wish.transfer else place.hold_lifetime


def _booking(taking: Taking, taken: Taken) -> Booking:
    confirmed = taking.status is Status.CONFIRMED
    return Booking(
        id=taking.reservation_id,
        organisation_id=taking.organisation_id,
        property_id=taking.property_id,
        house_id=taking.house_id,
        unit_ids=taking.unit_ids,
        code=taking.code,
        kind=taking.kind,
        status=taking.status,
        nights=taking.nights,
        guests=taking.guests,
        channel=taking.channel,
        contact=taking.contact,
        client_id=taking.client_id,
        standing=taking.standing,
        expires_at=taken.expires_at,
        hold_extended=False,
        notes=taking.notes,
        reason="",
        payment=None,
        confirmed_by=taking.confirmed_by,
        visit_counted=False,
        moments=Moments(
            created_at=taken.created_at, confirmed_at=taken.created_at if confirmed else None
        ),
        version=1,
        price=taking.price,
        transfer=taking.transfer,
    )
