"""A vendor on loopback and the real driver in front of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge_agent.drivers.ttlock_cloud.bench import CloudBench, cloud_bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[CloudBench]:
    async with cloud_bench(tmp_path) as bench:
        yield bench
