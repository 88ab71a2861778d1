"""What does the lock's own log say, by number, a bounded page at a time?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ttlock_ble import LogEntry, LogOperate

from edge_agent.drivers.ttlock_ble.client import LockClient
from edge_agent.drivers.ttlock_ble.radio import Radio
from edge_agent.ports import LockLogEntry, LockLogKind

_UNFETCHED = 0xFFFF
_HIGHEST = 0xFFFE
_TAIL_PAGE = 32
_BASE_SECONDS = 4.0
_RECORD_SECONDS = 0.25
_MAX_SECONDS = 20.0
_MAX_PAGE = 200
_NO_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - a record whose date the lock garbled

_KINDS: dict[int, LockLogKind] = {
    LogOperate.MOBILE_UNLOCK: LockLogKind.APP_UNLOCK,
    LogOperate.OPERATE_BLE_LOCK: LockLogKind.APP_LOCK,
    LogOperate.KEYBOARD_PASSWORD_UNLOCK: LockLogKind.PIN_UNLOCK,
    LogOperate.ADMIN_CODE_UNLOCK: LockLogKind.PIN_UNLOCK,
    LogOperate.ERROR_PASSWORD_UNLOCK: LockLogKind.PIN_REFUSED,
    LogOperate.PASSCODE_EXPIRED: LockLogKind.PIN_REFUSED,
    LogOperate.PASSCODE_IN_BLACK_LIST: LockLogKind.PIN_REFUSED,
    LogOperate.PASSCODE_UNLOCK_FAILED_LOCK_REVERSE: LockLogKind.PIN_REFUSED,
    LogOperate.OPERATE_KEY_UNLOCK: LockLogKind.MANUAL,
    LogOperate.OPERATE_KEY_LOCK: LockLogKind.MANUAL,
    LogOperate.DOOR_GO_OUT: LockLogKind.MANUAL,
}
_PIN_KINDS = frozenset({LockLogKind.PIN_UNLOCK, LockLogKind.PIN_REFUSED})


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest records. `complete`: nothing newer exists, so what is not here did not happen."""

    entries: tuple[LockLogEntry, ...]
    complete: bool


class LogReader:
    """The LockLog port, and the tail for the bolt's question. Remembers the newest number seen."""

    def __init__(self, radio: Radio) -> None:
        self._radio = radio
        self._newest: int | None = None

    async def entries(self, *, after: int | None, limit: int) -> tuple[LockLogEntry, ...]:
        """See LockLog; None starts at what the lock thinks nobody has fetched."""
        count = max(1, min(limit, _MAX_PAGE))
        first = _UNFETCHED if after is None else min(after + 1, _HIGHEST)

        async def act(client: LockClient) -> tuple[LockLogEntry, ...]:
            return await self._page(client, first, count)

        seconds = min(_BASE_SECONDS + _RECORD_SECONDS * count, _MAX_SECONDS)
        return await self._radio.session(act, seconds=seconds)

    async def tail(self, client: LockClient) -> Tail:
        """Records newer than the newest one known, inside an open session.

        The library shows a refused log as an empty one, so its end is asked for once more.
        """
        first = _UNFETCHED if self._newest is None else self._newest + 1
        entries = await self._page(client, first, _TAIL_PAGE)
        following = entries[-1].number + 1 if entries else first
        complete = len(entries) < _TAIL_PAGE and await client.log_ends_at(following)
        return Tail(entries, complete=complete)

    async def _page(self, client: LockClient, first: int, count: int) -> tuple[LockLogEntry, ...]:
        found = await client.get_operation_log(max_entries=count, from_sequence=first)
        entries = _ordered(found, at_least=0 if first == _UNFETCHED else first)
        if entries:
            self._newest = max(self._newest or 0, entries[-1].number)
        return entries


def _ordered(found: Sequence[LogEntry], *, at_least: int) -> tuple[LockLogEntry, ...]:
    wanted = [each for each in found if each.record_number >= at_least]
    return tuple(_entry(each) for each in sorted(wanted, key=lambda each: each.record_number))


def _entry(record: LogEntry) -> LockLogEntry:
    kind = _KINDS.get(int(record.record_type), LockLogKind.OTHER)
    return LockLogEntry(
        number=record.record_number,
        at_local=record.operate_date or _NO_DATE,
        kind=kind,
        pin_digits=record.password if kind in _PIN_KINDS else None,
    )
