"""Which drivers are held to the lock contract, and on which simulated lock?

A driver's bench is an async context manager that takes a folder of its own; put it in `BENCHES`
and into the list of each port it offers.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from edge_agent.simulator.gatt_bleak import install_simulated_bluetooth
from tests.edge_agent.drivers.contract.lock_contract import LockBench
from tests.edge_agent.drivers.home.home_bench import home_bench
from tests.edge_agent.drivers.ttlock.bench import ble_bench
from tests.edge_agent.drivers.ttlock_cloud.bench import cloud_bench

MakeBench = Callable[[Path], AbstractAsyncContextManager[LockBench]]


@asynccontextmanager
async def _on_simulated_air(folder: Path) -> AsyncIterator[LockBench]:
    air = folder / "air"
    uninstall = install_simulated_bluetooth(air, production=False)
    try:
        async with ble_bench(air, folder) as bench:
            yield bench
    finally:
        uninstall()


BENCHES: dict[str, MakeBench] = {
    "ttlock_ble": _on_simulated_air,
    "ttlock_cloud": cloud_bench,
    "home_assistant": home_bench,
}

BOLTS = ("ttlock_ble", "ttlock_cloud", "home_assistant")
KEYPADS = ("ttlock_ble", "ttlock_cloud")
CLOCKS = ("ttlock_ble", "ttlock_cloud")
LOGS = ("ttlock_ble", "ttlock_cloud")
