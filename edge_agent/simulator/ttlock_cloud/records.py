"""What does the gateway send up of the lock's own log, and who is told of it?"""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.simulator.ttlock.mechanism import Mechanism
from edge_agent.simulator.ttlock.model import Record, RecordType
from edge_agent.simulator.ttlock_cloud.model import Answer, RecordsCall

GATEWAY_USER: Final = 0xFFFF_FF01
"""As whom the lock remembers the gateway."""

_BY_APP, _BY_PIN, _BY_KEY, _LOCK_BY_APP, _BY_GATEWAY, _LOCK_BY_KEY = 1, 4, 10, 11, 12, 36
_KINDS: Final = {
    RecordType.APP_UNLOCK: _BY_APP,
    RecordType.APP_LOCK: _LOCK_BY_APP,
    RecordType.CODE_UNLOCK: _BY_PIN,
    RecordType.CODE_REFUSED: _BY_PIN,
    RecordType.CODE_EXPIRED: _BY_PIN,
    RecordType.KEY_UNLOCK: _BY_KEY,
    RecordType.KEY_LOCK: _LOCK_BY_KEY,
}
_REFUSED: Final = {RecordType.CODE_REFUSED, RecordType.CODE_EXPIRED}


class Records:
    """The vendor's copy of the log: numbered and dated anew at each upload."""

    def __init__(
        self, lock: Mechanism, zone: ZoneInfo, *, lock_id: int, now: Callable[[], datetime]
    ) -> None:
        self._lock = lock
        self._zone = zone
        self._lock_id = lock_id
        self._now = now
        self._ids = itertools.count(9001)
        self._next = 1
        self._kept: list[Answer] = []

    def upload(self) -> list[Answer]:
        """Send up what is new; that."""
        fresh = []
        while (record := self._lock.next_record(self._next)) is not None:
            self._next = record.number + 1
            fresh.append(self._received(record))
        self._kept += fresh
        return fresh

    def page(self, call: RecordsCall) -> Answer:
        """Newest first, by the lock's date."""
        found = [each for each in self._kept if call.start_date <= _date(each) <= call.end_date]
        if call.record_type is not None:
            found = [each for each in found if each["recordType"] == call.record_type]
        found.sort(key=lambda each: (_date(each), str(each["recordId"])), reverse=True)
        first = (call.page_no - 1) * call.page_size
        return {
            "list": [*found[first : first + call.page_size]],
            "pageNo": call.page_no,
            "pageSize": call.page_size,
            "pages": -(-len(found) // call.page_size),
            "total": len(found),
        }

    def _received(self, record: Record) -> Answer:
        kind = _KINDS[record.kind]
        by_gateway = record.payload[:4] == GATEWAY_USER.to_bytes(4, "big")
        if kind == _BY_APP and by_gateway:
            kind = _BY_GATEWAY
        moment = record.at_local.replace(tzinfo=self._zone).astimezone(UTC)
        return {
            "recordId": next(self._ids),
            "lockId": self._lock_id,
            "recordType": kind,
            "success": int(record.kind not in _REFUSED),
            "username": "owner" if kind in {_BY_APP, _LOCK_BY_APP, _BY_GATEWAY} else "",
            "keyboardPwd": _digits(record) if kind == _BY_PIN else "",
            "lockDate": int(moment.timestamp() * 1000),
            "serverDate": int(self._now().timestamp() * 1000),
            "electricQuantity": record.battery,
        }


def _digits(record: Record) -> str:
    length = record.payload[0]
    return record.payload[1 : 1 + length].decode()


def _date(record: Answer) -> int:
    return int(str(record["lockDate"]))
