"""The link to the server is lost, refused, slow or dead, and the house carries on."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from edge_agent.drivers.music_assistant import MusicAssistant, MusicAssistantConfig
from edge_agent.errors import (
    DeviceUnreachable,
    EdgeError,
    OutcomeUnknown,
    TryLater,
)
from edge_agent.ports import MediaType, PlaybackState, Transport
from edge_agent.simulator.music.faults import Fault, FaultKind
from edge_agent.simulator.music.server import MusicServer
from tests.edge_agent.drivers.music.waiting import eventually, eventually_async

TRACK = "library://track/1"


async def links(music: MusicAssistant, count: int) -> None:
    await eventually(lambda: music.status.connected and music.status.links >= count)


async def test_a_dead_server_does_not_block_the_start(config: MusicAssistantConfig) -> None:
    dead = replace(config, url="http://127.0.0.1:9")
    async with asyncio.timeout(5), MusicAssistant(dead) as music:
        assert await music.players() == ()
        assert not await music.wait_connected(0.1)
        with pytest.raises(DeviceUnreachable):
            await music.set_volume("kitchen", 10)


async def test_a_server_that_starts_later_is_found(
    server: MusicServer, config: MusicAssistantConfig
) -> None:
    await server.stop()
    async with MusicAssistant(config) as music:
        assert not await music.wait_connected(0.2)
        await server.start()
        assert await music.wait_connected(15)
        assert len(await music.players()) == 4


async def test_a_server_that_accepts_and_says_nothing_is_given_up(
    server: MusicServer, hasty: MusicAssistantConfig
) -> None:
    server.faults.mute = True
    async with MusicAssistant(hasty) as music:
        await eventually(lambda: music.status.reason == "no_answer")
        server.faults.clear()
        assert await music.wait_connected(15)


async def test_a_server_that_never_lists_its_players_is_given_up(
    server: MusicServer, hasty: MusicAssistantConfig
) -> None:
    server.faults.add(Fault(kind=FaultKind.IGNORED, command="players/all", times=1))
    async with MusicAssistant(hasty) as music:
        assert await music.wait_connected(15)
    assert len(server.received("players/all")) == 2


async def test_a_lost_link_is_replaced_by_a_new_one(
    server: MusicServer, music: MusicAssistant
) -> None:
    for count in (2, 3, 4):
        server.drop_links()
        await links(music, count)
        await music.set_volume("kitchen", 40 + count)
        assert server.stage.world.players["kitchen"].volume == 40 + count
    assert {line.link for line in server.received("players/cmd/volume_set")} == {2, 3, 4}


async def test_players_are_stale_while_the_link_is_down_and_live_after(
    server: MusicServer, music: MusicAssistant
) -> None:
    await server.stop()
    await eventually(lambda: not music.status.connected)
    away = await music.players()
    assert {r.player for r in away} == {"kitchen", "living_room", "terrace", "downstairs"}
    assert all(r.stale and r.state is PlaybackState.NOT_CONNECTED for r in away)
    await server.start()
    await links(music, 2)
    back = await music.players()
    assert not any(r.stale for r in back)
    assert all(r.state is PlaybackState.IDLE for r in back)


async def test_changes_during_an_outage_are_known_after_it(
    server: MusicServer, music: MusicAssistant
) -> None:
    await server.stop()
    await eventually(lambda: not music.status.connected)
    server.stage.remove_player("terrace")
    server.stage.world.players["kitchen"].told_volume = 61
    await server.start()
    await links(music, 2)
    volumes = {r.player: r.volume for r in await music.players()}
    assert volumes["kitchen"] == 61
    assert "terrace" not in volumes


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER])
async def test_a_command_cut_off_by_a_drop_has_an_unknown_outcome(
    server: MusicServer, music: MusicAssistant, kind: FaultKind
) -> None:
    server.faults.add(Fault(kind=kind, command="players/cmd/volume_set", times=1))
    with pytest.raises(OutcomeUnknown) as caught:
        await music.set_volume("kitchen", 55)
    assert caught.value.reason == "link_lost"
    done = server.stage.world.players["kitchen"].volume == 55
    assert done is (kind is FaultKind.DROP_AFTER)
    await links(music, 2)


async def test_a_question_cut_off_by_a_drop_may_be_asked_again(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.DROP_BEFORE, command="music/search", times=1))
    with pytest.raises(TryLater):
        await music.search("satie", types=(MediaType.TRACK,), limit=5)
    await links(music, 2)
    assert await music.search("satie", types=(MediaType.TRACK,), limit=5)


async def test_a_drop_while_the_queue_is_looked_up_means_nothing_happened(
    server: MusicServer, music: MusicAssistant
) -> None:
    fault = Fault(kind=FaultKind.DROP_BEFORE, command="player_queues/get_active_queue", times=1)
    server.faults.add(fault)
    with pytest.raises(TryLater):
        await music.transport("kitchen", Transport.PLAY)
    assert server.received("player_queues/play") == []


async def test_many_commands_in_flight_at_a_drop_all_end_with_our_errors(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.IGNORED, command="music/search"))
    server.faults.add(Fault(kind=FaultKind.IGNORED, command="players/cmd/volume_set"))
    ended: list[BaseException] = []

    async def search() -> None:
        try:
            await music.search("satie", types=(MediaType.TRACK,), limit=5)
        except BaseException as error:  # noqa: BLE001 - the point is to see what comes out
            ended.append(error)

    async def volume(player: str) -> None:
        try:
            await music.set_volume(player, 5)
        except BaseException as error:  # noqa: BLE001 - as above
            ended.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(search())
        for player in ("kitchen", "terrace"):
            group.create_task(volume(player))
        await eventually(lambda: len(server.received("music/search")) == 5)
        await eventually(lambda: len(server.received("players/cmd/volume_set")) == 2)
        server.drop_links()
    assert sorted(type(e).__name__ for e in ended) == ["OutcomeUnknown"] * 2 + ["TryLater"] * 5


async def test_a_cancelled_caller_is_cancelled_and_nothing_else_suffers(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.IGNORED, command="music/search", times=1))
    seen: list[str] = []

    async def search() -> None:
        try:
            await music.search("satie", types=(MediaType.TRACK,), limit=5)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async with asyncio.TaskGroup() as group:
        task = group.create_task(search())
        await eventually(lambda: len(server.received("music/search")) == 1)
        task.cancel()
    assert seen == ["cancelled"]
    assert task.cancelled()
    assert music.status.links == 1
    assert await music.search("satie", types=(MediaType.TRACK,), limit=5)


async def test_a_callers_own_time_limit_is_not_mistaken_for_a_drop(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.IGNORED, command="music/search", times=1))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await music.search("satie", types=(MediaType.TRACK,), limit=5)


@pytest.mark.parametrize("kind", [FaultKind.IGNORED, FaultKind.LOST_REPLY])
async def test_an_answer_that_never_comes_is_not_waited_for(
    server: MusicServer, hasty_music: MusicAssistant, kind: FaultKind
) -> None:
    server.faults.add(Fault(kind=kind, command="players/cmd/volume_set", times=1))
    server.faults.add(Fault(kind=kind, command="music/search", times=1))
    async with asyncio.timeout(5):
        with pytest.raises(OutcomeUnknown):
            await hasty_music.set_volume("kitchen", 66)
        with pytest.raises(TryLater):
            await hasty_music.search("satie", types=(MediaType.TRACK,), limit=5)
    assert (server.stage.world.players["kitchen"].volume == 66) is (kind is FaultKind.LOST_REPLY)
    await eventually(lambda: len(server.received("info")) >= 1)  # the link was doubted …
    await asyncio.sleep(0.4)
    assert hasty_music.status.links == 1  # … and found alive


async def test_a_server_fallen_silent_gets_a_new_link(
    server: MusicServer, hasty_music: MusicAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.IGNORED))
    with pytest.raises(OutcomeUnknown):
        await hasty_music.set_volume("kitchen", 66)
    await eventually(lambda: not hasty_music.status.connected)
    server.faults.clear()
    await links(hasty_music, 2)


async def test_a_late_answer_disturbs_nobody(
    server: MusicServer, hasty_music: MusicAssistant
) -> None:
    late = Fault(kind=FaultKind.LATE, command="music/search", times=1, seconds=0.5)
    server.faults.add(late)
    with pytest.raises(TryLater):
        await hasty_music.search("satie", types=(MediaType.TRACK,), limit=5)
    await asyncio.sleep(0.4)
    assert hasty_music.status.links == 1
    found = await hasty_music.search("granada", types=(MediaType.TRACK,), limit=5)
    assert [item.name for item in found] == ["Granada"]


async def test_garbage_on_the_wire_ends_the_link_and_not_the_agent(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.GARBAGE, command="music/search", times=1))
    with pytest.raises(TryLater):
        await music.search("satie", types=(MediaType.TRACK,), limit=5)
    await links(music, 2)


async def test_an_answer_given_twice_leaves_a_working_link(
    server: MusicServer, music: MusicAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.TWICE, command="music/search", times=1))
    assert await music.search("satie", types=(MediaType.TRACK,), limit=5)
    await eventually(lambda: music.status.connected)

    async def asked() -> bool:
        try:
            return bool(await music.search("satie", types=(MediaType.TRACK,), limit=5))
        except TryLater:
            return False

    await eventually_async(asked)


async def test_a_success_makes_the_next_pause_short_again(
    server: MusicServer, config: MusicAssistantConfig
) -> None:
    server.faults.refuse_links = True
    async with MusicAssistant(replace(config, longest_pause=timedelta(minutes=1))) as music:
        assert not await music.wait_connected(1.5)  # pauses have grown beyond a second by now
        server.faults.refuse_links = False
        assert await music.wait_connected(15)
        server.drop_links()
        await eventually(lambda: not music.status.connected)
        assert await music.wait_connected(0.9)


async def test_news_before_the_first_full_list_is_not_taken_for_the_house(
    server: MusicServer, config: MusicAssistantConfig
) -> None:
    late = Fault(kind=FaultKind.LATE, command="players/all", times=1, seconds=0.3)
    server.faults.add(late)
    async with MusicAssistant(config) as music:
        await eventually(lambda: len(server.received("players/all")) == 1)
        server.stage.set_available("terrace", available=False)
        await asyncio.sleep(0.1)
        assert await music.players() == ()
        assert await music.wait_connected(15)
        assert len(await music.players()) == 4


async def test_a_door_that_answers_503_is_dialled_again(
    server: MusicServer, config: MusicAssistantConfig
) -> None:
    server.faults.refuse_links = True
    async with MusicAssistant(config) as music:
        await eventually(lambda: music.status.reason == "no_connection")
        server.faults.refuse_links = False
        assert await music.wait_connected(15)


async def test_leaving_ends_every_task_and_the_link(
    server: MusicServer, config: MusicAssistantConfig
) -> None:
    before = asyncio.all_tasks()
    async with MusicAssistant(config) as music:
        assert await music.wait_connected(15)
    await eventually(lambda: server.links == 0)
    names = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not {name for name in names if name.startswith(("music-link", "music-lis", "music-d"))}


async def test_an_error_of_the_body_leaves_unwrapped(config: MusicAssistantConfig) -> None:
    with pytest.raises(KeyError):
        async with MusicAssistant(config):
            raise KeyError


async def test_leaving_while_a_command_waits_cancels_it_honestly(
    server: MusicServer, config: MusicAssistantConfig
) -> None:
    server.faults.add(Fault(kind=FaultKind.IGNORED, command="music/search"))
    ended: list[type[BaseException]] = []

    async def search(music: MusicAssistant) -> None:
        try:
            await music.search("satie", types=(MediaType.TRACK,), limit=5)
        except EdgeError as error:
            ended.append(type(error))

    async with asyncio.TaskGroup() as group, MusicAssistant(config) as music:
        assert await music.wait_connected(15)
        group.create_task(search(music))
        await eventually(lambda: len(server.received("music/search")) == 1)
    assert ended == [TryLater]
