"""Who wrote this, and where is what we refuse put down?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.types import Uuid

from cloud_api.fleet.types import Sender
from cloud_api.kit.db import Session

NOBODY = UUID(int=0)
"""Stands for every house we do not know in the counters."""

# A message names its house; whether it may speak for it is decided by the signature alone.
_SENDER = text(
    "SELECT house_id, organisation_id, signing_key FROM fleet_houses"
    " WHERE house_id = :house_id AND signing_key IS NOT NULL"
)
_COUNT = text("""
INSERT INTO fleet_bad_message_counts AS c (house_id, flaw, times, last_at)
VALUES (coalesce((SELECT house_id FROM fleet_houses WHERE house_id = :house_id), :nobody), :flaw,
    1, :now)
ON CONFLICT (house_id, flaw) DO UPDATE SET times = c.times + 1, last_at = :now
""").bindparams(bindparam("house_id", type_=Uuid()))
# A flood is counted in full and kept in part. Houses we do not know share one part: their names are
# a stranger's to invent.
_KEEP = text("""
WITH named AS (SELECT house_id, organisation_id FROM fleet_houses WHERE house_id = :house_id),
whose AS (SELECT (SELECT house_id FROM named) AS house_id,
    (SELECT organisation_id FROM named) AS organisation_id)
INSERT INTO fleet_bad_messages (organisation_id, house_id, topic, flaw, detail, size_bytes, head,
    received_at)
SELECT organisation_id, house_id, :topic, :flaw, :detail, :size_bytes, :head, :now FROM whose
WHERE (SELECT count(*) FROM (SELECT FROM fleet_bad_messages AS kept
       WHERE kept.house_id IS NOT DISTINCT FROM whose.house_id AND kept.received_at > :minute_ago
       LIMIT :most) AS lately) < :most
""").bindparams(bindparam("house_id", type_=Uuid()))
# Lanes of couriers refuse side by side; without turns each would still see room.
_TURN = text("SELECT pg_advisory_xact_lock(hashtext('fleet_bad_messages'))")
_PRUNE = text("DELETE FROM fleet_bad_messages WHERE received_at < :before")


async def sender(session: Session, house_id: UUID) -> Sender | None:
    """An enrolled house."""
    row = (await session.execute(_SENDER, {"house_id": house_id})).one_or_none()
    return None if row is None else Sender(*row)


async def count_bad(session: Session, house_id: UUID | None, flaw: str, *, now: datetime) -> None:
    """One more of this flaw."""
    values = {"house_id": house_id, "flaw": flaw, "now": now, "nobody": NOBODY}
    await session.execute(_COUNT, values)


async def keep_bad(
    session: Session,
    *,
    house_id: UUID | None,
    topic: str,
    flaw: str,
    detail: str,
    payload: bytes,
    head_bytes: int,
    now: datetime,
    minute_ago: datetime,
    most: int,
) -> None:
    """Keep its beginning, unless `most` of this house were kept in the last minute.

    All houses we do not know count as one.
    """
    await session.execute(_TURN)
    values = {
        "house_id": house_id,
        "topic": topic,
        "flaw": flaw,
        "detail": detail,
        "size_bytes": len(payload),
        "head": payload[:head_bytes],
        "now": now,
        "minute_ago": minute_ago,
        "most": most,
    }
    await session.execute(_KEEP, values)


async def prune(session: Session, *, before: datetime) -> None:
    """Forget refused messages older than that; the counts stay."""
    await session.execute(_PRUNE, {"before": before})
