"""How do redeemed points take something off a booking's price, once, and how is that undone?

They are no money: what they are worth stands in the folio as a charge below zero, so that nobody
is ever paid out for points. When the booking ends, `bills.settle_ended` takes every charge back,
this one too, and the ledger above gives the points back.
"""

from dataclasses import replace
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.money import Money
from cloud_api.kit.tenancy import Scope
from cloud_api.payments import service as payments
from cloud_api.payments.types import ChargeLine, Folio
from cloud_api.reservations import repository as bookings
from cloud_api.reservations.errors import ReservationNotFoundError
from cloud_api.reservations.holds import service as holds
from cloud_api.reservations.points.errors import PointsNotForThis
from cloud_api.reservations.types import LIVE, Booking, Kind

WHAT = "points"


async def take_off(
    session: Session, scope: Scope, reservation_id: UUID, points: int, worth: Money
) -> Booking:
    """Lower what a live, priced stay owes by what the points are worth; its client is known then.

    Raises not_found and points_not_for_this. The caller takes the points off the ledger in the
    same transaction.
    """
    booking = await bookings.lock(session, scope, reservation_id)
    if booking is None:
        raise ReservationNotFoundError
    folio = await _open_folio(session, booking)
    if worth.minor > folio.balance.due.minor:
        raise PointsNotForThis("more_than_due")
    line = ChargeLine(key=f"{WHAT}:{booking.version}", what=WHAT, label="Points", amount=worth * -1)
    await payments.charge(session, folio, [line])
    await _set_points(session, booking, points)
    booking = await holds.with_client(session, booking)
    return replace(booking, price=booking.price and replace(booking.price, points_redeemed=points))


async def let_go(session: Session, reservation_id: UUID) -> bool:
    """Whether the points may go back: the booking redeems nothing any more. Twice is once.

    False where it lives, again or still, and its price is lowered by them.
    """
    booking = await bookings.lock_any(session, reservation_id)
    if booking is None:
        return True
    folio = await payments.folio(session, booking.id)
    if booking.status in LIVE and folio and await worth_of(session, booking, folio):
        return False
    await _set_points(session, booking, 0)
    return True


async def worth_of(session: Session, booking: Booking, folio: Folio) -> int:
    """Minor units that points take off this booking now."""
    if booking.price is None or not booking.price.points_redeemed:
        return 0
    lines = await payments.lines(session, folio)
    return -sum(line.amount.minor for line in lines if line.what == WHAT)


async def _open_folio(session: Session, booking: Booking) -> Folio:
    if booking.kind is not Kind.STAY:
        raise PointsNotForThis("not_a_stay")
    if booking.status not in LIVE:
        raise PointsNotForThis("not_live")
    folio = await payments.folio(session, booking.id)
    if booking.price is None or folio is None or folio.closed_at is not None:
        raise PointsNotForThis("unpriced")
    if booking.price.points_redeemed:
        raise PointsNotForThis("redeemed_already")
    return folio


async def _set_points(session: Session, booking: Booking, points: int) -> None:
    if booking.price is not None:
        price = replace(booking.price, points_redeemed=points)
        await bookings.set_price(session, booking, price)
