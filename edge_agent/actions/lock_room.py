"""Who may use a lock's one radio now? A person at the door comes before all housekeeping."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from edge_agent.errors import DeviceBusy, OutcomeUnknown
from edge_agent.ports import BoltState, LockDevice, LockReading

BROKEN_OFF: Final = "broken_off"
"""Housekeeping was cut short: what it was about may have been done."""


class LockRoom:
    """One lock, with what was last read of it. `news` is set when a look at it is worth while.

    `clock_is_right`: its clock was read lately and stood as it should; None when it has none.
    `while_busy` is entered while the lock is spoken to: the host must not stop us then.
    """

    def __init__(
        self,
        device: LockDevice,
        *,
        while_busy: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.device = device
        self._while_busy = while_busy
        self.last = LockReading(BoltState.UNKNOWN, None)
        self.clock_is_right: bool | None = None if device.clock is None else False
        self.news = asyncio.Event()
        self._turn = asyncio.Lock()
        self._movers = 0
        self._quiet: asyncio.Timeout | None = None

    async def move(
        self, check: Callable[[], bool], act: Callable[[], Awaitable[None]], *, seconds: float
    ) -> bool:
        """Wait for the turn, `check`, and if that is still true, `act`; False when it was not.

        DeviceBusy: the turn did not come. OutcomeUnknown: time ran out while acting. Housekeeping
        in progress is broken off.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        self._movers += 1
        try:
            await self._take_turn(ends)
        finally:
            self._movers -= 1
        try:
            if not check():
                return False
            with self._while_busy():
                async with asyncio.timeout_at(ends):
                    await act()
        except TimeoutError:
            raise OutcomeUnknown("timed_out") from None
        finally:
            self._turn.release()
            self.news.set()
        return True

    async def quietly[T](self, act: Callable[[LockDevice], Awaitable[T]], *, seconds: float) -> T:
        """Housekeeping: bounded, and broken off with DeviceBusy when somebody is at the door."""
        if self._movers:
            raise DeviceBusy("somebody_at_the_door")
        async with self._turn:
            if self._movers:
                raise DeviceBusy("somebody_at_the_door")
            try:
                with self._while_busy():
                    async with asyncio.timeout(seconds) as self._quiet:
                        return await act(self.device)
            except TimeoutError:
                raise DeviceBusy(BROKEN_OFF) from None
            finally:
                self._quiet = None

    def saw(self, reading: LockReading) -> None:
        """Remember the newest look; a battery once told is kept until told anew."""
        battery = reading.battery_percent
        known = self.last.battery_percent if battery is None else battery
        self.last = LockReading(reading.bolt, known)

    async def _take_turn(self, ends: float) -> None:
        if self._quiet is not None and not self._quiet.expired():
            self._quiet.reschedule(asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout_at(ends):
                await self._turn.acquire()
        except TimeoutError:
            raise DeviceBusy("turn_did_not_come") from None
