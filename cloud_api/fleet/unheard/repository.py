"""How is it asked which contents of which grants a house may still act on?

`fleet_issued` holds each content of a grant that ever differed, with the first version that
carried it and the first that no longer did: written with each version, closed by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from cloud_api.fleet.unheard.types import Said, StillOut
from cloud_api.kit.db import Session

# The house acts on the version it acknowledged last, or on a later one whose word got lost.
_STILL_OUT = text("""
SELECT i.grant_id, i.starts, i.ends, i.rights, i.generation, i.credentials,
    g.withdrawn_at, g.starts, g.ends, g.rights, g.generation,
    ARRAY(SELECT p ->> 'credential' FROM jsonb_array_elements(g.pins) AS p),
    i.role IN ('guest', 'companion') AND i.stay_id IS NOT NULL,
    i.checked_in OR coalesce(above.checked_in, false),
    (SELECT max(s.lease_until) FROM fleet_snapshots s WHERE s.house_id = i.house_id
        AND (s.epoch, s.version) >= (i.epoch, i.version)
        AND (i.gone_version IS NULL OR (s.epoch, s.version) < (i.gone_epoch, i.gone_version)))
FROM fleet_issued i JOIN fleet_houses h USING (house_id) JOIN fleet_grants g ON g.id = i.grant_id
LEFT JOIN fleet_grants above ON above.id = g.parent
WHERE i.house_id = ANY(:house_ids) AND i.ends > :now
    AND (i.gone_version IS NULL OR h.acked_version IS NULL
         OR (i.gone_epoch, i.gone_version) > (h.acked_epoch, h.acked_version))
    AND (i.digest <> g.digest OR g.withdrawn_at IS NOT NULL)
""").bindparams(bindparam("house_ids", type_=ARRAY(Uuid())))

# What was made in the house ends with the grant it hangs on, which is the house's own secret.
_UNKNOWN_OUT = text("""
SELECT max(greatest(coalesce((SELECT max(i.ends) FROM fleet_issued i
    WHERE i.house_id = t.house_id AND (i.gone_version IS NULL OR h.acked_version IS NULL
        OR (i.gone_epoch, i.gone_version) > (h.acked_epoch, h.acked_version))),
    t.window_end), t.window_end))
FROM fleet_tombstones t JOIN fleet_houses h USING (house_id)
WHERE t.house_id = :house_id AND NOT EXISTS (SELECT FROM fleet_grants g WHERE g.id = t.id)
    AND t.window_end > :now
    AND (t.version IS NULL OR h.acked_version IS NULL
         OR (t.epoch, t.version) > (h.acked_epoch, h.acked_version))
""")

_STANDINGS = text("""
SELECT w.id, h.house_id, h.signing_key IS NOT NULL, h.frozen,
    g.withdrawn_at IS NOT NULL OR t.id IS NOT NULL,
    coalesce((t.epoch, t.version) <= (h.acked_epoch, h.acked_version), false),
    g.id IS NULL, greatest(t.window_end, g.ends) > :now,
    EXISTS (SELECT FROM fleet_issued i WHERE i.house_id = h.house_id AND i.grant_id = g.id
        AND i.gone_version IS NULL AND i.digest = g.digest
        AND (i.epoch, i.version) <= (h.acked_epoch, h.acked_version))
FROM unnest(:grant_ids, :house_ids) AS w (id, house_id)
JOIN fleet_houses h ON h.house_id = w.house_id
LEFT JOIN fleet_grants g ON g.id = w.id AND g.house_id = w.house_id
LEFT JOIN fleet_tombstones t ON t.id = w.id AND t.house_id = w.house_id
""").bindparams(
    bindparam("grant_ids", type_=ARRAY(Uuid())), bindparam("house_ids", type_=ARRAY(Uuid()))
)
_PRUNE = text("""
DELETE FROM fleet_issued i USING fleet_houses h WHERE h.house_id = i.house_id
    AND (i.ends < :before OR (i.gone_epoch, i.gone_version) <= (h.acked_epoch, h.acked_version))
""")


@dataclass(frozen=True, slots=True)
class GrantStanding:
    """Where one grant stands in its house. `made_in_house`: fleet never desired it."""

    grant_id: UUID
    house_id: UUID
    enrolled: bool
    frozen: bool
    withdrawn: bool
    burial_known: bool
    made_in_house: bool
    running: bool
    held: bool


async def still_out(
    session: Session, house_ids: Sequence[UUID], *, now: datetime
) -> list[StillOut]:
    """Contents these houses may act on that are not what is wanted now."""
    rows = await session.execute(_STILL_OUT, {"house_ids": list(house_ids), "now": now})
    return [_still_out(*row) for row in rows]


async def unknown_out(session: Session, house_id: UUID, *, now: datetime) -> datetime | None:
    """The worst case of revoked delegations whose windows only the house knows."""
    found: datetime | None = await session.scalar(_UNKNOWN_OUT, {"house_id": house_id, "now": now})
    return found


async def standings(
    session: Session, wanted: Sequence[tuple[UUID, UUID]], *, now: datetime
) -> list[GrantStanding]:
    """Of these (grant, house); a house fleet has never heard of is missing."""
    values = {
        "grant_ids": [grant for grant, _ in wanted],
        "house_ids": [house for _, house in wanted],
        "now": now,
    }
    return [GrantStanding(*row) for row in await session.execute(_STANDINGS, values)]


async def prune(session: Session, *, before: datetime) -> None:
    """Forget contents that no house can act on any more."""
    await session.execute(_PRUNE, {"before": before})


def _still_out(  # noqa: PLR0917 - one row of the statement above, in its order
    grant_id: UUID,
    starts: datetime,
    ends: datetime,
    rights: list[str],
    generation: int,
    credentials: list[str],
    withdrawn_at: datetime | None,
    wish_starts: datetime,
    wish_ends: datetime,
    wish_rights: list[str],
    wish_generation: int,
    wish_credentials: list[str],
    of_guest: bool,  # noqa: FBT001 - a column
    checked_in: bool,  # noqa: FBT001 - a column
    lease_until: datetime | None,
) -> StillOut:
    said = Said(starts, ends, tuple(rights), generation, tuple(credentials))
    wish = Said(
        wish_starts, wish_ends, tuple(wish_rights), wish_generation, tuple(wish_credentials)
    )
    return StillOut(
        grant_id=grant_id,
        said=said,
        wish=wish if withdrawn_at is None else None,
        of_guest=of_guest,
        checked_in=checked_in,
        lease_until=lease_until,
    )
