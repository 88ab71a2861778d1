"""The speaker contract's bench for Music Assistant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from edge_agent.drivers.music_assistant import MusicAssistant, MusicAssistantConfig
from edge_agent.simulator.music.faults import Pace
from edge_agent.simulator.music.server import MusicServer
from tests.edge_agent.drivers.music.waiting import eventually

TOKEN = "planted-music-token-4711"


class MusicAssistantBench:
    """The simulated server as the hand on the devices."""

    player = "kitchen"
    other = "terrace"
    tracks = ("library://track/1", "library://track/2", "library://track/5")
    words = "granada"

    def __init__(self, server: MusicServer, driver: MusicAssistant) -> None:
        self.server = server
        self.driver = driver

    async def unplug(self, player: str) -> None:
        self.server.stage.set_available(player, available=False)

    async def follow(self, player: str, leader: str) -> None:
        self.server.stage.join(player, leader)
        await asyncio.sleep(0.05)

    async def true_volume(self, player: str) -> int:
        volume = self.server.stage.world.players[player].volume
        assert volume is not None
        return volume

    async def queued(self, player: str) -> int:
        return len(self.server.stage.world.queues[player].items)

    async def lose_server(self) -> None:
        await self.server.stop()
        await eventually(lambda: not self.driver.status.connected)


@asynccontextmanager
async def music_bench(_folder: Path) -> AsyncIterator[MusicAssistantBench]:
    """A simulated server, quick, and the real driver on it."""
    pace = Pace(volume_event=0.03, track_change=0.03, throttle=0.005)
    async with MusicServer(token=TOKEN, pace=pace) as server:
        config = MusicAssistantConfig(
            url=server.url,
            token=TOKEN,
            first_pause=timedelta(milliseconds=10),
            longest_pause=timedelta(milliseconds=50),
            volume_spacing=timedelta(milliseconds=10),
        )
        async with MusicAssistant(config) as music:
            assert await music.wait_connected(15)
            yield MusicAssistantBench(server, music)
