"""Queues: followers, groups, long lists, and addresses guests may not name."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.music_assistant import MusicAssistant
from edge_agent.drivers.music_assistant.addresses import checked_address
from edge_agent.errors import NoSuchThing, PickAnother
from edge_agent.ports import PlaybackState, QueueOption, Transport
from edge_agent.simulator.music.catalogue import large_catalogue
from edge_agent.simulator.music.server import MusicServer
from tests.edge_agent.drivers.music.waiting import eventually_async


async def test_a_member_of_a_playing_group_steers_the_group(
    server: MusicServer, music: MusicAssistant
) -> None:
    await music.enqueue("downstairs", "library://album/1", QueueOption.REPLACE)
    await music.transport("kitchen", Transport.NEXT)
    assert [i.current for i in await music.items("living_room", limit=10)] == [False, True, False]
    assert server.stage.world.queues["kitchen"].items == []
    sent = server.received("player_queues/next")
    assert [line.args for line in sent] == [{"queue_id": "downstairs"}]


async def test_a_follower_shows_what_its_leader_plays(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.stage.join("terrace", "kitchen")
    await music.enqueue("terrace", "library://track/4", QueueOption.REPLACE)

    async def shown() -> bool:
        players = {r.player: r for r in await music.players()}
        return players["terrace"].title == "Granada"

    await eventually_async(shown)
    players = {r.player: r for r in await music.players()}
    assert players["terrace"].state is PlaybackState.PLAYING
    assert players["terrace"].artist == "Isaac Albéniz"
    assert players["kitchen"].group == ("terrace",)


async def test_a_queue_longer_than_a_piece_arrives_whole(
    server: MusicServer, music: MusicAssistant
) -> None:
    world = server.stage.world
    world.catalogue = large_catalogue(1200)
    entries = world.catalogue.of(next(iter(world.catalogue.entries.values())).kind)
    server.stage.insert(world.queues["kitchen"], entries, at=0, drop_rest=False)
    names = [item.name for item in await music.items("kitchen", limit=500)]
    assert names == [entry.name for entry in entries[:500]]
    server.stage.play_index(world.queues["kitchen"], 777)
    window = await music.items("kitchen", limit=50)
    assert window[0].current
    assert window[0].name == entries[777].name
    assert len(window) == 50


async def test_replacing_by_something_missing_keeps_the_music_playing(
    server: MusicServer, music: MusicAssistant
) -> None:
    await music.enqueue("kitchen", "library://album/1", QueueOption.REPLACE)
    with pytest.raises(NoSuchThing):
        await music.enqueue("kitchen", "library://album/99", QueueOption.REPLACE)
    assert len(await music.items("kitchen", limit=10)) == 3
    assert server.stage.world.players["kitchen"].state == "playing"


async def test_a_flood_of_commands_waits_here_and_not_on_the_server(
    server: MusicServer, music: MusicAssistant
) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(300):
            group.create_task(music.items("kitchen", limit=5))
    assert len(server.received("player_queues/items")) == 300
    assert music.status.links == 1


@pytest.mark.parametrize(
    "uri",
    [
        "library://track/1",
        "spotify--Ab12://album/4aawyAB9vmqN3uQ7FjRGTy",
        "filesystem_local://track/Satie/Gnossienne 1.flac".replace(" ", "_"),
        "builtin://playlist/random_album",
    ],
)
def test_addresses_of_providers_pass(uri: str) -> None:
    assert checked_address(uri) == uri


@pytest.mark.parametrize(
    "uri",
    [
        "https://203.0.113.1/x.mp3",
        "http://track/1",
        "HTTP://track/1",
        "file://track/etc/passwd",
        "builtin://track/https://203.0.113.1/x.mp3",
        "builtin://track//etc/passwd",
        "builtin--1://track/x",
        "library://track/http://203.0.113.1/x",
        "filesystem_local://track/../../etc/passwd",
        "library://radio/1",
        "library://track/",
        "library://track/1\nlibrary://track/2",
        "library://track/" + "9" * 500,
        "",
    ],
)
def test_addresses_that_would_fetch_something_else_do_not(uri: str) -> None:
    with pytest.raises(PickAnother):
        checked_address(uri)


@given(st.text(max_size=60))
def test_no_text_passes_that_names_a_second_address(text: str) -> None:
    with pytest.raises(PickAnother):
        checked_address(f"library://track/{text}://x")
