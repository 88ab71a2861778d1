"""One real Home Assistant for all tests here; without `make test-real` there is nothing to collect."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.real_home import RealHome

_ENVIRONMENT = os.environ.get("PORTERO_REAL_HOME")  # noqa: TID251 - the switch of `make test-real`
collect_ignore_glob = [] if _ENVIRONMENT else ["test_*.py"]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealHome]:
    home = RealHome(Path(_ENVIRONMENT or "").absolute(), tmp_path_factory.mktemp("home"))
    try:
        home.begin()
        yield home
    finally:
        home.kill_if_running()


@pytest.fixture
def home(running: RealHome) -> RealHome:
    """Up, also after a test that left it dead, and with every lock of ours as it began."""
    running.make_ready()
    return running
