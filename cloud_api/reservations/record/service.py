"""How is what staff do to a booking written down, in the transaction that does it?"""

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope
from cloud_api.reservations.schemas import BookingNote
from cloud_api.reservations.types import Action, Booking

DEEDS: dict[Action, Deed] = {
    Action.SUBMIT: Deed.RESERVATION_SUBMITTED,
    Action.REVIEW: Deed.RESERVATION_UNDER_REVIEW,
    Action.REJECT: Deed.RESERVATION_REJECTED,
    Action.CANCEL: Deed.RESERVATION_CANCELLED,
    Action.CHECK_IN: Deed.CHECKED_IN,
    Action.CHECK_OUT: Deed.CHECKED_OUT,
    Action.NO_SHOW: Deed.NO_SHOW_MARKED,
}


async def note(
    session: Session, scope: Scope, deed: Deed, after: Booking, *, before: Booking | None = None
) -> Booking:
    """Write one line about this booking; answers `after`."""
    await audit.record(
        session,
        scope,
        action=deed,
        object_type="reservation",
        object_id=after.id,
        before=None if before is None else BookingNote.of(before),
        after=BookingNote.of(after),
    )
    return after
