"""How does the job engine (PgQueuer) run our reactions and jobs?

Two habits of it shape this module. A cancelled job is deleted, so a cancellation is turned into a
retry. A retry or a replay does not wake it (its trigger only tells of inserts and deletes), so it
looks by itself every second. See docs/decisions/0001-job-engine.md.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import asyncpg
import structlog
from pgqueuer import PgQueuer
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as EngineJob
from pgqueuer.domain.models import Schedule
from pgqueuer.domain.types import QueueExecutionMode

from cloud_api.jobs import service
from cloud_api.jobs.errors import GivenUpError, describe
from cloud_api.jobs.types import REACTION_PREFIX
from cloud_api.kit.jobs import AnyJob, AnyReaction
from cloud_api.worker.types import Crew, cron

_log = structlog.get_logger(__name__)
# What it would say we say once, with names.
logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)

type Pool = asyncpg.Pool[asyncpg.Record]
type Entrypoint = Callable[[EngineJob], Awaitable[None]]


async def run(pool: Pool, crew: Crew, stop: asyncio.Event) -> None:
    """Run reactions and jobs until `stop`; what was begun is finished first.

    Raises when the database or its notifications are lost.
    """
    engine = _engine(pool, crew)
    for job in crew.jobs:
        engine.schedule(job.name, cron(job.every))(_clockwork(job, crew))
    async with asyncio.TaskGroup() as tasks:
        stopping = tasks.create_task(_pass_on(stop, engine.shutdown), name="stop engine")
        await engine.run(
            batch_size=crew.pace.at_once // 2,
            max_concurrent_tasks=crew.pace.at_once,
            dequeue_timeout=crew.pace.look_every,
            heartbeat_timeout=crew.pace.retake_after,
            shutdown_on_listener_failure=True,
        )
        stopping.cancel()


async def drain(pool: Pool, crew: Crew) -> None:
    """Run reactions until none waits, not even for its next try."""
    await _engine(pool, crew).qm.run(
        batch_size=crew.pace.at_once // 2,
        max_concurrent_tasks=crew.pace.at_once,
        dequeue_timeout=crew.pace.look_every,
        heartbeat_timeout=crew.pace.retake_after,
        mode=QueueExecutionMode.drain,
    )


async def perform(reaction: AnyReaction, crew: Crew, job: EngineJob) -> None:
    """The door of reactions, in the engine's words.

    Raises RetryRequested or GivenUpError, with a description that is safe to store.
    """
    event_id = int(job.payload or b"0")
    try:
        done = await service.react(
            crew.database, reaction, crew.tools, event_id=event_id, job_id=job.id
        )
    except asyncio.CancelledError:
        # Cancelled, the engine would delete the job.
        raise RetryRequested(reason="the worker stopped") from None
    except Exception as error:  # noqa: BLE001 - the door of reactions: logged once, with context
        raise _answer(reaction, job, error) from None
    _log.info("reaction_done", reaction=reaction.name, event_id=event_id, again=not done)


def _answer(reaction: AnyReaction, job: EngineJob, error: Exception) -> Exception:
    failures = job.attempts + 1
    reason = describe(error)
    wait = reaction.retry.wait_after(failures)
    note = _log.bind(reaction=reaction.name, tries=failures, error=reason)
    if wait is None:
        note.error("reaction_given_up")
        return GivenUpError(reason)
    note.warning("reaction_failed", again_in_seconds=wait.total_seconds())
    return RetryRequested(delay=wait, reason=reason)


def _engine(pool: Pool, crew: Crew) -> PgQueuer:
    engine = PgQueuer.from_asyncpg_pool(pool)
    for reaction in crew.reactions:
        name = f"{REACTION_PREFIX}{reaction.name}"
        engine.entrypoint(name, on_failure="hold", accepts_context=False)(
            _entrypoint(reaction, crew)
        )
    return engine


def _entrypoint(reaction: AnyReaction, crew: Crew) -> Entrypoint:
    async def react(job: EngineJob) -> None:
        await perform(reaction, crew, job)

    return react


def _clockwork(job: AnyJob, crew: Crew) -> Callable[[Schedule], Awaitable[None]]:
    async def tick(_schedule: Schedule) -> None:
        try:
            await service.run_job(crew.database, job, crew.tools.clock)
        except Exception as error:  # noqa: BLE001 - the door of jobs: logged once, with context
            _log.error("job_failed", job=job.name, error=describe(error))
        else:
            _log.info("job_done", job=job.name)

    return tick


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()
