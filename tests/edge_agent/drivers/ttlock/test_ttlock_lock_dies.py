"""What happens when the lock's process is killed in the middle of an unlock, and comes back?"""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from edge_agent.drivers.ttlock_ble import open_ttlock
from edge_agent.errors import OutcomeUnknown
from edge_agent.ports import LockDevice, LockLogKind
from edge_agent.simulator.ttlock.control import Door
from edge_agent.simulator.ttlock.memory import read_movements
from edge_agent.simulator.ttlock.model import Conditions, Fault, FaultKind, Op
from tests.edge_agent.drivers.ttlock.bench import QUICK

_START_SECONDS = 20.0


@asynccontextmanager
async def lock_process(folder: Path, air: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge_agent.simulator.ttlock"),
        *("--state", str(folder / "lock.db"), "--key-file", str(folder / "key.json")),
        *("--socket", str(air), "--control", str(folder / "control")),
        *("--zone", "Europe/Madrid"),
    )
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not await answers(folder):  # noqa: ASYNC110 - another process or the lock tells nobody
                await asyncio.sleep(0.05)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(_START_SECONDS):
            await process.wait()


async def answers(folder: Path) -> bool:
    try:
        await Door(folder / "control").snapshot()
    except OSError:
        return False
    return True


def driver(folder: Path) -> LockDevice:
    key = SecretStr((folder / "key.json").read_text())
    address = json.loads(key.get_secret_value())["lockMac"]
    return open_ttlock(address=address, key=key, zone="Europe/Madrid", timing=QUICK)


async def test_kill_between_motor_and_answer_is_unknown_then_told_by_the_lock(
    tmp_path: Path, air: Path
) -> None:
    async with lock_process(tmp_path, air) as process:
        door, device = Door(tmp_path / "control"), driver(tmp_path)
        await door.set_conditions(Conditions(auto_lock_seconds=0))
        await door.add_fault(Fault(kind=FaultKind.LATE_REPLY, on=Op.UNLOCK, seconds=30))
        async with asyncio.TaskGroup() as group:
            tap = group.create_task(told_unknown(device))
            while not read_movements(tmp_path / "lock.db"):  # noqa: ASYNC110 - another process or the lock tells nobody
                await asyncio.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        assert tap.result() < 3.0
    async with lock_process(tmp_path, air):
        door, device = Door(tmp_path / "control"), driver(tmp_path)
        assert [m.bolt for m in await door.movements()] == ["unlocked"]
        assert (await door.snapshot()).bolt == "unlocked"
        assert device.log is not None
        entries = await device.log.entries(after=None, limit=5)
        assert [e.kind for e in entries] == [LockLogKind.APP_UNLOCK]
        await device.bolt.lock()
        assert [m.bolt for m in await door.movements()] == ["unlocked", "locked"]


async def test_kill_before_the_motor_moves_leaves_the_door_shut(tmp_path: Path, air: Path) -> None:
    async with lock_process(tmp_path, air) as process:
        device = driver(tmp_path)
        await Door(tmp_path / "control").add_fault(
            Fault(kind=FaultKind.LOSE_REPLY_BEFORE_ACTING, on=Op.UNLOCK)
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(told_unknown(device))
            await asyncio.sleep(0.9)
            process.send_signal(signal.SIGKILL)
    async with lock_process(tmp_path, air):
        assert await Door(tmp_path / "control").movements() == ()


async def told_unknown(device: LockDevice) -> float:
    started = asyncio.get_running_loop().time()
    with pytest.raises(OutcomeUnknown):
        await device.bolt.unlock()
    return asyncio.get_running_loop().time() - started


async def test_key_file_is_ours_alone(tmp_path: Path, air: Path) -> None:
    async with lock_process(tmp_path, air):
        assert (tmp_path / "key.json").stat().st_mode & 0o077 == 0
