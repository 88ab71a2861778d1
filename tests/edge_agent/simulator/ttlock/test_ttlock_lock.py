"""Does the simulated lock refuse what a lock refuses, and keep its own record?"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ttlock_ble import LockAdvertisement, LockState

from edge_agent.simulator.gatt_bleak import install_simulated_bluetooth
from edge_agent.simulator.ttlock import SimulatedLock
from edge_agent.simulator.ttlock.control import Door, serve_control
from edge_agent.simulator.ttlock.frames import Firmware, checksum
from edge_agent.simulator.ttlock.lock import WRITE
from edge_agent.simulator.ttlock.memory import read_movements
from edge_agent.simulator.ttlock.model import (
    CodeKind,
    Conditions,
    Fault,
    FaultKind,
    Identity,
    Op,
    Refusal,
    StoredCode,
)
from tests.edge_agent.simulator.ttlock.central import connected
from tests.edge_agent.simulator.ttlock.conftest import Quartz

START = datetime(2026, 3, 10, 14, 0, 0)  # noqa: DTZ001 - a lock's local time


async def test_a_proved_key_opens_and_the_movement_is_on_record(
    lock: SimulatedLock, identity: Identity
) -> None:
    async with connected(identity) as central:
        answer = await central.unlock(await central.token())
    assert answer is not None
    assert answer[:2] == bytes((Op.UNLOCK, 1))
    (movement,) = lock.movements()
    assert (movement.sequence, movement.at_local, movement.bolt) == (1, START, "unlocked")


async def test_a_token_proves_one_command(lock: SimulatedLock, identity: Identity) -> None:
    async with connected(identity) as central:
        token = await central.token()
        await central.unlock(token)
        replayed = await central.unlock(token)
    assert replayed == bytes((Op.UNLOCK, 0, Refusal.NO_PERMISSION))
    assert len(lock.movements()) == 1


async def test_a_recorded_session_opens_nothing_later(
    lock: SimulatedLock, identity: Identity
) -> None:
    async with connected(identity) as central:
        token = await central.token()
    async with connected(identity) as central:
        await central.token()
        assert await central.unlock(token) == bytes((Op.UNLOCK, 0, Refusal.KEY_INVALID))
    assert lock.movements() == ()


async def test_another_aes_key_is_met_with_silence(lock: SimulatedLock, identity: Identity) -> None:
    async with connected(identity) as central:
        assert await central.ask(Op.STATE, b"SCIENER", key=bytes(16)) is None
    assert lock.snapshot().bad_frames == 1


async def test_plaintext_is_never_accepted(lock: SimulatedLock, identity: Identity) -> None:
    plain = b"SCIENER"
    body = Firmware().prefix() + bytes((Op.STATE, 0xAA, len(plain))) + plain
    async with connected(identity) as central:
        assert await central.send(body + bytes((checksum(body),)) + b"\r\n") is None
    assert lock.snapshot().bad_frames == 1


async def test_an_unknown_command_is_refused(lock: SimulatedLock, identity: Identity) -> None:
    async with connected(identity) as central:
        assert await central.ask(0x77, b"") == bytes((0x77, 0, Refusal.INVALID_COMMAND))


@pytest.mark.parametrize("op", [Op.CODES, Op.LIST_CODES, Op.SET_CLOCK])
async def test_a_lock_that_insists_wants_the_admin_first(
    lock: SimulatedLock, identity: Identity, op: Op
) -> None:
    lock.set_conditions(Conditions(insists_on_admin=True))
    async with connected(identity) as central:
        assert await central.ask(op, bytes(2)) == bytes((op, 0, Refusal.NO_PERMISSION))


async def test_a_wrong_admin_key_is_refused(lock: SimulatedLock, identity: Identity) -> None:
    async with connected(identity) as central:
        answer = await central.ask(Op.CHECK_ADMIN, bytes(11))
    assert answer == bytes((Op.CHECK_ADMIN, 0, Refusal.ADMIN_CHECK))


async def test_only_one_central_at_a_time(lock: SimulatedLock, identity: Identity) -> None:
    async with connected(identity):
        with pytest.raises(BleakError, match="another central"):
            async with BleakClient(identity.address):
                pass
    async with connected(identity) as central:
        assert await central.token()


async def test_an_idle_central_is_hung_up_on(lock: SimulatedLock, identity: Identity) -> None:
    gone = asyncio.Event()
    lock.idle_seconds = 0.2
    async with BleakClient(identity.address, disconnected_callback=lambda _: gone.set()) as client:
        async with asyncio.timeout(2):
            await gone.wait()
        assert not client.is_connected
    assert not lock.snapshot().connected


async def test_more_than_twenty_bytes_at_once_are_refused(
    lock: SimulatedLock, identity: Identity
) -> None:
    async with BleakClient(identity.address) as client:
        with pytest.raises(BleakError, match="length"):
            await client.write_gatt_char(WRITE, bytes(21), response=False)


async def test_advertisement_tells_bolt_battery_and_news(
    lock: SimulatedLock, identity: Identity
) -> None:
    lock.set_conditions(Conditions(battery=37))
    lock.turn_key("unlocked")
    async with BleakScanner() as scanner:
        _device, heard = await anext(scanner.advertisement_data())
    ((company, data),) = heard.manufacturer_data.items()
    told = LockAdvertisement.from_manufacturer_data(company, data)
    assert told is not None
    assert (told.lock_state, told.battery, told.lock_mac) == (
        LockState.UNLOCKED,
        37,
        identity.address,
    )
    assert told.has_new_records


def test_auto_lock_is_done_at_its_own_time_however_late_one_looks(
    make_lock: Callable[[], SimulatedLock], quartz: Quartz
) -> None:
    lock = make_lock()
    lock.turn_key("unlocked")
    quartz.push(4.9)
    assert lock.snapshot().bolt == "unlocked"
    quartz.push(3600)
    assert [(m.cause, m.at_local - START) for m in lock.movements()] == [
        ("key", timedelta(0)),
        ("auto", timedelta(seconds=5)),
    ]


def test_memory_survives_a_restart(
    make_lock: Callable[[], SimulatedLock], quartz: Quartz, tmp_path: Path
) -> None:
    lock = make_lock()
    code = StoredCode(
        digits="482915", kind=CodeKind.PERIOD, starts_local=START, ends_local=START.replace(hour=20)
    )
    lock.store_code(code)
    lock.set_conditions(Conditions(battery=11, auto_lock_seconds=0))
    lock.set_clock(START + timedelta(minutes=7))
    assert lock.press("482915")
    before = lock.snapshot()
    lock.close()
    quartz.push(60)
    again = make_lock()
    after = again.snapshot()
    assert after == before.model_copy(
        update={"clock_local": before.clock_local + timedelta(minutes=1)}
    )
    assert again.codes() == (code,)
    assert again.movements() == read_movements(tmp_path / "lock.db")


def test_a_jammed_bolt_believes_it_moved(make_lock: Callable[[], SimulatedLock]) -> None:
    lock = make_lock()
    lock.set_conditions(Conditions(jammed=True))
    lock.store_code(
        StoredCode(digits="482915", kind=CodeKind.PERMANENT, starts_local=START, ends_local=None)
    )
    assert not lock.press("482915")
    assert lock.movements() == ()
    assert lock.snapshot().motor_commands == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(op=st.sampled_from(list(Op)), payload=st.binary(max_size=40))
def test_no_payload_surprises_a_lock_or_opens_it(
    make_lock: Callable[[], SimulatedLock], op: Op, payload: bytes
) -> None:
    lock = make_lock()
    answer = lock.answer(op, payload)
    assert answer[:1] in {b"\x00", b"\x01"}
    assert lock.movements() == ()
    lock.close()


async def test_a_door_steers_and_reads_a_lock_in_another_process(
    lock: SimulatedLock, tmp_path: Path
) -> None:
    async with serve_control(tmp_path / "control", lock):
        door = Door(tmp_path / "control")
        await door.set_conditions(Conditions(battery=5))
        await door.set_clock(START + timedelta(days=1))
        await door.turn_key("unlocked")
        await door.add_fault(Fault(kind=FaultKind.REFUSE))
        await door.clear_faults()
        await door.hang_up()
        assert await door.press("1234") is False
        assert await door.movements() == lock.movements()
        assert await door.codes() == ()
        assert (await door.snapshot()).conditions.battery == 5
        assert (await door.snapshot()).clock_local == START + timedelta(days=1)


def test_production_has_no_simulated_air(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="production"):
        install_simulated_bluetooth(tmp_path / "air", production=True)
