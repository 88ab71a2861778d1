"""How does the lock answer each command, once the frame has been opened?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from edge_agent.simulator.ttlock.mechanism import Mechanism
from edge_agent.simulator.ttlock.model import (
    CodeKind,
    Identity,
    Op,
    Record,
    Refusal,
    StoredCode,
)

_UNFETCHED = 0xFFFF
_HIGHEST_DIGIT = 9
_CODES_A_PAGE = 6
_LAST_PAGE = 0xFFFF
_CODE_DIGITS = range(4, 10)


class Refused(Exception):  # noqa: N818 - named for what the lock does
    """The lock answers status 0 and this byte."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Session:
    """What one connection has proved so far."""

    token: int | None = None
    admin: bool = False


class Commands:
    """Acts on plain command payloads and returns plain answer data."""

    def __init__(
        self, identity: Identity, mechanism: Mechanism, draw_token: Callable[[], int]
    ) -> None:
        self._identity = identity
        self._mechanism = mechanism
        self._draw_token = draw_token
        self._table: dict[Op, Callable[[Session, bytes], bytes]] = {
            Op.CHECK_USER: self._check_user,
            Op.CHECK_ADMIN: self._check_admin,
            Op.CHECK_RANDOM: self._check_random,
            Op.UNLOCK: self._unlock,
            Op.LOCK: self._lock,
            Op.STATE: self._state,
            Op.CODES: self._codes,
            Op.LIST_CODES: self._list_codes,
            Op.SET_CLOCK: self._set_clock,
            Op.GET_CLOCK: self._get_clock,
            Op.LOG: self._log,
            Op.AUTO_LOCK: self._auto_lock,
        }

    def act(self, session: Session, op: Op, payload: bytes) -> bytes:
        """Do it; raises Refused. A payload that cannot be read is refused too."""
        with _unreadable_is_refused():
            return self._table[op](session, payload)

    def _check_user(self, session: Session, payload: bytes) -> bytes:
        _exactly(payload, 17)
        if any(
            nibble > _HIGHEST_DIGIT for byte in payload[:9] for nibble in (byte >> 4, byte & 15)
        ):
            raise Refused(Refusal.FAILED)
        return self._new_token(session)

    def _check_admin(self, session: Session, payload: bytes) -> bytes:
        _exactly(payload, 11)
        if int.from_bytes(payload[:4], "big") != self._identity.admin_key:
            raise Refused(Refusal.ADMIN_CHECK)
        return self._new_token(session)

    def _check_random(self, session: Session, payload: bytes) -> bytes:
        _exactly(payload, 4)
        self._prove(session, payload)
        session.admin = True
        return b""

    def _unlock(self, session: Session, payload: bytes) -> bytes:
        return self._move(session, payload, unlock=True)

    def _lock(self, session: Session, payload: bytes) -> bytes:
        return self._move(session, payload, unlock=False)

    def _move(self, session: Session, payload: bytes, *, unlock: bool) -> bytes:
        _exactly(payload, 8)
        self._prove(session, payload[:4])
        record = int.from_bytes(payload[4:], "big")
        self._mechanism.app_moves("unlocked" if unlock else "locked", user=0, record=record)
        clock = _six(self._mechanism.clock)
        return self._battery() + bytes(4) + payload[4:] + clock

    def _state(self, _session: Session, payload: bytes) -> bytes:
        if payload != b"SCIENER":
            raise Refused(Refusal.FAILED)
        return self._battery() + bytes((self._mechanism.bolt == "unlocked",))

    def _codes(self, session: Session, payload: bytes) -> bytes:
        self._require_admin(session)
        operation, body = payload[0], payload[1:]
        match operation:
            case 1:
                self._mechanism.drop_codes()
            case 2:
                self._add_code(body)
            case 3:
                digits, _ = _digits(body[1:])
                if not self._mechanism.drop_codes(digits):
                    raise Refused(Refusal.CODE_MISSING)
            case _:
                raise Refused(Refusal.INVALID_COMMAND)
        return self._battery() + bytes((operation,))

    def _add_code(self, body: bytes) -> None:
        kind = CodeKind(body[0])
        digits, dates = _digits(body[1:])
        known = {code.digits for code in self._mechanism.codes()}
        if digits in known:
            raise Refused(Refusal.CODE_EXISTS)
        if len(known) >= self._mechanism.conditions.capacity:
            raise Refused(Refusal.NO_MEMORY)
        _exactly(dates, 5 if kind is CodeKind.PERMANENT else 10)
        starts = _moment(dates[:5])
        ends = None if kind is CodeKind.PERMANENT else _moment(dates[5:])
        if ends is not None and ends <= starts:
            raise Refused(Refusal.FAILED)
        self._mechanism.put_code(
            StoredCode(digits=digits, kind=kind, starts_local=starts, ends_local=ends)
        )

    def _list_codes(self, session: Session, payload: bytes) -> bytes:
        self._require_admin(session)
        _exactly(payload, 2)
        if not self._mechanism.conditions.lists_codes:
            raise Refused(Refusal.INVALID_COMMAND)
        first = int.from_bytes(payload, "big")
        page = self._mechanism.codes()[first : first + _CODES_A_PAGE]
        rows = b"".join(_code_row(code) for code in page)
        more = first + len(page) < len(self._mechanism.codes())
        following = (first + len(page) if more else _LAST_PAGE).to_bytes(2, "big")
        return len(rows).to_bytes(2, "big") + (following + rows if rows else b"")

    def _set_clock(self, session: Session, payload: bytes) -> bytes:
        self._require_admin(session)
        _exactly(payload, 6)
        self._mechanism.set_clock(_moment(payload))
        return b""

    def _get_clock(self, _session: Session, payload: bytes) -> bytes:
        _exactly(payload, 0)
        return _six(self._mechanism.clock)

    def _log(self, _session: Session, payload: bytes) -> bytes:
        _exactly(payload, 2)
        cursor = int.from_bytes(payload, "big")
        record = self._mechanism.next_record(None if cursor == _UNFETCHED else cursor)
        if record is None:
            return bytes(2)
        row = _record_row(record)
        return len(row).to_bytes(2, "big") + (record.number + 1).to_bytes(2, "big") + row

    def _auto_lock(self, session: Session, payload: bytes) -> bytes:
        conditions = self._mechanism.conditions
        if payload[0] == 1:
            return self._battery() + b"\x01" + conditions.auto_lock_seconds.to_bytes(2, "big")
        self._require_admin(session)
        _exactly(payload, 3)
        seconds = int.from_bytes(payload[1:], "big")
        self._mechanism.set_conditions(conditions.model_copy(update={"auto_lock_seconds": seconds}))
        return self._battery() + b"\x02"

    def _new_token(self, session: Session) -> bytes:
        session.token = self._draw_token()
        return session.token.to_bytes(4, "big")

    def _prove(self, session: Session, proof: bytes) -> None:
        token, session.token = session.token, None  # one token proves one command
        if token is None:
            raise Refused(Refusal.NO_PERMISSION)
        if int.from_bytes(proof, "big") != (token + self._identity.unlock_key) & 0xFFFFFFFF:
            raise Refused(Refusal.KEY_INVALID)

    def _require_admin(self, session: Session) -> None:
        if self._mechanism.conditions.insists_on_admin and not session.admin:
            raise Refused(Refusal.NO_PERMISSION)

    def _battery(self) -> bytes:
        return bytes((self._mechanism.conditions.battery,))


@contextmanager
def _unreadable_is_refused() -> Iterator[None]:
    try:
        yield
    except (ValueError, IndexError, OverflowError) as unreadable:
        raise Refused(Refusal.FAILED) from unreadable


def _exactly(payload: bytes, length: int) -> None:
    if len(payload) != length:
        raise Refused(Refusal.FAILED)


def _digits(body: bytes) -> tuple[str, bytes]:
    length, rest = body[0], body[1:]
    digits = rest[:length].decode("ascii")
    if length not in _CODE_DIGITS or len(digits) != length or not digits.isdecimal():
        raise Refused(Refusal.LENGTH_INVALID)
    return digits, rest[length:]


def _moment(raw: bytes) -> datetime:
    return datetime(2000 + raw[0], *raw[1:])  # noqa: DTZ001 - a lock knows no zone


def _five(moment: datetime) -> bytes:
    return _six(moment)[:5]


def _six(moment: datetime) -> bytes:
    return bytes((moment.year - 2000, *moment.timetuple()[1:6]))


def _code_row(code: StoredCode) -> bytes:
    digits = bytes((len(code.digits),)) + code.digits.encode()
    ends = b"" if code.ends_local is None else _five(code.ends_local)
    row = bytes((code.kind,)) + digits * 2 + _five(code.starts_local) + ends
    return bytes((len(row),)) + row


def _record_row(record: Record) -> bytes:
    row = bytes((record.kind,)) + _six(record.at_local) + bytes((record.battery,)) + record.payload
    return bytes((len(row),)) + row
