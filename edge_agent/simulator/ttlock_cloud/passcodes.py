"""Which passcodes does the vendor list, and which of them has the lock itself?"""

import hashlib
import hmac
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.simulator.ttlock.mechanism import Mechanism
from edge_agent.simulator.ttlock.model import CodeKind, StoredCode
from edge_agent.simulator.ttlock_cloud.model import (
    AddCall,
    Answer,
    ChangeCall,
    Conditions,
    DeleteCall,
    Errcode,
    GenerateCall,
    PageCall,
    Refused,
    Status,
    Way,
)

_LENGTHS: Final = range(4, 10)
_FIRST_USE: Final = timedelta(hours=24)
_YEAR: Final = timedelta(days=366)
_PERIOD: Final = 3
_HOUR_MS: Final = 3_600_000
_STEPS: Final = ({0}, {1}, {9})


@dataclass(slots=True)
class Passcode:
    """One line of the vendor's list. `due`: when a slow change is done, and what is done then."""

    id: int
    digits: str
    starts: int
    ends: int
    custom: bool
    status: Status = Status.NORMAL
    used: bool = False
    due: tuple[datetime, Callable[[], None], Status] | None = None


class Passcodes:
    """The list of one lock, and the ways from it into the lock."""

    def __init__(
        self, lock: Mechanism, zone: ZoneInfo, *, now: Callable[[], datetime], secret: bytes
    ) -> None:
        self.conditions = Conditions()
        self._lock = lock
        self._zone = zone
        self._now = now
        self._secret = secret
        self._codes: dict[int, Passcode] = {}
        self._ids = itertools.count(501)
        self._gone: set[int] = set()
        self._generated_before: set[tuple[int, int]] = set()

    def add(self, call: AddCall) -> Answer:
        """Take the digits; only way 2 and 4 bring them into the lock."""
        code = Passcode(
            next(self._ids), call.keyboard_pwd, call.start_date, call.end_date, custom=True
        )
        if call.add_type is not Way.BLUETOOTH:
            self._judge(call)
            self._settle_in(code, lambda: self._put(code), (Status.ADDING, Status.ADD_FAILED))
        self._codes[code.id] = code
        return {"keyboardPwdId": code.id}

    def change(self, call: ChangeCall) -> Answer:
        """Both dates or none; a single one is ignored, and called a success."""
        code = self._codes.get(call.keyboard_pwd_id)
        if code is None:
            raise Refused(Errcode.NO_SUCH_PASSCODE)
        if not code.custom and not code.used:
            raise Refused(Errcode.NEVER_USED)
        if call.start_date is None or call.end_date is None:
            return {"errcode": 0, "errmsg": "none error message"}
        starts, ends = call.start_date, call.end_date

        def do() -> None:
            code.starts, code.ends = starts, ends
            self._put(code)

        if call.change_type is Way.BLUETOOTH:
            code.starts, code.ends = starts, ends
        else:
            self._settle_in(code, do, (Status.CHANGING, Status.CHANGE_FAILED))
        return {"errcode": 0, "errmsg": "none error message"}

    def delete(self, call: DeleteCall) -> Answer:
        """A second time is a success, too."""
        code = self._codes.get(call.keyboard_pwd_id)
        if code is None:
            if call.keyboard_pwd_id in self._gone:
                return {"errcode": 0, "errmsg": "none error message"}
            raise Refused(Errcode.NO_SUCH_PASSCODE)

        def do() -> None:
            self._gone.add(code.id)
            del self._codes[code.id]
            if call.delete_type is not Way.BLUETOOTH:
                self._lock.drop_codes(code.digits)

        if call.delete_type is Way.BLUETOOTH:
            do()
        else:
            self._settle_in(code, do, (Status.DELETING, Status.DELETE_FAILED))
        return {"errcode": 0, "errmsg": "none error message"}

    def generate(self, call: GenerateCall) -> Answer:
        """Digits that follow from lock and period alone; whole hours, rounded down."""
        if call.keyboard_pwd_type != _PERIOD or call.end_date is None:
            raise Refused(Errcode.INVALID_PARAMETER)
        starts, ends = call.start_date // _HOUR_MS * _HOUR_MS, call.end_date // _HOUR_MS * _HOUR_MS
        if not 0 < ends - starts <= _YEAR.total_seconds() * 1000:
            raise Refused(Errcode.INVALID_PARAMETER)
        for code in self._codes.values():
            if not code.custom and (code.starts, code.ends) == (starts, ends):
                return {"keyboardPwd": code.digits, "keyboardPwdId": code.id}
        if (starts, ends) in self._generated_before:
            raise Refused(Errcode.PERIOD_USED_BEFORE)
        self._generated_before.add((starts, ends))
        code = Passcode(next(self._ids), self._offline(starts, ends), starts, ends, custom=False)
        self._codes[code.id] = code
        return {"keyboardPwd": code.digits, "keyboardPwdId": code.id}

    def page(self, call: PageCall) -> Answer:
        """As the vendor lists them; old ones first."""
        self.settle()
        codes = sorted(self._codes.values(), key=lambda each: each.id)
        first = (call.page_no - 1) * call.page_size
        return {
            "list": [_listed(each) for each in codes[first : first + call.page_size]],
            "pageNo": call.page_no,
            "pageSize": call.page_size,
            "pages": -(-len(codes) // call.page_size),
            "total": len(codes),
        }

    def before_press(self, digits: str) -> None:
        """A generated code, typed within a day of its start, is one the lock knows from now on."""
        for code in self._codes.values():
            starts = datetime.fromtimestamp(code.starts / 1000, UTC)
            now = self._local_now()
            in_time = starts <= now <= starts + _FIRST_USE
            if code.digits == digits and not code.custom and not code.used and in_time:
                code.used = True
                self._put(code)

    def settle(self) -> None:
        """Do what fell due."""
        for code in list(self._codes.values()):
            if code.due is not None and self._now() >= code.due[0]:
                _, do, failed = code.due
                code.due = None
                if self.conditions.settling_fails:
                    code.status = failed
                else:
                    code.status = Status.NORMAL
                    do()

    def _local_now(self) -> datetime:
        """The lock judges by its own clock."""
        return self._lock.clock.replace(tzinfo=self._zone).astimezone(UTC)

    def _judge(self, call: AddCall) -> None:
        digits = call.keyboard_pwd
        if len(digits) not in _LENGTHS or not (digits.isascii() and digits.isdecimal()):
            raise Refused(Errcode.LENGTH)
        if {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(digits)} in _STEPS:
            raise Refused(Errcode.TOO_SIMPLE)
        if call.start_date >= call.end_date:
            raise Refused(Errcode.INVALID_PARAMETER)
        listed = any(each.digits == digits for each in self._codes.values())
        if listed or any(each.digits == digits for each in self._lock.codes()):
            raise Refused(Errcode.DUPLICATE)
        if len(self._lock.codes()) >= self.conditions.capacity:
            raise Refused(Errcode.CAPACITY)

    def _settle_in(
        self, code: Passcode, do: Callable[[], None], words: tuple[Status, Status]
    ) -> None:
        if not self.conditions.settle_seconds:
            do()
            return
        code.status = words[0]
        after = timedelta(seconds=self.conditions.settle_seconds)
        code.due = (self._now() + after, do, words[1])

    def _put(self, code: Passcode) -> None:
        stored = StoredCode(
            digits=code.digits,
            kind=CodeKind.PERIOD,
            starts_local=self._local(code.starts),
            ends_local=self._local(code.ends),
        )
        self._lock.put_code(stored)

    def _local(self, millis: int) -> datetime:
        moment = datetime.fromtimestamp(millis / 1000, UTC).astimezone(self._zone)
        return moment.replace(tzinfo=None, second=0, microsecond=0)

    def _offline(self, starts: int, ends: int) -> str:
        digest = hmac.digest(self._secret, f"{starts}|{ends}".encode(), hashlib.sha256)
        return f"{int.from_bytes(digest[:8], 'big') % 10**8:08d}"


def _listed(code: Passcode) -> Answer:
    return {
        "keyboardPwdId": code.id,
        "keyboardPwd": code.digits,
        "keyboardPwdType": _PERIOD,
        "keyboardPwdVersion": 4,
        "startDate": code.starts,
        "endDate": code.ends,
        "isCustom": int(code.custom),
        "status": int(code.status),
    }
