"""What does the driver tell when an unlock goes wrong on the air, in the lock, or in the library?"""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from bleak import BleakClient

from edge_agent.drivers.ttlock_ble import open_ttlock
from edge_agent.errors import (
    AskHost,
    DeviceBusy,
    DeviceUnreachable,
    EdgeError,
    Jammed,
    NotPermitted,
    OutcomeUnknown,
    TryLater,
    Unsupported,
)
from edge_agent.ports import BoltState, LockDevice, LockLogKind
from edge_agent.simulator.ttlock.model import Conditions, Fault, FaultKind, Op
from tests.edge_agent.drivers.ttlock.bench import QUICK, TTLockBench

_LONGEST_TAP_SECONDS = 10.0


@pytest.mark.parametrize(
    "kind", [FaultKind.LOSE_REPLY_AFTER_ACTING, FaultKind.DROP_LINK_AFTER_ACTING]
)
async def test_lost_answer_of_an_unlock_that_acted_is_success(
    bench: TTLockBench, kind: FaultKind
) -> None:
    bench.fault(kind, Op.UNLOCK)
    await bench.device.bolt.unlock()
    assert bench.unlocks() == 1
    assert bench.lock.snapshot().motor_commands == 1


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.LOSE_REPLY_BEFORE_ACTING,
        FaultKind.DROP_LINK_BEFORE_ACTING,
        FaultKind.DROP_LINK_MID_WRITE,
    ],
)
async def test_unlock_proved_undone_is_try_later(bench: TTLockBench, kind: FaultKind) -> None:
    bench.fault(kind, Op.UNLOCK)
    with pytest.raises(TryLater) as told:
        await bench.device.bolt.unlock()
    assert told.value.reason == "command_not_executed"
    assert bench.lock.snapshot().motor_commands == 0


async def test_lost_link_is_noticed_at_once_not_after_the_time_out(bench: TTLockBench) -> None:
    loop = asyncio.get_running_loop()
    device = open_ttlock(
        address=bench.lock.address, key=bench.key, zone="UTC", timing=replace(QUICK, command=4.0)
    )
    bench.lock.add_fault(Fault(kind=FaultKind.LATE_REPLY, on=Op.UNLOCK, seconds=30))
    started = loop.time()
    async with asyncio.TaskGroup() as group:
        group.create_task(device.bolt.unlock())
        while bench.unlocks() == 0:  # noqa: ASYNC110 - the lock tells nobody
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # the driver is waiting for the answer now
        bench.lock.hang_up()
    assert loop.time() - started < 3.0
    assert bench.unlocks() == 1


async def test_auto_lock_during_the_silence_is_told_from_the_log(bench: TTLockBench) -> None:
    bench.conditions(Conditions(auto_lock_seconds=1))
    bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.UNLOCK)
    await bench.device.bolt.unlock()
    assert [m.cause for m in bench.lock.movements()] == ["app", "auto"]


async def test_a_key_turned_during_the_silence_is_told_from_the_log(bench: TTLockBench) -> None:
    bench.conditions(Conditions(auto_lock_seconds=0))
    bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.UNLOCK)
    async with asyncio.TaskGroup() as group:
        group.create_task(bench.device.bolt.unlock())
        while bench.unlocks() == 0:  # noqa: ASYNC110 - another process or the lock tells nobody
            await asyncio.sleep(0.01)
        bench.lock.turn_key("locked")
    assert bench.unlocks() == 1


async def test_jam_behind_a_lost_answer_is_still_a_jam(bench: TTLockBench) -> None:
    bench.jam()
    bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.UNLOCK)
    with pytest.raises(Jammed):
        await bench.device.bolt.unlock()
    assert bench.lock.snapshot().motor_commands == 1


@pytest.mark.parametrize("answered", [True, False])
async def test_a_bolt_stuck_open_is_a_jam_answered_or_not(
    bench: TTLockBench, *, answered: bool
) -> None:
    bench.lock.turn_key("unlocked")
    bench.conditions(Conditions(jammed=True, auto_lock_seconds=1))
    if not answered:
        bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.LOCK)
    with pytest.raises(Jammed):
        await bench.device.bolt.lock()
    assert bench.lock.snapshot().motor_commands == 2


async def test_a_lock_command_without_answer_is_found_out(bench: TTLockBench) -> None:
    bench.lock.turn_key("unlocked")
    bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.LOCK)
    await bench.device.bolt.lock()
    assert [m.bolt for m in bench.lock.movements()] == ["unlocked", "locked"]


async def test_an_earlier_unlock_in_the_log_proves_nothing(bench: TTLockBench) -> None:
    bench.lock.set_clock(bench.lock.snapshot().clock_local.replace(hour=9))
    await bench.device.bolt.unlock()
    await bench.device.bolt.lock()
    bench.lock.set_clock(bench.lock.snapshot().clock_local.replace(hour=14))
    bench.fault(FaultKind.LOSE_REPLY_BEFORE_ACTING, Op.UNLOCK)
    with pytest.raises(TryLater):
        await bench.device.bolt.unlock()


@pytest.mark.parametrize("witness", [Op.LOG, Op.GET_CLOCK])
async def test_unknown_only_when_state_and_log_are_silent(bench: TTLockBench, witness: Op) -> None:
    bench.fault(FaultKind.LOSE_REPLY_BEFORE_ACTING, Op.UNLOCK)
    bench.fault(FaultKind.REFUSE, witness, times=9)
    with pytest.raises(OutcomeUnknown):
        await bench.device.bolt.unlock()
    assert bench.lock.snapshot().motor_commands == 0


async def test_lock_gone_after_the_command_is_unknown(bench: TTLockBench) -> None:
    bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.UNLOCK)
    bench.fault(FaultKind.DROP_LINK_BEFORE_ACTING, Op.STATE, times=9)
    with pytest.raises(OutcomeUnknown):
        await bench.device.bolt.unlock()
    assert bench.lock.snapshot().motor_commands == 1


async def test_lost_handshake_is_try_later_for_nothing_was_asked(bench: TTLockBench) -> None:
    bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.CHECK_USER)
    with pytest.raises(DeviceUnreachable) as told:
        await bench.device.bolt.unlock()
    assert told.value.reason == "no_answer"


async def test_late_answer_within_patience_is_an_answer(bench: TTLockBench) -> None:
    bench.lock.add_fault(Fault(kind=FaultKind.LATE_REPLY, on=Op.UNLOCK, seconds=0.6))
    await bench.device.bolt.unlock()
    assert bench.lock.snapshot().motor_commands == 1


async def test_answer_later_than_patience_is_found_out(bench: TTLockBench) -> None:
    bench.lock.add_fault(Fault(kind=FaultKind.LATE_REPLY, on=Op.UNLOCK, seconds=3))
    await bench.device.bolt.unlock()
    assert bench.lock.snapshot().motor_commands == 1


@pytest.mark.parametrize("op", [Op.CHECK_USER, Op.UNLOCK, Op.STATE])
async def test_a_push_in_the_middle_is_not_taken_for_the_answer(bench: TTLockBench, op: Op) -> None:
    bench.fault(FaultKind.PUSH_FIRST, op)
    await bench.device.bolt.unlock()
    assert bench.unlocks() == 1


@pytest.mark.parametrize(
    ("byte", "kind", "reason"),
    [
        (0x01, TryLater, "checksum_refused"),
        (0x02, NotPermitted, "admin_needed"),
        (0x0A, AskHost, "battery_empty"),
        (0x0D, NotPermitted, "key_refused"),
        (0x0E, NotPermitted, "key_expired"),
        (0x1B, Unsupported, "command_unknown"),
        (0x1C, AskHost, "lock_frozen"),
        (0x1E, AskHost, "locked_from_inside"),
        (0x13, TryLater, "refused_0x13"),
        (0xFF, TryLater, "refused_0xff"),
    ],
)
@pytest.mark.parametrize("op", [Op.CHECK_USER, Op.UNLOCK])
async def test_refusals_are_told_by_what_one_should_do(
    bench: TTLockBench, byte: int, kind: type[EdgeError], reason: str, op: Op
) -> None:
    bench.lock.add_fault(Fault(kind=FaultKind.REFUSE, on=op, refusal=byte))
    with pytest.raises(EdgeError) as told:
        await bench.device.bolt.unlock()
    assert (type(told.value), told.value.reason) == (kind, reason)
    assert bench.unlocks() == 0


@pytest.mark.parametrize("garbage", ["", "01", "0100", "01ffffffff", "01001000050b"])
@pytest.mark.parametrize("op", [Op.CHECK_USER, Op.STATE, Op.LOG, Op.GET_CLOCK, Op.LIST_CODES])
async def test_unreadable_answers_end_in_declared_errors_only(
    bench: TTLockBench, op: Op, garbage: str
) -> None:
    bench.lock.add_fault(Fault(kind=FaultKind.GARBAGE_REPLY, on=op, garbage=garbage, times=3))
    await _ask_with(bench, op)
    assert bench.unlocks() <= 1


async def test_somebody_elses_session_is_busy_until_it_ends(bench: TTLockBench) -> None:
    async with BleakClient(bench.lock.address):
        with pytest.raises(DeviceBusy):
            await bench.device.bolt.unlock()
    assert bench.unlocks() == 0
    await bench.device.bolt.unlock()
    assert bench.unlocks() == 1


async def test_out_of_range_is_unreachable(bench: TTLockBench) -> None:
    bench.vanish()
    with pytest.raises(DeviceUnreachable) as told:
        await bench.device.bolt.read()
    assert told.value.reason == "not_heard"


async def test_a_door_never_opens_later_than_the_bound(bench: TTLockBench, air: Path) -> None:
    impatient = replace(QUICK, move=1.2)
    device = open_ttlock(address=bench.lock.address, key=bench.key, zone="UTC", timing=impatient)
    bench.lock.add_fault(Fault(kind=FaultKind.LATE_REPLY, on=Op.UNLOCK, seconds=0.4, times=9))
    async with asyncio.TaskGroup() as group:
        taps = [group.create_task(how_it_went(device)) for _ in range(3)]
    moved = [tap.result() for tap in taps]
    assert moved[0] == "opened"
    assert moved[2] in {"DeviceBusy", "DeviceUnreachable"}
    assert bench.lock.snapshot().motor_commands < 3


async def how_it_went(device: LockDevice) -> str:
    try:
        await device.bolt.unlock()
    except EdgeError as failed:
        return type(failed).__name__
    return "opened"


async def test_taps_queue_for_the_one_slot(bench: TTLockBench) -> None:
    bench.lock.add_fault(Fault(kind=FaultKind.LATE_REPLY, on=Op.UNLOCK, seconds=0.8))
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(bench.device.bolt.unlock())
    assert bench.lock.snapshot().motor_commands == 3


async def test_a_cancelled_tap_gives_the_slot_back(bench: TTLockBench) -> None:
    bench.fault(FaultKind.LOSE_REPLY_BEFORE_ACTING, Op.UNLOCK)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.9):
            await bench.device.bolt.unlock()
    assert not bench.lock.snapshot().connected
    assert (await bench.device.bolt.read()).bolt is BoltState.LOCKED


async def test_every_unlock_ends_within_ten_seconds_on_production_timing(
    bench: TTLockBench, air: Path
) -> None:
    loop = asyncio.get_running_loop()
    device = open_ttlock(address=bench.lock.address, key=bench.key, zone="Europe/Madrid")
    bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.UNLOCK)
    bench.fault(FaultKind.LOSE_REPLY_BEFORE_ACTING, Op.LOG, times=9)
    bench.conditions(Conditions(auto_lock_seconds=1))
    started = loop.time()
    with pytest.raises(OutcomeUnknown):
        await device.bolt.unlock()
    assert loop.time() - started < _LONGEST_TAP_SECONDS


async def test_our_unlock_is_in_the_locks_log_with_its_own_time(bench: TTLockBench) -> None:
    await bench.device.bolt.unlock()
    assert bench.device.log is not None
    (entry,) = await bench.device.log.entries(after=None, limit=5)
    (movement,) = [m for m in bench.lock.movements() if m.bolt == "unlocked"]
    assert (entry.kind, entry.at_local) == (LockLogKind.APP_UNLOCK, movement.at_local)


async def _ask_with(bench: TTLockBench, op: Op) -> None:
    device = bench.device
    assert device.log is not None
    assert device.clock is not None
    assert device.keypad is not None
    try:
        match op:
            case Op.LOG:
                await device.log.entries(after=None, limit=3)
            case Op.GET_CLOCK:
                await device.clock.read()
            case Op.LIST_CODES:
                await device.keypad.holds(bench.pin)
            case _:
                await device.bolt.unlock()
    except EdgeError:
        return
