"""What live pages hear."""

import asyncio
from collections.abc import AsyncIterator

from edge_agent.drivers.kit.announcer import Announcer
from edge_agent.drivers.music_assistant import MusicAssistant
from edge_agent.ports import PlaybackState, PlayerReading
from edge_agent.simulator.music.server import MusicServer
from edge_agent.simulator.music.world import Player


async def until(
    changes: AsyncIterator[PlayerReading], player: str, state: PlaybackState
) -> PlayerReading:
    async with asyncio.timeout(10):
        async for change in changes:
            if change.player == player and change.state is state:
                return change
    raise AssertionError


def reading(player: str, volume: int) -> PlayerReading:
    state = PlaybackState.IDLE
    return PlayerReading(player, player, state, volume, None, None, None, None, (), stale=False)


async def test_a_lost_and_a_new_link_are_heard(server: MusicServer, music: MusicAssistant) -> None:
    with music.changes() as changes:
        await server.stop()
        assert (await until(changes, "kitchen", PlaybackState.NOT_CONNECTED)).stale
        await server.start()
        assert not (await until(changes, "kitchen", PlaybackState.IDLE)).stale


async def test_players_come_and_go(server: MusicServer, music: MusicAssistant) -> None:
    with music.changes() as changes:
        server.stage.add_player(Player("attic", "Attic"))
        await until(changes, "attic", PlaybackState.IDLE)
        server.stage.remove_player("attic")
        await until(changes, "attic", PlaybackState.NOT_CONNECTED)
    assert "attic" not in {r.player for r in await music.players()}


async def test_what_did_not_change_is_not_told(server: MusicServer, music: MusicAssistant) -> None:
    with music.changes() as changes:
        world = server.stage.world
        world.players["kitchen"].told_volume = 31
        server.stage.publish()
        world.players["terrace"].told_volume = 21
        server.stage.publish()
        async with asyncio.timeout(10):
            heard = [(await anext(changes)).player for _ in range(3)]
    assert sorted(heard) == ["downstairs", "kitchen", "terrace"]  # the group is an average


async def test_a_slow_listener_gets_the_newest_of_each_player() -> None:
    announcer = Announcer()
    with announcer.listen() as changes:
        for volume in range(1000):
            announcer.announce(reading("kitchen", volume))
            announcer.announce(reading("terrace", volume))
        heard = [await anext(changes), await anext(changes)]
    assert [(r.player, r.volume) for r in heard] == [("kitchen", 999), ("terrace", 999)]


async def test_a_listener_gone_is_forgotten() -> None:
    announcer = Announcer()
    with announcer.listen() as changes:
        pass
    announcer.announce(reading("kitchen", 1))
    try:
        async with asyncio.timeout(0.05):
            await anext(changes)
    except TimeoutError:
        return
    raise AssertionError
