"""Hand-back at check-out when not everything goes well."""

import asyncio

import pytest

from edge_agent.drivers.music_assistant import MusicAssistant
from edge_agent.errors import TryLater
from edge_agent.ports import QueueOption
from edge_agent.simulator.music.faults import Fault, FaultKind
from edge_agent.simulator.music.server import MusicServer
from tests.edge_agent.drivers.music.waiting import eventually


async def busy_house(server: MusicServer, music: MusicAssistant) -> dict[str, int]:
    found = await music.snapshot_volumes()
    server.stage.join("terrace", "kitchen")
    await music.enqueue("kitchen", "library://album/1", QueueOption.REPLACE)
    await music.enqueue("living_room", "library://album/2", QueueOption.REPLACE)
    for player in found:
        await music.set_volume(player, 99)
    return found


async def test_groups_are_not_in_the_snapshot_for_they_are_only_averages(
    music: MusicAssistant,
) -> None:
    assert await music.snapshot_volumes() == {"living_room": 35, "kitchen": 30, "terrace": 20}


async def test_a_fixed_group_of_the_house_stays(server: MusicServer, music: MusicAssistant) -> None:
    await music.enqueue("downstairs", "library://album/1", QueueOption.REPLACE)
    await music.hand_back({})
    assert server.stage.world.players["downstairs"].group_of == ("living_room", "kitchen")
    assert server.stage.world.players["downstairs"].state == "idle"
    assert server.stage.world.queues["downstairs"].items == []


async def test_one_player_refusing_does_not_keep_the_others(
    server: MusicServer, music: MusicAssistant
) -> None:
    found = await busy_house(server, music)
    fault = Fault(kind=FaultKind.ERROR, command="player_queues/stop", times=1, error_code=11)
    server.faults.add(fault)
    with pytest.raises(TryLater) as caught:
        await music.hand_back(found)
    assert caught.value.reason == "hand_back_incomplete"
    world = server.stage.world
    assert {p: world.players[p].volume for p in found} == found
    assert all(queue.items == [] for queue in world.queues.values())
    assert world.players["terrace"].synced_to is None


async def test_a_link_lost_midway_is_finished_by_the_next_try(
    server: MusicServer, music: MusicAssistant
) -> None:
    found = await busy_house(server, music)
    server.faults.add(Fault(kind=FaultKind.DROP_AFTER, command="player_queues/clear", times=1))
    with pytest.raises(TryLater) as caught:
        await music.hand_back(found)
    assert caught.value.reason == "hand_back_interrupted"
    await eventually(lambda: music.status.connected and music.status.links == 2)
    await music.hand_back(found)
    world = server.stage.world
    assert {p: world.players[p].volume for p in found} == found
    assert all(queue.items == [] for queue in world.queues.values())


async def test_a_silent_server_ends_the_attempt_at_once(
    server: MusicServer, hasty_music: MusicAssistant
) -> None:
    found = await busy_house(server, hasty_music)
    server.faults.add(Fault(kind=FaultKind.IGNORED))
    async with asyncio.timeout(2):
        with pytest.raises(TryLater):
            await hasty_music.hand_back(found)


async def test_an_absent_player_loses_its_queue_and_keeps_its_place_on_the_list(
    server: MusicServer, music: MusicAssistant
) -> None:
    found = await busy_house(server, music)
    server.stage.set_available("living_room", available=False)
    await asyncio.sleep(0.05)
    with pytest.raises(TryLater, match="living_room"):
        await music.hand_back(found)
    assert server.stage.world.queues["living_room"].items == []
    server.stage.set_available("living_room", available=True)
    await asyncio.sleep(0.05)
    await music.hand_back(found)
    assert server.stage.world.players["living_room"].volume == 35
