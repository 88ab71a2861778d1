"""How are people's stays counted, many people in one statement?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from cloud_api.kit.db import Session
from cloud_api.reservations.tally.types import Since, Sum, Tally

_TALLIES: Final = text("""
SELECT client_id, count(*) AS booked,
    count(*) FILTER (WHERE status IN ('confirmed', 'completed')) AS approved
FROM reservations
WHERE organisation_id = :organisation_id AND client_id = ANY(:ids) AND kind = 'stay'
GROUP BY client_id
""")
_MADE: Final = text("""
SELECT r.client_id, count(*) AS stays, coalesce(sum(r.price_minor), 0)::bigint AS minor,
    r.price_currency AS currency
FROM unnest(CAST(:ids AS uuid[]), CAST(:sinces AS timestamptz[])) AS w (client_id, since)
JOIN reservations AS r ON r.client_id = w.client_id AND r.created_at >= w.since
WHERE r.organisation_id = :organisation_id AND r.created_at < :until AND r.kind = 'stay'
    AND r.status IN ('confirmed', 'completed')
GROUP BY r.client_id, r.price_currency
""")
_GUESTS: Final = text("""
SELECT DISTINCT client_id FROM reservations
WHERE organisation_id = :organisation_id AND client_id IS NOT NULL AND kind = 'stay'
    AND status IN ('confirmed', 'completed')
""")


async def tallies(
    session: Session, organisation_id: UUID, client_ids: Sequence[UUID]
) -> dict[UUID, Tally]:
    """Each person's tally; who never booked is missing."""
    key = {"organisation_id": organisation_id, "ids": list(client_ids)}
    rows = await session.execute(_TALLIES, key)
    return {row.client_id: Tally(row.booked, row.approved) for row in rows}


async def made(
    session: Session, organisation_id: UUID, people: Sequence[Since], until: datetime
) -> list[Sum]:
    """Approved stays that were booked from each one's instant until `until`."""
    key = {
        "organisation_id": organisation_id,
        "ids": [each.client_id for each in people],
        "sinces": [each.since for each in people],
        "until": until,
    }
    rows = await session.execute(_MADE, key)
    return [Sum(row.client_id, row.stays, row.minor, row.currency) for row in rows]


async def guests(session: Session, organisation_id: UUID) -> list[UUID]:
    """Everybody with an approved stay."""
    rows = await session.execute(_GUESTS, {"organisation_id": organisation_id})
    return list(rows.scalars())
