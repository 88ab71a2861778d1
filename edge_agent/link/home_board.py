"""How does the house's own broker always show how the house stands, and each stay once?

The broker is Home Assistant's, in the house: it is told, never asked. Nothing that is heard there
does anything but make us tell again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from edge_agent.actions.explain import explain
from edge_agent.actions.told_stays import ToldMemory, ToldStays
from edge_agent.doorkeeper import HomeGate, HouseNews, StateGate
from edge_agent.errors import EdgeError
from edge_agent.link.broker import BrokerAddress, Connection, Letter, LinkLost, connected
from edge_agent.link.home_discovery import (
    ENDED,
    STARTED,
    Topics,
    announcement,
    availability,
    happening,
    states,
    withdrawal,
)
from edge_agent.policy.model import Time

_log = structlog.get_logger("portero.home")

_BORN = b"online"
_GOODBYE_SECONDS = 2.0
_GATE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class BoardPace:
    """How often we look, and how long we wait for a broker that went away."""

    look_seconds: float = 5.0
    retry_seconds: float = 5.0


@dataclass(slots=True)
class HomeBoard:
    """Tells one broker of one house, for as long as `run` runs.

    `withdraws`: tells nothing, and takes back what was retained there: the device is gone.
    """

    topics: Topics
    address: BrokerAddress
    home: HomeGate
    state: StateGate
    cloud_online: Callable[[], bool]
    memory: ToldMemory
    pace: BoardPace = field(default_factory=BoardPace)
    withdraws: bool = False
    _again: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until cancelled; a broker that is away is tried again."""
        while True:
            try:
                await self._line()
            except* LinkLost as lost:
                _log.warning("home_broker_lost", reason=str(lost.exceptions[0])[:100])
            except* EdgeError as away:
                _log.warning("home_news_wait", reason=str(away.exceptions[0])[:100])
            except* Exception as bug:  # noqa: BLE001 - a door of the process: doors outlive automations
                _log.error("home_board_failed", bug=explain(bug))
            await asyncio.sleep(self.pace.retry_seconds)

    async def _line(self) -> None:
        proven = await self.state.state()
        will = availability(self.topics, online=False)
        time = Time(proven.earliest, proven.latest)
        async with connected(self.address, will=will, time=time) as line:
            if self.withdraws:
                await self._withdraw(line)
            try:
                await line.subscribe(self.topics.born)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen(line), name="home-listen")
                    group.create_task(self._tell(line), name="home-tell")
            finally:
                # Whoever hangs up in good order leaves no last will behind.
                with suppress(LinkLost, TimeoutError):
                    async with asyncio.timeout(_GOODBYE_SECONDS):
                        await line.publish(will)

    async def _withdraw(self, line: Connection) -> None:
        for letter in withdrawal(self.topics):
            await line.publish(letter)
        async for _ in line.letters():
            pass
        raise LinkLost("the line ended")

    async def _listen(self, line: Connection) -> None:
        async for letter in line.letters():
            if letter.topic == self.topics.born and letter.payload == _BORN:
                self._again.set()
        raise LinkLost("the line ended")

    async def _tell(self, line: Connection) -> None:
        announced, last = None, None
        while True:
            async with asyncio.timeout(_GATE_SECONDS):
                news, state = await self.home.news(), await self.state.state()
            device = announcement(self.topics, news)
            if device != announced:
                await line.publish(device)
                await line.publish(availability(self.topics, online=True))
                announced, last = device, None
            told = states(self.topics, news, state, online=self.cloud_online())
            if told != last:
                await line.publish(told)
                last = told
            await self._tell_stays(line, news)
            if await self._woken():
                announced = None

    async def _tell_stays(self, line: Connection, news: HouseNews) -> None:
        """At least once each; the broker has it before we remember."""
        if not news.is_certain:
            return
        told = dict(self.memory.load().stays)
        here = {str(each.stay): each for each in news.stays}
        letters: list[Letter] = []
        letters += [happening(self.topics, STARTED, here[k]) for k in here if k not in told]
        letters += [happening(self.topics, ENDED, told[k]) for k in told if k not in here]
        for letter in letters:
            await line.publish(letter)
        if told != here:
            self.memory.save(ToldStays(stays=here))

    async def _woken(self) -> bool:
        """Wait for the next look; True when Home Assistant came up meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.pace.look_seconds):
                await self._again.wait()
        woken = self._again.is_set()
        self._again.clear()
        return woken
