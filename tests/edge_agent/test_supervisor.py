"""Is the service manager told that a process lives, and not told when it does not?"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.errors import StopGranting
from edge_agent.health import Supervisor, keep_telling


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The service manager's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(5)
        yield line


def address(manager: socket.socket) -> str:
    return str(manager.getsockname())


async def heard(manager: socket.socket) -> str:
    return (await asyncio.to_thread(manager.recv, 100)).decode()


async def test_it_is_told_ready_then_signs_of_life(manager: socket.socket) -> None:
    supervisor = Supervisor.of(address(manager), 60_000)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(keep_telling(supervisor, lambda: None))
        told = [await heard(manager) for _ in range(4)]
        task.cancel()
    assert told == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]


async def test_one_that_does_not_watch_is_told_once(manager: socket.socket) -> None:
    await keep_telling(Supervisor.of(address(manager), None), lambda: None)
    assert await heard(manager) == "READY=1"


async def test_bad_storage_ends_the_signs_and_the_process(manager: socket.socket) -> None:
    def read() -> None:
        raise StopGranting("audit_broken")

    with pytest.raises(StopGranting):
        await keep_telling(Supervisor.of(address(manager), 30_000), read)
    assert await heard(manager) == "READY=1"
    manager.settimeout(0.05)
    with pytest.raises(TimeoutError):
        manager.recv(100)


async def test_a_stalled_loop_falls_silent(manager: socket.socket) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(
            keep_telling(Supervisor.of(address(manager), 30_000), lambda: None)
        )
        while await heard(manager) != "WATCHDOG=1":
            pass
        waiting(manager)
        stall()
        assert waiting(manager) == 0
        task.cancel()


def stall() -> None:
    """The loop itself stands still."""
    time.sleep(0.1)


def waiting(manager: socket.socket) -> int:
    """How many messages came meanwhile."""
    manager.settimeout(0)
    count = 0
    with contextlib.suppress(BlockingIOError):
        while manager.recv(100):
            count += 1
    return count


async def test_nobody_to_tell_is_fine(tmp_path: Path) -> None:
    await keep_telling(None, lambda: None)
    await keep_telling(Supervisor.of(str(tmp_path / "nobody"), None), lambda: None)
