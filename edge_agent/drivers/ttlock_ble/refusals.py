"""What should a caller do when the lock, the link or the library said no?

ttlock-ble 0.1.11 lets four kinds of error out: TTLockError (refused or no answer), a bare
BleakError (link lost), AssertionError (not connected), ValueError (unreadable answer). A refusal
carries its byte only in the message.
"""

import re
from enum import IntEnum

from bleak.exc import BleakError
from bleak_retry_connector import BleakConnectionError, BleakOutOfConnectionSlotsError
from ttlock_ble import TTLockError

from edge_agent.errors import (
    AskHost,
    CapacityReached,
    DeviceBusy,
    DeviceUnreachable,
    EdgeError,
    NoSuchThing,
    NotPermitted,
    OutcomeUnknown,
    PickAnother,
    TryLater,
    Unsupported,
)

LIBRARY_FAILURES = (
    TTLockError,
    BleakError,
    TimeoutError,
    AssertionError,
    ValueError,  # includes bad UTF-8
    LookupError,  # an answer shorter than it says
    OverflowError,
    OSError,
    EOFError,
)
"""All that may come out of ttlock-ble, bleak and bleak-retry-connector."""


class Refusal(IntEnum):
    """Error bytes the driver itself reacts to."""

    NO_PERMISSION = 0x02
    NOT_LOGGED_IN = 0x12
    CODE_EXISTS = 0x14
    CODE_MISSING = 0x15


_REFUSALS: dict[int, tuple[type[EdgeError], str]] = {
    0x01: (TryLater, "checksum_refused"),
    Refusal.NO_PERMISSION: (NotPermitted, "admin_needed"),
    0x03: (NotPermitted, "admin_key_refused"),
    0x05: (AskHost, "lock_in_setting_mode"),
    0x07: (AskHost, "lock_not_set_up"),
    0x0A: (AskHost, "battery_empty"),
    0x0D: (NotPermitted, "key_refused"),
    0x0E: (NotPermitted, "key_expired"),
    0x0F: (PickAnother, "pin_length"),
    0x11: (NotPermitted, "key_not_yet_valid"),
    Refusal.NOT_LOGGED_IN: (NotPermitted, "admin_needed"),
    Refusal.CODE_EXISTS: (PickAnother, "pin_exists"),
    Refusal.CODE_MISSING: (NoSuchThing, "pin_missing"),
    0x16: (CapacityReached, "code_table_full"),
    0x1B: (Unsupported, "command_unknown"),
    0x1C: (AskHost, "lock_frozen"),
    0x1E: (AskHost, "locked_from_inside"),
}
_CODE = re.compile(r"\berr(?:or)?=([0-9a-f]{2})")


def refusal_code(error: BaseException) -> int | None:
    """The lock's error byte, if this error is a refusal."""
    if not isinstance(error, TTLockError):
        return None
    found = _CODE.search(str(error))
    return int(found[1], 16) if found else None


def after_asking(error: BaseException, *, asked: bool, link_lost: bool) -> EdgeError:
    """Ours for a failure inside a session; `asked`: a command that changes things was sent."""
    code = refusal_code(error)
    if code is not None:
        kind, reason = _REFUSALS.get(code, (TryLater, f"refused_{code:#04x}"))
        return kind(reason)
    reason = _why(error, link_lost=link_lost)
    return OutcomeUnknown(reason) if asked else DeviceUnreachable(reason)


def before_asking(error: BaseException) -> EdgeError:
    """Ours for a failure to connect: nothing was asked of the lock."""
    if isinstance(error.__cause__, BleakConnectionError | BleakOutOfConnectionSlotsError):
        return DeviceBusy("connection_refused")
    if isinstance(error, TimeoutError):
        return DeviceUnreachable("connect_timed_out")
    return DeviceUnreachable("connect_failed")


def _why(error: BaseException, *, link_lost: bool) -> str:
    if link_lost or isinstance(error, BleakError | OSError | EOFError | AssertionError):
        return "no_answer" if isinstance(error, TimeoutError) and not link_lost else "link_lost"
    if isinstance(error, TTLockError) and not isinstance(error.__cause__, ValueError):
        return "no_answer"
    return "unreadable_answer"
