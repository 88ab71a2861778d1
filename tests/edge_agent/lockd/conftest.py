"""A lockd on real files and a real socket, its lock in memory, its clock movable."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge_agent.lockd_kit import FakeClock, Hardware, Lockd, running, settle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    settle(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def hardware() -> Hardware:
    return Hardware()


@pytest.fixture
async def lockd(folder: Path, clock: FakeClock, hardware: Hardware) -> AsyncIterator[Lockd]:
    async with running(folder, clock, hardware) as served:
        yield served
