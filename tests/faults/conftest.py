"""What do the fault tests share? A lock process with its lockd, and how hard to try."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloud_api.settings import CloudSettings
from tests.faults import breaking
from tests.faults.cash import Counter, a_counter
from tests.faults.figures import Scale
from tests.faults.lockd_bench import Bench, a_bench
from tests.faults.whole import Whole, laid_out, raised

if TYPE_CHECKING:
    from tests.journeys.town import NewTown, Town

# `make test` installs strace where it may, and says what is left out where it may not.
collect_ignore = (
    []
    if breaking.is_here()
    else ["test_kill_every_write.py", "test_bad_disk.py", "test_power_cut.py", "test_update.py"]
)
# Only root may mount a disk of one megabyte.
collect_ignore += [] if breaking.may_mount() else ["test_small_disk.py"]
# Only root may become other users.
collect_ignore += [] if os.geteuid() == 0 else ["test_compromised_agent.py"]

collect_ignore += [] if shutil.which("faketime") else ["test_wrong_clock.py"]


@pytest.fixture
def scale() -> Scale:
    return Scale()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with a_bench(tmp_path) as made:
        yield made


@pytest.fixture
def new_town(database_dsn: str, tmp_path: Path) -> "NewTown":
    """As in journeys."""
    from tests.journeys.town import Plan, raised  # noqa: PLC0415 - cloud and house, for few tests

    def make() -> AbstractAsyncContextManager["Town"]:
        return raised(Plan(), dsn=database_dsn, folder=tmp_path)

    return make


@pytest.fixture(scope="session")
def whole() -> Iterator[Whole]:
    """The whole system, once for all tests that need it."""
    with laid_out() as (ground, troupe):
        yield asyncio.run(raised(ground, troupe))


@pytest.fixture
async def counter(settings: CloudSettings) -> AsyncIterator[Counter]:
    """A hotel that takes money."""
    async with a_counter(settings) as made:
        yield made
