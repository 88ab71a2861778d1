"""Which driver opens which lock? One line a vendor."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import SecretStr

from edge_agent.drivers.home_assistant import open_home_lock
from edge_agent.drivers.ttlock_ble import open_ttlock
from edge_agent.drivers.ttlock_cloud import open_ttlock_cloud
from edge_agent.drivers.ways import combined
from edge_agent.errors import AskHost, Unsupported
from edge_agent.ports import LockDevice

_log = structlog.get_logger("portero.lockd")


@dataclass(frozen=True, slots=True)
class LockConfig:
    """One lock of the house. `key` is the vendor's key record and a house master secret.

    `others`: further ways to the same lock, the next best first. `admin_first`: see open_ttlock.
    `tokens`: a folder of ours alone, where a driver keeps what its vendor renews; None: nowhere.
    """

    driver: str
    address: str
    key: SecretStr
    zone: str
    tokens: Path | None = None
    admin_first: bool = False
    others: "tuple[LockConfig, ...]" = ()


_LOCKS: dict[str, Callable[[LockConfig], LockDevice]] = {
    "home_assistant": lambda lock: open_home_lock(address=lock.address, key=lock.key),
    "ttlock_ble": lambda lock: open_ttlock(
        address=lock.address, key=lock.key, zone=lock.zone, admin_first=lock.admin_first
    ),
    "ttlock_cloud": lambda lock: open_ttlock_cloud(
        address=lock.address, key=lock.key, zone=lock.zone, tokens=lock.tokens
    ),
}


def open_lock(config: LockConfig) -> LockDevice:
    """The lock's ports, by all its ways; nothing is sent yet.

    A way that cannot be opened is left out and logged, while another can. AskHost when none can,
    Unsupported for an unknown driver.
    """
    opened, refused = list[LockDevice](), list[AskHost]()
    for way in (config, *config.others):
        try:
            opened.append(_open_way(way))
        except AskHost as error:
            _log.warning("lock_way_unusable", driver=way.driver, reason=error.reason)
            refused.append(error)
    if not opened:
        raise refused[0]
    return combined(opened)


def _open_way(config: LockConfig) -> LockDevice:
    factory = _LOCKS.get(config.driver)
    if factory is None:
        raise Unsupported("unknown_driver")
    return factory(config)
