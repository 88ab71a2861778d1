"""Does the name of a driver lead to a working server of speakers?"""

import pytest

from edge_agent.drivers.speakers import SpeakerConfig, open_speakers
from edge_agent.errors import Unsupported
from edge_agent.simulator.home.server import HomeServer
from edge_agent.simulator.music.server import MusicServer
from tests.edge_agent.drivers.home.home_bench import TOKEN, home_server
from tests.edge_agent.drivers.home.speakers_bench import KITCHEN, OLD_RADIO
from tests.edge_agent.drivers.music.waiting import eventually


async def players_of(driver: str, server: HomeServer | MusicServer, *chosen: str) -> set[str]:
    config = SpeakerConfig(driver, server.url, TOKEN, players=chosen)
    assert TOKEN not in repr(config)
    async with open_speakers(config) as speakers:
        await eventually(lambda: speakers.status.connected)
        assert speakers.status.links == 1
        return {reading.player for reading in await speakers.players()}


async def test_each_driver_by_its_name() -> None:
    async with home_server() as home:
        assert await players_of("home_assistant", home, KITCHEN) == {KITCHEN}
        assert OLD_RADIO in await players_of("home_assistant", home)
    async with MusicServer(token=TOKEN) as music:
        assert "kitchen" in await players_of("music_assistant", music)


def test_a_driver_nobody_knows_is_refused() -> None:
    with pytest.raises(Unsupported):
        open_speakers(SpeakerConfig("nobody", "http://127.0.0.1:1", TOKEN))
