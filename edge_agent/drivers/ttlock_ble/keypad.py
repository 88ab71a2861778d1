"""How do a guest's digits get into the lock, stay there when dates move, and leave?

A fresh code is one command. The library cannot change dates, so a code that exists is removed and
added again in the same session, the old one put back if the new one is refused. Writing and
removing set a state, so after a lost answer they are simply done again, once.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from ttlock_ble import KeyboardPwdType, TTLockError

from edge_agent.drivers.ttlock_ble.client import LockClient, TableEntry
from edge_agent.drivers.ttlock_ble.radio import Radio
from edge_agent.drivers.ttlock_ble.refusals import Refusal, refusal_code
from edge_agent.errors import OutcomeUnknown, PickAnother, TryLater, Unsupported
from edge_agent.ports import PinCode

_LENGTHS = range(4, 10)
_INVALID_COMMAND = 0x1B
_PERIOD = KeyboardPwdType.PERIOD


class TTLockKeypad:
    """The Keypad and CodeTable ports; codes carry their dates in the lock (period codes)."""

    def __init__(self, radio: Radio) -> None:
        self._radio = radio
        self._written: dict[str, PinCode] = {}

    def __repr__(self) -> str:
        """Never shows the codes it remembers."""
        return "TTLockKeypad()"

    async def write(self, pin: PinCode) -> None:
        """See Keypad. PickAnother also when a code of another kind has these digits."""
        exact = _exact(pin)
        await self._settled(lambda client: self._put(client, exact))
        self._written[exact.digits] = exact

    async def remove(self, pin: PinCode) -> None:
        """See Keypad. A code of another kind with these digits is the owner's, and stays."""
        _require_digits(pin.digits)
        await self._settled(lambda client: self._take_out(client, pin.digits))
        self._written.pop(pin.digits, None)

    async def holds(self, pin: PinCode) -> bool | None:
        """See Keypad; None from a lock that does not list its codes."""
        exact = _exact(pin)
        try:
            table = await self._radio.session(_table, seconds=self._radio.timing.table)
        except Unsupported:
            return None
        return any(_same(entry, exact) for entry in table)

    async def codes(self) -> tuple[PinCode, ...]:
        """See CodeTable: the period codes in the lock."""
        table = await self._radio.session(_table, seconds=self._radio.timing.table)
        return tuple(
            PinCode(each.digits, each.starts_local, each.ends_local)
            for each in table
            if each.kind == _PERIOD and each.ends_local is not None
        )

    async def _settled(self, act: Callable[[LockClient], Awaitable[None]]) -> None:
        try:
            await self._radio.session(act, seconds=self._radio.timing.table)
        except OutcomeUnknown as first:
            try:
                await self._radio.session(act, seconds=self._radio.timing.table)
            except TryLater:
                raise OutcomeUnknown(first.reason) from None

    async def _put(self, client: LockClient, pin: PinCode) -> None:
        try:
            await _add(client, pin)
        except TTLockError as refused:
            if refusal_code(refused) != Refusal.CODE_EXISTS:
                raise
        else:
            return
        await self._replace(client, pin)

    async def _replace(self, client: LockClient, pin: PinCode) -> None:
        old = await self._present(client, pin.digits)
        if old == pin:
            return
        await _delete(client, pin.digits)
        try:
            await _add(client, pin)
        except TTLockError as refused:
            if refusal_code(refused) is not None and old is not None:
                await _add(client, old)
            raise

    async def _take_out(self, client: LockClient, digits: str) -> None:
        try:
            table = await _table(client)
        except TTLockError as refused:
            if refusal_code(refused) != _INVALID_COMMAND:
                raise
            table = ()
        if not any(each.digits == digits and each.kind != _PERIOD for each in table):
            await _delete(client, digits)

    async def _present(self, client: LockClient, digits: str) -> PinCode | None:
        """What the lock holds under these digits, from its table or else from our memory."""
        try:
            table = await _table(client)
        except TTLockError as refused:
            if refusal_code(refused) != _INVALID_COMMAND:
                raise
            return self._written.get(digits)
        for entry in table:
            if entry.digits == digits:
                if entry.kind != _PERIOD or entry.ends_local is None:
                    raise PickAnother("pin_exists")
                return PinCode(digits, entry.starts_local, entry.ends_local)
        return None


def _exact(pin: PinCode) -> PinCode:
    """The code as the lock can keep it: whole minutes, never longer than asked."""
    _require_digits(pin.digits)
    if pin.starts_local.tzinfo is not None or pin.ends_local.tzinfo is not None:
        raise PickAnother("pin_takes_naive_local_time")
    starts = _floor(pin.starts_local + timedelta(minutes=1, microseconds=-1))
    ends = _floor(pin.ends_local)
    if ends <= starts:
        raise PickAnother("pin_window_empty")
    return PinCode(pin.digits, starts, ends)


def _require_digits(digits: str) -> None:
    if len(digits) not in _LENGTHS or not (digits.isascii() and digits.isdecimal()):
        raise PickAnother("pin_form")


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _same(entry: TableEntry, pin: PinCode) -> bool:
    dates = (entry.starts_local, entry.ends_local)
    same = entry.digits == pin.digits and dates == (pin.starts_local, pin.ends_local)
    return same and entry.kind == _PERIOD


async def _table(client: LockClient) -> tuple[TableEntry, ...]:
    return await client.privileged(client.table)


async def _add(client: LockClient, pin: PinCode) -> None:
    await client.privileged(
        lambda: client.add_passcode(
            pin.digits,
            pwd_type=_PERIOD,
            start_date=f"{pin.starts_local:%y%m%d%H%M}",
            end_date=f"{pin.ends_local:%y%m%d%H%M}",
        )
    )


async def _delete(client: LockClient, digits: str) -> None:
    try:
        await client.privileged(lambda: client.delete_passcode(digits, pwd_type=_PERIOD))
    except TTLockError as refused:
        if refusal_code(refused) != Refusal.CODE_MISSING:
            raise
