"""One bench a test, of the driver named by its parameter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge_agent.drivers.contract_speakers.speaker_benches import BENCHES
from tests.edge_agent.drivers.contract_speakers.speaker_contract import SpeakerBench


@pytest.fixture
async def bench(driver: str, tmp_path: Path) -> AsyncIterator[SpeakerBench]:
    async with BENCHES[driver](tmp_path) as bench:
        yield bench
