"""A TTLock on the simulated air and the real driver in front of it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from edge_agent.simulator.gatt_bleak import install_simulated_bluetooth
from edge_agent.simulator.ttlock.model import Identity
from tests.edge_agent.drivers.ttlock.bench import IDENTITY, TTLockBench, ble_bench


@pytest.fixture
def identity() -> Identity:
    return IDENTITY


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "air"
    uninstall = install_simulated_bluetooth(path, production=False)
    yield path
    uninstall()


@pytest.fixture
async def bench(identity: Identity, air: Path, tmp_path: Path) -> AsyncIterator[TTLockBench]:
    async with ble_bench(air, tmp_path, identity) as bench:
        yield bench
