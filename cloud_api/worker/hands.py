"""How is what somebody waits for done at once, without losing what the engine is good for?

A fresh event whose reaction is prompt is taken, handled and marked in one transaction: nothing is
queued, picked up or logged. Who dies in the middle leaves the event as it was, for another worker's
next look. What fails goes to the engine, with its retries and its dead letters; so does what has
waited too long to be fresh, so that a reaction that takes its process down is counted there.
"""

import asyncio
from typing import cast

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from cloud_api.jobs import repository
from cloud_api.jobs.errors import describe
from cloud_api.jobs.service import REACTION_LIMIT_S
from cloud_api.jobs.types import Fresh
from cloud_api.worker import outbox
from cloud_api.worker.types import Crew

_log = structlog.get_logger(__name__)


async def keep_at_hand(crew: Crew, calls: outbox.Calls, stop: asyncio.Event) -> None:
    """One hand: does what is there whenever it is called, until `stop`; finishes what it began."""
    while not stop.is_set():
        await calls.get()
        while not stop.is_set() and await take_next(crew):
            pass


async def take_next(crew: Crew) -> bool:
    """Do the oldest fresh event that somebody waits for, if there is one; are there more?

    Raises what the database raises; what the reaction raises goes to the engine.
    """
    fresh: Fresh | None = None
    try:
        async with asyncio.timeout(REACTION_LIMIT_S), crew.database.transaction() as session:
            fresh = await _take(session, crew)
            if fresh is None:
                return False
            if not fresh.done:
                await crew.prompt[fresh.event_name].react(session, fresh.payload, crew.tools)
    except Exception as error:
        if fresh is None:
            raise
        await _leave_to_engine(crew, fresh, error)
        return True
    reaction = crew.prompt[fresh.event_name]
    _log.info("reaction_done", reaction=reaction.name, event_id=fresh.event_id, again=fresh.done)
    return fresh.more


async def _take(session: AsyncSession, crew: Crew) -> Fresh | None:
    """With the event go the reactions to it that are not prompt: they are queued here."""
    names = {each.event_name: each.name for each in crew.prompt.values()}
    seconds = crew.pace.fresh.total_seconds()
    fresh = await repository.take_fresh(session, names, seconds=seconds)
    if fresh is None:
        return None
    others = [each for each in crew.bound_to(fresh.event_name) if not each.prompt]
    if others:
        connection = await _connection(session)
        await outbox.enqueue(connection, [(each, fresh.event_id) for each in others])
    return fresh


async def _leave_to_engine(crew: Crew, fresh: Fresh, error: Exception) -> None:
    """The try that failed counts as the first; a reaction that has no second one gets it here."""
    reaction = crew.prompt[fresh.event_name]
    wait = reaction.retry.wait_after(1)
    _log.warning(
        "reaction_failed",
        reaction=reaction.name,
        tries=1,
        error=describe(error),
        again_in_seconds=None if wait is None else wait.total_seconds(),
    )
    async with crew.database.transaction() as session:
        if not await repository.give_up_fresh(session, fresh.event_id):
            return
        connection = await _connection(session)
        jobs = await outbox.enqueue(connection, [(reaction, fresh.event_id)], wait=wait)
        if wait is not None:
            await repository.count_first_try(session, jobs)
        others = [each for each in crew.bound_to(fresh.event_name) if not each.prompt]
        if others:
            await outbox.enqueue(connection, [(each, fresh.event_id) for each in others])


async def _connection(session: AsyncSession) -> outbox.Connection:
    """The driver's own, inside the session's transaction: the engine writes its rows with it."""
    raw = await (await session.connection()).get_raw_connection()
    return cast("outbox.Connection", raw.driver_connection)
