"""A desk on real files for single verbs."""

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
def bare(folder: Path) -> Iterator[Desk]:
    """Without keys and without time."""
    with desk(folder, FakeClock()) as opened:
        yield opened


@pytest.fixture
def at_work(bare: Desk) -> Desk:
    """With the cloud's keys and trusted time."""
    bare.take_keys()
    bare.trust_time()
    return bare
