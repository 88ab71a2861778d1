"""How does a worker keep telling the outside what is due?"""

import asyncio

import structlog

from cloud_api.jobs.errors import describe
from cloud_api.kit.bell import Bell, listening
from cloud_api.kit.errands import WAKE_CHANNEL, AnyErrand
from cloud_api.worker.types import Crew

_log = structlog.get_logger(__name__)

# A vendor's or a database's bad day must not become a busy loop of ours.
_REST_S = 1.0


async def keep_running(crew: Crew, stop: asyncio.Event) -> None:
    """Run every errand whenever it is woken and now and then besides, until `stop`.

    What was begun is finished first. Raises when the database is lost.
    """
    if not crew.errands:
        return
    async with listening(crew.database.dsn, WAKE_CHANNEL) as bell, asyncio.TaskGroup() as tasks:
        ending = tasks.create_task(_ring_at(stop, bell), name="last errand")
        loops = [
            tasks.create_task(_keep(errand, crew, bell, stop), name=f"errand {errand.name}")
            for errand in crew.errands
        ]
        await asyncio.wait(loops)
        ending.cancel()


async def run_until_idle(crew: Crew) -> int:
    """Run every errand until none has anything due; how many were run."""
    ran = 0
    for errand in crew.errands:
        while taken := await errand.round(crew.database.transaction, crew.tools):
            ran += taken
    return ran


async def _keep(errand: AnyErrand, crew: Crew, bell: Bell, stop: asyncio.Event) -> None:
    look = errand.every.total_seconds()
    async for _ in bell.rings(errand.name, look_seconds=look):
        if stop.is_set():
            return
        await _rounds(errand, crew, stop)


async def _rounds(errand: AnyErrand, crew: Crew, stop: asyncio.Event) -> None:
    try:
        while not stop.is_set() and await errand.round(crew.database.transaction, crew.tools):
            pass
    except Exception as error:  # noqa: BLE001 - the door of errands: one that fails stops no other
        _log.warning("errand_round_failed", errand=errand.name, error=describe(error))
        await asyncio.sleep(_REST_S)


async def _ring_at(stop: asyncio.Event, bell: Bell) -> None:
    await stop.wait()
    bell.ring_all()
