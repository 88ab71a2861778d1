"""How do the workers' rows, and the engine's, come from and go to the database?"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import Row

from cloud_api.jobs.types import REACTION_PREFIX, DeadLetter, Fresh, Pulse, Told
from cloud_api.kit.db import JsonObject, Session
from cloud_api.kit.models import EventRow
from cloud_api.kit.paging import Window
from cloud_api.kit.tenancy import Scope, across_tenants, scoped

_BEGIN = text("""
WITH done AS (
    INSERT INTO reactions_done (event_id, reaction) VALUES (:event_id, :reaction)
    ON CONFLICT DO NOTHING RETURNING event_id
)
SELECT payload, EXISTS (SELECT FROM done) AS fresh,
       (SELECT count(*) FILTER (WHERE status = 'picked') - count(*) FILTER (WHERE status = 'queued')
        FROM pgqueuer_log WHERE job_id = :job_id AND id > coalesce((SELECT max(id)
        FROM pgqueuer_log WHERE job_id = :job_id AND status = 'failed'), 0)) AS starts
FROM events_outbox WHERE id = :event_id
""")
# Taken, noted as done and marked as dispatched in the transaction of the effect: who dies in it
# leaves nothing behind.
_TAKE_FRESH = text("""
WITH due AS (
    SELECT id, name, payload FROM events_outbox
    WHERE dispatched_at IS NULL AND name = ANY(:names)
        AND occurred_at > clock_timestamp() - make_interval(secs => :seconds)
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
), marked AS (
    UPDATE events_outbox SET dispatched_at = now() FROM due WHERE events_outbox.id = due.id
), noted AS (
    INSERT INTO reactions_done (event_id, reaction)
    SELECT due.id, bound.reaction
    FROM due JOIN unnest(:names, :reactions) AS bound (name, reaction) USING (name)
    ON CONFLICT DO NOTHING RETURNING event_id
)
SELECT due.id, due.name, due.payload, NOT EXISTS (SELECT FROM noted) AS done,
    EXISTS (SELECT FROM events_outbox later WHERE later.dispatched_at IS NULL
            AND later.name = ANY(:names) AND later.id > due.id) AS more
FROM due
""").bindparams(
    bindparam("names", type_=ARRAY(Text())), bindparam("reactions", type_=ARRAY(Text()))
)
_GIVE_UP_FRESH = text(
    "UPDATE events_outbox SET dispatched_at = now() WHERE dispatched_at IS NULL AND id ="
    " (SELECT id FROM events_outbox WHERE id = :event_id FOR UPDATE SKIP LOCKED) RETURNING id"
)
_TRIED = text("UPDATE pgqueuer SET attempts = 1 WHERE id = ANY(CAST(:ids AS bigint[]))")
_BEAT = text(
    "INSERT INTO workers (id, host, pid) VALUES (:id, :host, :pid)"
    " ON CONFLICT (id) DO UPDATE SET beat_at = clock_timestamp()"
)
_WAKES = text(
    "INSERT INTO event_wakes (name) SELECT unnest(CAST(:names AS text[])) ON CONFLICT DO NOTHING"
)
_PULSE = text("""
SELECT (SELECT count(*) FROM workers
        WHERE beat_at > clock_timestamp() - make_interval(secs => :seconds)) AS alive,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(occurred_at)), 0)
        FROM events_outbox WHERE dispatched_at IS NULL) AS undispatched,
       (SELECT count(*) FROM pgqueuer WHERE status = 'failed') AS dead,
       (SELECT coalesce(array_agg(name ORDER BY name), '{}') FROM job_runs
        WHERE failures_in_a_row >= :failures) AS failing
""")
_SUCCEEDED = text(
    "INSERT INTO job_runs (name, succeeded_at, runs) VALUES (:name, now(), 1)"
    " ON CONFLICT (name) DO UPDATE SET succeeded_at = now(), runs = job_runs.runs + 1,"
    " failures_in_a_row = 0, error = NULL"
)
_FAILED = text(
    "INSERT INTO job_runs (name, failed_at, failures_in_a_row, error)"
    " VALUES (:name, now(), 1, :error) ON CONFLICT (name) DO UPDATE SET failed_at = now(),"
    " failures_in_a_row = job_runs.failures_in_a_row + 1, error = :error"
)
_REPLAY = text("""
WITH replayed AS (
    UPDATE pgqueuer SET status = 'queued', execute_after = now(), updated = now(), attempts = 0,
           queue_manager_id = NULL
    WHERE id = ANY(CAST(:ids AS bigint[])) AND status = 'failed'
    RETURNING id, entrypoint, priority
)
INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
SELECT id, 'queued', entrypoint, priority FROM replayed RETURNING job_id
""")
_DISCARD = text("""
WITH discarded AS (
    DELETE FROM pgqueuer WHERE id = :id AND status = 'failed' RETURNING id, entrypoint, priority
)
INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
SELECT id, 'deleted', entrypoint, priority FROM discarded RETURNING job_id
""")
_PRUNE = (
    text(
        "DELETE FROM pgqueuer_log WHERE created < now() - interval '14 days'"
        " AND NOT EXISTS (SELECT FROM pgqueuer WHERE pgqueuer.id = job_id)"
    ),
    text("DELETE FROM pgqueuer_statistics WHERE created < now() - interval '14 days'"),
    text("DELETE FROM workers WHERE beat_at < now() - interval '1 day'"),
    text("""
WITH open AS (
    SELECT convert_from(payload, 'UTF8')::bigint AS id FROM pgqueuer
    WHERE entrypoint LIKE 'reaction:%'
), gone AS (
    DELETE FROM events_outbox WHERE dispatched_at < now() - interval '60 days'
    AND id NOT IN (SELECT id FROM open) RETURNING id
)
DELETE FROM reactions_done USING gone WHERE event_id = gone.id
"""),
)

_JOB = table(
    "pgqueuer",
    column("id", BigInteger),
    column("entrypoint", Text),
    column("payload", LargeBinary),
    column("status", Text),
    column("updated", EventRow.occurred_at.type),
    column("attempts", BigInteger),
)
_LOG = table(
    "pgqueuer_log",
    column("id", BigInteger),
    column("job_id", BigInteger),
    column("traceback", JSONB),
)

type _Found = tuple[int, str, int, str, UUID | None, object, object, int, str | None, JsonObject]


async def begin(session: Session, *, event_id: int, reaction: str, job_id: int) -> Told | None:
    """Note that this reaction to this event is done, and read the event; None when it is gone.

    Waits for another worker's transaction on the same pair, so that one of two takes effect.
    """
    row = (
        await session.execute(
            _BEGIN, {"event_id": event_id, "reaction": reaction, "job_id": job_id}
        )
    ).one_or_none()
    return None if row is None else Told(row.payload, fresh=row.fresh, starts=row.starts)


async def take_fresh(
    session: Session, reactions: Mapping[str, str], *, seconds: float
) -> Fresh | None:
    """The oldest event that is younger than so many seconds and that nobody has, held.

    `reactions`: by the event's name. That the reaction is done is noted in this transaction.
    """
    values = {"names": list(reactions), "reactions": list(reactions.values()), "seconds": seconds}
    row = (await session.execute(_TAKE_FRESH, values)).one_or_none()
    return None if row is None else Fresh(*row)


async def give_up_fresh(session: Session, event_id: int) -> bool:
    """Mark it as dispatched; False when somebody else has it or had it."""
    return await session.scalar(_GIVE_UP_FRESH, {"event_id": event_id}) is not None


async def count_first_try(session: Session, job_ids: Sequence[int]) -> None:
    """These jobs were tried once before they were queued."""
    await session.execute(_TRIED, {"ids": list(job_ids)})


async def beat(session: Session, *, worker_id: UUID, host: str, pid: int) -> None:
    """This worker lives."""
    await session.execute(_BEAT, {"id": worker_id, "host": host, "pid": pid})


async def bury(session: Session, worker_id: UUID) -> None:
    """This worker has stopped as it should."""
    await session.execute(text("DELETE FROM workers WHERE id = :id"), {"id": worker_id})


async def wake_on(session: Session, names: Sequence[str]) -> None:
    """Publishing one of these wakes the workers from now on."""
    await session.execute(_WAKES, {"names": list(names)})


async def pulse(session: Session, *, alive_within_seconds: float, failures: int) -> Pulse:
    """How the workers are."""
    row = (
        await session.execute(_PULSE, {"seconds": alive_within_seconds, "failures": failures})
    ).one()
    return Pulse(row.alive, float(row.undispatched), row.dead, tuple(row.failing))


async def note_success(session: Session, name: str) -> None:
    """A clock's job went well; in its own transaction."""
    await session.execute(_SUCCEEDED, {"name": name})


async def note_failure(session: Session, name: str, error: str) -> None:
    """A clock's job failed, and its transaction with it."""
    await session.execute(_FAILED, {"name": name, "error": error})


async def dead_letters(
    session: Session, scope: Scope | None, window: Window
) -> tuple[list[DeadLetter], int]:
    """The caller's organisation's, newest first; without a scope everybody's."""
    found = _mine(_dead(), scope)
    total = await session.scalar(select(func.count()).select_from(found.subquery()))
    page = found.order_by(_JOB.c.updated.desc(), _JOB.c.id.desc())
    rows = await session.execute(page.limit(window.limit).offset(window.offset))
    return [_letter(row) for row in rows], total or 0


async def dead_letter(session: Session, scope: Scope | None, letter_id: int) -> DeadLetter | None:
    """One of them, locked until the transaction ends."""
    found = _mine(_dead(), scope).where(_JOB.c.id == letter_id)
    row = (await session.execute(found.with_for_update(of=_JOB))).one_or_none()
    return None if row is None else _letter(row)


async def replay(session: Session, letter_ids: Sequence[int]) -> list[int]:
    """Queue these again with all their tries; the ids of those that were dead letters."""
    return list(await session.scalars(_REPLAY, {"ids": list(letter_ids)}))


async def discard(session: Session, letter_id: int) -> bool:
    """Never try this again; the event stays."""
    return await session.scalar(_DISCARD, {"id": letter_id}) is not None


async def prune(session: Session) -> None:
    """Forget finished work after 14 days, and events everybody has handled after 60."""
    for statement in _PRUNE:
        await session.execute(statement)


def _mine(statement: Select[_Found], scope: Scope | None) -> Select[_Found]:
    if scope is None:
        return across_tenants(statement, because="the operator looks after every dead letter")
    return scoped(statement, EventRow, scope)


def _dead() -> Select[_Found]:
    error = (
        select(_LOG.c.traceback["exception_message"].astext)
        .where(_LOG.c.job_id == _JOB.c.id, _LOG.c.traceback.is_not(None))
        .order_by(_LOG.c.id.desc())
        .limit(1)
        .correlate(_JOB)
        .scalar_subquery()
    )
    event_id = cast(func.convert_from(_JOB.c.payload, "UTF8"), BigInteger)
    return (
        select(
            _JOB.c.id,
            _JOB.c.entrypoint,
            EventRow.id.label("event_id"),
            EventRow.name,
            EventRow.organisation_id,
            EventRow.occurred_at,
            _JOB.c.updated,
            _JOB.c.attempts,
            error.label("error"),
            EventRow.payload,
        )
        .join_from(_JOB, EventRow, EventRow.id == event_id)
        .where(text("pgqueuer.status = 'failed'"))
    )


def _letter(row: Row[_Found]) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        reaction=row.entrypoint.removeprefix(REACTION_PREFIX),
        event_id=row.event_id,
        event_name=row.name,
        organisation_id=row.organisation_id,
        occurred_at=row.occurred_at,
        failed_at=row.updated,
        tries=row.attempts + 1,
        error=row.error or "",
        payload=row.payload,
    )
