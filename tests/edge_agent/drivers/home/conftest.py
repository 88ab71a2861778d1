"""A simulated Home Assistant per test."""

from collections.abc import AsyncIterator

import pytest

from edge_agent.simulator.home.server import HomeServer
from tests.edge_agent.drivers.home.home_bench import home_server


@pytest.fixture
async def server() -> AsyncIterator[HomeServer]:
    async with home_server() as server:
        yield server
