"""How does the house speak to a TTLock through the vendor's cloud and a gateway?"""

import weakref
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import SecretStr

from edge_agent.clock import Clock, SystemClock
from edge_agent.drivers.ttlock_cloud.account import AccountKey, read_key
from edge_agent.drivers.ttlock_cloud.bolt import CloudBolt
from edge_agent.drivers.ttlock_cloud.clock import CloudLockClock
from edge_agent.drivers.ttlock_cloud.desk import Desk
from edge_agent.drivers.ttlock_cloud.keypad import CloudKeypad
from edge_agent.drivers.ttlock_cloud.line import Line, Timing
from edge_agent.drivers.ttlock_cloud.log import CloudLog
from edge_agent.drivers.ttlock_cloud.refusals import QuotaSpent
from edge_agent.drivers.ttlock_cloud.tokens import FileShelf, MemoryShelf, TokenShelf
from edge_agent.errors import Unsupported
from edge_agent.ports import KeypadLimits, LockDevice

__all__ = ["FileShelf", "QuotaSpent", "Timing", "TokenShelf", "open_ttlock_cloud"]

_MOST_CODES = 250

_DESKS: weakref.WeakValueDictionary[str, Desk] = weakref.WeakValueDictionary()
"""The vendor counts calls by application: locks of one account share tokens and budget."""


def open_ttlock_cloud(
    *,
    address: str,
    key: SecretStr,
    zone: str,
    tokens: Path | None = None,
    timing: Timing | None = None,
    clock: Clock | None = None,
) -> LockDevice:
    """A lock by the vendor's lock id and the account's record (JSON, see AccountKey); no call yet.

    `zone` is the house's IANA zone, which the lock keeps; on the wire there are milliseconds since
    1970, so dates are exact over a change of the clocks. `tokens`: folder for what is refreshed;
    None keeps it in memory. NotPermitted for a record that cannot be read, Unsupported for an
    unknown zone or an address that is no lock id.
    """
    if not (address.isascii() and address.isdecimal()):
        raise Unsupported("no_lock_id")
    try:
        local = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Unsupported("unknown_zone") from None
    account = read_key(key)
    desk = _desk(account, _shelf(account, tokens), clock or SystemClock())
    line = Line(desk, int(address), timing=timing or Timing())
    log = CloudLog(line, local)
    return LockDevice(
        bolt=CloudBolt(line, log),
        keypad=CloudKeypad(line, local),
        clock=CloudLockClock(line, local, log),
        log=log,
        limits=KeypadLimits(most_codes=_MOST_CODES),
    )


def _desk(account: AccountKey, shelf: Callable[[], TokenShelf], clock: Clock) -> Desk:
    desk = _DESKS.get(account.fingerprint)
    if desk is None:
        desk = Desk(account, shelf(), clock)
        _DESKS[account.fingerprint] = desk
    return desk


def _shelf(account: AccountKey, folder: Path | None) -> Callable[[], TokenShelf]:
    if folder is None:
        return MemoryShelf
    return lambda: FileShelf(folder / f"ttlock-tokens-{account.fingerprint[:16]}.json")
