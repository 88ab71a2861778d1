"""How does the real lockd run with a bolt that answers at once, so that no radio is measured?

`python -m bench.instant_bolt <file> [all]`: lockd as its settings say, but every lock is a bolt
that writes down the moment it was called (8 bytes, seconds of the machine's monotonic clock). `all`
loads the drivers of every vendor, not only that of a lock with Bluetooth.
"""

# ruff: noqa: E402 - the first line must come before what it keeps out
import sys

sys.modules.setdefault("rich", None)  # type: ignore[arg-type] # as `portero lockd` does

import asyncio
import os
import struct
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from edge_agent import lock_app
from edge_agent.errors import CalledOff
from edge_agent.ports import BoltState, Go, LockDevice, LockReading, at_once
from edge_agent.settings import LockdSettings
from edge_agent.store.locks import KeptLock

MOMENT = struct.Struct("d")
ALL_DRIVERS = (
    "edge_agent.drivers.ttlock_ble",
    "edge_agent.drivers.ttlock_cloud",
    "edge_agent.drivers.home_assistant.client",
)


@dataclass(slots=True)
class InstantBolt:
    """A bolt whose motor takes no time."""

    calls: int
    state: BoltState = BoltState.LOCKED

    async def unlock(self, go: Go = at_once) -> None:
        """Note the moment."""
        _asked(go)
        os.write(self.calls, MOMENT.pack(time.perf_counter()))
        self.state = BoltState.UNLOCKED

    async def lock(self, go: Go = at_once) -> None:
        """Nothing to note."""
        _asked(go)
        self.state = BoltState.LOCKED

    async def read(self) -> LockReading:
        """As it was left."""
        return LockReading(self.state, 80)


def _asked(go: Go) -> None:
    if not go():
        raise CalledOff("not_wanted_any_more")


def opened(path: Path) -> int:
    """The file of calls, to append to."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def calls_in(path: Path) -> list[float]:
    """The moments written so far."""
    return [moment for (moment,) in MOMENT.iter_unpack(path.read_bytes())]


def main() -> None:
    """Serve until told to stop."""
    # What a house with a lock has loaded anyway; without it the memory figures would flatter.
    for driver in ALL_DRIVERS if "all" in sys.argv[2:] else ALL_DRIVERS[:1]:
        import_module(driver)
    calls = opened(Path(sys.argv[1]))

    def open_device(_: KeptLock) -> LockDevice:
        return LockDevice(bolt=InstantBolt(calls))

    asyncio.run(lock_app.serve(LockdSettings(), open_device=open_device))


if __name__ == "__main__":
    main()
