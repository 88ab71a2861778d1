"""One bench a test, of the driver named by its parameter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge_agent.drivers.contract.benches import BENCHES
from tests.edge_agent.drivers.contract.lock_contract import LockBench


@pytest.fixture
async def bench(driver: str, tmp_path: Path) -> AsyncIterator[LockBench]:
    async with BENCHES[driver](tmp_path) as bench:
        yield bench
