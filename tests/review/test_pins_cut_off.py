"""Is a PIN that may be in the lock taken out again, wherever lockd was cut off?"""

import asyncio
from datetime import timedelta

import pytest

from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.pins import PinRound
from edge_agent.errors import PickAnother
from edge_agent.ports import BoltState, LockDevice, PinCode
from protocol.access import PinWish, Window, pin_context
from protocol.facts import PinMoved, PinState
from protocol.ids import CredentialId
from protocol.sealing import seal_for
from tests.edge_agent.lock_kit import MemoryKeypad
from tests.edge_agent.lockd_kit import MemoryBolt, seed, snapshot_frame
from tests.edge_agent.means_kit import Desk
from tests.edge_agent.policy_kit import (
    BOOKER,
    ENDS,
    FRONT,
    HOUSE,
    STARTS,
    STAY_WINDOW,
    a_grant,
    a_snapshot,
    named,
)

DIGITS = "402817"
LONGER = Window(starts=STARTS, ends=ENDS + timedelta(days=1))


class CutOffKeypad(MemoryKeypad):
    """The lock does as told, and the answer finds nobody: the process was stopped meanwhile."""

    cut_off = True

    async def write(self, pin: PinCode) -> None:
        await super().write(pin)
        if self.cut_off:
            raise asyncio.CancelledError


class DeafKeypad(MemoryKeypad):
    """Stopped before anything reached the lock."""

    cut_off = False

    async def write(self, pin: PinCode) -> None:
        if self.cut_off:
            raise asyncio.CancelledError
        await super().write(pin)


class House:
    """One lock's PINs; each `turn` is a lockd that has just been started."""

    def __init__(self, desk: Desk, keypad: MemoryKeypad) -> None:
        self.desk = desk
        self.keypad = keypad
        self.version = 0

    def want(self, *windows: Window) -> None:
        self.version += 1
        wishes = tuple(self._wish(each) for each in windows)
        self.desk.offer(snapshot_frame(a_snapshot(a_grant(pins=wishes), version=self.version)))

    async def turn(self) -> timedelta | None:
        room = LockRoom(LockDevice(MemoryBolt(state=BoltState.LOCKED), self.keypad, None, None))
        return await PinRound(self.desk.means, FRONT, room, self.desk.state.pins).turn(self.keypad)

    def last_move(self) -> PinState:
        return [each.state for each in self.desk.facts() if isinstance(each, PinMoved)][-1]

    def _wish(self, window: Window) -> PinWish:
        box = seal_for(
            self.desk.me.sealing.public_hex,
            DIGITS.encode(),
            context=pin_context(HOUSE, BOOKER, FRONT),
            ephemeral_seed=seed(f"{self.version}"),
        )
        return PinWish(credential=CredentialId(named("pin")), lock=FRONT, window=window, box=box)


async def test_stopped_while_writing_then_revoked(at_work: Desk) -> None:
    keypad = CutOffKeypad()
    house = House(at_work, keypad)
    house.want(STAY_WINDOW)
    with pytest.raises(asyncio.CancelledError):
        await house.turn()
    assert set(keypad.codes) == {DIGITS}
    house.want()
    await house.turn()
    assert keypad.codes == {}
    assert house.last_move() is PinState.REMOVED


async def test_stopped_while_its_dates_were_changed_then_revoked(at_work: Desk) -> None:
    keypad = DeafKeypad()
    house = House(at_work, keypad)
    house.want(STAY_WINDOW)
    await house.turn()
    keypad.cut_off = True
    house.want(LONGER)
    with pytest.raises(asyncio.CancelledError):
        await house.turn()
    house.want()
    await house.turn()
    assert keypad.codes == {}
    assert house.last_move() is PinState.REMOVED


async def test_a_removal_the_lock_refuses_is_tried_again(at_work: Desk) -> None:
    house = House(at_work, MemoryKeypad())
    house.want(STAY_WINDOW)
    await house.turn()
    house.want()
    house.keypad.fails = PickAnother("pin_form")
    again = await house.turn()
    assert again is not None
    house.keypad.fails = None
    house.desk.clock.pass_time(again + timedelta(seconds=1))
    await house.turn()
    assert house.keypad.codes == {}
