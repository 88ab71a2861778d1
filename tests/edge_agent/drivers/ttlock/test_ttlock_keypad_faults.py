"""Is a guest ever left without a code, or with a stranger's?"""

import asyncio
import json
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from edge_agent.drivers.ttlock_ble import open_ttlock
from edge_agent.errors import CapacityReached, NotPermitted, OutcomeUnknown, PickAnother, TryLater
from edge_agent.ports import PinCode
from edge_agent.simulator.ttlock.model import (
    CodeKind,
    Conditions,
    Fault,
    FaultKind,
    Op,
    Refusal,
    StoredCode,
)
from tests.edge_agent.drivers.ttlock.bench import QUICK, TTLockBench

ARRIVAL = datetime(2026, 3, 10, 15, 0)  # noqa: DTZ001 - a lock's local time
DEPARTURE = datetime(2026, 3, 13, 11, 0)  # noqa: DTZ001 - as above
PIN = PinCode("482915", ARRIVAL, DEPARTURE)
LONGER = PinCode("482915", ARRIVAL, DEPARTURE + timedelta(days=1))


def dates(bench: TTLockBench) -> list[tuple[datetime, datetime | None]]:
    return [(c.starts_local, c.ends_local) for c in bench.lock.codes()]


async def test_seconds_are_cut_so_that_a_code_never_lives_longer_than_asked(
    bench: TTLockBench,
) -> None:
    odd = PinCode("482915", ARRIVAL.replace(second=1), DEPARTURE.replace(second=59))
    await bench.keypad.write(odd)
    assert dates(bench) == [(ARRIVAL + timedelta(minutes=1), DEPARTURE)]
    assert await bench.keypad.holds(odd) is True


async def test_aware_dates_are_refused_not_guessed_at(bench: TTLockBench) -> None:
    aware = PinCode("482915", ARRIVAL.astimezone(), DEPARTURE.astimezone())
    with pytest.raises(PickAnother):
        await bench.keypad.write(aware)


@pytest.mark.parametrize("lists", [True, False])
async def test_refused_extension_puts_the_old_code_back(bench: TTLockBench, *, lists: bool) -> None:
    bench.conditions(Conditions(lists_codes=lists))
    await bench.keypad.write(PIN)
    full = Fault(kind=FaultKind.REFUSE, on=Op.CODES, skip=2, refusal=Refusal.NO_MEMORY)
    bench.lock.add_fault(full)  # add (exists), remove, then this add
    with pytest.raises(CapacityReached):
        await bench.keypad.write(LONGER)
    assert dates(bench) == [(ARRIVAL, DEPARTURE)]


@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.DROP_LINK_BEFORE_ACTING,
        FaultKind.DROP_LINK_AFTER_ACTING,
        FaultKind.DROP_LINK_MID_WRITE,
    ],
)
@pytest.mark.parametrize("lists", [True, False])
async def test_an_extension_survives_any_one_lost_answer(
    bench: TTLockBench, kind: FaultKind, skip: int, *, lists: bool
) -> None:
    bench.conditions(Conditions(lists_codes=lists))
    await bench.keypad.write(PIN)
    bench.fault(kind, Op.CODES, skip=skip)
    await bench.keypad.write(LONGER)
    assert dates(bench) == [(ARRIVAL, LONGER.ends_local)]


async def test_writing_survives_a_silent_lock(bench: TTLockBench) -> None:
    bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.CODES)
    await bench.keypad.write(PIN)
    assert dates(bench) == [(ARRIVAL, DEPARTURE)]


async def test_two_lost_answers_are_told_as_unknown(bench: TTLockBench) -> None:
    bench.fault(FaultKind.DROP_LINK_AFTER_ACTING, Op.CODES, times=2)
    with pytest.raises(OutcomeUnknown):
        await bench.keypad.write(PIN)


async def test_unknown_stays_unknown_when_the_lock_cannot_be_asked_again(
    bench: TTLockBench,
) -> None:
    bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.CODES)
    async with asyncio.TaskGroup() as group:
        group.create_task(told_unknown(bench))
        while not bench.lock.codes():  # noqa: ASYNC110 - the lock tells nobody
            await asyncio.sleep(0.01)
        bench.conditions(Conditions(busy=True))


async def told_unknown(bench: TTLockBench) -> None:
    with pytest.raises(OutcomeUnknown):
        await bench.keypad.write(PIN)


async def test_a_write_to_a_lock_never_heard_is_try_later(bench: TTLockBench) -> None:
    bench.vanish()
    with pytest.raises(TryLater):
        await bench.keypad.write(PIN)


async def test_removal_survives_a_lost_answer(bench: TTLockBench) -> None:
    await bench.keypad.write(PIN)
    bench.fault(FaultKind.DROP_LINK_AFTER_ACTING, Op.CODES)
    await bench.keypad.remove(PIN)
    assert bench.lock.codes() == ()


async def test_digits_of_a_permanent_code_are_left_alone(bench: TTLockBench) -> None:
    owners = StoredCode(
        digits=PIN.digits, kind=CodeKind.PERMANENT, starts_local=ARRIVAL, ends_local=None
    )
    bench.lock.store_code(owners)
    with pytest.raises(PickAnother):
        await bench.keypad.write(PIN)
    assert bench.lock.codes() == (owners,)


async def test_a_lock_that_cannot_list_its_codes_is_not_read_back(bench: TTLockBench) -> None:
    bench.conditions(Conditions(lists_codes=False))
    await bench.keypad.write(PIN)
    assert await bench.keypad.holds(PIN) is None


async def test_read_back_finds_a_code_in_a_long_table(bench: TTLockBench) -> None:
    for number in range(20):
        bench.lock.store_code(
            StoredCode(
                digits=f"{100000 + number}",
                kind=CodeKind.PERIOD if number % 2 else CodeKind.PERMANENT,
                starts_local=ARRIVAL,
                ends_local=DEPARTURE if number % 2 else None,
            )
        )
    await bench.keypad.write(PIN)
    assert await bench.keypad.holds(PIN) is True
    assert await bench.keypad.holds(LONGER) is False


async def test_a_lock_that_insists_gets_its_admin_login(bench: TTLockBench) -> None:
    bench.conditions(Conditions(insists_on_admin=True))
    assert bench.device.clock is not None
    await bench.keypad.write(PIN)
    await bench.keypad.write(LONGER)
    await bench.device.clock.set(ARRIVAL)
    assert await bench.keypad.holds(LONGER) is True
    await bench.keypad.remove(PIN)
    assert bench.lock.codes() == ()


async def test_a_key_without_admin_rights_needs_a_person(bench: TTLockBench) -> None:
    bench.conditions(Conditions(insists_on_admin=True))
    record = bench.lock.identity.key_material() | {"adminPs": ""}
    device = open_ttlock(
        address=bench.lock.address, key=SecretStr(json.dumps(record)), zone="UTC", timing=QUICK
    )
    assert device.keypad is not None
    with pytest.raises(NotPermitted) as told:
        await device.keypad.write(PIN)
    assert told.value.reason == "admin_key_missing"


async def test_a_wrong_key_opens_nothing(bench: TTLockBench) -> None:
    record = bench.lock.identity.key_material() | {"unlockKey": "1"}
    device = open_ttlock(
        address=bench.lock.address, key=SecretStr(json.dumps(record)), zone="UTC", timing=QUICK
    )
    with pytest.raises(NotPermitted) as told:
        await device.bolt.unlock()
    assert told.value.reason == "key_refused"
    assert bench.unlocks() == 0
