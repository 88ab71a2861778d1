"""How are the measured processes started, waited for, weighed and ended?"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from bench.wire import Address, Wire

GRACE_SECONDS = 10.0
READY_SECONDS = 60.0

type Process = subprocess.Popen[bytes]


class Children:
    """Processes of one bench; all are ended when the block is left, the youngest first."""

    def __init__(self, logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def start(self, name: str, *module: str, extra: Mapping[str, str] | None = None) -> Process:
        """Run `python -m <module…>`; what it says goes to `<logs>/<name>.log`."""
        with (self._logs / f"{name}.log").open("ab") as out:
            process = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", *module],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**inherited(), **(extra or {})},
                start_new_session=True,
            )
        self._ends.callback(end, process)
        return process


def inherited() -> dict[str, str]:
    """Our environment without settings of the project."""
    return {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - children need PATH and HOME
        if not name.startswith("PORTERO_")
    }


def end(process: Process) -> None:
    """Ask it to stop, wait, insist; a process that has ended stays ended."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(GRACE_SECONDS)


async def until_answers(address: Address, process: Process) -> float:
    """Wait until it answers anything on `/healthz`; the seconds waited. RuntimeError when dead."""
    began = time.perf_counter()
    async with asyncio.timeout(READY_SECONDS):
        while True:
            try:
                wire = await Wire.to(address)
                await wire.ask("GET", "/healthz")
                await wire.close()
            except (OSError, EOFError):
                if process.poll() is not None:
                    raise RuntimeError(f"{process.args!r} ended, see its log") from None
                await asyncio.sleep(0.01)
            else:
                return time.perf_counter() - began


def memory(process: Process) -> tuple[float, float]:
    """Resident MiB of a process: all of it, and what it does not share with others."""
    sizes = _sizes(process)
    return sizes["Rss"] / 1024, (sizes["Private_Clean"] + sizes["Private_Dirty"]) / 1024


def together(*processes: Process) -> float:
    """Resident MiB of several processes, what they share among themselves or with others divided.

    Linux' proportional set size: the sum over all processes of a machine is what is in its memory.
    """
    return sum(_sizes(each)["Pss"] for each in processes) / 1024


def _sizes(process: Process) -> dict[str, int]:
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    sizes: dict[str, int] = {}
    for line in text.splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0])
    return sizes
