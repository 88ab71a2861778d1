"""Does the lock driver hold what it promises against a real Home Assistant Core?"""

import asyncio
import json

import pytest
from pydantic import SecretStr

from edge_agent.drivers.home_assistant import LockTiming
from edge_agent.drivers.registry import LockConfig, open_lock
from edge_agent.errors import (
    CalledOff,
    Jammed,
    NoSuchThing,
    NotPermitted,
    OutcomeUnknown,
    TryLater,
    Unsupported,
)
from edge_agent.ports import Bolt, BoltState
from tests.edge_agent.drivers.home.home_bench import home_lock
from tests.real.real_home import RealHome

pytestmark = pytest.mark.real

HASTY = LockTiming(move=3.0, told=4.0)


def bolt(home: RealHome, entity: str, timing: LockTiming | None = None, **more: str) -> Bolt:
    device = home_lock(
        home.url, entity=entity, token=home.token, timing=timing or LockTiming(), **more
    )
    return device.bolt


async def test_a_lock_of_the_house_is_opened_and_closed_through_the_registry(
    home: RealHome,
) -> None:
    key = SecretStr(json.dumps({"url": home.url, "token": home.token}))
    config = LockConfig(driver="home_assistant", address="lock.basic_lock", key=key, zone="UTC")
    device = open_lock(config)
    assert (device.keypad, device.clock, device.log) == (None, None, None)
    await device.bolt.unlock()
    assert home.state("lock.basic_lock") == "unlocked"
    await device.bolt.lock()
    assert home.state("lock.basic_lock") == "locked"
    assert (await device.bolt.read()).bolt is BoltState.LOCKED


async def test_a_latch_is_pulled_where_the_lock_has_one(home: RealHome) -> None:
    await bolt(home, "lock.openable_lock", opens_with="open").unlock()
    assert home.state("lock.openable_lock") == "open"
    with pytest.raises(Unsupported):
        await bolt(home, "lock.basic_lock", opens_with="open").unlock()


async def test_a_lock_that_takes_its_time_is_waited_for(home: RealHome) -> None:
    await bolt(home, "lock.gate").unlock()
    assert home.state("lock.gate") == "unlocked"


async def test_what_is_open_may_be_opened_again(home: RealHome) -> None:
    await bolt(home, "lock.another_basic_lock").unlock()
    await bolt(home, "lock.another_basic_lock").unlock()
    assert home.state("lock.another_basic_lock") == "unlocked"


async def test_success_that_moves_nothing_is_not_believed(home: RealHome) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        await bolt(home, "lock.stubborn", HASTY).unlock()
    assert caught.value.reason == "state_did_not_change"
    assert home.state("input_boolean.gate_asked") == "on"


async def test_success_with_a_jam_is_jammed(home: RealHome) -> None:
    with pytest.raises(Jammed):
        await bolt(home, "lock.sticky").unlock()


async def test_a_lock_that_is_not_there_is_asked_nothing(home: RealHome) -> None:
    with pytest.raises(NoSuchThing):
        await bolt(home, "lock.nowhere").unlock()


async def test_a_wrong_token_needs_the_host(home: RealHome) -> None:
    with pytest.raises(NotPermitted):
        await home_lock(home.url, entity="lock.gate", token="planted-nonsense").bolt.unlock()


async def test_what_is_called_off_at_the_last_moment_moves_nothing(home: RealHome) -> None:
    with pytest.raises(CalledOff):
        await bolt(home, "lock.gate").unlock(lambda: False)
    assert home.state("input_boolean.gate_asked") == "off"


async def test_killed_in_the_middle_it_is_unknown_and_afterwards_the_door_opens_again(
    home: RealHome,
) -> None:
    gate, patient = "lock.gate", LockTiming(move=6.0, told=6.5)
    home.call("input_number.set_value", entity_id="input_number.gate_delay", value=60)
    outcomes: list[str] = []

    async def unlock() -> None:
        try:
            await bolt(home, gate, patient).unlock()
        except OutcomeUnknown as unknown:
            outcomes.append(unknown.reason)

    async with asyncio.TaskGroup() as group:
        group.create_task(unlock())
        await asyncio.to_thread(home.until, lambda: home.state(gate) == "unlocking", "under way")
        await asyncio.to_thread(home.kill)
    assert outcomes == ["link_lost"]
    with pytest.raises(TryLater):
        await bolt(home, gate, HASTY).unlock()
    await asyncio.to_thread(home.start)
    assert (await bolt(home, gate).read()).bolt is BoltState.LOCKED
    await bolt(home, gate).unlock()
    assert home.state(gate) == "unlocked"
