"""How do bookings tell all they know of a person, and forget them?"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from cloud_api.kit.db import Json, Session
from cloud_api.kit.paging import Window
from cloud_api.reservations import repository as bookings
from cloud_api.reservations.people import repository
from cloud_api.reservations.people.repository import Which, Whose
from cloud_api.reservations.types import Booking

__all__ = [
    "Which",
    "Whose",
    "ended",
    "erase_person",
    "export_person",
    "has_living",
    "of_person",
    "stays",
]


async def of_person(session: Session, whose: Whose) -> list[UUID]:
    """Their bookings, also those under their contacts that know no client yet."""
    return await repository.ids(session, whose)


async def stays(
    session: Session, whose: Whose, which: Which, window: Window, *, now: datetime
) -> tuple[list[Booking], int]:
    """A page of their stays, the next (or the last) first, and how many there are."""
    ids, total = await repository.stays(session, whose, which, window, now=now)
    found = {each.id: each for each in await bookings.find_all(session, ids)}
    return [found[each] for each in ids], total


async def has_living(session: Session, whose: Whose) -> bool:
    """Is a booking of theirs not over yet?"""
    return await repository.has_living(session, whose)


async def export_person(
    session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]
) -> Json:
    """All that stands in these bookings."""
    rows = await repository.told(session, organisation_id, reservation_ids)
    return [{key: _plain(value) for key, value in row.items()} for row in rows]


async def erase_person(
    session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]
) -> None:
    """Take the person out of these bookings; nights and amounts stay. Twice is once."""
    await repository.forget(session, organisation_id, reservation_ids)


async def ended(session: Session, reservation_ids: Sequence[UUID]) -> dict[UUID, date]:
    """The last day of those that are over, of every tenant."""
    return await repository.ended(session, reservation_ids)


def _plain(value: object) -> Json:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
