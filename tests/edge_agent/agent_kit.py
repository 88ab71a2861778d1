"""How does a test put a whole agent to work on a lockd that stands in at the port?"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from edge_agent.app import Standing, serve
from edge_agent.settings import AgentSettings
from tests.edge_agent.doorman import Doorman
from tests.edge_agent.guests import Guests


@dataclass
class Household(Guests, Doorman):
    """Both faces of lockd in one."""


Start = Callable[[AgentSettings, Household], AbstractAsyncContextManager[Standing]]


@asynccontextmanager
async def started(settings: AgentSettings, household: Household) -> AsyncIterator[Standing]:
    """The agent at work; at the end it is stopped as its process would stop it."""
    standing: asyncio.Future[Standing] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        work = serve(settings, household, ready=standing.set_result)
        agent = group.create_task(work, name="agent")
        async with asyncio.timeout(10):
            both: set[asyncio.Future[None] | asyncio.Future[Standing]] = {agent, standing}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if agent.done():
            agent.result()
        try:
            yield standing.result()
        finally:
            agent.cancel()
