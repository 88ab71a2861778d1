"""The speaker contract's bench for Home Assistant's media players."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import edge_agent.drivers.home_assistant.client  # noqa: F401 - no test's time goes into importing it
from edge_agent.drivers.home_assistant import HomeAssistant, HomeAssistantConfig
from edge_agent.drivers.home_assistant.speakers import HomeSpeakers
from edge_agent.simulator.home.server import HomeServer
from tests.edge_agent.drivers.home.home_bench import TOKEN, home_server
from tests.edge_agent.drivers.music.waiting import eventually, eventually_async

KITCHEN = "media_player.kitchen"
LIVING_ROOM = "media_player.living_room"
OLD_RADIO = "media_player.old_radio"


def track(number: int) -> str:
    """The address of a track, as a search tells it."""
    return f"homeassistant://track/track/library%3A%2F%2Ftrack%2F{number}"


def home_config(server: HomeServer) -> HomeAssistantConfig:
    """Patient with answers, quick to dial again."""
    return HomeAssistantConfig(
        url=server.url,
        token=TOKEN,
        players=(KITCHEN, LIVING_ROOM),
        first_pause=timedelta(milliseconds=10),
        longest_pause=timedelta(milliseconds=50),
        volume_spacing=timedelta(milliseconds=10),
    )


@dataclass
class HomeSpeakersBench:
    """The simulated server as the hand on the devices."""

    server: HomeServer
    home: HomeAssistant

    player = KITCHEN
    other = LIVING_ROOM
    tracks = (track(1), track(2), track(5))
    words = "granada"

    @property
    def driver(self) -> HomeSpeakers:
        return self.home.speakers

    async def unplug(self, player: str) -> None:
        self.server.stage.set_online(player, online=False)

    async def follow(self, player: str, leader: str) -> None:
        stage = self.server.stage
        for each in (leader, player):
            stage.change(stage.world.entities[each], group_members=[leader, player])

        async def told() -> bool:
            return all(r.group for r in await self.driver.players())

        await eventually_async(told)

    async def true_volume(self, player: str) -> int:
        volume = self.server.stage.world.entities[player].attributes["volume_level"]
        assert isinstance(volume, float | int)
        return round(volume * 100)

    async def queued(self, player: str) -> int:
        return len(self.server.stage.world.queues[player].items)

    async def lose_server(self) -> None:
        await self.server.stop()
        await eventually(lambda: not self.home.status.connected)


@asynccontextmanager
async def home_speakers_bench(_folder: Path) -> AsyncIterator[HomeSpeakersBench]:
    """A simulated server, and the real driver on it."""
    async with home_server() as server, HomeAssistant(home_config(server)) as home:
        assert await home.wait_connected(15)
        yield HomeSpeakersBench(server, home)
