"""How is it written down where a house stands?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import BigInteger, Text

from cloud_api.fleet.standing.types import FrozenHouse, Ledger
from cloud_api.kit.db import Session
from protocol.house import HouseStatus, Position

_COLUMNS = ", ".join(name for name in Ledger.__slots__ if name != "issued_hash")

# The sender is known by its signature; its tenant follows from the house. What a house names was
# published after it was committed, so it is there for this statement, whoever it waits for.
_LOCK = text(f"""
SELECT {_COLUMNS}, (SELECT hash FROM fleet_snapshots
    WHERE house_id = :house_id AND epoch = :epoch AND version = :version) AS issued_hash
FROM fleet_houses WHERE house_id = :house_id FOR NO KEY UPDATE
""").bindparams(  # noqa: S608 - our own column names
    bindparam("epoch", type_=BigInteger()), bindparam("version", type_=BigInteger())
)
_ACKNOWLEDGE = text("""
WITH seen AS (
    UPDATE fleet_snapshots SET acked_at = :now
    WHERE house_id = :house_id AND epoch = :epoch AND version = :version AND hash = :hash
        AND acked_at IS NULL RETURNING version
)
UPDATE fleet_houses SET acked_epoch = :epoch, acked_version = :version, acked_hash = :hash,
    acked_at = :now, refused_reason = NULL
WHERE house_id = :house_id
    AND (acked_version IS NULL OR (acked_epoch, acked_version) < (:epoch, :version))
    AND EXISTS (SELECT FROM fleet_snapshots s WHERE s.house_id = :house_id AND s.epoch = :epoch
                AND s.version = :version AND s.hash = :hash)
RETURNING house_id
""")
_SEEN = text("UPDATE fleet_houses SET last_seen = :now WHERE house_id = :house_id")
_STATUS = text("""
UPDATE fleet_houses SET online = :online, status = :status, sessions = :sessions,
    status_at = greatest(coalesce(status_at, :at), :at),
    last_seen = CASE WHEN :online THEN :now ELSE last_seen END
WHERE house_id = :house_id
""").bindparams(bindparam("status", type_=JSONB()), bindparam("sessions", type_=ARRAY(Text())))
_REFUSED = text("""
UPDATE fleet_houses SET refused_reason = :reason
WHERE house_id = :house_id AND head_hash = :offered AND refused_reason IS DISTINCT FROM :reason
RETURNING house_id
""")
_FREEZE = text("""
UPDATE fleet_houses SET frozen = true, frozen_reason = :reason,
    ahead_epoch = greatest(ahead_epoch, :epoch)
WHERE house_id = :house_id AND (NOT frozen OR ahead_epoch < :epoch) RETURNING house_id
""")
_ASKED_AGAIN = text("""
UPDATE fleet_houses SET again_asked_at = :now WHERE house_id = :house_id
    AND (again_asked_at IS NULL OR again_asked_at < :before) RETURNING house_id
""")
_NOTE_GAP = text("""
UPDATE fleet_houses SET gap_through = facts_through,
    gap_at = CASE WHEN gap_through = facts_through THEN gap_at ELSE :now END
WHERE house_id = :house_id RETURNING gap_at <= :before
""")
_NEW_EPOCH = text("""
UPDATE fleet_houses SET epoch = :epoch, version = 0, head_hash = NULL, issued_at = NULL,
    frozen = false, frozen_reason = NULL, refused_reason = NULL
WHERE house_id = :house_id
""")

# What a house told before the backup says nothing about where it stands now.
_FREEZE_RESTORED = text("""
UPDATE fleet_houses SET frozen = true, frozen_reason = 'restored', online = false,
    last_seen = NULL, status = NULL, status_at = NULL, sessions = '{}'
WHERE signing_key IS NOT NULL RETURNING house_id, organisation_id
""")
_FROZEN = text("""
SELECT house_id, organisation_id, greatest(epoch, ahead_epoch), last_seen IS NOT NULL
FROM fleet_houses WHERE frozen AND signing_key IS NOT NULL ORDER BY house_id FOR NO KEY UPDATE
""")


async def freeze_restored(session: Session) -> list[tuple[UUID, UUID]]:
    """Stop publishing to every house; which ones, with their organisations."""
    return [(row[0], row[1]) for row in await session.execute(_FREEZE_RESTORED)]


async def frozen_houses(session: Session) -> list[FrozenHouse]:
    """All frozen houses of every tenant, held."""
    return [FrozenHouse(*row) for row in await session.execute(_FROZEN)]


async def lock(session: Session, house_id: UUID, position: Position | None) -> Ledger | None:
    """Hold the house's row while its word is judged; `position`: what it says it holds."""
    values = {
        "house_id": house_id,
        "epoch": None if position is None else position.epoch,
        "version": None if position is None else position.version,
    }
    row = (await session.execute(_LOCK, values)).one_or_none()
    return None if row is None else Ledger(*row)


async def acknowledge(
    session: Session, house_id: UUID, position: Position, *, now: datetime
) -> bool:
    """True when this proves more than was proved before; only what we issued can be proved."""
    values = {
        "house_id": house_id,
        "epoch": position.epoch,
        "version": position.version,
        "hash": position.hash,
        "now": now,
    }
    return await session.scalar(_ACKNOWLEDGE, values) is not None


async def seen(session: Session, house_id: UUID, *, now: datetime) -> None:
    """The house was heard."""
    await session.execute(_SEEN, {"house_id": house_id, "now": now})


async def keep_status(
    session: Session, status: HouseStatus, *, sessions: list[str], now: datetime
) -> None:
    """The house's newest word on itself."""
    values = {
        "house_id": status.house,
        "online": status.online,
        "status": status.model_dump(mode="json"),
        "sessions": sessions,
        "at": status.at,
        "now": now,
    }
    await session.execute(_STATUS, values)


async def refused(session: Session, house_id: UUID, *, offered: str, reason: str) -> bool:
    """True when the newest version is refused for a reason not known before."""
    values = {"house_id": house_id, "offered": offered, "reason": reason}
    return await session.scalar(_REFUSED, values) is not None


async def freeze(session: Session, house_id: UUID, *, reason: str, epoch: int) -> bool:
    """Stop publishing. True when that is new."""
    values = {"house_id": house_id, "reason": reason, "epoch": epoch}
    return await session.scalar(_FREEZE, values) is not None


async def may_ask_again(
    session: Session, house_id: UUID, *, now: datetime, before: datetime
) -> bool:
    """True when "again from" was last asked before that; remembers that it is asked now."""
    values = {"house_id": house_id, "now": now, "before": before}
    return await session.scalar(_ASKED_AGAIN, values) is not None


async def gap_persists(
    session: Session, house_id: UUID, *, now: datetime, before: datetime
) -> bool:
    """True when the house had the same facts waiting for us at that time already."""
    values = {"house_id": house_id, "now": now, "before": before}
    return bool(await session.scalar(_NOTE_GAP, values))


async def new_epoch(session: Session, house_id: UUID, *, epoch: int) -> None:
    """Versions begin again at 1, in a higher epoch."""
    await session.execute(_NEW_EPOCH, {"house_id": house_id, "epoch": epoch})
