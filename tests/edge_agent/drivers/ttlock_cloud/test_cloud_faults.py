"""What becomes of an unlock or a code when the wire, the vendor or the gateway fails?"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.errors import (
    DeviceUnreachable,
    EdgeError,
    Jammed,
    OutcomeUnknown,
    PickAnother,
    TryLater,
)
from edge_agent.ports import BoltState, PinCode
from edge_agent.simulator.ttlock.model import Conditions as LockConditions
from edge_agent.simulator.ttlock_cloud.model import FaultKind
from tests.edge_agent.drivers.ttlock_cloud.bench import QUICK, ZONE, CloudBench, open_again
from tests.edge_agent.drivers.ttlock_cloud.bench import real_now as now

ARRIVAL = datetime(2026, 3, 10, 15)  # noqa: DTZ001 - a lock's local time
PIN = PinCode("482915", ARRIVAL, ARRIVAL + timedelta(days=3))
ADD, CHANGE, DELETE = "/keyboardPwd/add", "/keyboardPwd/change", "/keyboardPwd/delete"


@pytest.mark.parametrize("kind", [FaultKind.CUT_AFTER, FaultKind.GARBAGE, FaultKind.ERRCODE_AFTER])
async def test_an_unlock_that_acted_is_found_out(bench: CloudBench, kind: FaultKind) -> None:
    bench.fault(kind, "/lock/unlock", errcode=1)
    await bench.device.bolt.unlock()
    assert bench.unlocks() == 1
    assert bench.calls("/v3/lock/unlock") == 1


@pytest.mark.parametrize("kind", [FaultKind.CUT_BEFORE, FaultKind.ERRCODE, FaultKind.STATUS])
async def test_an_unlock_that_did_not_act_stays_unknown_and_is_not_repeated(
    bench: CloudBench, kind: FaultKind
) -> None:
    bench.fault(kind, "/lock/unlock", errcode=1)
    with pytest.raises(OutcomeUnknown):
        await bench.device.bolt.unlock()
    assert bench.unlocks() == 0
    assert bench.calls("/v3/lock/unlock") == 1


async def test_a_silent_vendor_is_told_in_time(bench: CloudBench, tmp_path: Path) -> None:
    bench.device = open_again(bench, tmp_path, timing=replace(QUICK, move=0.5, told=1.0))
    await bench.device.bolt.read()
    bench.fault(FaultKind.HANG, "/lock/unlock")
    async with asyncio.timeout(8):
        with pytest.raises(OutcomeUnknown):
            await bench.device.bolt.unlock()
    assert bench.unlocks() == 0


async def test_the_records_tell_of_an_unlock_that_locked_itself_again(bench: CloudBench) -> None:
    bench.vendor.set_lock_conditions(LockConditions(auto_lock_seconds=1))
    await bench.device.bolt.read()
    bench.fault(FaultKind.LATE, "/lock/unlock", seconds=2.0)
    bench.fault(FaultKind.CUT_BEFORE, "/queryOpenState")
    await bench.device.bolt.unlock()
    assert bench.unlocks() == 1
    assert (await bench.device.bolt.read()).bolt is BoltState.LOCKED


async def test_an_earlier_unlocks_record_proves_nothing(bench: CloudBench) -> None:
    await bench.device.bolt.unlock()
    await bench.device.bolt.lock()
    bench.fault(FaultKind.CUT_BEFORE, "/lock/unlock")
    with pytest.raises(OutcomeUnknown):
        await bench.device.bolt.unlock()
    assert bench.unlocks() == 1


async def test_a_jam_behind_a_lost_answer_is_a_jam(bench: CloudBench) -> None:
    bench.jam()
    bench.fault(FaultKind.CUT_AFTER, "/lock/unlock")
    with pytest.raises(Jammed):
        await bench.device.bolt.unlock()


async def test_records_on_their_way_leave_it_unknown(bench: CloudBench) -> None:
    bench.jam()
    bench.conditions(uploads=False)
    bench.fault(FaultKind.CUT_AFTER, "/lock/unlock")
    with pytest.raises(OutcomeUnknown):
        await bench.device.bolt.unlock()


async def test_an_absent_vendor_was_asked_nothing(bench: CloudBench) -> None:
    await bench.server.__aexit__(None, None, None)
    with pytest.raises(DeviceUnreachable):
        await bench.device.bolt.unlock()
    assert bench.unlocks() == 0


async def test_a_pi_with_a_wrong_clock_learns_the_vendors(bench: CloudBench) -> None:
    bench.fault(FaultKind.ERRCODE, "/lock/unlock", errcode=80000)
    await bench.device.bolt.unlock()
    assert bench.unlocks() == 1
    bench.fault(FaultKind.ERRCODE, "/lock/lock", errcode=80000, times=2)
    with pytest.raises(TryLater):
        await bench.device.bolt.lock()


async def test_a_code_reaches_the_lock_and_not_only_the_list(bench: CloudBench) -> None:
    await bench.keypad.write(PIN)
    assert [each.digits for each in bench.vendor.lock_codes()] == [PIN.digits]


@pytest.mark.parametrize("kind", [FaultKind.CUT_AFTER, FaultKind.CUT_BEFORE, FaultKind.ERRCODE])
@pytest.mark.parametrize("path", [ADD, CHANGE, DELETE])
async def test_a_lost_answer_about_a_code_is_settled_by_the_list(
    bench: CloudBench, kind: FaultKind, path: str
) -> None:
    bench.fault(kind, path)
    longer = PinCode(PIN.digits, PIN.starts_local, PIN.ends_local + timedelta(days=1))
    await bench.keypad.write(PIN)
    await bench.keypad.write(longer)
    assert [each.ends_local for each in bench.vendor.lock_codes()] == [longer.ends_local]
    await bench.keypad.remove(longer)
    assert bench.vendor.lock_codes() == ()
    assert await bench.keypad.holds(longer) is False


async def test_digits_whose_fate_is_unknown_are_not_called_absent(bench: CloudBench) -> None:
    bench.fault(FaultKind.CUT_BEFORE, ADD, times=2)
    with pytest.raises(OutcomeUnknown):
        await bench.keypad.write(PIN)
    assert await bench.keypad.holds(PIN) is None
    await bench.keypad.write(PIN)
    assert await bench.keypad.holds(PIN) is True


async def test_slow_changes_are_not_called_done_before_they_are(bench: CloudBench) -> None:
    bench.conditions(settle_seconds=3600.0)
    await bench.keypad.write(PIN)
    assert await bench.keypad.holds(PIN) is False
    assert bench.vendor.lock_codes() == ()
    await bench.keypad.write(PIN)
    assert bench.calls("/v3/keyboardPwd/add") == 1, "it is under way already"


async def test_a_failed_slow_write_is_written_again(bench: CloudBench) -> None:
    bench.conditions(settle_seconds=0.001, settling_fails=True)
    await bench.keypad.write(PIN)
    assert await bench.keypad.holds(PIN) is False
    bench.conditions(settle_seconds=0.0, settling_fails=False)
    await bench.keypad.write(PIN)
    assert await bench.keypad.holds(PIN) is True


async def test_a_slow_removal_is_not_called_done_before_it_is(bench: CloudBench) -> None:
    await bench.keypad.write(PIN)
    bench.conditions(settle_seconds=0.001, settling_fails=True)
    await bench.keypad.remove(PIN)
    assert len(bench.vendor.lock_codes()) == 1
    assert await bench.keypad.holds(PIN) is False  # not as wanted
    bench.conditions(settle_seconds=0.0, settling_fails=False)
    await bench.keypad.remove(PIN)
    assert bench.vendor.lock_codes() == ()


async def test_a_code_too_simple_asks_for_another(bench: CloudBench) -> None:
    with pytest.raises(PickAnother):
        await bench.keypad.write(PinCode("123456", PIN.starts_local, PIN.ends_local))


async def test_windows_are_local_on_both_sides_of_a_change_of_the_clocks(bench: CloudBench) -> None:
    over_spring = PinCode("730284", datetime(2026, 3, 28, 15), datetime(2026, 3, 30, 11))  # noqa: DTZ001 - a lock's local time
    await bench.keypad.write(over_spring)
    (stored,) = bench.vendor.lock_codes()
    assert (stored.starts_local, stored.ends_local) == (
        over_spring.starts_local,
        over_spring.ends_local,
    )


async def test_a_hint_of_drift_makes_the_clock_be_asked_again(bench: CloudBench) -> None:
    local = now().astimezone(ZONE).replace(tzinfo=None)
    await bench.clock.read()
    bench.set_clock(local - timedelta(minutes=20))
    await bench.clock.read()
    asked = bench.calls("/v3/lock/queryDate")
    assert asked == 1, "a told clock is good for a while"
    bench.press("999999")
    await bench.log.entries(after=None, limit=10)
    late = local - await bench.clock.read()
    assert late > timedelta(minutes=15)
    assert bench.calls("/v3/lock/queryDate") == 2


async def test_a_clock_is_not_set_to_a_time_the_vendor_doubts(bench: CloudBench) -> None:
    local = now().astimezone(ZONE).replace(tzinfo=None)
    with pytest.raises(TryLater):
        await bench.clock.set(local + timedelta(minutes=30))


async def test_a_record_that_comes_late_is_not_missed(bench: CloudBench) -> None:
    local = now().astimezone(ZONE).replace(tzinfo=None)
    bench.press("111222")
    first = await bench.log.entries(after=None, limit=10)
    bench.set_clock(local - timedelta(hours=3))
    bench.press("333444")
    bench.set_clock(local)
    (late,) = await bench.log.entries(after=first[-1].number, limit=10)
    assert late.pin_digits == "333444"
    assert await bench.log.entries(after=late.number, limit=10) == ()


@pytest.mark.parametrize("path", ["/queryOpenState", "/lockRecord/list", "/listKeyboardPwd"])
async def test_nonsense_is_try_later(bench: CloudBench, path: str) -> None:
    bench.fault(FaultKind.GARBAGE, path, times=9)
    with pytest.raises(TryLater):
        await _ask(bench, path)


async def _ask(bench: CloudBench, path: str) -> object:
    if path == "/queryOpenState":
        return await bench.device.bolt.read()
    if path == "/lockRecord/list":
        return await bench.log.entries(after=None, limit=1)
    return await bench.keypad.holds(PIN)


async def test_every_failure_is_one_of_ours(bench: CloudBench) -> None:
    for kind in (FaultKind.CUT_BEFORE, FaultKind.GARBAGE, FaultKind.STATUS):
        bench.fault(kind, "", times=99)
        for act in (bench.device.bolt.read, bench.device.bolt.unlock, bench.clock.read):
            with pytest.raises(EdgeError):
                await act()
        bench.server.clear_faults()
