"""Which locks are worth a look now? At most one wish a lock rests here."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from cloud_api.kit.db import Session

# An event names the lock and its tenant; the house is whoever has that door.
_WANT = text("""
INSERT INTO fleet_looks AS l (lock_id, house_id, organisation_id, wanted_at)
SELECT :lock_id, house_id, organisation_id, clock_timestamp() FROM fleet_houses
WHERE organisation_id = :organisation_id AND signing_key IS NOT NULL
    AND doors @> jsonb_build_array(jsonb_build_object('lock', CAST(:named AS text)))
LIMIT 1
ON CONFLICT (lock_id) DO UPDATE SET house_id = EXCLUDED.house_id,
    organisation_id = EXCLUDED.organisation_id,
    wanted_at = coalesce(l.wanted_at, clock_timestamp())
RETURNING lock_id
""")
# The courier works for every tenant. A wish that nobody could send in time is worth nothing.
_CLAIM = text("""
WITH due AS (
    SELECT lock_id, wanted_at FROM fleet_looks WHERE wanted_at IS NOT NULL
        AND (sent_at IS NULL OR sent_at + make_interval(secs => :pause) <= clock_timestamp())
    LIMIT :most FOR UPDATE SKIP LOCKED
)
UPDATE fleet_looks l SET wanted_at = NULL,
    sent_at = CASE WHEN d.wanted_at + make_interval(secs => :stale) > clock_timestamp()
        THEN clock_timestamp() ELSE l.sent_at END
FROM due d WHERE d.lock_id = l.lock_id
RETURNING l.house_id, l.lock_id,
    d.wanted_at + make_interval(secs => :stale) > clock_timestamp() AS is_fresh
""")
_PRUNE = text(
    "DELETE FROM fleet_looks WHERE sent_at < clock_timestamp() - interval '1 day'"
    " AND wanted_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A lock of a house."""

    house_id: UUID
    lock_id: UUID


async def want(session: Session, lock_id: UUID, organisation_id: UUID) -> bool:
    """True when a house with a device has this lock."""
    values = {
        "lock_id": lock_id,
        "named": str(lock_id),
        "organisation_id": organisation_id,
    }
    return await session.scalar(_WANT, values) is not None


async def claim(
    session: Session, *, pause_seconds: float, stale_seconds: float, most: int
) -> list[Wanted]:
    """Locks to be looked at now; they are ours."""
    values = {"pause": pause_seconds, "stale": stale_seconds, "most": most}
    rows = await session.execute(_CLAIM, values)
    return [Wanted(row.house_id, row.lock_id) for row in rows if row.is_fresh]


async def prune(session: Session) -> None:
    """Forget locks that have been quiet for a day."""
    await session.execute(_PRUNE)
