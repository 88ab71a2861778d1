"""How does a wish for music rest between the API and the courier?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB

from cloud_api.fleet.models import MusicAskRow
from cloud_api.kit.db import JsonObject, Session
from cloud_api.kit.tenancy import Scope, scoped

_INSERT = text("""
INSERT INTO fleet_music_asks (id, organisation_id, house_id, grant_id, ask, state, asked_at,
    expires_at)
SELECT :id, organisation_id, house_id, :grant_id, :ask, 'wanted', clock_timestamp(),
    clock_timestamp() + make_interval(secs => :seconds)
FROM fleet_houses WHERE house_id = :house_id AND signing_key IS NOT NULL
ON CONFLICT (id) DO NOTHING RETURNING id
""").bindparams(bindparam("ask", type_=JSONB()))
_EXISTS = text("SELECT house_id FROM fleet_music_asks WHERE id = :id")
# The courier works for every tenant; the house decides.
_CLAIM = text("""
UPDATE fleet_music_asks SET state = 'sent'
WHERE id IN (SELECT id FROM fleet_music_asks
             WHERE state = 'wanted' AND expires_at > clock_timestamp()
             ORDER BY asked_at LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING id, house_id, grant_id, ask, expires_at,
    extract(epoch FROM expires_at - clock_timestamp())::float AS left_seconds
""").columns(ask=JSONB())
_ANSWER = text("""
UPDATE fleet_music_asks SET state = 'answered', answer = :answer, answered_at = clock_timestamp()
WHERE id = :id AND house_id = :house_id AND state IN ('sent', 'expired') RETURNING id
""").bindparams(bindparam("answer", type_=JSONB()))
_EXPIRE = text("""
UPDATE fleet_music_asks SET state = 'expired' WHERE id IN (SELECT id FROM fleet_music_asks
    WHERE state IN ('wanted', 'sent') AND expires_at <= clock_timestamp() FOR UPDATE SKIP LOCKED)
RETURNING id
""")
_PRUNE = text("DELETE FROM fleet_music_asks WHERE asked_at < :before")


@dataclass(frozen=True, slots=True)
class OpenAsk:
    """A wish on its way, and for how long it may be."""

    id: UUID
    house_id: UUID
    grant_id: UUID
    ask: JsonObject
    expires_at: datetime
    left_seconds: float


async def insert(
    session: Session,
    *,
    request_id: UUID,
    house_id: UUID,
    grant_id: UUID,
    ask: JsonObject,
    seconds: float,
) -> bool:
    """False when the house is not there to be asked. The same id twice is one wish."""
    values = {
        "id": request_id,
        "house_id": house_id,
        "grant_id": grant_id,
        "ask": ask,
        "seconds": seconds,
    }
    if await session.scalar(_INSERT, values) is not None:
        return True
    return bool(await session.scalar(_EXISTS, {"id": request_id}) == house_id)


async def claim(session: Session, *, most: int) -> list[OpenAsk]:
    """Wishes nobody has sent; they are ours now."""
    return [OpenAsk(*row) for row in await session.execute(_CLAIM, {"most": most})]


async def answer(session: Session, request_id: UUID, house_id: UUID, said: JsonObject) -> bool:
    """True when this is the first answer."""
    values = {"id": request_id, "house_id": house_id, "answer": said}
    return await session.scalar(_ANSWER, values) is not None


async def expire(session: Session) -> list[UUID]:
    """End what is too late."""
    return list(await session.scalars(_EXPIRE))


async def find(session: Session, scope: Scope, request_id: UUID) -> MusicAskRow | None:
    """One wish of the caller's organisation."""
    statement = select(MusicAskRow).where(MusicAskRow.id == request_id)
    row: MusicAskRow | None = await session.scalar(scoped(statement, MusicAskRow, scope))
    return row


async def prune(session: Session, *, before: datetime) -> None:
    """Forget old wishes: what somebody listened to is nobody's business for long."""
    await session.execute(_PRUNE, {"before": before})
