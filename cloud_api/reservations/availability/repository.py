"""Which statement says what nights are taken?"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.reservations.types import Nights

# A hold that ran out counts as free from that instant, whether or not the job has been by.
_TAKEN: Final = text("""
SELECT o.space_id, lower(o.nights) AS check_in, upper(o.nights) AS check_out
FROM occupancies AS o JOIN reservations AS r ON r.id = o.reservation_id
WHERE o.live AND o.space_id = ANY (CAST(:space_ids AS uuid[]))
  AND o.nights && daterange(:check_in, :check_out)
  AND (r.status <> 'held' OR r.expires_at IS NULL OR r.expires_at > statement_timestamp())
  AND r.id IS DISTINCT FROM CAST(:but AS uuid)
ORDER BY o.space_id, o.nights
""")


async def taken(
    session: Session, space_ids: Sequence[UUID], nights: Nights, *, but: UUID | None
) -> dict[UUID, list[Nights]]:
    """Taken stretches of each space inside `nights`, leaving out the booking `but`."""
    values = {
        "space_ids": space_ids,
        "check_in": nights.check_in,
        "check_out": nights.check_out,
        "but": but,
    }
    statement = across_tenants(_TAKEN, because="which nights are taken is public")
    found: dict[UUID, list[Nights]] = {}
    for row in await session.execute(statement, values):
        found.setdefault(row.space_id, []).append(Nights(row.check_in, row.check_out))
    return found
