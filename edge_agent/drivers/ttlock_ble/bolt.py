"""How does the house open a TTLock door once, and know whether it did?

An unlock without an answer is never sent again. The lock's state tells first; if the bolt is back
(auto-lock) or never moved, the lock's own log tells, read against the lock's own clock.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from ttlock_ble import LockState

from edge_agent.drivers.ttlock_ble.client import LockClient
from edge_agent.drivers.ttlock_ble.log import LogReader
from edge_agent.drivers.ttlock_ble.radio import Radio
from edge_agent.drivers.ttlock_ble.refusals import LIBRARY_FAILURES
from edge_agent.errors import DeviceUnreachable, Jammed, OutcomeUnknown, TryLater
from edge_agent.ports import BoltState, Go, LockLogKind, LockReading, at_once

_SECOND_LOOKS = (0.0, 0.3, 0.7)
_CLOCK_SLACK = timedelta(seconds=2)
_STATES = {LockState.LOCKED: BoltState.LOCKED, LockState.UNLOCKED: BoltState.UNLOCKED}


@dataclass(frozen=True, slots=True)
class _Move:
    wanted: BoltState
    logged_as: LockLogKind
    undone_by: frozenset[LockLogKind]
    auto_lock_undoes: bool
    command: Callable[[LockClient], Awaitable[None]]


_UNLOCK = _Move(
    wanted=BoltState.UNLOCKED,
    logged_as=LockLogKind.APP_UNLOCK,
    undone_by=frozenset({LockLogKind.APP_LOCK, LockLogKind.MANUAL}),
    auto_lock_undoes=True,
    command=LockClient.unlock,
)
_LOCK = _Move(
    wanted=BoltState.LOCKED,
    logged_as=LockLogKind.APP_LOCK,
    undone_by=frozenset({LockLogKind.APP_UNLOCK, LockLogKind.PIN_UNLOCK, LockLogKind.MANUAL}),
    auto_lock_undoes=False,
    command=LockClient.lock,
)


class TTLockBolt:
    """The Bolt port of one TTLock."""

    def __init__(self, radio: Radio, log: LogReader) -> None:
        self._radio = radio
        self._log = log

    async def unlock(self, go: Go = at_once) -> None:
        """Open once; see Bolt. TryLater also when it is proved that nothing happened.

        The motor moves within `Timing.move` of the call or not at all.
        """
        await self._move(_UNLOCK, go)

    async def lock(self, go: Go = at_once) -> None:
        """Close once; as unlock."""
        await self._move(_LOCK, go)

    async def read(self) -> LockReading:
        """State and battery."""
        return await self._radio.session(_look)

    async def _move(self, move: _Move, go: Go) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()

        async def act(client: LockClient) -> BoltState:
            client.go = go
            await move.command(client)
            return await _seen_after(client, move.wanted)

        try:
            seen = await self._radio.session(act, within=self._radio.timing.move)
        except OutcomeUnknown as unanswered:
            await self._resolve(move, started, unanswered.reason)
            return
        if seen not in {move.wanted, BoltState.UNKNOWN}:
            raise Jammed("bolt_did_not_move")

    async def _resolve(self, move: _Move, started: float, reason: str) -> None:
        loop = asyncio.get_running_loop()

        async def look(client: LockClient) -> None:
            elapsed = loop.time() - started
            if (await _look(client)).bolt is not move.wanted:
                await self._ask_log(client, move, timedelta(seconds=elapsed))

        try:
            await self._radio.session(look, within=started + self._radio.timing.told - loop.time())
        except TryLater as unseen:
            if unseen.reason == _PROVED_STILL:
                raise
            raise OutcomeUnknown(reason) from None

    async def _ask_log(self, client: LockClient, move: _Move, elapsed: timedelta) -> None:
        clock = await client.get_lock_time()
        tail = await self._log.tail(client)
        recent = [e for e in tail.entries if e.at_local >= clock - elapsed - _CLOCK_SLACK]
        acted = [entry for entry in recent if entry.kind is move.logged_as]
        if acted:
            later = {entry.kind for entry in recent if entry.number > acted[-1].number}
            if not later & move.undone_by and not await _auto_locked(client, move, elapsed):
                raise Jammed("bolt_did_not_move")
        elif tail.complete:
            raise DeviceUnreachable(_PROVED_STILL)
        else:
            raise OutcomeUnknown("state_and_log_silent")


_PROVED_STILL = "command_not_executed"


async def _look(client: LockClient) -> LockReading:
    state, battery = await client.query_state()
    bolt = BoltState.UNKNOWN if state is None else _STATES[state]
    percent = battery if battery is not None and 0 <= battery <= 100 else None  # noqa: PLR2004 - a percentage
    return LockReading(bolt=bolt, battery_percent=percent)


async def _seen_after(client: LockClient, wanted: BoltState) -> BoltState:
    seen = BoltState.UNKNOWN
    for pause in _SECOND_LOOKS:
        await asyncio.sleep(pause)  # a motor may still be turning
        try:
            seen = (await _look(client)).bolt
        except LIBRARY_FAILURES:
            return BoltState.UNKNOWN  # the lock has confirmed; a lost look changes nothing
        if seen in {wanted, BoltState.UNKNOWN}:
            break
    return seen


async def _auto_locked(client: LockClient, move: _Move, elapsed: timedelta) -> bool:
    if not move.auto_lock_undoes:
        return False
    seconds = await client.get_auto_lock_time()  # -1 when the lock does not say
    return seconds != 0 and seconds <= elapsed.total_seconds()
