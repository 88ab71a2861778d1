"""How often may we still call the vendor, this minute and this month?

The vendor allows 100 calls a minute and so many a month; both are counted by application. We stay
below the first by ourselves. The second is only known when it is spent: then nothing succeeds
until the first of the next month in Beijing, save that the owner may have bought more.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BURST: Final = 20
PER_SECOND: Final = 75 / 60
"""A burst and a minute's calls together stay below 100."""

_FOR_DOORS: Final = 5
_ROUNDING: Final = 1e-6
_ASK_AGAIN: Final = timedelta(hours=1)
_MONTH_OF: Final = ZoneInfo("Asia/Shanghai")


class Budget:
    """A bucket of calls; the last few are kept for people at a door. Times in seconds."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at: float | None = None

    def wait(self, now: float, *, door: bool) -> float:
        """Take one call: 0 when it may be made now, else the seconds to wait before asking anew."""
        if self._at is not None:
            self._left = min(BURST, self._left + (now - self._at) * PER_SECOND)
        self._at = now
        needed = 1.0 if door else 1.0 + _FOR_DOORS
        if self._left >= needed - _ROUNDING:
            self._left -= 1.0
            return 0.0
        return (needed - self._left) / PER_SECOND


class MonthQuota:
    """Whether the month's calls are spent, and until when; instants in UTC."""

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._next_try: datetime | None = None

    def spent_until(self, now: datetime) -> datetime | None:
        """None when a call may be tried: nothing is spent, or it is time to look again."""
        if self._until is None or now >= self._until:
            return None
        if self._next_try is not None and now >= self._next_try:
            self._next_try = now + _ASK_AGAIN
            return None
        return self._until

    def note_spent(self, now: datetime) -> datetime:
        """The vendor said so; until when."""
        self._until, self._next_try = next_month(now), now + _ASK_AGAIN
        return self._until

    def note_served(self) -> None:
        """The vendor answered: there are calls again."""
        self._until = None


def next_month(now: datetime) -> datetime:
    """The first of the next month in Beijing, as UTC."""
    local = now.astimezone(_MONTH_OF)
    later = (local.replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return later.astimezone(now.tzinfo)
