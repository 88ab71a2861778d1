"""Does music asked through the cloud play on a real music wire, and is it handed back?"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from edge_agent.doorkeeper import MusicHandBack, MusicPermit
from edge_agent.settings import AgentSettings
from edge_agent.simulator.music.faults import Pace
from edge_agent.simulator.music.server import MusicServer
from protocol.access import Refusal
from protocol.envelope import Kind
from protocol.ids import GrantId, HouseId, PlayerId, RequestId
from protocol.music import (
    MusicAnswer,
    MusicRequest,
    MusicResult,
    MusicVerb,
    Players,
    PlayMedia,
    Search,
    SetVolume,
    Transport,
    ViewQueue,
)
from protocol.signing import Signer
from protocol.topics import Down, Up
from tests.edge_agent.agent_kit import Household, Start
from tests.edge_agent.courier_peer import CourierPeer, courier_at
from tests.edge_agent.doorman import speaker
from tests.edge_agent.link_kit import until

TOKEN = "planted-music-token-4711"
LIVING_ROOM = PlayerId(uuid4())
KITCHEN = PlayerId(uuid4())


@pytest.fixture
async def server() -> AsyncIterator[MusicServer]:
    pace = Pace(volume_event=0.03, track_change=0.03, throttle=0.005)
    async with MusicServer(token=TOKEN, pace=pace) as server:
        yield server


@pytest.fixture
def with_music(settings: AgentSettings, server: MusicServer) -> AgentSettings:
    change = {"music_url": server.url, "music_token": SecretStr(TOKEN)}
    return settings.model_copy(update=change)


@pytest.fixture
def household(house: HouseId, cloud: Signer) -> Household:
    made = Household.of(house, cloud)
    made.permit_answer = MusicPermit(
        allowed=True,
        grant=made.grant,
        ceiling=55,
        players=(
            speaker(LIVING_ROOM, "Living room", at_server="living_room"),
            speaker(KITCHEN, "Kitchen", at_server="kitchen"),
        ),
    )
    return made


@pytest.fixture
async def courier(
    settings: AgentSettings, house: HouseId, cloud: Signer
) -> AsyncIterator[CourierPeer]:
    async with courier_at(settings.mqtt_port, house, cloud) as peer:
        yield peer


class Cloud:
    """Relays wishes and reads the signed answers."""

    def __init__(self, courier: CourierPeer, household: Household) -> None:
        self._courier = courier
        self._household = household

    async def ask(self, ask: MusicVerb) -> MusicAnswer:
        await until(lambda: bool(self._household.queries))  # the house is on the line
        request = MusicRequest(
            house=self._household.house,
            request=RequestId(uuid4()),
            grant=GrantId(uuid4()),
            ask=ask,
            expires_at=datetime(2040, 1, 1, tzinfo=UTC),
        )
        await self._courier.send(Down.MUSIC, Kind.MUSIC_REQUEST, request)
        key = self._household.signer.public_hex
        answer = await self._courier.next(Up.MUSIC, Kind.MUSIC_ANSWER, MusicAnswer, key, seconds=15)
        assert answer.request == request.request
        return answer

    async def ask_until_connected(self) -> None:
        for _ in range(200):
            heard = await self.ask(Players())
            if heard.players[0].state != "not_connected":
                return


@pytest.fixture
def relay(courier: CourierPeer, household: Household) -> Cloud:
    return Cloud(courier, household)


async def test_a_relayed_wish_plays_on_the_real_wire(
    with_music: AgentSettings, household: Household, start: Start, relay: Cloud, server: MusicServer
) -> None:
    async with start(with_music, household):
        await relay.ask_until_connected()
        found = await relay.ask(Search(query="a", types=("track",), limit=5))
        track = found.media[0]
        wish = PlayMedia(player=LIVING_ROOM, uri=track.uri, media_type="track", option="play")
        assert (await relay.ask(wish)).result is MusicResult.DONE
        queue = await relay.ask(ViewQueue(player=LIVING_ROOM))
        assert [each.name for each in queue.media if each.current] == [track.name]
        assert server.stage.world.players["living_room"].state == "playing"


async def test_a_relayed_volume_stops_at_the_ceiling(
    with_music: AgentSettings, household: Household, start: Start, relay: Cloud, server: MusicServer
) -> None:
    async with start(with_music, household):
        await relay.ask_until_connected()
        await relay.ask(SetVolume(player=KITCHEN, percent=90))
        await until(lambda: server.stage.world.players["kitchen"].volume == 55)


async def test_a_refusal_is_signed_and_says_why(
    with_music: AgentSettings, household: Household, start: Start, relay: Cloud, server: MusicServer
) -> None:
    household.permit_answer = MusicPermit(allowed=False, grant=None, refusal=Refusal.ENDED)
    async with start(with_music, household):
        answer = await relay.ask(Transport(player=LIVING_ROOM, command="play"))
    assert (answer.result, answer.reason) == (MusicResult.REFUSED, "ended")
    assert server.received("players/cmd/play") == []


async def test_an_address_of_the_network_is_never_played(
    with_music: AgentSettings, household: Household, start: Start, relay: Cloud, server: MusicServer
) -> None:
    async with start(with_music, household):
        await relay.ask_until_connected()
        for uri in ("http://127.0.0.1:8095/x", "builtin://track/http://10.0.0.1/", "file:///etc"):
            wish = PlayMedia(player=LIVING_ROOM, uri=uri, media_type="track", option="play")
            answer = await relay.ask(wish)
            assert answer.result is MusicResult.FAILED
    assert server.received("player_queues/play_media") == []


async def test_a_music_server_that_went_away_is_a_failure_with_a_reason(
    with_music: AgentSettings, household: Household, start: Start, relay: Cloud, server: MusicServer
) -> None:
    async with start(with_music, household):
        await relay.ask_until_connected()
        await server.stop()
        await until_away(relay)
        answer = await relay.ask(Transport(player=LIVING_ROOM, command="play"))
    assert answer.result is MusicResult.FAILED
    assert answer.reason


async def test_a_house_without_music_says_so_and_lists_its_players(
    settings: AgentSettings, household: Household, start: Start, relay: Cloud
) -> None:
    async with start(settings, household):
        command = await relay.ask(Transport(player=LIVING_ROOM, command="play"))
        players = await relay.ask(Players())
    assert command.result is MusicResult.NO_MUSIC_HERE
    assert players.result is MusicResult.DONE
    assert [each.state for each in players.players] == ["not_connected"] * 2


async def test_at_check_out_the_speakers_are_as_they_were(
    with_music: AgentSettings, household: Household, start: Start, relay: Cloud, server: MusicServer
) -> None:
    stay = uuid4()
    kitchen = server.stage.world.players["kitchen"]
    async with start(with_music, household) as standing:
        await relay.ask_until_connected()
        touched = {str(stay): ("kitchen",)}
        household.hand_back = MusicHandBack(began=(stay,), ended=(), players=touched)
        await until((with_music.data / "speakers.json").exists)
        await relay.ask(SetVolume(player=KITCHEN, percent=55))
        await until(lambda: kitchen.told_volume == 55)
        household.hand_back = MusicHandBack(began=(), ended=(stay,), players=touched)
        await until(lambda: kitchen.volume == 30)
        async with httpx.AsyncClient() as page:
            health = await page.get(f"http://127.0.0.1:{standing.lan_port}/healthz")
    assert health.json()["music"] == {"is_here": True, "connected": True, "reason": None}
    assert TOKEN not in health.text


async def until_away(relay: Cloud) -> None:
    for _ in range(200):
        if (await relay.ask(Players())).players[0].state == "not_connected":
            return
    raise AssertionError("still connected")
