"""Do the speaker ports hold what they promise on players of a real Home Assistant Core?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from edge_agent.drivers.home_assistant import HomeAssistant, HomeAssistantConfig
from edge_agent.errors import DeviceUnreachable, NoSuchThing, Unsupported
from edge_agent.ports import MediaType, PlaybackState, PlayerReading, QueueOption, Transport
from tests.edge_agent.drivers.home.speakers_bench import track
from tests.edge_agent.drivers.music.waiting import eventually_async
from tests.real.real_home import RealHome

pytestmark = pytest.mark.real

WALKMAN = "media_player.walkman"
KITCHEN = "media_player.kitchen"
TERRACE = "media_player.terrace"


def config(home: RealHome) -> HomeAssistantConfig:
    return HomeAssistantConfig(
        url=home.url,
        token=home.token,
        players=(WALKMAN, KITCHEN, TERRACE),
        first_pause=timedelta(milliseconds=100),
        longest_pause=timedelta(milliseconds=500),
    )


@pytest.fixture
async def linked(home: RealHome) -> AsyncIterator[HomeAssistant]:
    async with HomeAssistant(config(home)) as linked:
        assert await linked.wait_connected(20)
        yield linked


async def told(linked: HomeAssistant, player: str) -> PlayerReading:
    return next(r for r in await linked.speakers.players() if r.player == player)


async def in_state(linked: HomeAssistant, player: str, state: PlaybackState) -> None:
    async def reached() -> bool:
        return (await told(linked, player)).state is state

    await eventually_async(reached)


@pytest.mark.parametrize("player", [WALKMAN, TERRACE])
async def test_play_pause_and_volume_reach_the_player_and_come_back(
    linked: HomeAssistant, player: str
) -> None:
    await linked.speakers.transport(player, Transport.PLAY)
    await in_state(linked, player, PlaybackState.PLAYING)
    await linked.speakers.transport(player, Transport.PAUSE)
    await in_state(linked, player, PlaybackState.PAUSED)
    for percent in (0, 37, 100):
        await linked.speakers.set_volume(player, percent)

        async def heard(percent: int = percent) -> bool:
            return (await told(linked, player)).volume == percent

        await eventually_async(heard)


async def test_next_previous_mute_and_groups(linked: HomeAssistant) -> None:
    speakers = linked.speakers
    await speakers.transport(WALKMAN, Transport.PLAY)
    before = (await told(linked, WALKMAN)).title
    await speakers.transport(WALKMAN, Transport.NEXT)

    async def another() -> bool:
        return (await told(linked, WALKMAN)).title != before

    await eventually_async(another)
    await speakers.transport(WALKMAN, Transport.PREVIOUS)
    await speakers.set_muted(WALKMAN, muted=True)

    async def silent() -> bool:
        return (await told(linked, WALKMAN)).muted is True

    await eventually_async(silent)
    await speakers.set_muted(WALKMAN, muted=False)
    await speakers.join(KITCHEN, WALKMAN)

    async def together() -> bool:
        return KITCHEN in (await told(linked, WALKMAN)).group

    await eventually_async(together)
    await speakers.leave(WALKMAN)


async def test_what_it_has_no_word_for_is_refused(linked: HomeAssistant) -> None:
    speakers = linked.speakers
    with pytest.raises(Unsupported):
        await speakers.items(WALKMAN, limit=5)
    with pytest.raises(Unsupported):
        await speakers.enqueue(WALKMAN, track(1), QueueOption.ADD)
    with pytest.raises(Unsupported):
        await speakers.search("x", types=(MediaType.TRACK,), limit=1)
    with pytest.raises(Unsupported):
        await speakers.transport(TERRACE, Transport.NEXT)
    with pytest.raises(NoSuchThing):
        await speakers.transport("media_player.bedroom", Transport.PLAY)


async def test_a_killed_server_leaves_stale_players_and_the_link_comes_back_by_itself(
    home: RealHome, linked: HomeAssistant
) -> None:
    await asyncio.to_thread(home.kill)
    await in_state(linked, WALKMAN, PlaybackState.NOT_CONNECTED)
    assert (await told(linked, WALKMAN)).stale
    with pytest.raises(DeviceUnreachable):
        await linked.speakers.transport(WALKMAN, Transport.PLAY)
    await asyncio.to_thread(home.start)

    async def back() -> bool:
        players = {r.player: r for r in await linked.speakers.players()}
        return all(not r.stale for r in players.values()) and WALKMAN in players

    await eventually_async(back, within_seconds=30)
    assert linked.status.links >= 2
    await linked.speakers.transport(WALKMAN, Transport.PAUSE)
    await in_state(linked, WALKMAN, PlaybackState.PAUSED)
