"""What does a lock itself say of the codes in its table, and what does an error leave open?"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from edge_agent.actions.lock_room import BROKEN_OFF, LockRoom
from edge_agent.errors import DeviceBusy, DeviceUnreachable, EdgeError, OutcomeUnknown, Unsupported
from edge_agent.ports import Keypad, PinCode

_SESSION_SECONDS: Final = 30.0


class PinProof:
    """Words to and from one lock's keypad, each in a short session of its own."""

    def __init__(self, room: LockRoom) -> None:
        self._room = room

    async def write(self, keypad: Keypad, code: PinCode) -> None:
        """Acknowledged when it returns; not yet proven."""
        await self._quietly(lambda: keypad.write(code))

    async def remove(self, keypad: Keypad, code: PinCode) -> None:
        """Acknowledged when it returns; not yet proven."""
        await self._quietly(lambda: keypad.remove(code))

    async def holds(self, keypad: Keypad, code: PinCode) -> bool | None:
        """Is it there with these dates? None: the lock cannot tell."""
        return await self._quietly(lambda: keypad.holds(code))

    async def may_hold(self, keypad: Keypad, code: PinCode) -> bool | None:
        """As `holds`; None also when nobody answers."""
        try:
            return await self.holds(keypad, code)
        except EdgeError:
            return None

    async def is_gone(self, keypad: Keypad, lives: Iterable[PinCode]) -> bool | None:
        """Are these digits in no life in the lock? None: the lock cannot tell.

        From the whole table where there is one; else each life they may have had is asked for.
        """
        known = tuple(lives)
        listed = await self.listed()
        if listed is not None:
            return {each.digits for each in known}.isdisjoint(each.digits for each in listed)
        found = [await self.holds(keypad, each) for each in known]
        if True in found:
            return False
        return None if None in found else True

    async def listed(self) -> tuple[PinCode, ...] | None:
        """The lock's own table; None from a lock that does not list it."""
        table = self._room.device.table
        if table is None:
            return None
        try:
            return await self._quietly(table.codes)
        except Unsupported:
            return None

    async def glanced(self) -> tuple[PinCode, ...] | None:
        """As `listed`; None also when nobody answers."""
        try:
            return await self.listed()
        except EdgeError:
            return None

    async def _quietly[T](self, act: Callable[[], Awaitable[T]]) -> T:
        return await self._room.quietly(lambda _device: act(), seconds=_SESSION_SECONDS)


def surely_did_nothing(error: EdgeError) -> bool:
    """Did the lock surely stay as it was?"""
    return not isinstance(error, OutcomeUnknown) and error.reason != BROKEN_OFF


def never_reached(error: EdgeError) -> bool:
    """Was the lock not even asked?"""
    return isinstance(error, DeviceBusy | DeviceUnreachable) and surely_did_nothing(error)
