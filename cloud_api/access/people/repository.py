"""What of the grants of these stays is the person?"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text

from cloud_api.kit.db import Session

NOBODY: Final = "Erased person"
# A stay's own grants and its companions', who came with them.
_MINE = """
WITH own AS (
    SELECT id FROM access_grants
    WHERE organisation_id = :organisation_id AND reservation_id = ANY(:stays)
), mine AS (
    SELECT id FROM own UNION
    SELECT g.id FROM access_grants AS g JOIN own ON g.parent_id = own.id
    WHERE g.organisation_id = :organisation_id
)
"""
_TOLD = text(
    _MINE
    + """
SELECT g.id, g.reservation_id, g.holder, g.state, g.name, g.language, g.rights, g.starts, g.ends,
    g.checked_in, g.created_at, g.revoked_at
FROM access_grants AS g JOIN mine ON mine.id = g.id ORDER BY g.created_at, g.id
"""
)
_FORGET = text(
    _MINE  # noqa: S608 - our own words
    + """
, sessions AS (
    DELETE FROM access_guest_sessions WHERE grant_id IN (SELECT id FROM mine)
), asked AS (
    UPDATE access_requests SET name = :nobody
    WHERE organisation_id = :organisation_id AND parent_id IN (SELECT id FROM mine)
)
UPDATE access_grants SET name = :nobody WHERE id IN (SELECT id FROM mine) RETURNING id
"""
)


async def told(
    session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]
) -> list[RowMapping]:
    """All that stands in the grants of these stays, without their secrets."""
    key = {"organisation_id": organisation_id, "stays": list(reservation_ids)}
    return list((await session.execute(_TOLD, key)).mappings())


async def forget(session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]) -> int:
    """Take names out of these stays' grants and requests, and end their sessions; how many."""
    key = {
        "organisation_id": organisation_id,
        "stays": list(reservation_ids),
        "nobody": NOBODY,
    }
    return len((await session.execute(_FORGET, key)).all())
