"""How does the house open a door through the vendor's cloud once, and know whether it did?

An unlock without a clear answer is never sent again. The lock's state tells first, then the
records the gateway sent up. Their silence proves nothing, as they may still be on their way: then
it stays unknown, and the log is read again later.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from edge_agent.drivers.ttlock_cloud.line import Line, Talk, number
from edge_agent.drivers.ttlock_cloud.log import CloudLog
from edge_agent.errors import EdgeError, Jammed, OutcomeUnknown
from edge_agent.ports import BoltState, Go, LockLogKind, LockReading, at_once

_SECOND_LOOKS: Final = (0.0, 0.5, 1.0)
_NEAR: Final = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class _Move:
    path: str
    wanted: BoltState
    logged_as: LockLogKind
    auto_lock_undoes: bool


_UNLOCK = _Move(
    "/v3/lock/unlock", BoltState.UNLOCKED, LockLogKind.APP_UNLOCK, auto_lock_undoes=True
)
_LOCK = _Move("/v3/lock/lock", BoltState.LOCKED, LockLogKind.APP_LOCK, auto_lock_undoes=False)


class CloudBolt:
    """The Bolt port of one lock behind a gateway."""

    def __init__(self, line: Line, log: CloudLog) -> None:
        self._line = line
        self._log = log
        self._battery: tuple[int | None, float] | None = None
        self._auto_lock_seconds = 0
        self._moved: list[tuple[LockLogKind, datetime]] = []

    async def unlock(self, go: Go = at_once) -> None:
        """Open once; see Bolt. TryLater only when vendor, gateway or lock said that it was not."""
        await self._move(_UNLOCK, go)

    async def lock(self, go: Go = at_once) -> None:
        """Close once; as unlock."""
        await self._move(_LOCK, go)

    async def read(self) -> LockReading:
        """The bolt, asked of the lock; the battery as the vendor last heard, now and then."""
        async with self._line.talk(self._line.timing.read) as talk:
            bolt = await talk.bolt()
            return LockReading(bolt, await self._battery_now(talk))

    async def _move(self, move: _Move, go: Go) -> None:
        started, at = asyncio.get_running_loop().time(), self._line.vendor_now()
        earlier = self._moves_near(move, at)
        try:
            seen = await self._ordered(move, go)
        except OutcomeUnknown as unanswered:
            self._moved.append((move.logged_as, at))
            await self._resolve(move, started, at, earlier, unanswered.reason)
            return
        self._moved.append((move.logged_as, at))
        if seen not in {move.wanted, BoltState.UNKNOWN} and not self._auto_locked(move, started):
            raise Jammed("bolt_did_not_move")

    async def _ordered(self, move: _Move, go: Go) -> BoltState:
        async with self._line.talk(self._line.timing.move, door=True) as talk:
            await talk.move(move.path, go)
            return await _seen_after(talk, move.wanted)

    async def _resolve(
        self, move: _Move, started: float, at: datetime, earlier: int, reason: str
    ) -> None:
        left = started + self._line.timing.told - asyncio.get_running_loop().time()
        try:
            async with self._line.talk(max(left, 0.0), door=True) as talk:
                if await talk.bolt() is move.wanted:
                    return
                acted = await self._log.count(talk, move.logged_as, since=at - _NEAR) > earlier
                await self._battery_now(talk)
        except EdgeError:
            raise OutcomeUnknown(reason) from None
        if not acted:
            raise OutcomeUnknown(reason)
        if not self._auto_locked(move, started):
            raise Jammed("bolt_did_not_move")

    def _moves_near(self, move: _Move, at: datetime) -> int:
        """Our own earlier ones, whose records are not this one's."""
        self._moved = [each for each in self._moved if each[1] >= at - 2 * _NEAR]
        return sum(kind is move.logged_as for kind, _ in self._moved)

    def _auto_locked(self, move: _Move, started: float) -> bool:
        elapsed = asyncio.get_running_loop().time() - started
        return move.auto_lock_undoes and 0 < self._auto_lock_seconds <= elapsed

    async def _battery_now(self, talk: Talk) -> int | None:
        now = asyncio.get_running_loop().time()
        if self._battery is not None and now - self._battery[1] < self._line.timing.battery:
            return self._battery[0]
        answer = await talk.read("/v3/lock/detail")
        percent = number(answer, "electricQuantity")
        self._auto_lock_seconds = number(answer, "autoLockTime") if "autoLockTime" in answer else 0
        self._battery = (percent if 0 <= percent <= 100 else None, now)  # noqa: PLR2004 - a percentage
        return self._battery[0]


async def _seen_after(talk: Talk, wanted: BoltState) -> BoltState:
    seen = BoltState.UNKNOWN
    for pause in _SECOND_LOOKS:
        await asyncio.sleep(pause)  # a motor may still be turning
        try:
            seen = await talk.bolt()
        except EdgeError:
            return BoltState.UNKNOWN  # the lock has confirmed; a lost look changes nothing
        if seen in {wanted, BoltState.UNKNOWN}:
            break
    return seen
