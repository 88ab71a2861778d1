"""When is a house's snapshot built? At once when it is dirty, in time when its lease wants it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from cloud_api.fleet.snapshots import service as snapshots
from cloud_api.fleet.snapshots.service import Workshop
from cloud_api.fleet.snapshots.types import Built, Idle, Stored
from cloud_api.kit.bell import Bell
from cloud_api.kit.db import Database

type HandOver = Callable[[Stored], Awaitable[bool]]
"""Publishes; False when it cannot."""

_log = structlog.get_logger("portero.courier.builder")

_AT_ONCE = 100
_RENEW_EVERY_SECONDS = 30.0
_REST_SECONDS = 1.0


class Builder:
    """Builds for all houses; any number may run, a house's row lets one at a time in."""

    def __init__(self, database: Database, workshop: Workshop, *, hand_over: HandOver) -> None:
        self._database = database
        self._workshop = workshop
        self._hand_over = hand_over

    async def run(self, bell: Bell) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._build_dirty(bell), name="build dirty houses")
            tasks.create_task(self._renew(), name="renew leases")

    async def _build_dirty(self, bell: Bell) -> None:
        async for _ in bell.rings("dirty"):
            await _guarded(self._build_all_dirty)

    async def _renew(self) -> None:
        while True:
            await _guarded(self._build_due)
            await asyncio.sleep(_RENEW_EVERY_SECONDS)

    async def _build_all_dirty(self) -> None:
        while True:
            async with self._database.transaction() as session:
                result = await snapshots.build_next(session, self._workshop)
            if result is None:
                return
            await self._tell(result)
            async with self._database.reading() as session:
                if not await snapshots.waiting(session, most=1):
                    return

    async def _build_due(self) -> None:
        """Leases that want renewing, and houses that could not be built before."""
        async with self._database.transaction() as session:
            houses = await snapshots.waiting(session, most=_AT_ONCE)
            houses += await snapshots.due(session, self._workshop.clock, most=_AT_ONCE)
        for house_id in houses:
            async with self._database.transaction() as session:
                result = await snapshots.build(session, house_id, self._workshop)
            await self._tell(result)

    async def _tell(self, result: Built | Idle) -> None:
        """What was just stored need not be looked for: hand it over to be published.

        Who dies in between leaves it to the couriers' next look, a second later.
        """
        if isinstance(result, Built):
            _log.info(
                "snapshot_built",
                house=str(result.stored.house_id),
                epoch=result.position.epoch,
                version=result.position.version,
                grants=result.grants,
                size_bytes=result.size_bytes,
            )
            if not await self._hand_over(result.stored):
                async with self._database.transaction() as session:
                    await snapshots.call_publishers(session, result.stored.house_id)


async def _guarded(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - a door: one failure must not stop the rest
        _log.warning("build_postponed", error=type(error).__name__)
        await asyncio.sleep(_REST_SECONDS)
