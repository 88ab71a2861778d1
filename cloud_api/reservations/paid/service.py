"""What becomes of a booking when money or a voucher comes? Nobody of staff has to do anything."""

from uuid import UUID

from cloud_api.kit import metrics
from cloud_api.kit.db import Session
from cloud_api.kit.money import Money
from cloud_api.reservations import repository
from cloud_api.reservations.bills import service as bills
from cloud_api.reservations.events import ReservationConfirmed, publish_event
from cloud_api.reservations.holds import service as holds
from cloud_api.reservations.rules import channel_label, next_status
from cloud_api.reservations.types import UNCONFIRMED, Action, Booking, Status, Who


async def money_came(session: Session, reservation_id: UUID, late: Money | None) -> None:
    """Confirm a booking for which enough has come; an ended one only if its nights are free still.

    `late`: what came after its folio was closed, which alone must be enough then. Where the nights
    are taken, the money stays on payments' list of what a person has to decide. Again is
    harmless.
    """
    booking = await repository.lock_any(session, reservation_id)
    if booking is None or not await bills.is_paid_enough(session, booking, late):
        return
    if booking.status in UNCONFIRMED:
        await _confirm(session, booking)
    elif booking.status is Status.EXPIRED or (booking.status is Status.CANCELLED and late):
        await _revive(session, booking)


async def voucher_came(session: Session, reservation_id: UUID, number: int) -> None:
    """The first voucher makes it pending, a later one under review; the deadline is over.

    An older voucher told later changes nothing.
    """
    booking = await repository.lock_any(session, reservation_id)
    if booking is None or number <= booking.vouchers:
        return
    await repository.note_voucher(session, booking, number)
    actions = (Action.SUBMIT,) if number == 1 else (Action.SUBMIT, Action.REVIEW)
    status = booking.status
    for action in actions:
        status = next_status(status, action, who=Who.PAYMENT, kind=booking.kind) or status
    if status is not booking.status:
        await repository.change_status(session, booking, status)


async def _confirm(session: Session, booking: Booking) -> None:
    target = next_status(booking.status, Action.CONFIRM, who=Who.PAYMENT, kind=booking.kind)
    if target is None:
        return
    # A hold whose time is over has its nights still: whoever takes them expires it.
    await repository.change_status(session, booking, target)
    await _tell(session, booking.id)


async def _revive(session: Session, booking: Booking) -> None:
    if not await holds.revive(session, booking):
        return
    await _tell(session, booking.id)
    await bills.reopen(session, await repository.must_find(session, booking.id))


async def _tell(session: Session, reservation_id: UUID) -> None:
    confirmed = await repository.must_find(session, reservation_id)
    confirmed = await holds.with_client(session, confirmed)
    await publish_event(session, ReservationConfirmed, confirmed)
    metrics.RESERVATIONS_CONFIRMED.labels(channel_label(confirmed.channel)).inc()
