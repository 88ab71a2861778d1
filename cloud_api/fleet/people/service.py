"""How does fleet forget the names that ended grants carried to a house?

What was sent is sealed to the house's own key and pruned with its snapshots; here go the words that
a new snapshot would be made of. There is nothing to export: they are what `access` tells.
"""

from collections.abc import Sequence
from uuid import UUID

from cloud_api.fleet.people import repository
from cloud_api.kit.db import Json, Session


async def export_person(
    _session: Session, _organisation_id: UUID, _reservation_ids: Sequence[UUID]
) -> Json:
    """Nothing that `access` does not tell."""
    return []


async def erase_person(
    session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]
) -> None:
    """Drop the words of these stays' grants. Twice is once."""
    await repository.forget(session, organisation_id, reservation_ids)
