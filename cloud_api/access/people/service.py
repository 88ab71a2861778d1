"""How do grants tell all they know of a person, and forget them?"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cloud_api.access.people import repository
from cloud_api.kit.db import Json, Session


async def export_person(
    session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]
) -> Json:
    """Who could open what, and when; no secrets."""
    rows = await repository.told(session, organisation_id, reservation_ids)
    return [{key: _plain(value) for key, value in row.items()} for row in rows]


async def erase_person(
    session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]
) -> int:
    """Take names out of ended stays' grants; how many grants. Twice is once."""
    return await repository.forget(session, organisation_id, reservation_ids)


def _plain(value: object) -> Json:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, list):
        return [str(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else str(value)
