"""Does a lock behind Home Assistant count as moved when it moved, and only then?"""

import asyncio
import json
import logging

import pytest
from pydantic import SecretStr

from edge_agent.drivers.home_assistant import open_home_lock
from edge_agent.errors import (
    DeviceUnreachable,
    Jammed,
    NoSuchThing,
    NotPermitted,
    OutcomeUnknown,
    TryLater,
    Unsupported,
)
from edge_agent.ports import BoltState
from edge_agent.simulator.home.faults import Fault, FaultKind, Pace
from edge_agent.simulator.home.server import HomeServer
from tests.edge_agent.drivers.home.home_bench import (
    DOOR,
    GATE,
    HASTY,
    TOKEN,
    home_lock,
)
from tests.edge_agent.drivers.music.waiting import eventually


def moved(server: HomeServer, entity: str = DOOR) -> list[str]:
    return server.stage.world.bolts[entity].moved


@pytest.mark.parametrize("result_first", [True, False])
async def test_result_and_change_may_come_in_either_order(
    server: HomeServer, *, result_first: bool
) -> None:
    server.stage.pace = Pace(motor=0.1, result_first=result_first)
    bolt = home_lock(server.url).bolt
    await bolt.unlock()
    assert moved(server) == ["unlock"]
    await bolt.lock()
    assert moved(server) == ["unlock", "lock"]


async def test_a_state_told_long_after_the_result_is_waited_for(server: HomeServer) -> None:
    server.stage.pace = Pace(motor=0.02, tell=0.6)
    await home_lock(server.url).bolt.unlock()
    assert (await home_lock(server.url).bolt.read()).bolt is BoltState.UNLOCKED


async def test_success_without_a_change_is_not_believed(server: HomeServer) -> None:
    server.faults.deaf_bolts = True
    with pytest.raises(OutcomeUnknown) as caught:
        await home_lock(server.url, timing=HASTY).bolt.unlock()
    assert caught.value.reason == "state_did_not_change"
    assert len(server.received("lock.unlock")) == 1


async def test_a_bolt_still_moving_when_time_is_up_is_not_called_open(server: HomeServer) -> None:
    server.stage.pace = Pace(motor=30, result_first=True)
    with pytest.raises(OutcomeUnknown) as caught:
        await home_lock(server.url, timing=HASTY).bolt.unlock()
    assert caught.value.reason == "still_moving"


async def test_an_unknown_entity_gets_no_command_though_the_server_would_say_success(
    server: HomeServer,
) -> None:
    with pytest.raises(NoSuchThing):
        await home_lock(server.url, entity="lock.nowhere").bolt.unlock()
    with pytest.raises(NoSuchThing):
        await home_lock(server.url, entity="lock.nowhere").bolt.read()
    assert server.received("lock.unlock") == []


async def test_jammed_with_success_is_jammed(server: HomeServer) -> None:
    server.stage.world.bolts[DOOR].stuck = True
    bolt = home_lock(server.url).bolt
    with pytest.raises(Jammed):
        await bolt.unlock()
    with pytest.raises(Jammed):
        await home_lock(server.url, timing=HASTY).bolt.unlock()  # jammed before and after
    assert (await bolt.read()).bolt is BoltState.UNKNOWN
    server.stage.world.bolts[DOOR].stuck = False
    await bolt.unlock()
    assert moved(server) == ["unlock"]


async def test_unlocking_what_is_open_is_done_when_the_server_took_it(server: HomeServer) -> None:
    bolt = home_lock(server.url).bolt
    await bolt.unlock()
    server.faults.deaf_bolts = True  # no change is told, as for many locks that are open already
    await bolt.unlock()
    assert len(server.received("lock.unlock")) == 2


async def test_a_service_that_fails_after_the_bolt_moved_is_no_failure(server: HomeServer) -> None:
    server.faults.add(Fault(kind=FaultKind.ERROR_AFTER, command="lock.unlock", times=1))
    await home_lock(server.url).bolt.unlock()
    assert moved(server) == ["unlock"]


async def test_a_service_that_fails_and_nothing_moves_stays_unknown(server: HomeServer) -> None:
    server.faults.add(Fault(kind=FaultKind.ERROR, command="lock.unlock", times=1))
    with pytest.raises(OutcomeUnknown) as caught:
        await home_lock(server.url, timing=HASTY).bolt.unlock()
    assert caught.value.reason == "service_failed"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("not_found", Unsupported),
        ("invalid_format", Unsupported),
        ("service_validation_error", Unsupported),
        ("unauthorized", NotPermitted),
    ],
)
async def test_a_refusal_before_anything_was_done_is_told_at_once(
    server: HomeServer, code: str, kind: type[Exception]
) -> None:
    server.faults.add(Fault(kind=FaultKind.ERROR, command="lock.unlock", code=code))
    with pytest.raises(kind):
        await home_lock(server.url).bolt.unlock()


@pytest.mark.parametrize("acted", [True, False])
async def test_a_link_lost_in_the_middle_is_resolved_by_the_state(
    server: HomeServer, *, acted: bool
) -> None:
    kind = FaultKind.DROP_AFTER if acted else FaultKind.DROP_BEFORE
    server.stage.pace = Pace(motor=0.3, result_first=True)
    server.faults.add(Fault(kind=kind, command="lock.unlock", times=1))
    if acted:
        await home_lock(server.url).bolt.unlock()
        assert moved(server) == ["unlock"]
    else:
        with pytest.raises(OutcomeUnknown):
            await home_lock(server.url, timing=HASTY).bolt.unlock()
        assert moved(server) == []
    assert len(server.received("lock.unlock")) == 1


async def test_a_restart_in_the_middle_is_found_out_when_the_server_is_back(
    server: HomeServer,
) -> None:
    server.stage.pace = Pace(motor=0.2, result_first=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(home_lock(server.url).bolt.unlock())
        await eventually(lambda: bool(server.received("lock.unlock")))
        await server.restart(down_seconds=0.5)
    assert moved(server) == ["unlock"]
    assert len(server.received("lock.unlock")) == 1


async def test_a_server_that_stays_away_in_the_middle_leaves_it_unknown_and_the_next_one_works(
    server: HomeServer,
) -> None:
    server.stage.pace = Pace(motor=0.05, result_first=True)
    bolt = home_lock(server.url, timing=HASTY).bolt
    server.faults.add(Fault(kind=FaultKind.IGNORED, command="lock.unlock", times=1))

    async def unlock() -> None:
        with pytest.raises(OutcomeUnknown):
            await bolt.unlock()

    async with asyncio.TaskGroup() as group:
        group.create_task(unlock())
        await eventually(lambda: bool(server.received("lock.unlock")))
        await server.stop()
    await server.start()
    await home_lock(server.url).bolt.unlock()
    assert moved(server) == ["unlock"]


async def test_lost_while_moving_and_found_again_as_unavailable_stays_unknown(
    server: HomeServer,
) -> None:
    server.stage.pace = Pace(motor=30, result_first=True)

    async def unlock() -> None:
        with pytest.raises(OutcomeUnknown):
            await home_lock(server.url, timing=HASTY).bolt.unlock()

    async with asyncio.TaskGroup() as group:
        group.create_task(unlock())
        await eventually(lambda: bool(server.received("lock.unlock")))
        server.stage.set_online(DOOR, online=False)


@pytest.mark.parametrize("kind", [FaultKind.GARBAGE, FaultKind.LATE])
async def test_nonsense_and_lateness_of_the_result_do_not_hide_the_change(
    server: HomeServer, kind: FaultKind
) -> None:
    server.faults.add(Fault(kind=kind, command="lock.unlock", times=1, seconds=20))
    await home_lock(server.url).bolt.unlock()
    assert moved(server) == ["unlock"]


async def test_no_server_is_try_later(server: HomeServer) -> None:
    await server.stop()
    with pytest.raises(DeviceUnreachable):
        await home_lock(server.url).bolt.unlock()
    with pytest.raises(DeviceUnreachable):
        await home_lock(server.url).bolt.read()


async def test_a_server_that_says_nothing_is_given_up_before_anything_is_sent(
    server: HomeServer,
) -> None:
    server.faults.mute = True
    with pytest.raises(TryLater):
        await home_lock(server.url, timing=HASTY).bolt.unlock()


async def test_a_refused_token_needs_the_host(server: HomeServer) -> None:
    device = home_lock(server.url, token="another token")
    with pytest.raises(NotPermitted):
        await device.bolt.unlock()
    with pytest.raises(NotPermitted):
        await device.bolt.read()


async def test_a_lock_that_wants_a_code_gets_it_and_others_do_not(server: HomeServer) -> None:
    server.stage.world.bolts[DOOR].code = "2468"
    await home_lock(server.url, code="2468").bolt.unlock()
    assert server.received("lock.unlock")[-1].data == {"entity_id": DOOR, "code": "2468"}
    with pytest.raises(Unsupported):
        await home_lock(server.url).bolt.lock()
    assert moved(server) == ["unlock"]


async def test_a_latch_is_pulled_where_the_key_says_so(server: HomeServer) -> None:
    await home_lock(server.url, entity=GATE, opens_with="open").bolt.unlock()
    assert moved(server, GATE) == ["open"]
    with pytest.raises(Unsupported):
        await home_lock(server.url, opens_with="open").bolt.unlock()
    assert moved(server) == []


async def test_a_battery_of_its_own_sensor_is_read(server: HomeServer) -> None:
    bolt = home_lock(server.url, entity=GATE, battery="sensor.garden_gate_battery").bolt
    assert (await bolt.read()).battery_percent == 61
    missing = home_lock(server.url, entity=GATE, battery="sensor.nowhere").bolt
    assert (await missing.read()).battery_percent is None


async def test_links_are_hung_up_after_each_move(server: HomeServer) -> None:
    bolt = home_lock(server.url).bolt
    before = asyncio.all_tasks()
    await bolt.unlock()
    server.faults.deaf_bolts = True
    with pytest.raises(OutcomeUnknown):
        await home_lock(server.url, timing=HASTY).bolt.lock()
    await eventually(lambda: server.links == 0)
    names = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not {name for name in names if name.startswith("home-lock")}


async def test_a_caller_that_gives_up_is_cancelled_and_leaves_nothing_behind(
    server: HomeServer,
) -> None:
    server.faults.add(Fault(kind=FaultKind.IGNORED, command="lock.unlock", times=1))
    bolt = home_lock(server.url).bolt
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bolt.unlock())
        await eventually(lambda: bool(server.received("lock.unlock")))
        task.cancel()
    assert task.cancelled()
    await eventually(lambda: server.links == 0)
    await bolt.unlock()
    assert moved(server) == ["unlock"]


async def test_someone_opening_at_the_same_moment_does_not_confuse(server: HomeServer) -> None:
    entity = server.stage.world.entities[DOOR]
    server.stage.pace = Pace(motor=0.2)
    async with asyncio.TaskGroup() as group:
        group.create_task(home_lock(server.url).bolt.unlock())
        await eventually(lambda: bool(server.received("lock.unlock")))
        for number in range(20):
            server.stage.change(entity, battery_level=number)
    assert moved(server) == ["unlock"]


@pytest.mark.parametrize("address", ["switch.pool", "lock.", "lock.a/../b", "LOCK.front", ""])
def test_only_lock_entities_are_opened(address: str) -> None:
    key = SecretStr(json.dumps({"url": "http://127.0.0.1:1", "token": TOKEN}))
    with pytest.raises(Unsupported):
        open_home_lock(address=address, key=key)


@pytest.mark.parametrize("key", ["", "{}", '{"url": "http://x", "token": "planted", "what": 1}'])
def test_an_unreadable_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(NotPermitted) as caught:
        open_home_lock(address=DOOR, key=SecretStr(key))
    assert caught.value.reason == "key_unreadable"
    assert "planted" not in repr(caught.value.__context__ and str(caught.value))
    assert caught.value.__cause__ is None


async def test_neither_token_nor_code_is_ever_logged_or_shown(
    server: HomeServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.stage.world.bolts[DOOR].code = "planted-code-2468"
    with caplog.at_level(logging.DEBUG):
        device = home_lock(server.url, code="planted-code-2468")
        await device.bolt.unlock()
        await device.bolt.read()
        with pytest.raises(NotPermitted) as caught:
            await home_lock(server.url, token="planted-wrong-token").bolt.unlock()
    said = caplog.text + repr(device) + repr(caught.value)
    assert "planted" not in said
