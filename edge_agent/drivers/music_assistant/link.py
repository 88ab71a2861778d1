"""How does the house stay linked to a server that comes and goes?"""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import structlog

from edge_agent.drivers.kit.backoff import Backoff
from edge_agent.errors import DeviceUnreachable, EdgeError, NotPermitted, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import ClientSession

    from edge_agent.drivers.kit.roster import Roster
    from edge_agent.drivers.music_assistant.commands import Commands
    from edge_agent.drivers.music_assistant.config import MusicAssistantConfig

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MusicStatus:
    """For health pages. `reason` says why there is no link; `links` counts those there were."""

    connected: bool
    reason: str | None
    links: int


class Link:
    """Keeps one living session, with a new client after each loss. Owns no task: `run` is one."""

    def __init__(
        self,
        config: "MusicAssistantConfig",
        *,
        http: "ClientSession",
        roster: "Roster",
        random: Random,
    ) -> None:
        self._config = config
        self._http = http
        self._roster = roster
        self._backoff = Backoff(config.first_pause, config.longest_pause, random)
        self._commands: Commands | None = None
        self._why_down: EdgeError = DeviceUnreachable("not_connected_yet")
        self._refusals = 0
        self._links = 0
        self.ready = asyncio.Event()

    @property
    def status(self) -> MusicStatus:
        """As of now."""
        connected = self._commands is not None
        return MusicStatus(connected, None if connected else self._why_down.reason, self._links)

    def commands(self) -> "Commands":
        """The living link's commands; raises why there is none."""
        if self._commands is None:
            raise type(self._why_down)(self._why_down.reason)
        return self._commands

    async def run(self) -> None:
        """Dial, live, pause, again, until cancelled. Returns only without the library."""
        try:
            dial = await asyncio.to_thread(_load)
        except ImportError:
            self._why_down = Unsupported("music_library_missing")
            _log.warning("music_library_missing")
            return
        while True:
            await self._live(dial(self._config, self._http))
            pause = self._backoff.next_pause()
            await asyncio.sleep(pause.total_seconds())

    async def _live(self, commands: "Commands") -> None:
        try:
            ended = await commands.session.live(
                ready=lambda: self._up(commands), heard=self._roster.heard
            )
        finally:
            self._commands = None
            self.ready.clear()
            self._roster.lost()
        self._down(ended)

    def _up(self, commands: "Commands") -> None:
        self._commands = commands
        self._links += 1
        self._refusals = 0
        self._backoff.reset()
        self.ready.set()
        _log.info("music_connected", links=self._links)

    def _down(self, ended: EdgeError) -> None:
        if isinstance(ended, NotPermitted):
            self._refusals += 1
            if self._refusals < self._config.refusals_until_host:
                ended = DeviceUnreachable("token_refused_once")
        if ended.reason != self._why_down.reason or self._backoff.failures == 0:
            _log.warning("music_not_connected", reason=ended.reason)  # once per cause
        self._why_down = ended


def _load() -> "Callable[[MusicAssistantConfig, ClientSession], Commands]":
    """The library takes half a second to import: only in houses with music, off the loop."""
    from edge_agent.drivers.music_assistant.commands import Commands  # noqa: PLC0415

    return Commands
