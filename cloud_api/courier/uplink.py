"""What is done with each message that comes up, in which order, and when something fails?"""

import asyncio
from zlib import crc32

import structlog
from asyncpg import InternalClientError
from prometheus_client import Counter
from sqlalchemy.exc import DataError, DBAPIError

from cloud_api.courier.post import Post, Received
from cloud_api.fleet.errors import KeysNotInstalledError
from cloud_api.fleet.inbox import service as inbox
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.types import Letter
from cloud_api.kit.db import Database
from cloud_api.kit.metrics import REGISTRY
from protocol.envelope import EnvelopeError, Flaw

_log = structlog.get_logger("portero.courier.uplink")

BAD_MESSAGES = Counter(
    "fleet_bad_messages", "Uplink messages refused, by flaw", ["flaw"], registry=REGISTRY
)

# What goes by itself: a database that is away, also in the driver's own words for it.
_PASSING = (DBAPIError, InternalClientError, OSError, TimeoutError, KeysNotInstalledError)

_LANES = 4
_LANE_DEPTH = 200
_TRIES = 4
_WAIT_SECONDS = 0.05


class Uplink:
    """Takes messages in; those of one house in their order, houses side by side."""

    def __init__(self, database: Database, desk: Desk) -> None:
        self._database = database
        self._desk = desk

    async def run(self, post: Post) -> None:
        """Until cancelled or PostLost."""
        lanes: list[asyncio.Queue[Received]] = [
            asyncio.Queue(maxsize=_LANE_DEPTH) for _ in range(_LANES)
        ]
        async with asyncio.TaskGroup() as tasks:
            for number, lane in enumerate(lanes):
                tasks.create_task(self._work(lane, post), name=f"uplink lane {number}")
            async for received in post.received():
                house = received.topic.rsplit("/", 2)[0]
                await lanes[crc32(house.encode()) % _LANES].put(received)

    async def _work(self, lane: "asyncio.Queue[Received]", post: Post) -> None:
        while True:
            received = await lane.get()
            for letter in await self.take(received):
                await post.publish(letter)

    async def take(self, received: Received) -> tuple[Letter, ...]:
        """One message, whatever it is; answers what to publish.

        What fails for our own reasons is tried a few times and then left: every house repeats what
        has not been acknowledged.
        """
        for attempt in range(_TRIES):
            try:
                return await self._take_once(received)
            except _PASSING as error:
                _log.warning("uplink_retry", topic=received.topic[:200], error=type(error).__name__)
                await asyncio.sleep(_WAIT_SECONDS * 2**attempt)
            except Exception as error:  # noqa: BLE001 - a door: one message must not stop the rest
                _log.error("uplink_failed", topic=received.topic[:200], error=type(error).__name__)
                return ()
        return ()

    async def _take_once(self, received: Received) -> tuple[Letter, ...]:
        try:
            async with self._database.transaction() as session:
                return await inbox.take(session, received.topic, received.payload, self._desk)
        except EnvelopeError as error:
            await self._refuse(received, error)
        except DataError:
            await self._refuse(received, EnvelopeError(Flaw.BAD_BODY, "a value cannot be stored"))
        return ()

    async def _refuse(self, received: Received, error: EnvelopeError) -> None:
        BAD_MESSAGES.labels(error.flaw.value).inc()
        async with self._database.transaction() as session:
            await inbox.report_bad(
                session, received.topic, received.payload, error, self._desk.clock
            )
