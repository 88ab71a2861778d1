"""How is one lock driven by several ways, in order of preference, as if there were one?

A bolt is told by the next way only when the first surely did nothing; never after an unknown end.
A PIN is written by the first way that works, and by another one only when it is read back that the
first did not. A way that keeps a record elsewhere is not believed against the lock's own table.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge_agent.errors import (
    AskHost,
    DeviceUnreachable,
    EdgeError,
    Jammed,
    NoSuchThing,
    OutcomeUnknown,
    TryLater,
)
from edge_agent.ports import (
    Bolt,
    BoltState,
    Go,
    Keypad,
    KeypadLimits,
    LockClock,
    LockDevice,
    LockReading,
    PinCode,
    at_once,
)

_NEXT_WAY_WITHIN_SECONDS: Final = 7.0
"""A later start of another way would not end in the ten seconds a person waits at a door."""

_STEP_BACK_SECONDS: Final = 60.0
"""So long a way that did not reach the lock is tried after the others."""

_SURELY_NOTHING: Final = (TryLater, AskHost, NoSuchThing)


def combined(ways: Sequence[LockDevice]) -> LockDevice:
    """One device of them all; the lock's own log, its numbers and its table come from one way."""
    if len(ways) == 1:
        return ways[0]
    typists = tuple(_Typist(each.keypad, each.limits) for each in ways if each.keypad is not None)
    clocks = tuple(each.clock for each in ways if each.clock is not None)
    return LockDevice(
        bolt=_Bolts(tuple(each.bolt for each in ways)),
        keypad=_Keypads(typists) if typists else None,
        clock=_Clocks(clocks) if clocks else None,
        log=next((each.log for each in ways if each.log is not None), None),
        table=next((each.table for each in ways if each.table is not None), None),
        glance=next((each.glance for each in ways if each.glance is not None), None),
        limits=_narrowest([each.limits for each in typists]),
        firmware=next((each.firmware for each in ways if each.firmware is not None), None),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Typist:
    """One way to the keypad."""

    keypad: Keypad
    limits: KeypadLimits


class _Order[Way]:
    """The preferred first, who lately did not reach the lock last."""

    def __init__(self, ways: tuple[Way, ...]) -> None:
        self._ways = ways
        self._back_until = dict[int, float]()

    def now(self) -> list[Way]:
        moment = asyncio.get_running_loop().time()
        return sorted(self._ways, key=lambda each: self._back_until.get(id(each), 0.0) > moment)

    def failed(self, way: Way, error: EdgeError) -> None:
        if isinstance(error, DeviceUnreachable):
            moment = asyncio.get_running_loop().time()
            self._back_until[id(way)] = moment + _STEP_BACK_SECONDS


class _Bolts:
    """The Bolt port."""

    def __init__(self, bolts: tuple[Bolt, ...]) -> None:
        self._order = _Order(bolts)

    async def unlock(self, go: Go = at_once) -> None:
        """See Bolt."""
        await self._move(lambda bolt: bolt.unlock(go))

    async def lock(self, go: Go = at_once) -> None:
        """See Bolt."""
        await self._move(lambda bolt: bolt.lock(go))

    async def read(self) -> LockReading:
        """From the first way that knows; the first error when none does."""
        errors, silent = list[EdgeError](), LockReading(BoltState.UNKNOWN, None)
        for bolt in self._order.now():
            try:
                reading = await bolt.read()
            except EdgeError as error:
                self._order.failed(bolt, error)
                errors.append(error)
                continue
            if reading.bolt is not BoltState.UNKNOWN:
                return reading
            silent = reading if silent.battery_percent is None else silent
        if errors and silent.battery_percent is None:
            raise _most_hopeful(errors)
        return silent

    async def _move(self, command: Callable[[Bolt], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        no_later_than = loop.time() + _NEXT_WAY_WITHIN_SECONDS
        errors = list[EdgeError]()
        for bolt in self._order.now():
            if errors and loop.time() > no_later_than:
                break
            try:
                await command(bolt)
            except Jammed:
                raise  # it was told, and another way would only strain the same motor
            except _SURELY_NOTHING as error:
                self._order.failed(bolt, error)
                errors.append(error)
            else:
                return
        raise _most_hopeful(errors)


class _Keypads:
    """The Keypad port."""

    def __init__(self, typists: tuple[_Typist, ...]) -> None:
        self._typists = typists
        self._order = _Order(typists)
        self._told = dict[str, _Typist]()  # who was last told of these digits

    def __repr__(self) -> str:
        """Never shows the codes it remembers."""
        return "_Keypads()"

    async def write(self, pin: PinCode) -> None:
        """See Keypad; after an unknown end only what is read back decides about another way."""
        errors = list[EdgeError]()
        for typist in self._order.now():
            try:
                await typist.keypad.write(pin)
            except OutcomeUnknown as error:
                self._told[pin.digits] = typist
                held = await self._look(pin)
                if held is None:
                    raise
                if held:
                    return
                errors.append(error)
            except _SURELY_NOTHING as error:
                self._order.failed(typist, error)
                errors.append(error)
            else:
                self._told[pin.digits] = typist
                return
        raise _most_hopeful(errors)

    async def remove(self, pin: PinCode) -> None:
        """See Keypad; removing again by another way does no harm."""
        errors = list[EdgeError]()
        for typist in self._order.now():
            try:
                await typist.keypad.remove(pin)
            except (OutcomeUnknown, *_SURELY_NOTHING) as error:
                self._order.failed(typist, error)
                errors.append(error)
            else:
                return
        raise next((each for each in errors if isinstance(each, OutcomeUnknown)), None) or (
            _most_hopeful(errors)
        )

    async def holds(self, pin: PinCode) -> bool | None:
        """See Keypad. Who reads the lock itself decides; a record is believed by its own writer.

        That a code is absent is believed of records only when no way reads the lock.
        """
        answers, errors = list[bool | None](), list[EdgeError]()
        anyone_reads = any(each.limits.reads_the_lock for each in self._typists)
        for typist in self._typists:
            try:
                held = await typist.keypad.holds(pin)
            except EdgeError as error:
                errors.append(error)
                continue
            reads = typist.limits.reads_the_lock
            wrote = self._told.get(pin.digits) is typist
            if (held is not None and reads) or (held and (wrote or not anyone_reads)):
                return held
            answers.append(None if reads or anyone_reads else held)
        if errors:
            raise _most_hopeful(errors)
        return None if None in answers else False

    async def _look(self, pin: PinCode) -> bool | None:
        try:
            return await self.holds(pin)
        except EdgeError:
            return None


class _Clocks:
    """The LockClock port; setting it twice to the same moment does no harm."""

    def __init__(self, clocks: tuple[LockClock, ...]) -> None:
        self._order = _Order(clocks)

    async def read(self) -> datetime:
        """See LockClock."""
        return await self._first(lambda clock: clock.read())

    async def set(self, local: datetime) -> None:
        """See LockClock."""
        await self._first(lambda clock: clock.set(local))

    async def _first[T](self, ask: Callable[[LockClock], Awaitable[T]]) -> T:
        errors = list[EdgeError]()
        for clock in self._order.now():
            try:
                return await ask(clock)
            except (OutcomeUnknown, *_SURELY_NOTHING) as error:
                self._order.failed(clock, error)
                errors.append(error)
        raise _most_hopeful(errors)


def _most_hopeful(errors: Sequence[EdgeError]) -> EdgeError:
    """What may pass by itself comes before what a person must mend."""
    return next((each for each in errors if isinstance(each, TryLater)), errors[0])


def _narrowest(limits: Sequence[KeypadLimits]) -> KeypadLimits:
    """What every way can take."""
    if not limits:
        return KeypadLimits()
    most = [each.most_codes for each in limits if each.most_codes is not None]
    return KeypadLimits(
        shortest=max(each.shortest for each in limits),
        longest=min(each.longest for each in limits),
        most_codes=min(most, default=None),
        reads_the_lock=any(each.reads_the_lock for each in limits),
    )
