"""How do minutes of Bluetooth pass in a blink, with every socket, timeout and order as they are?

Where no socket of this process is ready, nothing can happen before the next timer: time leaps
there. Only for tests whose both ends live on the same loop.
"""

import asyncio
import selectors
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

from tests.edge_agent.lockd_kit import FakeClock


class _LeapingSelector(selectors.EpollSelector):
    def __init__(self) -> None:
        super().__init__()
        self.leapt = 0.0

    @override
    def select(self, timeout: float | None = None) -> Sequence[tuple[selectors.SelectorKey, int]]:  # type: ignore[override]
        ready = super().select(0)
        if ready or timeout is None or timeout <= 0:
            return ready or super().select(0 if timeout is not None else 1.0)
        self.leapt += timeout
        return []


class QuickLoop(asyncio.SelectorEventLoop):
    """A loop whose time is only as long as its timers."""

    def __init__(self) -> None:
        self._leaping = _LeapingSelector()
        super().__init__(self._leaping)

    @override
    def time(self) -> float:
        return self._leaping.leapt

    def leap(self, span: timedelta) -> None:
        """Nothing happens for so long."""
        self._leaping.leapt += span.total_seconds()


@dataclass
class LoopClock(FakeClock):
    """A house's clocks, moved by what happens on the loop."""

    loop: QuickLoop | None = None

    @override
    def wall(self) -> datetime:
        return self.now + timedelta(seconds=self._passed)

    @override
    def boot_seconds(self) -> float:
        return self.boot + self._passed

    @property
    def _passed(self) -> float:
        return 0.0 if self.loop is None else self.loop.time()
