"""How does a worker live, lose its database, find it again, and stop?"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import structlog
from pgqueuer.domain.errors import FailingListenerError, PgqException
from sqlalchemy.exc import SQLAlchemyError

from cloud_api.jobs import repository
from cloud_api.jobs.errors import describe
from cloud_api.kit.db import CONNECT_TIMEOUT_S, STATEMENT_TIMEOUT_S
from cloud_api.kit.ids import new_id
from cloud_api.worker import engine, errands, hands, outbox
from cloud_api.worker.types import Crew

_log = structlog.get_logger(__name__)

REST_S = 1.0
_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, PgqException)


async def work(crew: Crew, stop: asyncio.Event) -> None:
    """Dispatch, react and keep time until `stop`; a lost database is waited for.

    Stopping waits for what was begun (each has its own time limit) and begins nothing new.
    """
    worker_id = new_id()
    while not stop.is_set():
        try:
            await _shift(crew, stop, worker_id)
        except* _LOST as lost:
            _log.warning("worker_lost_database", error=describe(lost))
            await _rest(stop, REST_S)


async def drain_until_idle(crew: Crew, *, seconds: float = 30) -> None:
    """Dispatch and react until nothing waits, then return; for tests and demonstrations.

    Reactions that were given up stay dead letters; errands that are due are run, and what follows
    from them too. TimeoutError after `seconds`.
    """
    async with asyncio.timeout(seconds), _pool(crew) as pool, _connection(crew) as connection:
        while True:
            while await outbox.dispatch(connection, crew):
                await engine.drain(pool, crew)
            await engine.drain(pool, crew)
            if not await errands.run_until_idle(crew):
                return


async def _shift(crew: Crew, stop: asyncio.Event, worker_id: UUID) -> None:
    async with crew.database.transaction() as session:
        await repository.wake_on(session, sorted({each.event_name for each in crew.reactions}))
    async with _pool(crew) as pool, _connection(crew) as connection, asyncio.TaskGroup() as tasks:
        tasks.create_task(_keep_beating(crew, stop, worker_id), name="heartbeat")
        calls: outbox.Calls = asyncio.Queue(maxsize=crew.pace.hands)
        tasks.create_task(outbox.keep_dispatching(connection, crew, calls, stop), name="outbox")
        for number in range(crew.pace.hands):
            tasks.create_task(hands.keep_at_hand(crew, calls, stop), name=f"hand {number}")
        tasks.create_task(errands.keep_running(crew, stop), name="errands")
        tasks.create_task(_keep_engine(pool, crew, stop), name="engine")


async def _keep_engine(pool: engine.Pool, crew: Crew, stop: asyncio.Event) -> None:
    """A probe of its own that the engine misses ends it, not the hands and the outbox.

    It sends the first before it listens, so that this may happen ten seconds after any start.
    """
    while not stop.is_set():
        try:
            await engine.run(pool, crew, stop)
        except* FailingListenerError:
            _log.info("engine_begins_anew")


@asynccontextmanager
async def _pool(crew: Crew) -> AsyncIterator[engine.Pool]:
    pool = await asyncpg.create_pool(
        crew.database.dsn,
        min_size=2,
        max_size=4,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=STATEMENT_TIMEOUT_S,
        server_settings={"application_name": "portero-worker-engine", "timezone": "UTC"},
        reset=_as_it_is,
    )
    try:
        yield pool
    finally:
        # Not `close`: it waits for connections of a server that may be gone.
        pool.terminate()


async def _as_it_is(_connection: object) -> None:
    """The engine leaves nothing behind on a connection; a reset would double its round trips."""


@asynccontextmanager
async def _connection(crew: Crew) -> AsyncIterator[outbox.Connection]:
    connection = await asyncpg.connect(
        crew.database.dsn,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=STATEMENT_TIMEOUT_S,
        server_settings={"application_name": "portero-worker-outbox", "timezone": "UTC"},
    )
    try:
        yield connection
    finally:
        connection.terminate()


async def _keep_beating(crew: Crew, stop: asyncio.Event, worker_id: UUID) -> None:
    while not stop.is_set():
        async with crew.database.transaction() as session:
            await repository.beat(
                session, worker_id=worker_id, host=socket.gethostname(), pid=os.getpid()
            )
        await _rest(stop, crew.pace.beat_every.total_seconds())
    async with crew.database.transaction() as session:
        await repository.bury(session, worker_id)


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
