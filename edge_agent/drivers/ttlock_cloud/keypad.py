"""How do a guest's digits get into the lock through the vendor, stay when dates move, and leave?

The vendor's list is looked at first and last: adding twice is refused as a duplicate, a change
without both dates is called a success and does nothing, and so is deleting twice. Only way 2 (the
gateway) reaches the lock; its default, 1, writes down that somebody else did.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.drivers.ttlock_cloud.desk import millis
from edge_agent.drivers.ttlock_cloud.line import Line, Talk, number, rows
from edge_agent.errors import DeviceBusy, NoSuchThing, OutcomeUnknown, PickAnother
from edge_agent.ports import PinCode

_LENGTHS: Final = range(4, 10)
_PAGE: Final = 100
_MOST_PAGES: Final = 6
_BY_GATEWAY: Final = "2"
_PERIOD: Final = "3"
_LOOKS: Final = (0.0, 0.5, 1.0)


class _Status(IntEnum):
    NORMAL = 1
    ADDING = 4
    ADD_FAILED = 5
    CHANGING = 6
    CHANGE_FAILED = 7
    DELETING = 8
    DELETE_FAILED = 9


_UNDER_WAY: Final = frozenset({_Status.ADDING, _Status.CHANGING, _Status.DELETING})


@dataclass(frozen=True, slots=True)
class _Wish:
    """A code as the vendor writes it: milliseconds, whole minutes, never longer than asked."""

    digits: str
    starts: int
    ends: int

    def __repr__(self) -> str:
        return f"_Wish(****, {self.starts}, {self.ends})"


@dataclass(frozen=True, slots=True)
class _Listed:
    id: int
    digits: str
    starts: int
    ends: int
    status: int
    custom: bool

    def __repr__(self) -> str:
        return f"_Listed({self.id}, ****, status={self.status})"

    def has_dates_of(self, wish: _Wish) -> bool:
        return (self.starts, self.ends) == (wish.starts, wish.ends)


class CloudKeypad:
    """The Keypad port; codes carry their dates in the lock."""

    def __init__(self, line: Line, zone: ZoneInfo) -> None:
        self._line = line
        self._zone = zone
        self._unsure: set[str] = set()

    def __repr__(self) -> str:
        """Never shows the codes it remembers."""
        return "CloudKeypad()"

    async def write(self, pin: PinCode) -> None:
        """See Keypad. PickAnother also when a code of another kind has these digits."""
        wish = self._wish(pin)
        async with self._line.talk(self._line.timing.table) as talk:
            await self._surely(talk, wish.digits, lambda: self._put(talk, wish))

    async def remove(self, pin: PinCode) -> None:
        """See Keypad."""
        _require_digits(pin.digits)
        async with self._line.talk(self._line.timing.table) as talk:
            await self._surely(talk, pin.digits, lambda: _drop(talk, pin.digits))

    async def holds(self, pin: PinCode) -> bool | None:
        """See Keypad; None while an answer about these digits was lost and the list is silent."""
        wish = self._wish(pin)
        async with self._line.talk(self._line.timing.table) as talk:
            found = [each for each in await _table(talk) if each.digits == wish.digits]
        if not found:
            return None if wish.digits in self._unsure else False
        return any(
            each.custom and each.status == _Status.NORMAL and each.has_dates_of(wish)
            for each in found
        )

    async def _surely(self, talk: Talk, digits: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do it; after a lost answer do it again, as the list is looked at before anything."""
        try:
            await act()
        except OutcomeUnknown:
            self._unsure.add(digits)
            await act()
        self._unsure.discard(digits)
        for pause in _LOOKS:
            await asyncio.sleep(pause)  # a change that is answered first and done a little later
            if not any(e.digits == digits and e.status in _UNDER_WAY for e in await _table(talk)):
                return

    async def _put(self, talk: Talk, wish: _Wish) -> None:
        found = [each for each in await _table(talk) if each.digits == wish.digits]
        if not found:
            await _add(talk, wish)
            return
        listed = found[0]
        if not listed.custom:
            raise PickAnother("pin_exists")
        if listed.status in {_Status.DELETING, _Status.DELETE_FAILED}:
            await _delete(talk, listed)
            raise DeviceBusy("pin_being_removed")
        if listed.status == _Status.ADD_FAILED:
            await _delete(talk, listed)
            await _add(talk, wish)
        elif not listed.has_dates_of(wish) or listed.status == _Status.CHANGE_FAILED:
            await _change(talk, listed, wish)

    def _wish(self, pin: PinCode) -> _Wish:
        """Where a local time exists twice, a code begins at the first and ends at the second."""
        _require_digits(pin.digits)
        if pin.starts_local.tzinfo is not None or pin.ends_local.tzinfo is not None:
            raise PickAnother("pin_takes_naive_local_time")
        starts = _floor(pin.starts_local + timedelta(minutes=1, microseconds=-1))
        ends = _floor(pin.ends_local)
        if ends <= starts:
            raise PickAnother("pin_window_empty")
        return _Wish(
            pin.digits,
            millis(starts.replace(tzinfo=self._zone, fold=0)),
            millis(ends.replace(tzinfo=self._zone, fold=1)),
        )


def _require_digits(digits: str) -> None:
    if len(digits) not in _LENGTHS or not (digits.isascii() and digits.isdecimal()):
        raise PickAnother("pin_form")


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


async def _table(talk: Talk) -> list[_Listed]:
    found: list[_Listed] = []
    for page in range(1, _MOST_PAGES + 1):
        answer = await talk.read("/v3/lock/listKeyboardPwd", pageNo=page, pageSize=_PAGE)
        lines = rows(answer)
        found += [
            _Listed(
                id=number(each, "keyboardPwdId"),
                digits=str(each.get("keyboardPwd", "")),
                starts=number(each, "startDate"),
                ends=number(each, "endDate"),
                status=number(each, "status") if "status" in each else _Status.NORMAL,
                custom=each.get("isCustom", 1) == 1,
            )
            for each in lines
        ]
        if len(lines) < _PAGE:
            break
    return found


async def _add(talk: Talk, wish: _Wish) -> None:
    await talk.change(
        "/v3/keyboardPwd/add",
        {
            "keyboardPwd": wish.digits,
            "keyboardPwdType": _PERIOD,
            "startDate": str(wish.starts),
            "endDate": str(wish.ends),
            "addType": _BY_GATEWAY,
        },
    )


async def _change(talk: Talk, listed: _Listed, wish: _Wish) -> None:
    await talk.change(
        "/v3/keyboardPwd/change",
        {
            "keyboardPwdId": str(listed.id),
            "startDate": str(wish.starts),
            "endDate": str(wish.ends),
            "changeType": _BY_GATEWAY,
        },
    )


async def _delete(talk: Talk, listed: _Listed) -> None:
    try:
        await talk.change(
            "/v3/keyboardPwd/delete",
            {"keyboardPwdId": str(listed.id), "deleteType": _BY_GATEWAY},
        )
    except NoSuchThing as gone:
        if gone.reason != "pin_missing":
            raise


async def _drop(talk: Talk, digits: str) -> None:
    for each in await _table(talk):
        if each.digits == digits and each.status != _Status.DELETING:
            await _delete(talk, each)
