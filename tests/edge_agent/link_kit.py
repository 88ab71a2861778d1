"""How does a test put a real link to work?"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

from edge_agent.doorkeeper import Taken
from edge_agent.link.broker import BrokerAddress
from edge_agent.link.carrier import MusicDesk
from edge_agent.link.client import Link, Pace
from protocol.ids import HouseId
from tests.edge_agent.doorman import Doorman


class NoMusic:
    """Answers nothing, remembers what came."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    async def relayed(self, frame: bytes) -> Taken:
        self.frames.append(frame)
        return Taken()


def link_to(
    port: int,
    house: HouseId,
    doorman: Doorman,
    *,
    pace: Pace | None = None,
    music: MusicDesk | None = None,
) -> Link:
    return Link(
        house,
        BrokerAddress("127.0.0.1", port, identifier=str(house)),
        gate=doorman,
        state=doorman,
        music=music or NoMusic(),
        new_session=lambda: uuid4().hex,
        jitter=lambda: 0.5,
        pace=pace or Pace(),
    )


@asynccontextmanager
async def running(link: Link) -> AsyncIterator[None]:
    """The link at work; at the end it is stopped as the process would stop it."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.run(), name="link")
        try:
            await until(lambda: link.counters.online, seconds=10)
            yield
        finally:
            task.cancel()


async def until(condition: Callable[[], bool], *, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - a test looks from outside
            await asyncio.sleep(0.01)
