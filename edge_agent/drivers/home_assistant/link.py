"""How does the house stay linked to a Home Assistant that comes and goes, and know its states?"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import structlog

from edge_agent.drivers.home_assistant.library import dialled
from edge_agent.drivers.home_assistant.side_task import beside
from edge_agent.drivers.home_assistant.states import Change, EntityState
from edge_agent.drivers.kit.backoff import Backoff
from edge_agent.errors import DeviceUnreachable, EdgeError, NotPermitted

if TYPE_CHECKING:
    from edge_agent.drivers.home_assistant.client import Caller, Listener
    from edge_agent.drivers.home_assistant.config import HomeAssistantConfig

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HomeStatus:
    """For health pages. `reason` says why there is no link; `links` counts those there were."""

    connected: bool
    reason: str | None
    links: int


class Link:
    """Keeps one living pair, with new clients after each loss. Owns no task: `run` is one."""

    def __init__(self, config: "HomeAssistantConfig", *, random: Random) -> None:
        self._config = config
        self._backoff = Backoff(config.first_pause, config.longest_pause, random)
        self._caller: Caller | None = None
        self._why_down: EdgeError = DeviceUnreachable("not_connected_yet")
        self._refusals = 0
        self._links = 0
        self._listeners: list[Callable[[Change | None], None]] = []
        self.states: dict[str, EntityState] = {}
        self.ready = asyncio.Event()

    @property
    def status(self) -> HomeStatus:
        """As of now."""
        connected = self._caller is not None
        return HomeStatus(connected, None if connected else self._why_down.reason, self._links)

    def on_change(self, told: Callable[[Change | None], None]) -> None:
        """Call it after each change of `states`; with None when all of it is new, or lost."""
        self._listeners.append(told)

    def caller(self) -> "Caller":
        """The living link's calling side; raises why there is none."""
        if self._caller is None:
            raise type(self._why_down)(self._why_down.reason)
        return self._caller

    async def run(self) -> None:
        """Dial, live, pause, again, until cancelled."""
        while True:
            try:
                await self._live()
            except EdgeError as ended:
                self._down(ended)
            finally:
                self._caller = None
                self.ready.clear()
                self._tell(None)
            await asyncio.sleep(self._backoff.next_pause().total_seconds())

    async def _live(self) -> None:
        """Until the link ends; raises why it did."""
        ready_limit = self._config.ready_limit.total_seconds()
        try:
            async with asyncio.timeout(ready_limit) as limit, dialled(self._config) as pair:
                await self._live_on(*pair, limit)
        except TimeoutError:
            raise DeviceUnreachable("no_answer") from None

    async def _live_on(
        self, caller: "Caller", listener: "Listener", limit: asyncio.Timeout
    ) -> None:
        news = _News()
        subscribed, ended = asyncio.Event(), asyncio.Event()
        work = self._listen(listener, news, subscribed, ended)
        async with beside(work, name="home-listen") as listening:
            await subscribed.wait()
            if not ended.is_set():
                self._learn(await caller.states(), news)
                limit.reschedule(None)  # from here on the heartbeat bounds it
                self._up(caller)
                async with beside(self._beat(caller, listener, ended), name="home-beat"):
                    await _either(ended, caller.broken)
        if not listening.cancelled():
            raise listening.result()
        raise DeviceUnreachable("no_answer")

    async def _listen(
        self,
        listener: "Listener",
        news: "_News",
        subscribed: asyncio.Event,
        ended: asyncio.Event,
    ) -> EdgeError:
        why = await listener.listen(lambda change: self._hear(news, change), ready=subscribed)
        ended.set()
        subscribed.set()
        return why

    async def _beat(self, caller: "Caller", listener: "Listener", ended: asyncio.Event) -> None:
        """Prove now and then that both sides live; end the link when one does not."""
        try:
            while True:
                await asyncio.sleep(self._config.heartbeat.total_seconds())
                await caller.ping()
                await listener.prove_life()
        except EdgeError:
            ended.set()

    def _hear(self, news: "_News", change: Change) -> None:
        if self._caller is None:
            news.early.append(change)
        else:
            self._put(change)
            self._tell(change)

    def _put(self, change: Change) -> None:
        if change.now is None:
            self.states.pop(change.entity, None)
        else:
            self.states[change.entity] = change.now

    def _learn(self, states: tuple[EntityState, ...], news: "_News") -> None:
        """The full list, and what was heard since it was asked for."""
        self.states = {state.entity: state for state in states}
        for change in news.early:
            listed = self.states.get(change.entity)
            if change.now is None or listed is None or not _older(change.now, listed):
                self._put(change)

    def _up(self, caller: "Caller") -> None:
        self._caller = caller
        self._links += 1
        self._refusals = 0
        self._backoff.reset()
        self.ready.set()
        self._tell(None)
        _log.info("home_connected", links=self._links)

    def _down(self, ended: EdgeError) -> None:
        if isinstance(ended, NotPermitted):
            self._refusals += 1
            if self._refusals < self._config.refusals_until_host:
                ended = DeviceUnreachable("token_refused_once")
        if ended.reason != self._why_down.reason or self._backoff.failures == 0:
            _log.warning("home_not_connected", reason=ended.reason)  # once per cause
        self._why_down = ended

    def _tell(self, change: Change | None) -> None:
        for told in self._listeners:
            told(change)


class _News:
    """Changes heard before the full list was in."""

    def __init__(self) -> None:
        self.early: list[Change] = []


async def _either(first: asyncio.Event, second: asyncio.Event) -> None:
    async with (
        beside(first.wait(), name="home-ended") as one,
        beside(second.wait(), name="home-broken") as other,
    ):
        await asyncio.wait((one, other), return_when=asyncio.FIRST_COMPLETED)


def _older(state: EntityState, than: EntityState) -> bool:
    return (
        state.updated_at is not None
        and than.updated_at is not None
        and state.updated_at < than.updated_at
    )
