"""What has happened to bookings, for rooms that do not know this one?"""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.events import Event, publish
from cloud_api.kit.money import Money
from cloud_api.reservations.types import Booking


class ReservationEvent(Event):
    """What every event of a booking carries; whoever needs more reads the booking again."""

    name: ClassVar[str] = "reservations.event"

    reservation_id: UUID
    organisation_id: UUID
    house_id: UUID
    unit_ids: tuple[UUID, ...]
    check_in: date
    check_out: date
    kind: str
    status: str
    client_id: UUID | None
    price: Money | None
    points_redeemed: int
    channel: str
    code: str


class ReservationHeld(ReservationEvent):
    """Nights are held until `expires_at`, or until somebody ends it."""

    name = "reservations.held"


class ReservationConfirmed(ReservationEvent):
    """The booking is certain; blocks and bookings made by staff start here."""

    name = "reservations.confirmed"


class ReservationRejected(ReservationEvent):
    """The host said no."""

    name = "reservations.rejected"


class ReservationCancelled(ReservationEvent):
    """Cancelled for good; its nights are free."""

    name = "reservations.cancelled"


class ReservationExpired(ReservationEvent):
    """Nobody confirmed in time; its nights are free."""

    name = "reservations.expired"


class ReservationMoved(ReservationEvent):
    """Other dates or units, also when only longer or shorter; says what is true now."""

    name = "reservations.moved"

    old_house_id: UUID
    old_check_in: date
    old_check_out: date
    old_unit_ids: tuple[UUID, ...]


class HoldExpiring(ReservationEvent):
    """A hold will run out soon; told once."""

    name = "reservations.hold_expiring"

    expires_at: datetime


class HoursAgreed(ReservationEvent):
    """This stay begins earlier or ends later than the house's hours say."""

    name = "reservations.hours_agreed"


class ReservationCheckedIn(ReservationEvent):
    """The guests are in the house."""

    name = "reservations.checked_in"


class ReservationNoShow(ReservationEvent):
    """The guests never came; its nights are free."""

    name = "reservations.no_show"


class ReservationCompleted(ReservationEvent):
    """The stay has ended."""

    name = "reservations.completed"


async def publish_event(session: Session, kind: type[ReservationEvent], booking: Booking) -> None:
    """Write an event that says what is true of this booking now."""
    event = kind.model_validate(_facts(booking))
    await publish(session, event, organisation_id=booking.organisation_id)


async def publish_expiring(session: Session, booking: Booking) -> None:
    """Write that this hold will run out soon."""
    event = HoldExpiring.model_validate({**_facts(booking), "expires_at": booking.expires_at})
    await publish(session, event, organisation_id=booking.organisation_id)


async def publish_moved(session: Session, old: Booking, new: Booking) -> None:
    """Write that a booking is elsewhere or at other times now."""
    event = ReservationMoved.model_validate(
        {
            **_facts(new),
            "old_house_id": old.house_id,
            "old_check_in": old.nights.check_in,
            "old_check_out": old.nights.check_out,
            "old_unit_ids": old.unit_ids,
        }
    )
    await publish(session, event, organisation_id=new.organisation_id)


def _facts(booking: Booking) -> dict[str, object]:
    return {
        "reservation_id": booking.id,
        "organisation_id": booking.organisation_id,
        "house_id": booking.house_id,
        "unit_ids": booking.unit_ids,
        "check_in": booking.nights.check_in,
        "check_out": booking.nights.check_out,
        "kind": booking.kind.value,
        "status": booking.status.value,
        "client_id": booking.client_id,
        "price": booking.price and booking.price.amount,
        "points_redeemed": booking.price.points_redeemed if booking.price else 0,
        "channel": booking.channel,
        "code": booking.code,
    }
