"""How is each lock looked after when nobody stands at the door?"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from edge_agent.actions.lock_care import CareRound
from edge_agent.actions.lock_clock import ClockRound
from edge_agent.actions.lock_log import LogRound
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.means import Means
from edge_agent.actions.pins import PinRound
from edge_agent.errors import EdgeError, StopGranting
from edge_agent.ports import Glimpse, LockDevice
from protocol.ids import LockId

_log = structlog.get_logger("portero.lockd")

_SETTLE_SECONDS = 2.0
_SHORTEST_PAUSE_SECONDS = 5.0
_SESSION_SECONDS = 15.0
_MOVE_CLOCK_SECONDS = 60.0
_CONNECT_AT_LEAST_SECONDS: Final = 3600.0
"""A look without a connection cannot be believed: log and clock are read this often anyhow."""


@dataclass(slots=True)
class LockKeeper:
    """State, log, clock and PINs of one lock, in turn, for ever."""

    means: Means
    lock: LockId
    room: LockRoom
    pins: PinRound
    log: LogRound
    clock: ClockRound
    care: CareRound
    period: float
    _connected_at: float | None = None

    async def run(self) -> None:
        """Look after the lock now, after each news, and once a period."""
        while True:
            self.room.news.clear()
            due = await self.look()
            await self._rest(due)

    async def look(self) -> timedelta | None:
        """Everything once; what fails is left for the next time. When PINs are due again."""
        device, due = self.room.device, None
        glimpse = await self._try("glance", self._glance())
        if glimpse is None or glimpse.has_new_records or self._must_connect():
            await self._connected_look(device, seen=glimpse is not None)
        if device.keypad is not None:
            due = await self._try("pins", self.pins.turn(device.keypad))
        return due

    async def _connected_look(self, device: LockDevice, *, seen: bool) -> None:
        self._connected_at = self.means.time.boot_seconds()
        if not seen:
            await self._try("state", self._read_state())
        if device.log is not None:
            await self._try("log", self.log.turn(device.log))
        reading = None
        if device.clock is not None:
            reading = await self._try("clock", self.clock.turn(device.clock))
        self.care.turn(reading)

    def _must_connect(self) -> bool:
        """Was the last connection long ago, is an attempt unresolved, is the clock to be moved?"""
        last, now = self._connected_at, self.means.time.boot_seconds()
        return (
            last is None
            or now - last >= _CONNECT_AT_LEAST_SECONDS
            or self.room.clock_is_right is False
            or self.clock.must_move()
            or bool(self.means.audit.unresolved(self.lock))
        )

    async def _rest(self, due: timedelta | None) -> None:
        try:
            async with asyncio.timeout(max(self._pause(due), _SHORTEST_PAUSE_SECONDS)):
                await self.room.news.wait()
        except TimeoutError:
            return
        await asyncio.sleep(_SETTLE_SECONDS)  # a person may tap again; the lock may lock itself

    def _pause(self, due: timedelta | None) -> float:
        """No longer than until PINs are due, or the house's clocks are changed."""
        pauses = [self.period]
        if due is not None:
            pauses.append(due.total_seconds())
        if self.room.device.clock is not None:
            change = self.clock.until_change()
            pauses += [] if change is None else [change.total_seconds() + 1]
            pauses += [_MOVE_CLOCK_SECONDS] if self.clock.must_move() else []
        return min(pauses)

    async def _try[T](self, what: str, work: Coroutine[None, None, T]) -> T | None:
        try:
            return await work
        except StopGranting:
            raise
        except EdgeError as error:
            _log.info("lock_not_looked_after", lock=str(self.lock), what=what, reason=error.reason)
        except Exception:  # noqa: BLE001 - a driver's surprise: logged once, tried again later
            _log.exception("lock_keeper_failed", lock=str(self.lock), what=what)
        return None

    async def _read_state(self) -> None:
        reading = await self.room.quietly(
            lambda device: device.bolt.read(), seconds=_SESSION_SECONDS
        )
        self.room.saw(reading)

    async def _glance(self) -> Glimpse | None:
        """What the lock says to everybody, if it can be heard: no connection, no battery."""
        glance = self.room.device.glance
        if glance is None:
            return None
        glimpse = await self.room.quietly(lambda _device: glance.listen(), seconds=_SESSION_SECONDS)
        if glimpse is not None:
            self.room.saw(glimpse.reading)
        return glimpse
