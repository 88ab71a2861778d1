"""What may go wrong between the house and a Home Assistant's players, and what comes of it?"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from edge_agent.drivers.home_assistant import HomeAssistant
from edge_agent.drivers.home_assistant.media import LONGEST
from edge_agent.errors import (
    DeviceUnreachable,
    EdgeError,
    NoSuchThing,
    NotPermitted,
    OutcomeUnknown,
    PickAnother,
    TryLater,
    Unsupported,
)
from edge_agent.ports import MediaType, PlaybackState, PlayerReading, QueueOption, Transport
from edge_agent.simulator.home.faults import Fault, FaultKind
from edge_agent.simulator.home.server import HomeServer
from tests.edge_agent.drivers.home.speakers_bench import (
    KITCHEN,
    LIVING_ROOM,
    OLD_RADIO,
    home_config,
    track,
)
from tests.edge_agent.drivers.music.waiting import eventually


async def told(home: HomeAssistant, player: str) -> PlayerReading:
    return next(r for r in await home.speakers.players() if r.player == player)


@pytest.fixture
async def home(server: HomeServer) -> AsyncIterator[HomeAssistant]:
    async with HomeAssistant(home_config(server)) as home:
        assert await home.wait_connected(15)
        yield home


@pytest.fixture
async def hasty(server: HomeServer) -> AsyncIterator[HomeAssistant]:
    config = replace(home_config(server), answer_limit=timedelta(milliseconds=800))
    async with HomeAssistant(config) as home:
        assert await home.wait_connected(15)
        yield home


async def test_only_the_chosen_players_are_the_houses(
    server: HomeServer, home: HomeAssistant
) -> None:
    assert [r.player for r in await home.speakers.players()] == [KITCHEN, LIVING_ROOM]
    with pytest.raises(NoSuchThing):
        await home.speakers.transport(OLD_RADIO, Transport.PAUSE)
    async with HomeAssistant(replace(home_config(server), players=())) as open_house:
        assert await open_house.wait_connected(15)
        assert OLD_RADIO in {r.player for r in await open_house.speakers.players()}


async def test_what_a_player_cannot_do_is_refused_by_name_and_not_sent(server: HomeServer) -> None:
    async with HomeAssistant(replace(home_config(server), players=(OLD_RADIO,))) as home:
        assert await home.wait_connected(15)
        speakers = home.speakers
        for refused, work in (
            ("player_has_no_stop", speakers.transport(OLD_RADIO, Transport.STOP)),
            ("player_has_no_next", speakers.transport(OLD_RADIO, Transport.NEXT)),
            ("player_has_no_volume_set", speakers.set_volume(OLD_RADIO, 10)),
            ("player_has_no_volume_mute", speakers.set_muted(OLD_RADIO, muted=True)),
            ("player_has_no_grouping", speakers.leave(OLD_RADIO)),
            ("player_has_no_play_media", speakers.enqueue(OLD_RADIO, track(1), QueueOption.PLAY)),
            ("no_search", speakers.search("x", types=(MediaType.TRACK,), limit=1)),
            ("no_browsing", speakers.tracks(limit=1, offset=0)),
        ):
            with pytest.raises(Unsupported) as caught:
                await work
            assert caught.value.reason == refused
        await speakers.transport(OLD_RADIO, Transport.PAUSE)
        assert (await told(home, OLD_RADIO)).volume is None
    sent = {line.command for line in server.journal if line.command.startswith("media_player")}
    assert sent == {"media_player.media_pause"}


async def test_mute_join_and_leave(home: HomeAssistant) -> None:
    speakers = home.speakers
    await speakers.set_muted(KITCHEN, muted=True)
    await speakers.join(KITCHEN, LIVING_ROOM)
    await eventually(lambda: home.status.connected)
    while not ((one := await told(home, KITCHEN)).muted and one.group == (LIVING_ROOM,)):  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await speakers.leave(KITCHEN)
    while (await told(home, LIVING_ROOM)).group:  # noqa: ASYNC110 - the other side sets no event
        await asyncio.sleep(0.005)
    with pytest.raises(NoSuchThing):
        await speakers.join(KITCHEN, "media_player.nowhere")


async def test_next_plays_what_was_added(server: HomeServer, home: HomeAssistant) -> None:
    await home.speakers.enqueue(KITCHEN, track(1), QueueOption.REPLACE)
    await home.speakers.enqueue(KITCHEN, track(2), QueueOption.ADD)
    await home.speakers.transport(KITCHEN, Transport.NEXT)
    attributes = server.stage.world.entities[KITCHEN].attributes
    assert attributes["media_title"] == "Gymnopédie No. 2"
    await home.speakers.transport(KITCHEN, Transport.PREVIOUS)
    assert attributes["media_title"] == "Gymnopédie No. 1"


@pytest.mark.parametrize(
    "uri",
    [
        "library://track/1",
        "homeassistant://track/url/http%3A%2F%2F203.0.113.1%2Fx.mp3",
        "homeassistant://track/music/HTTPS%3A%2F%2F203.0.113.1%2Fx.mp3",
        "homeassistant://track/music/%2Fapi%2Fcamera_proxy%2Fcamera.hall",
        "homeassistant://track/music/media-source%3A%2F%2Ftts%2Fcloud%3Fmessage%3Dhello",
        "homeassistant://track/music/media-source%3A%2F%2Fcamera%2Fcamera.hall",
        "homeassistant://track/music/media-source%3A%2F%2Fmedia_source%2Flocal%2F..%2F..%2Fetc",
        "homeassistant://track/music/" + "x" * LONGEST,
    ],
)
async def test_guests_name_only_what_players_hold(
    server: HomeServer, home: HomeAssistant, uri: str
) -> None:
    with pytest.raises(PickAnother):
        await home.speakers.enqueue(KITCHEN, uri, QueueOption.PLAY)
    assert server.received("media_player.play_media") == []


async def test_many_commands_in_flight_at_a_drop_all_end_with_our_errors(
    server: HomeServer, home: HomeAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.IGNORED, command="media_player.media_play"))
    ended: list[BaseException] = []

    async def play(player: str) -> None:
        try:
            await home.speakers.transport(player, Transport.PLAY)
        except BaseException as error:  # noqa: BLE001 - the point is to see what comes out
            ended.append(error)

    async with asyncio.TaskGroup() as group:
        for player in (KITCHEN, LIVING_ROOM, KITCHEN):
            group.create_task(play(player))
        await eventually(lambda: bool(server.received("media_player.media_play")))
        server.drop_links()
    assert all(isinstance(error, EdgeError) for error in ended)
    assert [type(error) for error in ended].count(OutcomeUnknown) == 1  # one at a time was sent
    await eventually(lambda: home.status.links == 2)


async def test_an_answer_that_never_comes_costs_the_link_and_a_new_one_is_made(
    server: HomeServer, hasty: HomeAssistant
) -> None:
    server.faults.add(Fault(kind=FaultKind.IGNORED, command="media_player.media_play", times=1))
    with pytest.raises(OutcomeUnknown):
        await hasty.speakers.transport(KITCHEN, Transport.PLAY)
    await eventually(lambda: hasty.status.links >= 2 and hasty.status.connected)
    await hasty.speakers.transport(KITCHEN, Transport.PLAY)
    assert server.stage.world.entities[KITCHEN].state == "playing"


async def test_a_late_answer_disturbs_nobody(server: HomeServer, hasty: HomeAssistant) -> None:
    late = Fault(kind=FaultKind.LATE, command="media_player.search_media", times=1, seconds=1.2)
    server.faults.add(late)
    with pytest.raises(TryLater):
        await hasty.speakers.search("satie", types=(MediaType.TRACK,), limit=5)
    await eventually(lambda: hasty.status.links >= 2 and hasty.status.connected)
    found = await hasty.speakers.search("granada", types=(MediaType.TRACK,), limit=5)
    assert [item.name for item in found] == ["Granada"]


async def test_a_service_that_fails_does_not_cost_the_link(
    server: HomeServer, home: HomeAssistant
) -> None:
    fails = Fault(kind=FaultKind.ERROR, command="media_player.media_play", times=1)
    server.faults.add(fails)
    with pytest.raises(OutcomeUnknown):
        await home.speakers.transport(KITCHEN, Transport.PLAY)
    await home.speakers.transport(KITCHEN, Transport.PLAY)
    assert home.status.links == 1


async def test_garbage_ends_the_link_and_not_the_agent(
    server: HomeServer, home: HomeAssistant
) -> None:
    garbage = Fault(kind=FaultKind.GARBAGE, command="media_player.media_play", times=1)
    server.faults.add(garbage)
    with pytest.raises(OutcomeUnknown):
        await home.speakers.transport(KITCHEN, Transport.PLAY)
    await eventually(lambda: home.status.links == 2)


async def test_a_silent_server_is_noticed_by_the_heartbeat(server: HomeServer) -> None:
    quick = timedelta(milliseconds=200)
    config = replace(home_config(server), heartbeat=quick, answer_limit=timedelta(seconds=2))
    async with HomeAssistant(config) as home:
        assert await home.wait_connected(15)
        await eventually(lambda: len(server.received("ping")) >= 4)  # both sides, and they live
        assert home.status.links == 1
        server.faults.mute = True
        await eventually(lambda: not home.status.connected)
        assert (await told(home, KITCHEN)).stale
        server.faults.mute = False
        assert await home.wait_connected(15)


async def test_a_restart_brings_back_players_and_what_changed_meanwhile(
    server: HomeServer, home: HomeAssistant
) -> None:
    await server.stop()
    await eventually(lambda: not home.status.connected)
    reading = await told(home, KITCHEN)
    assert (reading.state, reading.stale) == (PlaybackState.NOT_CONNECTED, True)
    server.stage.change(server.stage.world.entities[KITCHEN], "playing")
    await server.start()
    assert await home.wait_connected(15)
    assert (await told(home, KITCHEN)).state is PlaybackState.PLAYING


async def test_a_token_refused_right_after_a_restart_is_tried_again_without_the_host(
    server: HomeServer, home: HomeAssistant
) -> None:
    await server.restart(tokens_to_reject=2)
    await eventually(lambda: home.status.links == 2)


async def test_a_token_refused_again_and_again_needs_the_host(server: HomeServer) -> None:
    async with HomeAssistant(replace(home_config(server), token="a wrong one")) as home:
        with pytest.raises(DeviceUnreachable):
            await home.speakers.transport(KITCHEN, Transport.PLAY)
        await eventually(lambda: home.status.reason == "token_refused")
        with pytest.raises(NotPermitted):
            await home.speakers.transport(KITCHEN, Transport.PLAY)


async def test_a_door_that_answers_503_is_dialled_again(server: HomeServer) -> None:
    server.faults.refuse_links = True
    async with HomeAssistant(home_config(server)) as home:
        await eventually(lambda: home.status.reason not in {None, "not_connected_yet"})
        assert await home.speakers.players() == ()
        server.faults.refuse_links = False
        assert await home.wait_connected(15)


async def test_news_before_the_full_list_is_not_lost(server: HomeServer) -> None:
    server.faults.add(Fault(kind=FaultKind.LATE, command="get_states", times=1, seconds=0.3))
    async with HomeAssistant(home_config(server)) as home:
        await eventually(lambda: bool(server.received("get_states")))
        server.stage.change(server.stage.world.entities[KITCHEN], "playing")
        assert await home.speakers.players() == ()
        assert await home.wait_connected(15)
        assert (await told(home, KITCHEN)).state is PlaybackState.PLAYING


async def test_leaving_ends_every_task_and_both_links(server: HomeServer) -> None:
    before = asyncio.all_tasks()
    async with HomeAssistant(home_config(server)) as home:
        assert await home.wait_connected(15)
        assert server.links == 2
    await eventually(lambda: server.links == 0)
    names = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not names & {"home-link", "home-listen", "home-beat", "home-ended", "home-broken"}


async def test_an_error_of_the_body_leaves_unwrapped(server: HomeServer) -> None:
    with pytest.raises(KeyError):
        async with HomeAssistant(home_config(server)):
            raise KeyError


async def test_the_token_is_never_logged_or_shown(
    server: HomeServer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with HomeAssistant(home_config(server)) as home:
            assert await home.wait_connected(15)
            await home.speakers.transport(KITCHEN, Transport.PLAY)
            said = repr(home) + repr(home_config(server))
    assert "planted" not in said + caplog.text + capsys.readouterr().out
