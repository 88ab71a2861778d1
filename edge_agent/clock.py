"""What do this machine's clocks read? The only place in the house that reads them."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Raw readings; none of them is trusted by itself."""

    def wall(self) -> datetime:
        """The system's idea of UTC; may be years off and may jump."""

    def boot_seconds(self) -> float:
        """Seconds since this boot, asleep or awake; never jumps."""

    def boot_id(self) -> str:
        """A name that changes with each boot."""


class SystemClock:
    """The clocks of this machine."""

    def __init__(self) -> None:
        self._boot_id = _BOOT_ID.read_text().strip()

    def wall(self) -> datetime:
        """See Clock."""
        return datetime.now(UTC)  # noqa: TID251 - this module is where clocks are read

    def boot_seconds(self) -> float:
        """See Clock."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot_id(self) -> str:
        """See Clock."""
        return self._boot_id
