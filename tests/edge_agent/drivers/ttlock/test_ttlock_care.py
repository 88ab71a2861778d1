"""Is a lock read without being asked, its own table listed, and the owner's codes left alone?"""

from dataclasses import replace
from datetime import datetime

from edge_agent.drivers.ttlock_ble import open_ttlock
from edge_agent.ports import BoltState, PinCode
from edge_agent.simulator.ttlock.model import CodeKind, Conditions, StoredCode
from tests.edge_agent.drivers.ttlock.bench import QUICK, TTLockBench

ARRIVAL = datetime(2026, 3, 10, 15, 0)  # noqa: DTZ001 - a lock's local time
DEPARTURE = datetime(2026, 3, 13, 11, 0)  # noqa: DTZ001 - as above
PIN = PinCode("482915", ARRIVAL, DEPARTURE)


async def test_bolt_battery_and_news_are_heard_without_a_connection(bench: TTLockBench) -> None:
    bench.conditions(Conditions(battery=63, busy=True))  # nobody could connect
    assert bench.device.glance is not None
    quiet = await bench.device.glance.listen()
    assert quiet is not None
    assert (quiet.reading.bolt, quiet.reading.battery_percent) == (BoltState.LOCKED, 63)
    assert not quiet.has_new_records
    bench.lock.turn_key("unlocked")
    told = await bench.device.glance.listen()
    assert told is not None
    assert (told.reading.bolt, told.has_new_records) == (BoltState.UNLOCKED, True)
    bench.conditions(Conditions(advertises=False))
    assert await bench.device.glance.listen() is None


async def test_the_table_lists_dated_codes_whoever_wrote_them(bench: TTLockBench) -> None:
    await bench.keypad.write(PIN)
    for digits, kind in (("111222", CodeKind.PERMANENT), ("333444", CodeKind.PERIOD)):
        ends = DEPARTURE if kind is CodeKind.PERIOD else None
        bench.lock.store_code(
            StoredCode(digits=digits, kind=kind, starts_local=ARRIVAL, ends_local=ends)
        )
    assert bench.device.table is not None
    assert set(await bench.device.table.codes()) == {PIN, replace(PIN, digits="333444")}


async def test_an_owners_code_with_a_guests_digits_is_not_removed(bench: TTLockBench) -> None:
    owners = StoredCode(
        digits=PIN.digits, kind=CodeKind.PERMANENT, starts_local=ARRIVAL, ends_local=None
    )
    bench.lock.store_code(owners)
    await bench.keypad.remove(PIN)
    assert bench.lock.codes() == (owners,)


async def test_who_is_told_to_logs_in_as_admin_before_the_first_write(bench: TTLockBench) -> None:
    """Nothing is refused first: some locks shut out whoever asks too often without right."""
    bench.conditions(Conditions(insists_on_admin=True))
    device = open_ttlock(
        address=bench.lock.address, key=bench.key, zone="UTC", timing=QUICK, admin_first=True
    )
    assert device.keypad is not None
    await device.keypad.write(PIN)
    assert [each.digits for each in bench.lock.codes()] == [PIN.digits]
