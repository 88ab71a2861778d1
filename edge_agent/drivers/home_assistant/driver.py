"""How does one Home Assistant server serve the house, on one link that is kept alive?"""

import asyncio
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Self

from edge_agent.drivers.home_assistant.link import HomeStatus, Link
from edge_agent.drivers.home_assistant.speakers import HomeSpeakers
from edge_agent.drivers.home_assistant.things import HomeAssistantThings

if TYPE_CHECKING:
    from edge_agent.drivers.home_assistant.config import HomeAssistantConfig


class HomeAssistant:
    """One server: its `speakers` and its `things`.

    Enter it as `async with HomeAssistant(config) as home`. Entering never waits for the server,
    leaving ends its tasks. Without a link, commands raise why there is none, and readings still
    answer with what was heard last.
    """

    def __init__(self, config: "HomeAssistantConfig", *, random: Random | None = None) -> None:
        self._config = config
        spread = random or Random()  # noqa: S311 - spreads reconnects, keeps no secret
        self._link = Link(config, random=spread)
        self.speakers = HomeSpeakers(config, self._link)
        self.things = HomeAssistantThings(config, self._link)

    def __repr__(self) -> str:
        """Never shows the token."""
        return f"HomeAssistant({self._config.url})"

    async def __aenter__(self) -> Self:
        """Start dialling in the background."""
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        self._running = self._tasks.create_task(self._link.run(), name="home-link")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up. An error of the body leaves as it is, not wrapped in a group."""
        self._running.cancel()
        cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        await self._tasks.__aexit__(*((kind, error, trace) if cancelled else (None,) * 3))

    @property
    def status(self) -> HomeStatus:
        """Whether there is a link, and why not."""
        return self._link.status

    async def wait_connected(self, limit_seconds: float) -> bool:
        """Wait for a link; False when there was none in time."""
        try:
            async with asyncio.timeout(limit_seconds):
                await self._link.ready.wait()
        except TimeoutError:
            return False
        return True
