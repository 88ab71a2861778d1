"""Volumes: one command at a time a player, the newest wish wins, the server's traps avoided."""

import asyncio

import pytest

from edge_agent.drivers.music_assistant import MusicAssistant
from edge_agent.errors import DeviceUnreachable, NoSuchThing, OutcomeUnknown, Unsupported
from edge_agent.simulator.music.faults import Fault, FaultKind, Pace
from edge_agent.simulator.music.server import MusicServer
from edge_agent.simulator.music.world import Player
from tests.edge_agent.drivers.music.waiting import eventually

COMMAND = "players/cmd/volume_set"


def levels(server: MusicServer, player: str) -> list[object]:
    sent = [line.args for line in server.received(COMMAND)]
    return [args["volume_level"] for args in sent if args["player_id"] == player]


async def send_all(music: MusicAssistant, player: str, values: range) -> None:
    async with asyncio.TaskGroup() as group:
        for percent in values:
            group.create_task(music.set_volume(player, percent))


async def test_a_hundred_volumes_at_once_end_at_the_last_with_two_commands(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.stage.pace = Pace(volume_event=0.03, throttle=0.05, reorder=True)
    await send_all(music, "kitchen", range(1, 101))
    assert levels(server, "kitchen") == [1, 100]
    assert server.stage.world.players["kitchen"].volume == 100
    await asyncio.sleep(0.2)
    assert server.stage.world.players["kitchen"].volume == 100


async def test_the_server_alone_would_end_elsewhere(music: MusicAssistant) -> None:
    """The trap is real on our simulated server, too: without the lane the order is lost."""
    pace = Pace(volume_event=0.0, throttle=0.002, reorder=True)
    async with MusicServer(token="t", pace=pace) as server:
        async with asyncio.TaskGroup() as group:
            for percent in range(1, 101):
                group.create_task(_turn_and_set(server, percent))
        assert server.stage.world.players["kitchen"].volume != 100


async def _turn_and_set(server: MusicServer, percent: int) -> None:
    await server.stage.turn("kitchen")
    server.stage.set_volume(server.stage.world.players["kitchen"], percent)


async def test_players_do_not_wait_for_one_another(
    server: MusicServer, music: MusicAssistant
) -> None:
    fault = Fault(kind=FaultKind.LATE, command=COMMAND, times=1, seconds=0.5)
    server.faults.add(fault)
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(music.set_volume("kitchen", 11))
        await eventually(lambda: levels(server, "kitchen") == [11])
        await music.set_volume("terrace", 12)
        assert not slow.done()
    assert server.stage.world.players["terrace"].volume == 12


async def test_a_slow_drag_sends_each_value_that_had_time(
    server: MusicServer, music: MusicAssistant
) -> None:
    for percent in (10, 20, 30):
        await music.set_volume("kitchen", percent)
    assert levels(server, "kitchen") == [10, 20, 30]


async def test_superseded_callers_share_the_failure_of_the_newest(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.LATE, command=COMMAND, times=1, seconds=0.2))
    failures: list[str] = []

    async def wish(percent: int) -> None:
        try:
            await music.set_volume("kitchen", percent)
        except OutcomeUnknown as error:
            failures.append(error.reason)

    async with asyncio.TaskGroup() as group:
        group.create_task(wish(1))
        await eventually(lambda: levels(server, "kitchen") == [1])
        server.faults.add(Fault(kind=FaultKind.DROP_BEFORE, command=COMMAND, times=1))
        for percent in (2, 3, 4):
            group.create_task(wish(percent))
    assert levels(server, "kitchen") == [1, 4]
    assert failures == ["link_lost"] * 3


async def test_a_cancelled_wish_does_not_hold_up_the_next(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.IGNORED, command=COMMAND, times=1))
    async with asyncio.TaskGroup() as group:
        stuck = group.create_task(music.set_volume("kitchen", 1))
        await eventually(lambda: levels(server, "kitchen") == [1])
        later = group.create_task(music.set_volume("kitchen", 2))
        await asyncio.sleep(0.02)
        stuck.cancel()
        await later
    assert stuck.cancelled()
    assert server.stage.world.players["kitchen"].volume == 2


async def test_the_server_is_not_asked_about_players_it_would_be_silent_on(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.stage.set_available("kitchen", available=False)
    await eventually(lambda: server.links == 1)
    await asyncio.sleep(0.05)
    with pytest.raises(DeviceUnreachable):
        await music.set_volume("kitchen", 10)
    with pytest.raises(NoSuchThing):
        await music.set_volume("attic", 10)
    with pytest.raises(NoSuchThing):  # a display is no speaker
        await music.set_volume("hall_display", 10)
    assert server.received(COMMAND) == []


async def test_a_player_without_volume_cannot_be_set(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.stage.add_player(Player("line_out", "Line out", volume=None))
    await asyncio.sleep(0.05)
    with pytest.raises(Unsupported):
        await music.set_volume("line_out", 10)
    assert server.received(COMMAND) == []


async def test_a_fixed_group_moves_its_members(server: MusicServer, music: MusicAssistant) -> None:
    await music.set_volume("downstairs", 50)
    players = server.stage.world.players
    assert (players["living_room"].volume, players["kitchen"].volume) == (53, 48)


async def test_a_player_lost_between_wish_and_turn_is_not_reported_as_set(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.LATE, command=COMMAND, times=1, seconds=0.3))
    async with asyncio.TaskGroup() as group:
        group.create_task(music.set_volume("kitchen", 1))
        await eventually(lambda: levels(server, "kitchen") == [1])
        waiting = group.create_task(_refusal(music))
        await asyncio.sleep(0.05)
        server.stage.set_available("kitchen", available=False)
    assert waiting.result() == "player_not_connected"
    assert levels(server, "kitchen") == [1]


async def _refusal(music: MusicAssistant) -> str | None:
    try:
        await music.set_volume("kitchen", 2)
    except DeviceUnreachable as error:
        return error.reason
    return None
