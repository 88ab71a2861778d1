"""What is not true any more once something has happened to a booking?

Who is told of it is known above: an event names nobody's address. Here only what waits is stopped.
"""

from uuid import UUID

from pydantic import BaseModel

from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyReaction, Reaction, Tools
from cloud_api.messaging import service
from cloud_api.messaging.types import MessageEvent

_OF_A_HOLD = (MessageEvent.HOLD_EXPIRING, MessageEvent.VOUCHER_DEADLINE)
_OF_A_STAY = (
    *_OF_A_HOLD,
    MessageEvent.WELCOME,
    MessageEvent.CHECK_IN_INVITATION,
    MessageEvent.KEY_READY,
    MessageEvent.KEY_DELAYED,
    MessageEvent.REMINDER_24H,
    MessageEvent.CHECK_OUT,
)


class OfBooking(BaseModel):
    """Which booking."""

    reservation_id: UUID
    organisation_id: UUID


async def stop_urging(session: Session, booking: OfBooking, tools: Tools) -> None:
    """A certain booking is not urged any more."""
    await _withdraw(session, booking, tools, _OF_A_HOLD)


async def stop_all(session: Session, booking: OfBooking, tools: Tools) -> None:
    """Of a stay that will not be, only its end is told."""
    await _withdraw(session, booking, tools, _OF_A_STAY)


async def _withdraw(
    session: Session, booking: OfBooking, tools: Tools, events: tuple[MessageEvent, ...]
) -> None:
    await service.withdraw(
        session,
        booking.organisation_id,
        subject_id=booking.reservation_id,
        events=events,
        now=tools.clock.utc_now(),
    )


REACTIONS: tuple[AnyReaction, ...] = (
    Reaction[OfBooking]("reservations.confirmed", "messaging.stop_urging", OfBooking, stop_urging),
    Reaction[OfBooking]("reservations.cancelled", "messaging.stop_cancelled", OfBooking, stop_all),
    Reaction[OfBooking]("reservations.rejected", "messaging.stop_rejected", OfBooking, stop_all),
    Reaction[OfBooking]("reservations.expired", "messaging.stop_expired", OfBooking, stop_all),
    Reaction[OfBooking]("reservations.no_show", "messaging.stop_no_show", OfBooking, stop_all),
)
