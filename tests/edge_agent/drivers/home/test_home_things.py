"""Do chosen entities of Home Assistant behave as the house's heating, lights and switches?"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from edge_agent.drivers.home_assistant import HomeAssistant
from edge_agent.errors import (
    DeviceUnreachable,
    NoSuchThing,
    OutcomeUnknown,
    PickAnother,
    Unsupported,
)
from edge_agent.ports import HomeThings, SetTemperature, Turn
from edge_agent.simulator.home.faults import Fault, FaultKind
from edge_agent.simulator.home.server import HomeServer
from tests.edge_agent.drivers.home.speakers_bench import home_config
from tests.edge_agent.drivers.music.waiting import eventually

POOL = "switch.pool_heating"
CLIMATE = "climate.living_room"
SENSOR = "sensor.garden_gate_battery"
DOOR = "lock.front_door"


@pytest.fixture
async def home(server: HomeServer) -> AsyncIterator[HomeAssistant]:
    config = replace(home_config(server), things=(POOL, CLIMATE, SENSOR, DOOR, "switch.nowhere"))
    async with HomeAssistant(config) as home:
        assert await home.wait_connected(15)
        yield home


@pytest.fixture
def things(home: HomeAssistant) -> HomeThings:
    return home.things


async def test_chosen_things_are_told_and_doors_never(things: HomeThings) -> None:
    told = {thing.thing: thing for thing in await things.things()}
    assert told.keys() == {POOL, CLIMATE, SENSOR}
    assert (told[CLIMATE].measured, told[CLIMATE].target) == (21.5, 22.0)
    assert (told[SENSOR].state, told[SENSOR].unit) == ("61", "%")
    assert not any(thing.stale for thing in told.values())


@pytest.mark.parametrize("thing", [DOOR, "light.terrace", "switch.nowhere", "lock.garden_gate"])
async def test_what_was_not_chosen_and_every_door_does_not_exist(
    server: HomeServer, things: HomeThings, thing: str
) -> None:
    with pytest.raises(NoSuchThing):
        await things.use(thing, Turn(on=True))
    assert not [line for line in server.journal if line.command.endswith("turn_on")]


async def test_heating_is_turned_and_set(server: HomeServer, things: HomeThings) -> None:
    await things.use(POOL, Turn(on=True))
    assert server.stage.world.entities[POOL].state == "on"
    await things.use(POOL, Turn(on=False))
    await things.use(CLIMATE, SetTemperature(24.5))
    await things.use(CLIMATE, Turn(on=False))
    climate = server.stage.world.entities[CLIMATE]
    assert (climate.state, climate.attributes["temperature"]) == ("off", 24.5)
    assert {t.thing: t.state for t in await things.things()}[CLIMATE] == "off"


async def test_what_a_thing_cannot_do_is_not_sent(server: HomeServer, things: HomeThings) -> None:
    for thing, wish, kind in (
        (POOL, SetTemperature(20), Unsupported),
        (SENSOR, Turn(on=True), Unsupported),
        (CLIMATE, SetTemperature(40), PickAnother),
        (CLIMATE, SetTemperature(6.5), PickAnother),
    ):
        with pytest.raises(kind):
            await things.use(thing, wish)
    assert not [line for line in server.journal if "." in line.command]


async def test_success_without_a_change_is_not_believed(server: HomeServer) -> None:
    config = replace(home_config(server), things=(POOL,), confirm_limit=timedelta(milliseconds=300))
    async with HomeAssistant(config) as home:
        assert await home.wait_connected(15)
        # the switch is told to go, and is switched back before anybody looks
        entity = server.stage.world.entities[POOL]
        entity.state = "on"
        with pytest.raises(OutcomeUnknown) as caught:
            await home.things.use(POOL, Turn(on=True))
    assert caught.value.reason == "state_did_not_change"


async def test_a_link_lost_while_waiting_is_unknown(
    server: HomeServer, home: HomeAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.DROP_BEFORE, command="switch.turn_on"))
    with pytest.raises(OutcomeUnknown):
        await home.things.use(POOL, Turn(on=True))


async def test_without_a_server_the_last_states_are_stale(
    server: HomeServer, home: HomeAssistant
) -> None:
    await server.stop()
    await eventually(lambda: not home.status.connected)
    assert all(thing.stale for thing in await home.things.things())
    with pytest.raises(DeviceUnreachable):
        await home.things.use(POOL, Turn(on=True))


async def test_an_absent_thing_is_try_later(server: HomeServer, home: HomeAssistant) -> None:
    server.stage.set_online(POOL, online=False)
    while {t.thing: t.state for t in await home.things.things()}[POOL] != "unavailable":  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    with pytest.raises(DeviceUnreachable):
        await home.things.use(POOL, Turn(on=True))
