"""What does the lock's own log say, as far as the gateway has sent it up?

Numbers are the vendor's, given at upload: a record that comes late has a high number and an old
date. So the last day is always read whole, further back only until nothing is new.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from edge_agent.drivers.ttlock_cloud.desk import instant, millis
from edge_agent.drivers.ttlock_cloud.line import Line, Talk, number, rows
from edge_agent.ports import LockLogEntry, LockLogKind

_PAGE: Final = 100
_MOST_PAGES: Final = 10
_REACH: Final = timedelta(days=30)
_ALWAYS: Final = timedelta(days=1)
_AHEAD: Final = timedelta(days=1)
_BY_PIN: Final = 4
_KINDS: Final = {
    1: LockLogKind.APP_UNLOCK,
    12: LockLogKind.APP_UNLOCK,
    11: LockLogKind.APP_LOCK,
    10: LockLogKind.MANUAL,
    32: LockLogKind.MANUAL,
    36: LockLogKind.MANUAL,
}


@dataclass(frozen=True, slots=True)
class _Record:
    number: int
    kind: LockLogKind
    at: datetime
    heard_at: datetime
    pin_digits: str | None

    def __repr__(self) -> str:
        return f"_Record({self.number}, {self.kind})"


class CloudLog:
    """The LockLog port. `gap`: the least delay seen between lock's and vendor's time, a drift."""

    def __init__(self, line: Line, zone: ZoneInfo) -> None:
        self._line = line
        self._zone = zone
        self.gap: timedelta | None = None

    async def entries(self, *, after: int | None, limit: int) -> tuple[LockLogEntry, ...]:
        """See LockLog; None starts thirty days ago. At most a thousand records are looked at."""
        now = self._line.vendor_now()
        found: list[_Record] = []
        async with self._line.talk(self._line.timing.table) as talk:
            async for page in _pages(talk, since=now - _REACH, until=now + _AHEAD):
                fresh = [each for each in page if after is None or each.number > after]
                found += fresh
                if after is not None and not fresh and page[-1].at < now - _ALWAYS:
                    break
        if found:
            self.gap = min(each.heard_at - each.at for each in found)
        found.sort(key=lambda each: each.number)
        return tuple(self._entry(each) for each in found[: max(1, limit)])

    async def count(self, talk: Talk, kind: LockLogKind, *, since: datetime) -> int:
        """How many records of a kind there are since then; for the bolt's question."""
        until = self._line.vendor_now() + _AHEAD
        total = 0
        async for page in _pages(talk, since=since, until=until):
            total += sum(each.kind is kind for each in page)
        return total

    def _entry(self, record: _Record) -> LockLogEntry:
        return LockLogEntry(
            number=record.number,
            at_local=record.at.astimezone(self._zone).replace(tzinfo=None, microsecond=0),
            kind=record.kind,
            pin_digits=record.pin_digits,
        )


async def _pages(talk: Talk, *, since: datetime, until: datetime) -> AsyncIterator[list[_Record]]:
    for page in range(1, _MOST_PAGES + 1):
        answer = await talk.read(
            "/v3/lockRecord/list",
            startDate=millis(since),
            endDate=millis(until),
            pageNo=page,
            pageSize=_PAGE,
        )
        found = [_record(each) for each in rows(answer)]
        if found:
            yield found
        if len(found) < _PAGE:
            return


def _record(row: dict[str, JsonValue]) -> _Record:
    vendor_kind, by_pin = number(row, "recordType"), row.get("keyboardPwd")
    kind = _KINDS.get(vendor_kind, LockLogKind.OTHER)
    if vendor_kind == _BY_PIN:
        done = number(row, "success") == 1
        kind = LockLogKind.PIN_UNLOCK if done else LockLogKind.PIN_REFUSED
    is_pin = vendor_kind == _BY_PIN and isinstance(by_pin, str)
    return _Record(
        number=number(row, "recordId"),
        kind=kind,
        at=instant(number(row, "lockDate")),
        heard_at=instant(number(row, "serverDate")),
        pin_digits=str(by_pin) if is_pin else None,
    )
