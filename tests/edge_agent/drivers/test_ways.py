"""Is a lock with several ways opened once, and does it hold one PIN, whichever way works?"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from edge_agent.drivers.ways import combined
from edge_agent.errors import (
    CalledOff,
    CapacityReached,
    DeviceBusy,
    DeviceUnreachable,
    EdgeError,
    Jammed,
    NotPermitted,
    OutcomeUnknown,
    PickAnother,
    Unsupported,
)
from edge_agent.ports import Keypad, KeypadLimits, LockDevice, PinCode
from tests.edge_agent.lock_kit import MemoryKeypad, MemoryLockClock, MemoryLog
from tests.edge_agent.lockd_kit import MemoryBolt

NOON = datetime(2026, 7, 1, 12)  # noqa: DTZ001 - a lock's local time
PIN = PinCode("402817", NOON, datetime(2026, 7, 3, 11))  # noqa: DTZ001 - as above
READS = KeypadLimits(reads_the_lock=True)
SURELY_NOTHING = [
    DeviceUnreachable("not_heard"),
    DeviceBusy("gateway_busy"),
    NotPermitted("key_refused"),
    Unsupported("command_unknown"),
    CapacityReached("quota"),
]


@dataclass
class Way:
    """One way to the lock, with a bolt and a keypad of its own."""

    bolt: MemoryBolt = field(default_factory=MemoryBolt)
    keypad: MemoryKeypad = field(default_factory=MemoryKeypad)
    limits: KeypadLimits = READS

    @property
    def device(self) -> LockDevice:
        return LockDevice(self.bolt, self.keypad, limits=self.limits)


@pytest.fixture
def radio() -> Way:
    """The preferred one: it reads the lock itself."""
    return Way()


@pytest.fixture
def gateway() -> Way:
    """The next best: it keeps a record elsewhere."""
    return Way(limits=KeypadLimits(longest=6))


def both(radio: Way, gateway: Way) -> LockDevice:
    return combined([radio.device, gateway.device])


def keypad_of(radio: Way, gateway: Way) -> Keypad:
    keypad = both(radio, gateway).keypad
    assert keypad is not None
    return keypad


@pytest.mark.parametrize("error", SURELY_NOTHING)
async def test_the_next_way_opens_when_the_first_surely_did_nothing(
    radio: Way, gateway: Way, error: EdgeError
) -> None:
    radio.bolt.fails_before = error
    await both(radio, gateway).bolt.unlock()
    assert (radio.bolt.opened, gateway.bolt.opened) == (0, 1)


@pytest.mark.parametrize("error", [OutcomeUnknown("no_answer"), Jammed("bolt_did_not_move")])
async def test_after_an_unknown_end_no_other_way_is_told(
    radio: Way, gateway: Way, error: EdgeError
) -> None:
    radio.bolt.fails_after = error
    with pytest.raises(type(error)):
        await both(radio, gateway).bolt.unlock()
    assert (radio.bolt.opened, gateway.bolt.opened) == (1, 0)


async def test_what_is_called_off_is_not_tried_by_another_way(radio: Way, gateway: Way) -> None:
    answers = iter([False, True])
    with pytest.raises(CalledOff):
        await both(radio, gateway).bolt.unlock(lambda: next(answers))
    assert (radio.bolt.opened, gateway.bolt.opened) == (0, 0)


async def test_a_driver_that_breaks_is_no_proof_that_nothing_happened(
    radio: Way, gateway: Way
) -> None:
    radio.bolt.fails_before = RuntimeError("a bug")
    with pytest.raises(RuntimeError):
        await both(radio, gateway).bolt.unlock()
    assert gateway.bolt.opened == 0


async def test_a_way_out_of_reach_is_tried_last_for_a_while(radio: Way, gateway: Way) -> None:
    device = both(radio, gateway)
    radio.bolt.fails_before = DeviceUnreachable("not_heard")
    await device.bolt.unlock()
    radio.bolt.fails_before = None
    await device.bolt.unlock()
    assert (radio.bolt.opened, gateway.bolt.opened) == (0, 2)


async def test_when_no_way_works_what_may_pass_by_itself_is_told(radio: Way, gateway: Way) -> None:
    radio.bolt.fails_before = NotPermitted("key_refused")
    gateway.bolt.fails_before = DeviceBusy("gateway_busy")
    with pytest.raises(DeviceBusy):
        await both(radio, gateway).bolt.unlock()


@pytest.mark.parametrize("error", SURELY_NOTHING)
async def test_a_pin_is_written_once_by_the_first_way_that_works(
    radio: Way, gateway: Way, error: EdgeError
) -> None:
    keypad = keypad_of(radio, gateway)
    await keypad.write(PIN)
    assert (radio.keypad.writes, gateway.keypad.writes) == (1, 0)
    radio.keypad.codes.clear()
    radio.keypad.fails = error
    await keypad.write(PIN)
    assert (radio.keypad.writes, gateway.keypad.writes) == (1, 1)


@dataclass
class Deaf(MemoryKeypad):
    """Answers nobody; `acts`: what happens all the same."""

    acts: Callable[["Deaf", PinCode], None] = lambda _self, _pin: None

    async def write(self, pin: PinCode) -> None:
        self.acts(self, pin)
        raise OutcomeUnknown("link_lost")


async def test_after_an_unknown_write_what_is_read_back_decides(gateway: Way) -> None:
    done = Way(keypad=Deaf(acts=lambda deaf, pin: deaf.codes.update({pin.digits: pin})))
    await keypad_of(done, gateway).write(PIN)
    assert gateway.keypad.writes == 0
    undone = Way(keypad=Deaf())
    await keypad_of(undone, gateway).write(PIN)
    assert gateway.keypad.writes == 1
    silent = Way(keypad=Deaf(cannot_tell=True))
    with pytest.raises(OutcomeUnknown):
        await keypad_of(silent, gateway).write(PIN)
    assert gateway.keypad.writes == 1


async def test_digits_the_lock_refuses_are_refused_by_all(radio: Way, gateway: Way) -> None:
    radio.keypad.refuses = frozenset({PIN.digits})
    with pytest.raises(PickAnother):
        await keypad_of(radio, gateway).write(PIN)
    assert gateway.keypad.writes == 0


async def test_a_record_elsewhere_is_not_believed_against_the_lock(
    radio: Way, gateway: Way
) -> None:
    """Its own writer may say that it is there; that it is gone only the lock can say."""
    keypad = keypad_of(radio, gateway)
    await keypad.write(PIN)  # by radio; the gateway's record does not know it
    radio.keypad.fails = DeviceUnreachable("not_heard")
    with pytest.raises(DeviceUnreachable):
        await keypad.holds(PIN)
    await keypad.write(PIN)  # by the gateway now
    assert await keypad.holds(PIN) is True
    await keypad.remove(PIN)
    with pytest.raises(DeviceUnreachable):
        await keypad.holds(PIN)
    radio.keypad.fails = None
    assert await keypad.holds(PIN) is True  # the radio's own copy was never taken out
    await asyncio.sleep(0)
    await combined([radio.device]).keypad.remove(PIN)  # type: ignore[union-attr]
    assert await keypad.holds(PIN) is False


async def test_records_alone_are_believed_when_no_way_reads_the_lock(gateway: Way) -> None:
    other = Way(limits=KeypadLimits())
    keypad = keypad_of(gateway, other)
    await keypad.write(PIN)
    assert await keypad.holds(PIN) is True
    await keypad.remove(PIN)
    assert await keypad.holds(PIN) is False
    gateway.keypad.cannot_tell = True
    assert await keypad.holds(PIN) is None


async def test_one_log_one_clock_and_the_narrowest_limits(radio: Way, gateway: Way) -> None:
    first, second = MemoryLog(), MemoryLog()
    clock = MemoryLockClock(NOON)
    device = combined(
        [
            LockDevice(radio.bolt, radio.keypad, None, first, limits=radio.limits),
            LockDevice(gateway.bolt, gateway.keypad, clock, second, limits=gateway.limits),
        ]
    )
    assert device.log is first  # record numbers of one way mean nothing to another
    assert device.clock is not None
    assert await device.clock.read() == NOON
    assert (device.limits.longest, device.limits.reads_the_lock) == (6, True)
    assert combined([radio.device]).bolt is radio.bolt
