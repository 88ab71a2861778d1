"""What time is it in the lock, asked so seldom that the month's calls last?

The vendor speaks milliseconds since 1970 and turns them into the lock's local time by itself. It
sets the clock to the `date` of the call, which must be within five minutes of its own.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.drivers.ttlock_cloud.desk import instant
from edge_agent.drivers.ttlock_cloud.line import Line, number
from edge_agent.drivers.ttlock_cloud.log import CloudLog
from edge_agent.drivers.ttlock_cloud.wire import Answer
from edge_agent.errors import PickAnother

_SUSPICIOUS: Final = timedelta(seconds=60)


class CloudLockClock:
    """The LockClock port.

    What was told is carried forward for `Timing.clock` seconds, unless the log's own dates speak
    against it.
    """

    def __init__(self, line: Line, zone: ZoneInfo, log: CloudLog) -> None:
        self._line = line
        self._zone = zone
        self._log = log
        self._told: tuple[timedelta, float] | None = None

    async def read(self) -> datetime:
        """The lock's clock, naive, to the second."""
        offset = self._known()
        if offset is None:
            async with self._line.talk(self._line.timing.read) as talk:
                offset = self._note(await talk.read("/v3/lock/queryDate"))
        moment = self._line.vendor_now() + offset
        return moment.astimezone(self._zone).replace(tzinfo=None, microsecond=0)

    async def set(self, local: datetime) -> None:
        """Set it to a naive local time; an aware one is refused rather than guessed at.

        TryLater when it is more than five minutes from the vendor's time.
        """
        if local.tzinfo is not None:
            raise PickAnother("clock_takes_naive_local_time")
        async with self._line.talk(self._line.timing.read) as talk:
            self._told = None
            self._note(await talk.change("/v3/lock/updateDate", date=self._instant(local)))

    def _instant(self, local: datetime) -> datetime:
        """Where a local time exists twice, the one that is now."""
        both = [local.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        return min(both, key=lambda each: abs(each - self._line.vendor_now()))

    def _known(self) -> timedelta | None:
        if self._told is None:
            return None
        offset, at = self._told
        if asyncio.get_running_loop().time() - at >= self._line.timing.clock:
            return None
        gap, self._log.gap = self._log.gap, None
        return None if gap is not None and abs(gap + offset) > _SUSPICIOUS else offset

    def _note(self, answer: Answer) -> timedelta:
        offset = instant(number(answer, "date")) - self._line.vendor_now()
        self._told = (offset, asyncio.get_running_loop().time())
        return offset
