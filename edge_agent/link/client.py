"""Who keeps the house on the line, and what is said over it while it is up?"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from edge_agent.doorkeeper import CloudGate, StateGate
from edge_agent.errors import EdgeError
from edge_agent.link.broker import (
    BrokerAddress,
    Connection,
    Letter,
    LinkLost,
    StoodDown,
    connected,
)
from edge_agent.link.carrier import Carrier, MusicDesk
from edge_agent.link.counters import LinkCounters
from edge_agent.link.lanes import Sorter
from edge_agent.policy.model import Time
from protocol.ids import HouseId
from protocol.topics import Down, Up, all_down, up

_log = structlog.get_logger("portero.link")

_FACTS_A_BATCH = 100
_GATE_SECONDS = 30.0
_WAIT_FOR_FACTS_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often we ask and how patiently we come back. All in seconds.

    `stood_down_seconds`: before a device that is not the house's by the cloud's word asks again.
    """

    query_seconds: float = 60.0
    first_retry_seconds: float = 1.0
    longest_retry_seconds: float = 15.0
    settled_seconds: float = 30.0
    stood_down_seconds: float = 300.0

    def pause(self, failures: int, jitter: float) -> float:
        """Doubling up to the longest, spread over nearly all of it; `jitter` in [0, 1).

        Thousands of houses lose a broker in the same second: they must not return in one.
        """
        doubled = self.first_retry_seconds * float(2 ** min(failures, 16))
        return min(self.longest_retry_seconds, doubled) * (0.1 + 0.9 * jitter)


@dataclass(frozen=True, slots=True)
class Round:
    """What had been heard from the cloud when we asked."""

    answers: int
    acknowledged: int
    waiting: int = 0

    def is_settled(self, before: "Round") -> bool:
        """The cloud answers, and what waits is being received."""
        moves = self.waiting == 0 or self.acknowledged > before.acknowledged
        return self.answers > before.answers and moves


class Link:
    """The house's line to the cloud; `run` never returns of itself."""

    def __init__(
        self,
        house: HouseId,
        address: BrokerAddress,
        *,
        gate: CloudGate,
        state: StateGate,
        music: MusicDesk,
        new_session: Callable[[], str],
        jitter: Callable[[], float],
        pace: Pace = Pace(),
    ) -> None:
        self.counters = LinkCounters()
        self._house = house
        self._address = address
        self._gate = gate
        self._state = state
        self._carrier = Carrier(house, gate=gate, music=music, counters=self.counters)
        self._new_session = new_session
        self._jitter = jitter
        self._pace = pace

    async def run(self) -> None:
        """Connect, carry, connect again, until cancelled; then say goodbye."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            started = loop.time()
            stood_down = await self._one_connection()
            settled = loop.time() - started > self._pace.settled_seconds
            failures = 0 if settled else failures + 1
            pause = self._pace.pause(failures, self._jitter())
            await asyncio.sleep(self._pace.stood_down_seconds if stood_down else pause)

    async def _one_connection(self) -> bool:
        """Until it ends; True when it is to be left to the house's own device."""
        stood_down = False
        session = self._new_session()
        try:
            will = await self._status(session, online=False)
            time = await self._time()
            async with connected(self._address, will=will, time=time) as connection:
                await self._serve(connection, session)
        except* (LinkLost, EdgeError, TimeoutError) as group:
            self.counters.lost += 1
            stood_down = group.subgroup(StoodDown) is not None
            _log.warning("link_lost", reason=str(group.exceptions[0]) or "timeout")
        finally:
            self.counters.online = False
        return stood_down

    async def _serve(self, connection: Connection, session: str) -> None:
        await connection.subscribe(all_down(self._house))
        try:
            async with asyncio.TaskGroup() as group:
                sorter = Sorter(partial(self._carry, connection), self.counters)
                sorter.start(group)
                group.create_task(self._receive(connection, sorter), name="link-receive")
                group.create_task(self._keep_asking(connection, session), name="link-query")
                group.create_task(self._pump_facts(connection), name="link-facts")
                self._note_online()
        except asyncio.CancelledError:
            await self._say_goodbye(connection, session)
            raise

    def _note_online(self) -> None:
        self.counters.connections += 1
        self.counters.online = True
        _log.info("link_up", connections=self.counters.connections)

    async def _receive(self, connection: Connection, sorter: Sorter) -> None:
        async for letter in connection.letters():
            channel = self._carrier.sort(letter)
            if channel is not None:
                sorter.put(channel, letter.payload)

    async def _carry(self, connection: Connection, channel: Down, frame: bytes) -> None:
        await self._carrier.carry(channel, frame, partial(self._send, connection))

    async def _keep_asking(self, connection: Connection, session: str) -> None:
        """Status and "what is current?" at once and every minute, whatever lockd's mood.

        Sooner while nobody answers, or facts wait and no receipt comes: after an outage the broker
        may be back before the cloud is.
        """
        heard_before = self.counters.received["current"]  # by an earlier connection
        before, tries, is_silent = Round(answers=heard_before, acknowledged=-1), 0, True
        while True:
            try:
                await self._send(connection, await self._status(session, online=True))
                async with asyncio.timeout(_GATE_SECONDS):
                    query = await self._gate.query()
                await self._send(connection, Letter(up(self._house, Up.CURRENT), query))
                now = await self._repeat_unanswered_facts(before)
                is_answered = now.answers > before.answers
                first_word = is_answered and is_silent
                tries = 0 if now.is_settled(before) else 1 if first_word else tries + 1
                before, is_silent = now, not is_answered
            except (EdgeError, TimeoutError) as error:
                self.counters.refuse("query", "not_taken", reason=str(error) or "timeout")
            # Nobody there: often, so that whoever comes back is found within seconds.
            soon = self._pace.first_retry_seconds * 2 ** min(tries, 2 if is_silent else 10)
            await asyncio.sleep(min(self._pace.query_seconds, soon if tries else 1e9))

    async def _repeat_unanswered_facts(self, before: Round) -> Round:
        """A cloud that answers but sent no receipt for a round gets the facts once more."""
        async with asyncio.timeout(_GATE_SECONDS):
            state = await self._state.state()
            now = Round(
                self.counters.received["current"],
                state.facts_acknowledged,
                waiting=state.facts_through - state.facts_acknowledged,
            )
            heard_nothing = now.acknowledged == before.acknowledged < state.facts_through
            if heard_nothing and now.answers > before.answers:
                await self._gate.rewind_facts()
        return now

    async def _pump_facts(self, connection: Connection) -> None:
        await self._gate.rewind_facts()
        while True:
            try:
                batch = await self._next_facts()
            except (EdgeError, TimeoutError) as error:
                self.counters.refuse("facts", "not_taken", reason=str(error) or "timeout")
                await asyncio.sleep(self._pace.first_retry_seconds)
                continue
            if batch is not None:
                await self._send(connection, Letter(up(self._house, Up.FACTS), batch))

    async def _next_facts(self) -> bytes | None:
        async with asyncio.timeout(_GATE_SECONDS):
            batch = await self._gate.facts(limit=_FACTS_A_BATCH)
        if batch is None:
            async with asyncio.timeout(_WAIT_FOR_FACTS_SECONDS + _GATE_SECONDS):
                await self._gate.wait_for_facts(timeout_seconds=_WAIT_FOR_FACTS_SECONDS)
        return batch

    async def _status(self, session: str, *, online: bool) -> Letter:
        async with asyncio.timeout(_GATE_SECONDS):
            status = await self._gate.status(online=online, session=session)
        return Letter(up(self._house, Up.STATUS), status, retained=True)

    async def _time(self) -> Time:
        async with asyncio.timeout(_GATE_SECONDS):
            state = await self._state.state()
        return Time(state.earliest, state.latest)

    async def _send(self, connection: Connection, letter: Letter) -> None:
        await connection.publish(letter)
        self.counters.sent[letter.topic.rsplit("/", 1)[-1]] += 1

    async def _say_goodbye(self, connection: Connection, session: str) -> None:
        """An orderly end fires no last will, so say it ourselves."""
        try:
            async with asyncio.timeout(2):
                await self._send(connection, await self._status(session, online=False))
        except (LinkLost, EdgeError, TimeoutError):
            return
