"""How does this room tell all it knows of a person, and forget them?"""

from datetime import date, datetime
from uuid import UUID

from cloud_api.crm.people import repository
from cloud_api.kit.db import Json, Session


async def export_person(session: Session, organisation_id: UUID, client_id: UUID) -> Json:
    """Points, achievements, places and contests of one person."""
    found = await repository.told(session, organisation_id, client_id)
    return {
        name: [{key: _plain(value) for key, value in row.items()} for row in rows]
        for name, rows in found.items()
    }


async def erase_person(session: Session, organisation_id: UUID, client_id: UUID) -> None:
    """Code and reasons go; numbers stay, and lead to nobody. Twice is once."""
    await repository.forget(session, organisation_id, client_id)


def _plain(value: object) -> Json:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
