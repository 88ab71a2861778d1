"""How does a command move from state to state, each step taken by one courier only?

Every step is one UPDATE that names the state it leaves; the database's clock judges lateness.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.types import Text

from cloud_api.fleet.models import CommandRow
from cloud_api.fleet.types import CommandState, CommandView
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, scoped

_INSERT = text("""
INSERT INTO fleet_commands (id, organisation_id, house_id, grant_id, lock_id, move, state,
    asked_at, expires_at)
SELECT :id, organisation_id, house_id, :grant_id, :lock_id, :move, 'wanted', clock_timestamp(),
    clock_timestamp() + make_interval(secs => :seconds)
FROM fleet_houses WHERE house_id = :house_id AND signing_key IS NOT NULL
ON CONFLICT (id) DO NOTHING RETURNING id
""")
_EXISTS = text("SELECT house_id FROM fleet_commands WHERE id = :id")
# The courier works for every tenant; the house decides.
_CLAIM = text("""
UPDATE fleet_commands SET state = 'asked', nonce_asked_at = clock_timestamp()
WHERE id IN (SELECT id FROM fleet_commands
             WHERE state = 'wanted' AND expires_at > clock_timestamp()
             ORDER BY asked_at LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING id, house_id, grant_id, lock_id, move,
    extract(epoch FROM expires_at - clock_timestamp())::float AS left_seconds
""")
_SEND = text("""
UPDATE fleet_commands SET state = 'sent', sent_at = clock_timestamp()
WHERE id = :id AND house_id = :house_id AND state = 'asked' AND expires_at > clock_timestamp()
RETURNING id, house_id, grant_id, lock_id, move,
    extract(epoch FROM expires_at - clock_timestamp())::float AS left_seconds
""")
_END = text("""
UPDATE fleet_commands SET state = :state, outcome = :outcome, reason = :reason,
    ended_at = clock_timestamp()
WHERE id = :id AND house_id = :house_id AND state = ANY(string_to_array(:leaving, ','))
RETURNING id, organisation_id, house_id, grant_id, lock_id, outcome, reason
""").bindparams(bindparam("reason", type_=Text()))
_EXPIRE = """
UPDATE fleet_commands SET ended_at = clock_timestamp(),
    state = CASE state WHEN 'sent' THEN 'unknown' ELSE 'refused' END,
    outcome = CASE state WHEN 'sent' THEN 'unknown' ELSE 'failed' END,
    reason = CASE state WHEN 'sent' THEN 'no_outcome_in_time' ELSE 'house_did_not_answer' END
WHERE id IN (SELECT id FROM fleet_commands
             WHERE state IN ('wanted', 'asked', 'sent') AND expires_at <= clock_timestamp() {which})
RETURNING id, organisation_id, house_id, grant_id, lock_id, outcome, reason
"""
_EXPIRE_ALL = text(_EXPIRE.format(which="FOR UPDATE SKIP LOCKED"))
# Who asks for this very command waits for whoever is just ending it.
_EXPIRE_ONE = text(_EXPIRE.format(which="AND id = :id FOR UPDATE"))


@dataclass(frozen=True, slots=True)
class OpenCommand:
    """A command on its way, and for how long it may be."""

    id: UUID
    house_id: UUID
    grant_id: UUID
    lock_id: UUID
    move: str
    left_seconds: float


@dataclass(frozen=True, slots=True)
class EndedCommand:
    """A command that reached an end."""

    id: UUID
    organisation_id: UUID
    house_id: UUID
    grant_id: UUID
    lock_id: UUID
    outcome: str
    reason: str | None


async def insert(
    session: Session,
    *,
    command_id: UUID,
    house_id: UUID,
    grant_id: UUID,
    lock_id: UUID,
    move: str,
    seconds: float,
) -> bool:
    """False when the house is not there to be commanded. The same id twice is one command."""
    values = {
        "id": command_id,
        "house_id": house_id,
        "grant_id": grant_id,
        "lock_id": lock_id,
        "move": move,
        "seconds": seconds,
    }
    if await session.scalar(_INSERT, values) is not None:
        return True
    return bool(await session.scalar(_EXISTS, {"id": command_id}) == house_id)


async def claim(session: Session, *, most: int) -> list[OpenCommand]:
    """Commands nobody has asked a nonce for; they are ours now."""
    return [OpenCommand(*row) for row in await session.execute(_CLAIM, {"most": most})]


async def send(session: Session, command_id: UUID, house_id: UUID) -> OpenCommand | None:
    """The one chance to send; None when it was taken, or it is too late."""
    row = (await session.execute(_SEND, {"id": command_id, "house_id": house_id})).one_or_none()
    return None if row is None else OpenCommand(*row)


async def end(
    session: Session,
    command_id: UUID,
    house_id: UUID,
    *,
    state: CommandState,
    outcome: str,
    reason: str | None,
    leaving: tuple[CommandState, ...],
) -> EndedCommand | None:
    """None when it was not in one of the states to leave."""
    values = {
        "id": command_id,
        "house_id": house_id,
        "state": state.value,
        "outcome": outcome,
        "reason": reason,
        "leaving": ",".join(each.value for each in leaving),
    }
    row = (await session.execute(_END, values)).one_or_none()
    return None if row is None else EndedCommand(*row)


async def expire(session: Session) -> list[EndedCommand]:
    """End what is too late: `unknown` once it was sent, else `failed`, for nothing was sent."""
    return [EndedCommand(*row) for row in await session.execute(_EXPIRE_ALL)]


async def expire_one(session: Session, command_id: UUID) -> list[EndedCommand]:
    """As `expire`, for one; where somebody else is ending it, that is over when this returns."""
    return [EndedCommand(*row) for row in await session.execute(_EXPIRE_ONE, {"id": command_id})]


async def find(session: Session, scope: Scope, command_id: UUID) -> CommandView | None:
    """One command of the caller's organisation."""
    statement = select(CommandRow).where(CommandRow.id == command_id)
    row: CommandRow | None = await session.scalar(scoped(statement, CommandRow, scope))
    if row is None:
        return None
    return CommandView(
        id=row.id,
        house_id=row.house_id,
        grant_id=row.grant_id,
        lock_id=row.lock_id,
        move=row.move,
        state=CommandState(row.state),
        outcome=row.outcome,
        reason=row.reason,
        asked_at=row.asked_at,
        ended_at=row.ended_at,
    )
