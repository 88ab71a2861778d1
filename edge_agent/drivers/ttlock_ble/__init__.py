"""How does the house speak to a TTLock over Bluetooth, through ttlock-ble on bleak?"""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import SecretStr

from edge_agent.drivers.ttlock_ble.bolt import TTLockBolt
from edge_agent.drivers.ttlock_ble.clock import TTLockClock
from edge_agent.drivers.ttlock_ble.key import read_firmware, read_key, silence_library
from edge_agent.drivers.ttlock_ble.keypad import TTLockKeypad
from edge_agent.drivers.ttlock_ble.log import LogReader
from edge_agent.drivers.ttlock_ble.radio import Radio, Timing
from edge_agent.errors import Unsupported
from edge_agent.ports import KeypadLimits, LockDevice

__all__ = ["Timing", "open_ttlock"]

_MOST_CODES = 250
"""Of the vendor's own statement; older locks take 150 and say when they are full."""


def open_ttlock(
    *,
    address: str,
    key: SecretStr,
    zone: str,
    timing: Timing | None = None,
    admin_first: bool = False,
) -> LockDevice:
    """A lock by Bluetooth address and the vendor's key record (JSON); no radio is used yet.

    `zone` is the house's IANA zone, whose local time the lock keeps. `admin_first`: log in as admin
    before codes and clock at once; else when the lock insists, and from then on. NotPermitted for a
    key that cannot be read, Unsupported for an unknown zone.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Unsupported("unknown_zone") from None
    silence_library()
    radio = Radio(
        read_key(key),
        address=address.upper(),
        timing=timing or Timing(),
        admin_first=admin_first,
    )
    log, keypad = LogReader(radio), TTLockKeypad(radio)
    return LockDevice(
        bolt=TTLockBolt(radio, log),
        keypad=keypad,
        clock=TTLockClock(radio),
        log=log,
        table=keypad,
        glance=radio,
        limits=KeypadLimits(most_codes=_MOST_CODES, reads_the_lock=True),
        firmware=read_firmware(key),
    )
