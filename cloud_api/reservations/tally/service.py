"""How often did somebody book, and for how much? Asked by rooms that reward it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.reservations.tally import repository
from cloud_api.reservations.tally.types import Since, Sum, Tally

__all__ = ["Since", "Sum", "Tally", "guests", "made", "tallies"]


async def tallies(
    session: Session, organisation_id: UUID, client_ids: Sequence[UUID]
) -> dict[UUID, Tally]:
    """Each person's tally; who never booked is missing."""
    return await repository.tallies(session, organisation_id, client_ids) if client_ids else {}


async def made(
    session: Session, organisation_id: UUID, people: Sequence[Since], until: datetime
) -> list[Sum]:
    """Approved stays that were booked from each one's instant until `until`."""
    return await repository.made(session, organisation_id, people, until) if people else []


async def guests(session: Session, organisation_id: UUID) -> list[UUID]:
    """Everybody with an approved stay."""
    return await repository.guests(session, organisation_id)
