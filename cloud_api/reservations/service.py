"""What can be done with bookings that exist? Each use case is one transaction its door commits."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from cloud_api.clients import service as clients
from cloud_api.kit import metrics
from cloud_api.kit.audit import Deed
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.paging import Window
from cloud_api.kit.tenancy import Scope
from cloud_api.reservations import repository
from cloud_api.reservations.errors import (
    HoldExpiredError,
    InvalidStateError,
    ProcessingError,
    ReservationNotFoundError,
)
from cloud_api.reservations.events import (
    ReservationCancelled,
    ReservationCheckedIn,
    ReservationCompleted,
    ReservationConfirmed,
    ReservationEvent,
    ReservationNoShow,
    ReservationRejected,
    publish_event,
    publish_moved,
)
from cloud_api.reservations.holds import service as holds
from cloud_api.reservations.holds.rules import Place, refuse_dates, refuse_guests
from cloud_api.reservations.holds.service import Wish, block, create, hold
from cloud_api.reservations.holds.types import Moving
from cloud_api.reservations.record.service import DEEDS, note
from cloud_api.reservations.repository import Filter
from cloud_api.reservations.rules import channel_label, move_fault, next_status, same_contact
from cloud_api.reservations.types import (
    Action,
    Booking,
    Kind,
    Nights,
    Payment,
    Status,
    StayForAccess,
    Who,
)

__all__ = [
    "Change",
    "Filter",
    "Wish",
    "act",
    "block",
    "complete",
    "confirm",
    "create",
    "extend_hold",
    "get",
    "guest_act",
    "guest_hold",
    "guest_seen",
    "hold",
    "move",
    "page",
    "stay_for_access",
]

_EVENTS: dict[Action, type[ReservationEvent]] = {
    Action.REJECT: ReservationRejected,
    Action.CANCEL: ReservationCancelled,
    Action.CHECK_IN: ReservationCheckedIn,
    Action.CHECK_OUT: ReservationCompleted,
    Action.COMPLETE: ReservationCompleted,
    Action.NO_SHOW: ReservationNoShow,
}


_AFTER_ARRIVAL = frozenset({Action.CHECK_IN, Action.CHECK_OUT, Action.NO_SHOW})


@dataclass(frozen=True, slots=True)
class Change:
    """How a booking shall be from now on; None stays as it is."""

    check_in: date | None = None
    check_out: date | None = None
    unit_ids: tuple[UUID, ...] | None = None
    guests: int | None = None


async def get(session: Session, scope: Scope, reservation_id: UUID) -> Booking:
    """The caller's booking; raises not_found."""
    return _found(await repository.find(session, scope, reservation_id))


async def page(
    session: Session, scope: Scope, wanted: Filter, window: Window, *, sort: str | None
) -> tuple[list[Booking], int]:
    """One page of the caller's bookings and how many there are; raises unknown_sorting."""
    return await repository.page(session, scope, wanted, window, sort=sort)


async def confirm(
    session: Session, scope: Scope, reservation_id: UUID, payment: Payment | None
) -> Booking | HoldExpiredError:
    """Make it certain; of several at once exactly one does.

    Answers the refusal as a value where the hold ran out: that it is expired now must be
    committed. Raises not_found and invalid_state.
    """
    booking = await repository.confirm(
        session, scope, reservation_id, payment=payment, confirmed_by=scope.principal_id
    )
    if booking is None:
        return await _cannot_confirm(session, scope, reservation_id)
    booking = await holds.with_client(session, booking)
    await publish_event(session, ReservationConfirmed, booking)
    metrics.RESERVATIONS_CONFIRMED.labels(channel_label(booking.channel)).inc()
    return await note(session, scope, Deed.RESERVATION_CONFIRMED, booking)


async def act(
    session: Session,
    scope: Scope,
    clock: Clock,
    reservation_id: UUID,
    action: Action,
    *,
    reason: str = "",
) -> Booking | HoldExpiredError:
    """Staff submit, review, reject, cancel, check in, check out or mark a no-show.

    Raises not_found and invalid_state; a hold that ran out is answered as in `confirm`.
    """
    booking = _found(await repository.lock(session, scope, reservation_id))
    refused = await _refusal(session, booking, action, who=Who.STAFF)
    if refused is not None:
        return refused
    if action in _AFTER_ARRIVAL:
        await _refuse_arrival(session, scope, clock, booking, action)
    changed = await _change(session, booking, action, who=Who.STAFF, reason=reason)
    return await note(session, scope, DEEDS[action], changed, before=booking)


async def extend_hold(
    session: Session, scope: Scope, reservation_id: UUID
) -> Booking | HoldExpiredError:
    """Let a hold run for its lifetime once more, once. Raises and answers as `act`."""
    booking = _found(await repository.lock(session, scope, reservation_id))
    refused = await _refusal(session, booking, Action.EXTEND_HOLD, who=Who.STAFF)
    if refused is not None:
        return refused
    extended = await _extend(session, booking)
    return await note(session, scope, Deed.HOLD_EXTENDED, extended, before=booking)


async def move(
    session: Session, scope: Scope, clock: Clock, reservation_id: UUID, change: Change
) -> Booking | HoldExpiredError:
    """Other dates, units or guests: the old nights freed and the new ones taken, or nothing.

    Raises as `hold`, and invalid_state; a hold that ran out is answered as in `confirm`.
    """
    seen = await get(session, scope, reservation_id)
    unit_ids = change.unit_ids or seen.unit_ids
    same = set(unit_ids) == set(seen.unit_ids)
    place = await holds.place_for(session, unit_ids, scope=scope, sold_already=same)
    await holds.lock_houses(session, (seen.house_id, place.house_id))
    booking = _found(await repository.lock(session, scope, reservation_id))
    refused = await _refusal(session, booking, Action.MOVE, who=Who.STAFF)
    if refused is not None:
        return refused
    if booking.version != seen.version:
        # Another move came first; what this one meant to keep is no longer true.
        raise ProcessingError
    moved = _moved(booking, change, place, clock)
    await holds.move(session, _moving(moved, place), place, channel=booking.channel)
    await publish_moved(session, booking, moved)
    after = await get(session, scope, reservation_id)
    return await note(session, scope, Deed.RESERVATION_MOVED, after, before=booking)


async def guest_hold(session: Session, code: str, contact: str) -> Booking:
    """The booking of this code, for somebody who knows its e-mail address or phone number.

    Raises not_found for a wrong code and for a wrong contact: the two look the same.
    """
    booking = await repository.lock_by_code(session, code)
    if booking is None or booking.kind is not Kind.STAY:
        raise ReservationNotFoundError
    if not same_contact(contact, booking.contact):
        raise ReservationNotFoundError
    return booking


async def guest_seen(session: Session, code: str, contact: str) -> Booking:
    """As `guest_hold`, without keeping it from others: for deeds that lock houses first."""
    booking = await repository.find_by_code(session, code)
    if booking is None or booking.kind is not Kind.STAY:
        raise ReservationNotFoundError
    if not same_contact(contact, booking.contact):
        raise ReservationNotFoundError
    return booking


async def guest_act(
    session: Session, code: str, contact: str, action: Action
) -> Booking | HoldExpiredError:
    """A guest submits, sends for review, cancels or extends their own hold. Raises as `act`."""
    booking = await guest_hold(session, code, contact)
    refused = await _refusal(session, booking, action, who=Who.GUEST)
    if refused is not None:
        return refused
    if booking.transfer and action in {Action.SUBMIT, Action.REVIEW}:
        raise InvalidStateError(booking.status, action, "show the voucher of the transfer")
    if action is Action.EXTEND_HOLD:
        return await _extend(session, booking)
    return await _change(session, booking, action, who=Who.GUEST)


async def stay_for_access(session: Session, reservation_id: UUID) -> StayForAccess | None:
    """The booking as `access` needs it, of any organisation; None where there is none."""
    booking = await repository.find_any(session, reservation_id)
    if booking is None:
        return None
    client = None
    if booking.client_id is not None:
        client = await clients.get_client(session, booking.client_id)
    return StayForAccess(
        reservation_id=booking.id,
        organisation_id=booking.organisation_id,
        house_id=booking.house_id,
        unit_ids=booking.unit_ids,
        space_ids=await repository.spaces_of(session, reservation_id),
        check_in=booking.nights.check_in,
        check_out=booking.nights.check_out,
        status=booking.status,
        kind=booking.kind,
        client_id=booking.client_id,
        client_name=client.name if client else booking.contact.name,
        client_language=(client and client.language) or booking.contact.language,
        checked_in=booking.moments.checked_in_at is not None,
        guests=booking.guests,
        code=booking.code,
        checked_in_at=booking.moments.checked_in_at,
        early_check_in=booking.hours.early_check_in,
        late_check_out=booking.hours.late_check_out,
    )


async def complete(session: Session, booking: Booking) -> Booking:
    """The clock ends a locked booking whose last day has passed; raises invalid_state."""
    return await _change(session, booking, Action.COMPLETE, who=Who.CLOCK)


async def _count_visit(session: Session, booking: Booking) -> None:
    if booking.kind is not Kind.STAY or booking.visit_counted:
        return
    known = await holds.with_client(session, booking)
    if known.client_id is not None:
        await clients.count_visit(session, known.client_id)
        await repository.mark_visit_counted(session, booking)


def _target_of(booking: Booking, action: Action, *, who: Who) -> Status:
    """The status the table gives; raises invalid_state where it gives none."""
    target = next_status(
        booking.status, action, who=who, kind=booking.kind, standing=booking.standing
    )
    if target is None:
        raise InvalidStateError(booking.status, action)
    return target


async def _change(
    session: Session, booking: Booking, action: Action, *, who: Who, reason: str = ""
) -> Booking:
    if action is Action.CHECK_IN:
        await repository.mark_checked_in(session, booking)
    else:
        target = _target_of(booking, action, who=who)
        await repository.change_status(session, booking, target, reason=reason)
        if target is Status.COMPLETED:
            await _count_visit(session, booking)
    changed = _found(await repository.find_any(session, booking.id))
    event = _EVENTS.get(action)
    if event is not None:
        await publish_event(session, event, changed)
    return changed


async def _extend(session: Session, booking: Booking) -> Booking:
    if booking.hold_extended or booking.expires_at is None:
        raise InvalidStateError(booking.status, Action.EXTEND_HOLD, "a hold is extended once")
    await repository.extend_hold(session, booking, booking.expires_at - booking.moments.created_at)
    return _found(await repository.find_any(session, booking.id))


async def _refusal(
    session: Session, booking: Booking, action: Action, *, who: Who
) -> HoldExpiredError | None:
    """Raise invalid_state, or expire a locked hold that ran out and answer that refusal."""
    if booking.status is Status.EXPIRED:
        raise HoldExpiredError
    _target_of(booking, action, who=who)
    if booking.expires_at is None or not await repository.has_run_out(session, booking.id):
        return None
    return await _expire(session, booking)


async def _expire(session: Session, booking: Booking) -> HoldExpiredError:
    await repository.change_status(session, booking, Status.EXPIRED)
    await holds.announce_expired(session, [booking.id])
    return HoldExpiredError()


async def _cannot_confirm(session: Session, scope: Scope, reservation_id: UUID) -> HoldExpiredError:
    booking = _found(await repository.lock(session, scope, reservation_id))
    refused = await _refusal(session, booking, Action.CONFIRM, who=Who.STAFF)
    if refused is None:
        raise ProcessingError
    return refused


async def _refuse_arrival(
    session: Session, scope: Scope, clock: Clock, booking: Booking, action: Action
) -> None:
    place = await holds.place_for(session, booking.unit_ids, scope=scope, sold_already=True)
    if place.date_at(clock.utc_now()) < booking.nights.check_in:
        raise InvalidStateError(booking.status, action, "the day of arrival has not come")
    if action is not Action.CHECK_OUT and booking.moments.checked_in_at is not None:
        raise InvalidStateError(booking.status, action, "the guests have checked in")


def _moved(booking: Booking, change: Change, place: Place, clock: Clock) -> Booking:
    nights = Nights(
        change.check_in or booking.nights.check_in, change.check_out or booking.nights.check_out
    )
    guests = booking.guests if change.guests is None else change.guests
    today = place.date_at(clock.utc_now())
    refuse_dates(move_fault(booking.nights, nights, today=today))
    if booking.kind is Kind.STAY:
        refuse_guests(guests, place)
    return replace(
        booking,
        nights=nights,
        guests=guests if booking.kind is Kind.STAY else 0,
        unit_ids=place.unit_ids,
        house_id=place.house_id,
        property_id=place.property_id,
    )


def _moving(moved: Booking, place: Place) -> Moving:
    return Moving(
        reservation_id=moved.id,
        property_id=moved.property_id,
        house_id=moved.house_id,
        nights=moved.nights,
        guests=moved.guests,
        unit_ids=moved.unit_ids,
        space_ids=place.space_ids,
        hours=moved.hours,
    )


def _found(booking: Booking | None) -> Booking:
    if booking is None:
        raise ReservationNotFoundError
    return booking
