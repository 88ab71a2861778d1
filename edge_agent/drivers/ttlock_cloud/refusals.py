"""What should a caller do when the vendor, the gateway or the lock said no?

The vendor answers HTTP 200 and a number. Numbers that are not here are refusals that nobody can
explain; after a command they leave open whether it acted.
"""

from datetime import datetime
from typing import Final

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

TOKEN_OVER: Final = frozenset({10003, 10004})
CLOCK_REFUSED: Final = 80000
QUOTA_SPENT: Final = 30007
GONE: Final = frozenset({-2009, -1007})
"""No such passcode: it is gone, and that is all a removal wants."""


class QuotaSpent(CapacityReached):
    """The month's calls are spent; `until` (UTC) when the vendor counts anew."""

    def __init__(self, until: datetime) -> None:
        super().__init__("quota_spent", f"the vendor's calls are spent until {until.isoformat()}")
        self.until = until


_REFUSALS: Final[dict[int, tuple[type[EdgeError], str]]] = {
    -3003: (DeviceBusy, "gateway_busy"),
    -3037: (DeviceBusy, "lock_busy"),
    -3002: (DeviceUnreachable, "gateway_offline"),
    -2012: (DeviceUnreachable, "no_gateway_near"),
    -3036: (DeviceUnreachable, "lock_offline"),
    -3035: (DeviceUnreachable, "lock_saves_power"),
    90000: (TryLater, "vendor_failed"),
    30006: (DeviceBusy, "rate_limited"),
    10003: (NotPermitted, "token_refused"),
    10004: (NotPermitted, "token_over"),
    80000: (TryLater, "clock_refused"),
    -3007: (PickAnother, "pin_exists"),
    -2032: (PickAnother, "pin_too_simple"),
    -3006: (PickAnother, "pin_length"),
    -3009: (CapacityReached, "code_table_full"),
    -4056: (CapacityReached, "code_table_full"),
    -2009: (NoSuchThing, "pin_missing"),
    -1007: (NoSuchThing, "pin_missing"),
    -1003: (NoSuchThing, "no_such_lock"),
    -2018: (NotPermitted, "not_permitted"),
    20002: (NotPermitted, "not_lock_admin"),
    -4043: (Unsupported, "remote_unlock_off"),
    -2025: (AskHost, "lock_frozen"),
    -3008: (AskHost, "pin_never_used"),
    10000: (NotPermitted, "application_refused"),
    10001: (NotPermitted, "application_refused"),
    10007: (NotPermitted, "login_refused"),
    10011: (NotPermitted, "login_refused"),
    30008: (AskHost, "wrong_region"),
}


def refusal(code: int, *, changes: bool) -> EdgeError:
    """Ours for the vendor's number; `changes`: the call was meant to change something."""
    known = _REFUSALS.get(code)
    if known is not None:
        kind, reason = known
        return kind(reason)
    # 1 is said of a gateway that never answered and of remote unlocking switched off alike.
    reason = "refused_unexplained" if code == 1 else f"refused_{code}"
    return OutcomeUnknown(reason) if changes else TryLater(reason)


def no_answer(reason: str, *, changes: bool) -> EdgeError:
    """Ours for a call that was sent and not answered."""
    return OutcomeUnknown(reason) if changes else DeviceUnreachable(reason)
