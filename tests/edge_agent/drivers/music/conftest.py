"""A simulated server and the real driver on it, per test."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from edge_agent.drivers.music_assistant import MusicAssistant, MusicAssistantConfig
from edge_agent.simulator.music.faults import Pace
from edge_agent.simulator.music.server import MusicServer

TOKEN = "planted-music-token-4711"


@pytest.fixture
async def server() -> AsyncIterator[MusicServer]:
    pace = Pace(volume_event=0.03, track_change=0.03, throttle=0.005)
    async with MusicServer(token=TOKEN, pace=pace) as server:
        yield server


@pytest.fixture
def config(server: MusicServer) -> MusicAssistantConfig:
    """Patient with answers, quick to dial again."""
    return MusicAssistantConfig(
        url=server.url,
        token=TOKEN,
        first_pause=timedelta(milliseconds=10),
        longest_pause=timedelta(milliseconds=50),
        volume_spacing=timedelta(milliseconds=10),
    )


@pytest.fixture
def hasty(config: MusicAssistantConfig) -> MusicAssistantConfig:
    """For answers that never come."""
    return replace(
        config, answer_limit=timedelta(milliseconds=300), ready_limit=timedelta(milliseconds=600)
    )


@pytest.fixture
async def music(config: MusicAssistantConfig) -> AsyncIterator[MusicAssistant]:
    async with MusicAssistant(config) as music:
        assert await music.wait_connected(15)
        yield music


@pytest.fixture
async def hasty_music(hasty: MusicAssistantConfig) -> AsyncIterator[MusicAssistant]:
    async with MusicAssistant(hasty) as music:
        assert await music.wait_connected(15)
        yield music
