"""A desk on real files, as the verbs' own tests have it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge_agent.lockd_kit import FakeClock, settle
from tests.edge_agent.means_kit import Desk, desk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    settle(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def at_work(folder: Path) -> Iterator[Desk]:
    """With the cloud's keys and trusted time."""
    with desk(folder, FakeClock()) as opened:
        opened.take_keys()
        opened.trust_time()
        yield opened
