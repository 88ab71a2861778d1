"""What does the house need of a TTLock that ttlock-ble 0.1.11 cannot do yet?

Admin login, listing the code table, and knowing whether a command that changes something has been
sent. Built on the library's own exchange; the private names used are the reason for the exact pin.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import override

from ttlock_ble import KeyboardPwdType, TTLockClient, TTLockError
from ttlock_ble import commands as wire
from ttlock_ble.protocol import Frame

from edge_agent.drivers.ttlock_ble.refusals import Refusal, refusal_code
from edge_agent.errors import CalledOff, NotPermitted
from edge_agent.ports import Go, at_once

_LIST_CODES = 0x07
_CHANGING = frozenset(
    {
        wire.CMD_UNLOCK,
        wire.CMD_LOCK,
        wire.CMD_MANAGE_KEYBOARD_PASSWORD,
        wire.CMD_TIME_CALIBRATE,
    }
)
_MOVING = frozenset({wire.CMD_UNLOCK, wire.CMD_LOCK})
_MAX_PAGES = 64
_LAST_PAGE = frozenset({0, 0xFFFF})
_DATED_TWICE = frozenset({KeyboardPwdType.COUNT, KeyboardPwdType.PERIOD})


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One code in the lock's table, dates in the lock's local time."""

    digits: str = field(repr=False)
    kind: int
    starts_local: datetime
    ends_local: datetime | None


class LockClient(TTLockClient):
    """ttlock-ble's client for one short session."""

    asked = False
    """A command that changes something has been sent, at least in part."""

    go: Go = staticmethod(at_once)
    """Asked when the motor's command is ready to be written, the lock's challenge answered."""

    admin_first = False
    """Log in as admin before privileged commands; learnt when the lock insists."""

    _logged_in = False

    async def privileged[T](self, step: Callable[[], Awaitable[T]]) -> T:
        """Run a step; if the lock asks for admin login, log in and run it again.

        A refused command has changed nothing, so running it again is safe.
        """
        if self.admin_first and not self._logged_in:
            await self._log_in()
        try:
            return await step()
        except TTLockError as error:
            needs_login = refusal_code(error) in {Refusal.NO_PERMISSION, Refusal.NOT_LOGGED_IN}
            if self._logged_in or not needs_login:
                raise
        self.admin_first = True
        await self._log_in()
        return await step()

    async def table(self) -> tuple[TableEntry, ...]:
        """The whole code table; TTLockError with 0x1b from a lock that cannot list it."""
        entries: list[TableEntry] = []
        cursor = 0
        for _ in range(_MAX_PAGES):
            data = await self._ask(_LIST_CODES, cursor.to_bytes(2, "big"))
            if int.from_bytes(data[:2], "big") == 0:
                break
            entries.extend(_rows(data[4:]))
            following = int.from_bytes(data[2:4], "big")
            if following in _LAST_PAGE or following <= cursor:
                break
            cursor = following
        return tuple(entries)

    async def log_ends_at(self, number: int) -> bool:
        """Whether the lock says, in so many words, that it has no record from here on."""
        data = await self._ask(wire.CMD_GET_OPERATE_LOG, wire.payload_operate_log_request(number))
        return int.from_bytes(data[:2], "big") == 0

    async def _log_in(self) -> None:
        if not self.key.adminPs:
            raise NotPermitted("admin_key_missing")
        proof = wire.payload_check_admin(self.key.uid, self.key.adminPs, self.key.lockFlagPos)
        token = int.from_bytes((await self._ask(wire.CMD_CHECK_ADMIN, proof))[:4], "big")
        answer = wire.payload_check_random(token, self.key.unlockKey)
        await self._ask(wire.CMD_CHECK_RANDOM, answer)
        self._logged_in = True

    async def _ask(self, command: int, payload: bytes) -> bytes:
        frame = Frame.for_lock(self.key.lockVersion, command, payload)
        async with self._command_lock:
            reply = await self._exchange(frame.encrypt_data(self._aes_key))
        plain = self._decrypt_response(reply, "command")
        _echo, status, data = self._parse_response_envelope(plain, "command")
        if status != wire.RESPONSE_SUCCESS:
            raise TTLockError(f"refused: error={data[:1].hex()}")
        return data

    @override
    async def _send(self, frame: Frame) -> None:
        if frame.command in _MOVING and not self.go():
            raise CalledOff("not_wanted_any_more")
        self.asked = self.asked or frame.command in _CHANGING
        await super()._send(frame)


def _rows(data: bytes) -> Iterator[TableEntry]:
    while data:
        length, row = data[0], data[1:]
        if len(row) < length:
            raise ValueError("a row of the code table is cut short")
        yield _row(row[:length])
        data = row[length:]


def _row(row: bytes) -> TableEntry:
    kind, rest = row[0], row[1:]
    current, rest = _counted(rest)
    _original, rest = _counted(rest)
    return TableEntry(
        digits=current.decode("ascii"),
        kind=kind,
        starts_local=_minute(rest[:5]),
        ends_local=_minute(rest[5:10]) if kind in _DATED_TWICE else None,
    )


def _counted(data: bytes) -> tuple[bytes, bytes]:
    return data[1 : 1 + data[0]], data[1 + data[0] :]


def _minute(raw: bytes) -> datetime:
    return datetime(2000 + raw[0], raw[1], raw[2], raw[3], raw[4])  # noqa: DTZ001 - lock's local
