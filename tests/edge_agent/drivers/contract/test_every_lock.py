"""Does every lock driver keep what every lock driver must keep?"""

import pytest

from tests.edge_agent.drivers.contract.benches import BENCHES, BOLTS, CLOCKS, KEYPADS, LOGS
from tests.edge_agent.drivers.contract.lock_contract import (
    BoltContract,
    ClockContract,
    KeypadContract,
    LogContract,
)


@pytest.mark.parametrize("driver", BOLTS)
class TestEveryBolt(BoltContract):
    """A driver without a bolt is none."""


@pytest.mark.parametrize("driver", KEYPADS)
class TestEveryKeypad(KeypadContract):
    """Drivers that write codes."""


@pytest.mark.parametrize("driver", CLOCKS)
class TestEveryClock(ClockContract):
    """Drivers that read and set the lock's clock."""


@pytest.mark.parametrize("driver", LOGS)
class TestEveryLog(LogContract):
    """Drivers that read the lock's own record."""


def test_no_driver_is_left_out() -> None:
    assert set(BOLTS) == set(BENCHES)


async def test_offered_ports_are_held_to_their_contract(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    for driver, make in BENCHES.items():
        async with make(tmp_path_factory.mktemp("ports")) as bench:
            device = bench.device
            offered = (device.keypad, device.clock, device.log)
            listed = (driver in KEYPADS, driver in CLOCKS, driver in LOGS)
            assert tuple(each is not None for each in offered) == listed, driver
