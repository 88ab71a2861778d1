"""How does the builder read what is desired and store what it signed?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Uuid

from cloud_api.fleet.snapshots.types import HouseCells, Stored, StoredGrant
from cloud_api.kit.db import JsonObject, Session
from protocol.house import Position

_HOUSE_COLUMNS = ", ".join(HouseCells.__slots__)
_GRANT_COLUMNS = ", ".join(StoredGrant.__slots__)

# The builder works for every tenant: one house at a time, by its id.
_LOCK = text(
    f"SELECT {_HOUSE_COLUMNS} FROM fleet_houses WHERE house_id = :house_id FOR NO KEY UPDATE"  # noqa: S608 - our own column names
)
# Taken and built in one transaction; whoever waited for the row looks at it again.
_LOCK_WAITING = text(f"""
SELECT {_HOUSE_COLUMNS} FROM fleet_houses
WHERE dirty AND NOT frozen AND signing_key IS NOT NULL AND build_trouble IS NULL
ORDER BY dirty_at LIMIT 1 FOR NO KEY UPDATE
""")  # noqa: S608 - our own column names
_WAITING = text("""
SELECT house_id FROM fleet_houses
WHERE dirty AND NOT frozen AND signing_key IS NOT NULL
ORDER BY dirty_at LIMIT :most
""")
_DUE = text("""
SELECT house_id FROM fleet_houses
WHERE NOT dirty AND NOT frozen AND signing_key IS NOT NULL
    AND (issued_at IS NULL OR issued_at + make_interval(secs => lease_seconds / 6.0) <= :now)
ORDER BY issued_at NULLS FIRST LIMIT :most
""")
_GRANTS = text(
    f"SELECT {_GRANT_COLUMNS} FROM fleet_grants"  # noqa: S608 - our own column names
    " WHERE house_id = :house_id AND withdrawn_at IS NULL AND ends > :now AND starts < :horizon"
    " ORDER BY starts, id"
)
_BOXES = text("UPDATE fleet_grants SET boxes = :boxes WHERE id = :id").bindparams(
    bindparam("boxes", type_=JSONB())
)
# Where there are too many, those go first that the house has proved to know; then those of grants,
# which are missing from the book anyway. A delegation the house may still hold is kept longest.
_REVOKED = text("""
SELECT ARRAY(SELECT id FROM (
    SELECT t.id, t.revoked_at FROM fleet_tombstones t JOIN fleet_houses h USING (house_id)
    LEFT JOIN fleet_grants g ON g.id = t.id AND g.house_id = t.house_id
    WHERE t.house_id = :house_id AND t.until > :now
    ORDER BY (t.version IS NULL OR h.acked_version IS NULL
              OR (t.epoch, t.version) > (h.acked_epoch, h.acked_version)) DESC,
        (g.id IS NULL) DESC, t.revoked_at DESC, t.id
    LIMIT :most) AS told ORDER BY revoked_at, id)
""")
_STORE = text("""
WITH stored AS (
    INSERT INTO fleet_snapshots (house_id, epoch, version, organisation_id, bytes, hash, grants,
        issued_at, lease_until)
    VALUES (:house_id, :epoch, :version, :organisation_id, :bytes, :hash, :grants, :now,
        :lease_until)
), marked AS (
    UPDATE fleet_tombstones SET epoch = :epoch, version = :version
    WHERE house_id = :house_id AND version IS NULL
), carried AS (
    SELECT * FROM fleet_grants WHERE house_id = :house_id AND id = ANY(:grant_ids)
), said_before AS (
    SELECT i.grant_id, i.epoch, i.version, c.id IS NOT NULL AS as_before FROM fleet_issued i
    LEFT JOIN carried c ON c.id = i.grant_id AND c.digest = i.digest
    WHERE i.house_id = :house_id AND i.gone_version IS NULL
), not_said_any_more AS (
    UPDATE fleet_issued i SET gone_epoch = :epoch, gone_version = :version FROM said_before b
    WHERE i.house_id = :house_id AND NOT b.as_before
        AND (i.grant_id, i.epoch, i.version) = (b.grant_id, b.epoch, b.version)
), said_now AS (
    INSERT INTO fleet_issued (house_id, grant_id, epoch, version, organisation_id, digest, role,
        stay_id, starts, ends, rights, generation, credentials, checked_in)
    SELECT house_id, id, :epoch, :version, organisation_id, digest, role, stay_id, starts, ends,
        rights, generation,
        ARRAY(SELECT p ->> 'credential' FROM jsonb_array_elements(pins) AS p), checked_in
    FROM carried WHERE id NOT IN (SELECT grant_id FROM said_before WHERE as_before)
)
UPDATE fleet_houses SET version = :version, head_hash = :hash, issued_at = :now, dirty = false,
    dirty_at = NULL, build_trouble = NULL
WHERE house_id = :house_id
""").bindparams(bindparam("grant_ids", type_=ARRAY(Uuid())))
_TROUBLE = text("""
UPDATE fleet_houses SET build_trouble = :trouble WHERE house_id = :house_id
    AND build_trouble IS DISTINCT FROM :trouble RETURNING house_id
""")
_HEAD = """
SELECT s.house_id, s.epoch, s.version, s.hash, s.bytes FROM fleet_houses h
JOIN fleet_snapshots s ON s.house_id = h.house_id AND s.epoch = h.epoch AND s.version = h.version
WHERE NOT h.frozen AND """
_HEAD_OF = text(_HEAD + "h.house_id = :house_id")
_UNPUBLISHED = text(_HEAD + "s.published_at IS NULL ORDER BY s.issued_at LIMIT :most")
_UNHEARD = text(
    _HEAD + "(h.acked_epoch, h.acked_version) IS DISTINCT FROM (h.epoch, h.version)"
    " AND h.house_id > :after ORDER BY h.house_id LIMIT :most"
)
_ENROLLED = text(
    "SELECT house_id FROM fleet_houses WHERE signing_key IS NOT NULL AND house_id > :after"
    " ORDER BY house_id LIMIT :most"
)
_PUBLISHED = text("""
UPDATE fleet_snapshots SET published_at = :now
WHERE house_id = :house_id AND epoch = :epoch AND version = :version AND published_at IS NULL
""")
_PRUNE = text("""
DELETE FROM fleet_snapshots s USING fleet_houses h
WHERE h.house_id = s.house_id AND s.issued_at < :before
    AND (s.epoch, s.version) < (h.epoch, h.version)
    AND (h.acked_version IS NULL OR (s.epoch, s.version) < (h.acked_epoch, h.acked_version))
""")
_FORGET_TOMBSTONES = text("DELETE FROM fleet_tombstones WHERE until < :before")


async def lock(session: Session, house_id: UUID) -> HouseCells | None:
    """Hold the house's row: only one builder at a time."""
    row = (await session.execute(_LOCK, {"house_id": house_id})).one_or_none()
    return None if row is None else HouseCells(*row)


async def lock_waiting(session: Session) -> HouseCells | None:
    """Hold the row of the house that is dirty for longest."""
    row = (await session.execute(_LOCK_WAITING)).one_or_none()
    return None if row is None else HouseCells(*row)


async def waiting(session: Session, *, most: int) -> list[UUID]:
    """Dirty houses, longest waiting first, those in trouble among them."""
    return list(await session.scalars(_WAITING, {"most": most}))


async def due(session: Session, *, now: datetime, most: int) -> list[UUID]:
    """Houses whose lease wants renewing although nothing changed."""
    return list(await session.scalars(_DUE, {"now": now, "most": most}))


async def grants(
    session: Session, house_id: UUID, *, now: datetime, horizon: datetime
) -> list[StoredGrant]:
    """Everything active or beginning before the horizon."""
    values = {"house_id": house_id, "now": now, "horizon": horizon}
    return [StoredGrant(*row) for row in await session.execute(_GRANTS, values)]


async def keep_boxes(session: Session, grant_id: UUID, boxes: Mapping[str, str]) -> None:
    """Remember what was sealed, so that the next version need not seal again."""
    await session.execute(_BOXES, {"id": grant_id, "boxes": dict(boxes)})


async def revoked(session: Session, house_id: UUID, *, now: datetime, most: int) -> list[UUID]:
    """Ids whose window plus lease has not ended; of more than `most`, those that matter most."""
    values = {"house_id": house_id, "now": now, "most": most}
    return list(await session.scalar(_REVOKED, values))


async def store(
    session: Session,
    house: HouseCells,
    position: Position,
    frame: bytes,
    *,
    grants: Sequence[UUID],
    now: datetime,
    lease_until: datetime,
) -> None:
    """The version is taken, its bytes and words are kept, the house is clean: one statement."""
    values: JsonObject | dict[str, object] = {
        "house_id": house.house_id,
        "organisation_id": house.organisation_id,
        "epoch": position.epoch,
        "version": position.version,
        "hash": position.hash,
        "bytes": frame,
        "grants": len(grants),
        "grant_ids": list(grants),
        "now": now,
        "lease_until": lease_until,
    }
    await session.execute(_STORE, values)


async def set_trouble(session: Session, house_id: UUID, trouble: str) -> bool:
    """True when this trouble is new."""
    values = {"house_id": house_id, "trouble": trouble}
    return await session.scalar(_TROUBLE, values) is not None


async def head(session: Session, house_id: UUID) -> Stored | None:
    """The newest stored version of a house that is not frozen."""
    row = (await session.execute(_HEAD_OF, {"house_id": house_id})).one_or_none()
    return None if row is None else _stored(row)


async def unpublished(session: Session, *, most: int) -> list[Stored]:
    """Newest versions that no courier has handed to a broker yet."""
    return [_stored(row) for row in await session.execute(_UNPUBLISHED, {"most": most})]


async def unheard(session: Session, *, after: UUID, most: int) -> list[Stored]:
    """Newest versions that their house has not acknowledged, by house id."""
    return [_stored(row) for row in await session.execute(_UNHEARD, {"after": after, "most": most})]


async def enrolled(session: Session, *, after: UUID, most: int) -> list[UUID]:
    """Every house with a device."""
    return list(await session.scalars(_ENROLLED, {"after": after, "most": most}))


async def mark_published(
    session: Session, house_id: UUID, position: Position, *, now: datetime
) -> None:
    """A broker has taken it, which proves nothing more."""
    values = {
        "house_id": house_id,
        "epoch": position.epoch,
        "version": position.version,
        "now": now,
    }
    await session.execute(_PUBLISHED, values)


async def prune(session: Session, *, before: datetime) -> None:
    """Drop old versions that nobody can still hold up against us, and ended tombstones."""
    await session.execute(_PRUNE, {"before": before})
    await session.execute(_FORGET_TOMBSTONES, {"before": before})


def _stored(row: "tuple[UUID, int, int, str, bytes]") -> Stored:
    house_id, epoch, version, digest, frame = row
    return Stored(house_id, Position(epoch=epoch, version=version, hash=digest), frame)
