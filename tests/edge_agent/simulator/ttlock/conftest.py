"""A lock with a clock the tests turn, on the simulated air."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from edge_agent.simulator.gatt_bleak import install_simulated_bluetooth
from edge_agent.simulator.gatt_server import serve_gatt
from edge_agent.simulator.ttlock import SimulatedLock
from edge_agent.simulator.ttlock.model import Identity


class Quartz:
    """A clock that stands still until it is pushed."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 10, 13, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def push(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def quartz() -> Quartz:
    return Quartz()


@pytest.fixture
def identity() -> Identity:
    return Identity(
        address="C0:FF:EE:00:00:02",
        name="Room 2",
        aes_key=bytes(range(0x50, 0x60)),
        unlock_key=3_999_999_999,
        admin_key=13_579_246,
    )


@pytest.fixture
def make_lock(
    identity: Identity, quartz: Quartz, tmp_path: Path
) -> Iterator[Callable[[], SimulatedLock]]:
    made: list[SimulatedLock] = []
    tokens = count(0xFFFF_FFF0)

    def make() -> SimulatedLock:
        made.append(
            SimulatedLock(
                identity,
                tmp_path / "lock.db",
                now=quartz,
                started_local=datetime(2026, 3, 10, 14, 0, 0),  # noqa: DTZ001 - a lock's local time
                draw_token=lambda: next(tokens) & 0xFFFFFFFF,
            )
        )
        return made[-1]

    yield make
    for lock in made:
        lock.close()


@pytest.fixture
async def lock(
    make_lock: Callable[[], SimulatedLock], tmp_path: Path
) -> AsyncIterator[SimulatedLock]:
    uninstall = install_simulated_bluetooth(tmp_path / "air", production=False)
    made = make_lock()
    async with serve_gatt(tmp_path / "air", [made]):
        yield made
    uninstall()
