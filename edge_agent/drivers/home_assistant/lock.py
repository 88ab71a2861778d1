"""How does the house move a lock that Home Assistant knows, and know whether it moved?

Each move has its own pair of links: one listens before the other calls. There is nothing to keep
alive between two guests, and nothing half dead to be surprised by.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, JsonValue, SecretStr, ValidationError

from edge_agent.drivers.home_assistant.config import HomeAssistantConfig
from edge_agent.drivers.home_assistant.library import dialled, look
from edge_agent.drivers.home_assistant.side_task import beside
from edge_agent.drivers.home_assistant.states import UNAVAILABLE, Change, EntityState
from edge_agent.drivers.home_assistant.verdict import HEARD_ALL_THE_WHILE, JAMMED, Evidence, Move
from edge_agent.errors import (
    DeviceBusy,
    DeviceUnreachable,
    EdgeError,
    Jammed,
    NotPermitted,
    OutcomeUnknown,
    Unsupported,
)
from edge_agent.ports import BoltState, Go, LockDevice, LockReading, at_once

if TYPE_CHECKING:
    from edge_agent.drivers.home_assistant.client import Caller, Listener

_ENTITY = re.compile(r"lock\.[a-z0-9_]{1,120}")
_BATTERY = "battery_level"
_STATES = {
    "locked": BoltState.LOCKED,
    "unlocked": BoltState.UNLOCKED,
    "open": BoltState.UNLOCKED,
}
_FULL = 100


class HomeLockKey(BaseModel):
    """The lock's key record: the way to the server, and what the lock wants to hear.

    `opens_with` "open" pulls the latch, too, where the lock can. `code` goes with each command if
    the lock asks for one. `battery` names a sensor where the lock itself tells no battery.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    token: SecretStr
    code: SecretStr | None = None
    opens_with: Move = Move.UNLOCK
    battery: str | None = None


@dataclass(frozen=True, slots=True)
class LockTiming:
    """Bounds in seconds. `turn`: waiting for our own earlier command.

    `move`: from the call to the state change; nothing is sent later than that. `told`: from the
    call to the answer when a link was lost on the way and the state had to be asked anew.
    `grace`: how long a change may still follow a service that failed.
    """

    turn: float = 15.0
    move: float = 7.0
    told: float = 9.0
    grace: float = 1.5
    first_look: float = 0.1
    hang_up: float = 0.3


def open_home_lock(*, address: str, key: SecretStr, timing: LockTiming | None = None) -> LockDevice:
    """A lock by its entity id (`lock.front_door`) and key record (JSON); nothing is sent yet.

    It has a bolt and nothing else: Home Assistant has no common way to write codes that end by
    themselves, to set a lock's clock or to read its log. NotPermitted: the key cannot be read;
    Unsupported: no entity id of a lock.
    """
    if _ENTITY.fullmatch(address) is None:
        raise Unsupported("no_lock_entity")
    return LockDevice(bolt=HomeLock(address, _read(key), timing or LockTiming()))


class HomeLock:
    """The Bolt port of one lock entity."""

    def __init__(self, entity: str, key: HomeLockKey, timing: LockTiming) -> None:
        self._entity = entity
        self._key = key
        self._timing = timing
        self._turn = asyncio.Lock()
        self._config = HomeAssistantConfig(
            url=key.url,
            token=key.token.get_secret_value(),
            answer_limit=timedelta(seconds=timing.move),
            close_limit=timedelta(seconds=timing.hang_up),
        )

    def __repr__(self) -> str:
        """Only the entity."""
        return f"HomeLock({self._entity})"

    async def unlock(self, go: Go = at_once) -> None:
        """Open once; see Bolt. Returns when the state says unlocked or open.

        OutcomeUnknown also when the server took the command and the state did not follow in time.
        """
        await self._move(self._key.opens_with, go)

    async def lock(self, go: Go = at_once) -> None:
        """Close once; as unlock."""
        await self._move(Move.LOCK, go)

    async def read(self) -> LockReading:
        """State and battery. DeviceUnreachable: the server has lost the lock."""
        state = await self._look()
        percent = state.number(_BATTERY)
        if percent is None and self._key.battery is not None:
            percent = await self._battery(self._key.battery)
        inside = percent is not None and 0 <= percent <= _FULL
        return LockReading(
            bolt=_STATES.get(state.state, BoltState.UNKNOWN),
            battery_percent=round(percent) if inside and percent is not None else None,
        )

    async def _battery(self, sensor: str) -> float | None:
        try:
            return _percent(await look(self._config, sensor))
        except EdgeError:
            return None

    async def _move(self, move: Move, go: Go) -> None:
        started = asyncio.get_running_loop().time()
        async with self._my_turn(started):
            evidence = Evidence(move)
            try:
                await self._attempt(evidence, go, until=started + self._timing.move)
            except OutcomeUnknown as unknown:
                if unknown.reason in HEARD_ALL_THE_WHILE:
                    raise
                await self._resolve(evidence, unknown, until=started + self._timing.told)

    async def _attempt(self, evidence: Evidence, go: Go, *, until: float) -> None:
        """Return when it is proved done. OutcomeUnknown: sent, and nothing is proved."""
        try:
            async with asyncio.timeout_at(until) as limit, dialled(self._config) as pair:
                await self._watched(pair, evidence, go, limit)
        except TimeoutError:
            if not evidence.sent:
                raise DeviceUnreachable("no_answer") from None
            raise evidence.when_time_is_up() from None

    async def _watched(
        self,
        pair: "tuple[Caller, Listener]",
        evidence: Evidence,
        go: Go,
        limit: asyncio.Timeout,
    ) -> None:
        caller, listener = pair
        watch = _Watch(self._entity, evidence)
        async with beside(watch.listen(listener), name="home-lock-listen"):
            await watch.listening()
            watch.begin(await self._look())
            async with beside(self._call(caller, watch, go), name="home-lock-call"):
                await watch.verdict(limit, grace=self._timing.grace)

    async def _call(self, caller: "Caller", watch: "_Watch", go: Go) -> None:
        data: dict[str, JsonValue] = {"entity_id": self._entity}
        if self._key.code is not None:
            data["code"] = self._key.code.get_secret_value()
        try:
            await caller.call("lock", watch.evidence.move.value, data, go=go)
        except EdgeError as refusal:
            watch.evidence.refusal = refusal
        watch.evidence.answered = True
        watch.news.set()

    async def _resolve(self, evidence: Evidence, unknown: OutcomeUnknown, *, until: float) -> None:
        """The links told too little: ask for the state until it tells, or time is up."""
        pause = self._timing.first_look
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while not await self._has_moved(evidence):
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 1.0)
                return
        raise unknown

    async def _has_moved(self, evidence: Evidence) -> bool:
        try:
            evidence.hear((await self._look()).state)
        except EdgeError:
            return False
        if evidence.now == JAMMED:
            raise Jammed("bolt_did_not_move")
        return evidence.now in evidence.move.wanted

    async def _look(self) -> EntityState:
        state = await look(self._config, self._entity)
        if state.state == UNAVAILABLE:
            raise DeviceUnreachable("lock_unavailable")
        return state

    @asynccontextmanager
    async def _my_turn(self, started: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(started + self._timing.turn):
                await self._turn.acquire()
        except TimeoutError:
            raise DeviceBusy("waiting_for_own_turn") from None
        try:
            yield
        finally:
            self._turn.release()


class _Watch:
    """Gathers the evidence of one move."""

    def __init__(self, entity: str, evidence: Evidence) -> None:
        self._entity = entity
        self._subscribed = asyncio.Event()
        self._newest: EntityState | None = None
        self._ended: EdgeError | None = None
        self.evidence = evidence
        self.news = asyncio.Event()

    async def listen(self, listener: "Listener") -> None:
        """Until the link ends."""
        self._ended = await listener.listen(self._hear, ready=self._subscribed)
        self._subscribed.set()
        self.news.set()

    async def listening(self) -> None:
        """Wait until changes would be heard; raises why they never will be."""
        await self._subscribed.wait()
        if self._ended is not None:
            raise self._ended

    def begin(self, seen: EntityState) -> None:
        """From here on changes count. What was heard meanwhile is newer than what was seen."""
        heard = self._newest
        self.evidence.before = seen.state if heard is None else heard.state
        self.evidence.sent = True

    async def verdict(self, limit: asyncio.Timeout, *, grace: float) -> None:
        """Return when the bolt is proved to have moved; raise when it cannot be."""
        while not self.evidence.is_done():
            failure = self.evidence.failure()
            if failure is not None:
                raise failure
            if self._ended is not None:
                raise OutcomeUnknown(self._ended.reason)
            if self.evidence.refusal is not None:
                _shorten(limit, grace)
            await self.news.wait()
            self.news.clear()

    def _hear(self, change: Change) -> None:
        if change.entity != self._entity:
            return
        self._newest = change.now
        if self.evidence.sent:
            self.evidence.hear(UNAVAILABLE if change.now is None else change.now.state)
            self.news.set()


def _shorten(limit: asyncio.Timeout, seconds: float) -> None:
    soon = asyncio.get_running_loop().time() + seconds
    limit.reschedule(min(soon, limit.when() or soon))


def _percent(state: EntityState) -> float | None:
    try:
        return float(state.state)
    except ValueError:
        return None


def _read(key: SecretStr) -> HomeLockKey:
    try:
        return HomeLockKey.model_validate_json(key.get_secret_value())
    except ValidationError:
        raise NotPermitted("key_unreadable") from None  # what was wrong with it would show it
