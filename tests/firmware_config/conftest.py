"""One broker for the tests that only speak to it; one of its own for those that kill or reload it."""

import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firmware_config.mtls import Wall


@pytest.fixture(autouse=True)
def sweep() -> Iterator[None]:
    """Paho leaves the socket of a failed handshake to the garbage collector."""
    yield
    gc.collect()


def _raised(*, without: str = "") -> Iterator[Wall]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        wall = Wall(Path(folder))
        wall.start(without=without)
        yield wall
        wall.kill()


@pytest.fixture(scope="module")
def wall() -> Iterator[Wall]:
    """A running broker, shared: its houses must be new ones in each test."""
    yield from _raised()


@pytest.fixture
def own_wall() -> Iterator[Wall]:
    """A running broker of this test's own."""
    yield from _raised()


@pytest.fixture
def weak_wall(request: pytest.FixtureRequest) -> Iterator[Wall]:
    """A broker whose configuration lacks the line that the test names."""
    yield from _raised(without=request.param)
