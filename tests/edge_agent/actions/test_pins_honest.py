"""Is a person told the truth of a PIN: what holds, what may, whose turn it is, what was forgotten?"""

from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.actions.lock_log import LogRound
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.pin_wishes import recover_pins
from edge_agent.actions.pins import PinRound
from edge_agent.errors import CapacityReached, DeviceUnreachable, EdgeError, OutcomeUnknown
from edge_agent.ports import BoltState, KeypadLimits, LockDevice, LockLogKind, PinCode
from protocol.access import Grant, PinWish, Window, pin_context
from protocol.facts import FORMER_PIN, Alarmed, LockWitnessed, PinMoved, PinNext, PinState
from protocol.ids import CredentialId, GrantId
from protocol.sealing import seal_for
from tests.edge_agent.actions.test_keep_lock import local
from tests.edge_agent.lock_kit import MemoryKeypad, MemoryLog
from tests.edge_agent.lockd_kit import FakeClock, MemoryBolt, seed, settle, snapshot_frame
from tests.edge_agent.means_kit import Desk, desk
from tests.edge_agent.policy_kit import (
    BOOKER,
    ENDS,
    FRONT,
    HOUSE,
    NOON,
    STARTS,
    STAY_WINDOW,
    a_grant,
    a_snapshot,
    named,
)

DIGITS, OTHERS = "402817", "759183"
NEXT_GUEST = GrantId(named("next guest"))
LONGER = Window(starts=STARTS, ends=ENDS + timedelta(days=1))


class Keypad(MemoryKeypad):
    """Its table can be listed; a write may fail after the old dates are gone."""

    loses_on_change: EdgeError | None = None
    refuses_change: EdgeError | None = None

    async def write(self, pin: PinCode) -> None:
        if pin.digits in self.codes and self.loses_on_change is not None:
            del self.codes[pin.digits]
            raise self.loses_on_change
        if pin.digits in self.codes and self.refuses_change is not None:
            raise self.refuses_change
        await super().write(pin)

    async def listed(self) -> tuple[PinCode, ...]:
        return tuple(self.codes.values())


class Table:
    """The CodeTable port of it."""

    def __init__(self, keypad: Keypad) -> None:
        self._keypad = keypad

    async def codes(self) -> tuple[PinCode, ...]:
        return await self._keypad.listed()


class Stay:
    """A lock's PINs, with what the house says of them."""

    def __init__(self, desk: Desk, *, limits: KeypadLimits | None = None) -> None:
        self.desk = desk
        self.keypad = Keypad()
        self.version = 0
        self.restart(desk, limits=limits)

    def restart(self, desk: Desk, *, limits: KeypadLimits | None = None) -> None:
        self.desk = desk
        device = LockDevice(
            MemoryBolt(state=BoltState.LOCKED),
            self.keypad,
            table=Table(self.keypad),
            limits=limits or KeypadLimits(),
        )
        room = LockRoom(device)
        self.pins = PinRound(desk.means, FRONT, room, desk.state.pins)
        self.log = LogRound(desk.means, FRONT, room, pins=self.pins, marks=desk.state.marks)

    def want(self, *grants: Grant) -> None:
        self.version += 1
        self.desk.offer(snapshot_frame(a_snapshot(*grants, version=self.version)))

    def grant(
        self, digits: str = DIGITS, *, grant: GrantId = BOOKER, window: Window = STAY_WINDOW
    ) -> Grant:
        box = seal_for(
            self.desk.me.sealing.public_hex,
            digits.encode(),
            context=pin_context(HOUSE, grant, FRONT),
            ephemeral_seed=seed(f"{digits} {self.version}"),
        )
        wish = PinWish(
            credential=CredentialId(named(f"pin {digits}")), lock=FRONT, window=window, box=box
        )
        return a_grant(grant, window=window, pins=(wish,))

    async def turn(self) -> timedelta | None:
        return await self.pins.turn(self.keypad)

    async def wait(self, span: timedelta) -> timedelta | None:
        self.desk.clock.pass_time(span)
        return await self.turn()

    def told(self) -> list[PinMoved]:
        return [each for each in self.desk.facts() if isinstance(each, PinMoved)]

    def last(self) -> PinMoved:
        return self.told()[-1]

    def alarms(self) -> list[str]:
        """But for one about the books, which are not chained here."""
        names = [each.name for each in self.desk.facts() if isinstance(each, Alarmed)]
        return [each for each in names if each != "snapshot_history_differs"]


@pytest.fixture
def stay(at_work: Desk) -> Stay:
    return Stay(at_work)


async def test_a_pin_is_written_72_hours_before_its_stay_and_not_before(stay: Stay) -> None:
    starts = NOON + timedelta(hours=100)
    stay.want(stay.grant(window=Window(starts=starts, ends=starts + timedelta(days=2))))
    due = await stay.turn()
    assert (stay.keypad.codes, due) == ({}, timedelta(hours=28))
    await stay.wait(timedelta(hours=27, minutes=59))
    assert stay.keypad.codes == {}
    await stay.wait(timedelta(minutes=2))
    assert set(stay.keypad.codes) == {DIGITS}


async def test_the_next_arrival_is_red_until_the_former_pin_is_proven_gone(stay: Stay) -> None:
    stay.want(stay.grant())
    await stay.turn()
    stay.keypad.forgets = True  # acknowledges, and does not do it
    stay.want(stay.grant(OTHERS, grant=NEXT_GUEST))
    stay.keypad.codes[OTHERS] = PinCode(OTHERS, local(STARTS), local(ENDS))
    again = await stay.turn()
    assert again is not None
    mine = [each for each in stay.told() if each.grant == NEXT_GUEST]
    assert (mine[-1].state, mine[-1].reason) == (PinState.READ_BACK, FORMER_PIN)
    stay.keypad.forgets = False
    await stay.wait(again + timedelta(seconds=1))
    assert set(stay.keypad.codes) == {OTHERS}
    mine = [each for each in stay.told() if each.grant == NEXT_GUEST]
    assert (mine[-1].state, mine[-1].reason) == (PinState.READ_BACK, None)


async def test_the_same_guests_next_pin_is_proven_before_the_former_goes(stay: Stay) -> None:
    stay.want(stay.grant())
    await stay.turn()
    stay.want(stay.grant(OTHERS))
    stay.keypad.fails = DeviceUnreachable("not_heard")
    again = await stay.turn()
    assert set(stay.keypad.codes) == {DIGITS}  # the guest still gets in
    stay.keypad.fails = None
    assert again is not None
    await stay.wait(again + timedelta(seconds=1))
    assert set(stay.keypad.codes) == {OTHERS}


async def test_an_extension_that_did_not_reach_the_lock_says_what_still_holds(stay: Stay) -> None:
    stay.want(stay.grant())
    await stay.turn()
    stay.want(stay.grant(window=LONGER))
    stay.keypad.fails = DeviceUnreachable("not_heard")
    await stay.turn()
    assert (stay.last().state, stay.last().next) == (PinState.WANTED, PinNext.RETRY)
    assert (stay.last().window, stay.last().held) == (LONGER, STAY_WINDOW)
    assert stay.alarms() == []


async def test_a_refused_extension_whose_old_dates_are_still_there_is_no_alarm(stay: Stay) -> None:
    stay.want(stay.grant())
    await stay.turn()
    stay.want(stay.grant(window=LONGER))
    stay.keypad.refuses_change = CapacityReached("code_table_full")
    await stay.turn()
    assert stay.last().held == STAY_WINDOW
    assert stay.last().next is PinNext.NEEDS_A_HUMAN
    assert stay.alarms() == ["pin_needs_a_human"]


async def test_a_guest_is_never_without_a_pin_silently(stay: Stay) -> None:
    stay.want(stay.grant())
    await stay.turn()
    stay.want(stay.grant(window=LONGER))
    stay.keypad.loses_on_change = OutcomeUnknown("link_lost")
    again = await stay.turn()
    assert stay.keypad.codes == {}
    assert (stay.last().state, stay.last().held) == (PinState.WANTED, None)
    assert stay.alarms() == ["guest_may_be_without_pin"]
    stay.keypad.loses_on_change = None
    assert again is not None
    assert again <= timedelta(minutes=1)
    await stay.wait(again + timedelta(seconds=1))
    assert stay.last().state is PinState.READ_BACK
    assert stay.last().held == LONGER


async def test_digits_the_lock_cannot_take_ask_for_others_before_the_radio(at_work: Desk) -> None:
    stay = Stay(at_work, limits=KeypadLimits(longest=4))
    stay.want(stay.grant())
    await stay.turn()
    assert (stay.last().state, stay.last().reason) == (PinState.FAILED, "pin_length")
    assert stay.last().next is PinNext.ANOTHER_PIN
    assert stay.keypad.writes == 0
    stay.want()
    await stay.turn()
    assert (stay.last().state, stay.last().reason) == (PinState.REMOVED, "never_written")


async def test_a_pin_used_after_its_time_is_an_alarm(stay: Stay) -> None:
    stay.want(stay.grant())
    await stay.turn()
    log = MemoryLog()
    log.add(local(NOON - timedelta(days=9)), LockLogKind.MANUAL)
    await stay.log.turn(log)
    stay.want()
    stay.keypad.fails = DeviceUnreachable("not_heard")
    await stay.turn()
    log.add(local(NOON + timedelta(hours=1)), LockLogKind.PIN_UNLOCK, DIGITS)
    await stay.log.turn(log)
    assert stay.alarms() == ["opened_by_ended_pin"]
    seen = [each for each in stay.desk.facts() if isinstance(each, LockWitnessed)]
    assert [(each.ours, each.number) for each in seen] == [(False, 2)]


async def test_a_code_deleted_past_us_is_noticed_within_a_day_and_written_again(
    stay: Stay,
) -> None:
    stay.want(stay.grant())
    await stay.turn()
    del stay.keypad.codes[DIGITS]  # by the vendor's app
    await stay.wait(timedelta(hours=25))
    assert "guest_may_be_without_pin" in stay.alarms()
    await stay.wait(timedelta(minutes=5))
    assert set(stay.keypad.codes) == {DIGITS}
    assert stay.last().state is PinState.READ_BACK


def lose_state(folder: Path) -> None:
    for file in folder.glob("state.sqlite*"):
        file.unlink()


async def test_a_revoked_pin_is_taken_out_though_the_shelf_was_lost(tmp_path: Path) -> None:
    settle(tmp_path)
    clock = FakeClock()
    with desk(tmp_path, clock) as first:
        first.take_keys()
        first.trust_time()
        stay = Stay(first)
        stay.want(stay.grant())
        await stay.turn()
        stay.want()
        stay.keypad.fails = DeviceUnreachable("not_heard")
        await stay.turn()
    lose_state(tmp_path)
    with desk(tmp_path, clock) as second:
        second.trust_time()
        assert recover_pins(second.means, second.state.pins) == 1
        stay.keypad.fails = None
        stay.restart(second)
        await stay.turn()
        assert stay.keypad.codes == {}
        assert stay.last().state is PinState.REMOVED
        assert second.means.audit.living_pins() == []
        assert recover_pins(second.means, second.state.pins) == 0


async def test_a_wanted_pin_stays_in_the_lock_though_the_shelf_was_lost(tmp_path: Path) -> None:
    settle(tmp_path)
    clock = FakeClock()
    with desk(tmp_path, clock) as first:
        first.take_keys()
        first.trust_time()
        stay = Stay(first)
        stay.want(stay.grant())
        await stay.turn()
    lose_state(tmp_path)
    with desk(tmp_path, clock) as second:
        second.trust_time()
        recover_pins(second.means, second.state.pins)
        stay.restart(second)
        await stay.turn()
        assert set(stay.keypad.codes) == {DIGITS}
        assert stay.last().state is PinState.READ_BACK
