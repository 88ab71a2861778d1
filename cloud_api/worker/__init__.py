"""What does one worker process do? The composition root of jobs and reactions."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from cloud_api.jobs import service
from cloud_api.jobs.errors import DeadLetterNotFound
from cloud_api.jobs.types import DeadLetter
from cloud_api.kit import logs
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Database
from cloud_api.kit.jobs import AnyJob
from cloud_api.kit.outgoing import Outgoing
from cloud_api.kit.paging import Window
from cloud_api.settings import CloudSettings
from cloud_api.worker import rooms, shift
from cloud_api.worker.types import Crew

__all__ = [
    "discard_dead_letter",
    "drain_until_idle",
    "list_dead_letters",
    "replay_dead_letters",
    "run",
    "run_job",
]


async def run(settings: CloudSettings) -> None:
    """Work until SIGTERM or SIGINT; then finish what was begun (at most 20 s, jobs 120 s).

    Any number may run side by side. A lost database is waited for.
    """
    logs.configure(level=settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signalled in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signalled, stop.set)
    async with _crew(settings) as crew:
        await shift.work(crew, stop)


async def drain_until_idle(
    settings: CloudSettings, *, clock: Clock | None = None, seconds: float = 30
) -> None:
    """Do all reactions that wait, then return; for tests and demonstrations without a worker.

    TimeoutError when some still wait after `seconds`.
    """
    async with _crew(settings, clock) as crew:
        await shift.drain_until_idle(crew, seconds=seconds)


async def run_job(settings: CloudSettings, name: str) -> object:
    """Run one of the clock's jobs now and answer its report; KeyError when there is none."""
    async with _crew(settings) as crew:
        job = {each.name: each for each in crew.jobs}[name]
        return await _run(crew, job)


async def list_dead_letters(settings: CloudSettings, *, most: int = 100) -> list[DeadLetter]:
    """What was given up in all organisations, newest first."""
    async with _database(settings) as database, database.transaction() as session:
        letters, _ = await service.list_dead_letters(session, None, Window(limit=most))
        return letters


async def replay_dead_letters(
    settings: CloudSettings, ids: Sequence[int] | None = None
) -> list[int]:
    """Have these tried again, or all of them; the ids of those that were dead letters."""
    async with _database(settings) as database, database.transaction() as session:
        if ids is None:
            return list(await service.replay_all(session, None))
        replayed = []
        for each in ids:
            try:
                letter = await service.replay_dead_letter(session, None, each)
            except DeadLetterNotFound:
                continue
            replayed.append(letter.id)
        return replayed


async def discard_dead_letter(settings: CloudSettings, letter_id: int) -> DeadLetter:
    """Never try it again; raises DeadLetterNotFound."""
    async with _database(settings) as database, database.transaction() as session:
        return await service.discard_dead_letter(session, None, letter_id)


async def _run(crew: Crew, job: AnyJob) -> object:
    return await service.run_job(crew.database, job, crew.tools.clock)


@asynccontextmanager
async def _crew(settings: CloudSettings, clock: Clock | None = None) -> AsyncIterator[Crew]:
    async with _database(settings) as database, Outgoing(settings.vendor_urls) as outgoing:
        yield rooms.crew(settings, database, outgoing, clock=clock)


@asynccontextmanager
async def _database(settings: CloudSettings) -> AsyncIterator[Database]:
    database = Database(
        settings.database_dsn.get_secret_value(),
        pool_size=settings.database_pool_size,
        name="portero-worker",
    )
    try:
        yield database
    finally:
        await database.close()
