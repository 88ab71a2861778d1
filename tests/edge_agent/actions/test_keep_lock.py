"""Do PINs get in and out provably, and does the lock's log bear witness?"""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from edge_agent.actions.keep_lock import LockKeeper
from edge_agent.actions.lock_care import CareRound
from edge_agent.actions.lock_clock import ClockRound
from edge_agent.actions.lock_log import LogRound
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.pins import PinRound
from edge_agent.errors import DeviceUnreachable, NotPermitted, OutcomeUnknown
from edge_agent.ports import BoltState, LockDevice, LockLogKind, PinCode
from protocol.access import PinWish, Role, Window, pin_context
from protocol.facts import (
    Acted,
    Alarmed,
    Decided,
    FirstUsed,
    LockWitnessed,
    PinMoved,
    PinState,
    Via,
)
from protocol.house import ClockState
from protocol.ids import AttemptId, CredentialId
from protocol.live import Outcome
from protocol.sealing import seal_for
from tests.edge_agent.lock_kit import MemoryKeypad, MemoryLockClock, MemoryLog
from tests.edge_agent.lockd_kit import MemoryBolt, seed, snapshot_frame
from tests.edge_agent.means_kit import Desk
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

MADRID = ZoneInfo("Europe/Madrid")
DIGITS = "402817"
PIN = CredentialId(named("pin"))


def local(moment: datetime) -> datetime:
    return moment.astimezone(MADRID).replace(tzinfo=None)


class House:
    """One lock looked after, step by step."""

    def __init__(self, at_work: Desk) -> None:
        self.desk = at_work
        self.keypad = MemoryKeypad()
        self.log = MemoryLog()
        self.clock = MemoryLockClock(local(NOON))
        self.bolt = MemoryBolt(state=BoltState.UNLOCKED)
        self.version = 0
        self.room = LockRoom(LockDevice(self.bolt, self.keypad, self.clock, self.log))
        pins = PinRound(at_work.means, FRONT, self.room, at_work.state.pins)
        log = LogRound(at_work.means, FRONT, self.room, pins=pins, marks=at_work.state.marks)
        clock = ClockRound(at_work.means, FRONT, self.room, at_work.state.marks)
        care = CareRound(at_work.means, FRONT, self.room, at_work.state.marks)
        self.keeper = LockKeeper(at_work.means, FRONT, self.room, pins, log, clock, care, 300.0)

    def want(self, *wishes: PinWish) -> None:
        """A new book with these PINs for the booker."""
        self.version += 1
        self.desk.offer(snapshot_frame(a_snapshot(a_grant(pins=wishes), version=self.version)))

    def wish(
        self, digits: str = DIGITS, *, window: Window = STAY_WINDOW, credential: CredentialId = PIN
    ) -> PinWish:
        box = seal_for(
            self.desk.me.sealing.public_hex,
            digits.encode(),
            context=pin_context(HOUSE, BOOKER, FRONT),
            ephemeral_seed=seed(f"{digits} {self.version}"),
        )
        return PinWish(credential=credential, lock=FRONT, window=window, box=box)

    async def look(self) -> timedelta | None:
        return await self.keeper.look()

    def moves(self) -> list[tuple[PinState, str | None]]:
        facts = self.desk.facts()
        return [(each.state, each.reason) for each in facts if isinstance(each, PinMoved)]

    def alarms(self) -> list[str]:
        return [each.name for each in self.desk.facts() if isinstance(each, Alarmed)]

    def tapped(self, outcome: Outcome) -> AttemptId:
        """An attempt of ours at the door, as on record."""
        attempt = AttemptId(uuid4())
        self.desk.means.record(
            Decided(
                attempt=attempt,
                grant=BOOKER,
                role=Role.GUEST,
                right=f"door:open:{FRONT}",
                via=Via.LAN,
                allowed=True,
                clock=ClockState.TRUSTED,
            ),
            Acted(attempt=attempt, lock=FRONT, outcome=outcome),
        )
        return attempt


@pytest.fixture
def house(at_work: Desk) -> House:
    return House(at_work)


async def test_a_wanted_pin_is_written_and_read_back(house: House) -> None:
    house.want(house.wish())
    assert await house.look() is None
    assert house.keypad.codes == {DIGITS: PinCode(DIGITS, local(STARTS), local(ENDS))}
    assert house.moves() == [
        (PinState.WANTED, None),
        (PinState.WRITTEN, None),
        (PinState.READ_BACK, None),
    ]
    await house.look()
    assert house.keypad.writes == 1


async def test_a_lock_that_cannot_tell_leaves_it_at_written(house: House) -> None:
    house.keypad.cannot_tell = True
    house.want(house.wish())
    await house.look()
    await house.look()
    assert house.moves()[-1] == (PinState.WRITTEN, "lock_cannot_tell")
    assert house.keypad.writes == 1


async def test_without_trusted_time_nothing_is_written(bare: Desk) -> None:
    bare.take_keys()
    house = House(bare)
    house.want(house.wish())
    await house.look()
    assert house.keypad.codes == {}
    assert house.moves() == []


async def test_an_extended_stay_keeps_its_pin(house: House) -> None:
    house.want(house.wish())
    await house.look()
    longer = Window(starts=STARTS, ends=ENDS + timedelta(days=1))
    house.want(house.wish(window=longer))
    await house.look()
    assert house.keypad.codes[DIGITS].ends_local == local(longer.ends)
    assert house.moves()[-1] == (PinState.READ_BACK, None)


async def test_a_pin_no_longer_wanted_is_removed_and_proven_gone(house: House) -> None:
    house.want(house.wish())
    await house.look()
    house.want()
    await house.look()
    assert house.keypad.codes == {}
    assert house.moves()[-1] == (PinState.REMOVED, None)
    assert house.desk.state.pins.at_lock(FRONT) == []


async def test_changed_digits_replace_the_old_ones(house: House) -> None:
    house.want(house.wish())
    await house.look()
    house.want(house.wish("759120"))
    await house.look()
    assert set(house.keypad.codes) == {"759120"}


async def test_a_removal_nobody_confirms_is_said_so_and_tried_again(house: House) -> None:
    house.want(house.wish())
    await house.look()
    house.want()
    house.keypad.fails = DeviceUnreachable("not_heard")
    again = await house.look()
    assert house.moves()[-1] == (PinState.REMOVAL_UNCONFIRMED, "not_heard")
    assert again is not None
    house.keypad.fails = None
    house.desk.clock.pass_time(again + timedelta(seconds=1))
    await house.look()
    assert house.moves()[-1] == (PinState.REMOVED, None)


async def test_a_pin_the_lock_cannot_list_counts_as_live_until_its_end(house: House) -> None:
    house.keypad.cannot_tell = True
    house.want(house.wish())
    await house.look()
    house.want()
    await house.look()
    assert house.moves()[-1] == (PinState.REMOVAL_UNCONFIRMED, "lock_cannot_tell")
    house.desk.clock.pass_time(ENDS - NOON + timedelta(minutes=1))
    await house.look()
    assert house.moves()[-1] == (PinState.REMOVED, "window_over")


async def test_a_pin_still_in_the_table_is_not_called_removed(house: House) -> None:
    house.want(house.wish())
    await house.look()
    house.want()
    house.keypad.forgets = True
    await house.look()
    assert house.moves()[-1] == (PinState.REMOVAL_UNCONFIRMED, "still_held")


async def test_after_its_window_a_pin_is_cleared_away(house: House) -> None:
    house.want(house.wish())
    await house.look()
    house.desk.clock.pass_time(ENDS - NOON + timedelta(minutes=1))
    await house.look()
    assert house.keypad.codes == {}
    assert house.moves()[-1] == (PinState.REMOVED, None)


async def test_a_write_that_did_not_hold_is_written_again(house: House) -> None:
    house.keypad.forgets = True
    house.want(house.wish())
    again = await house.look()
    assert house.moves()[-1] == (PinState.WANTED, "not_held")
    house.keypad.forgets = False
    assert again is not None
    house.desk.clock.pass_time(again + timedelta(seconds=1))
    await house.look()
    assert house.moves()[-1] == (PinState.READ_BACK, None)


async def test_an_unreachable_lock_is_tried_less_and_less_often_and_told_once(
    house: House,
) -> None:
    house.keypad.fails = OutcomeUnknown("no_answer")
    house.want(house.wish())
    pauses = []
    for _ in range(12):
        again = await house.look()
        assert again is not None
        pauses.append(again)
        house.desk.clock.pass_time(again + timedelta(seconds=1))
    assert pauses == sorted(pauses)
    assert timedelta(minutes=59) < pauses[-1] <= timedelta(hours=1)
    assert house.moves() == [
        (PinState.WANTED, None),
        (PinState.WANTED, "no_answer"),
        (PinState.FAILED, "no_answer"),  # the guest is there: a person should know by now
    ]
    assert house.alarms().count("pin_needs_a_human") == 1


async def test_refused_digits_wait_for_others(house: House) -> None:
    house.keypad.refuses = frozenset({DIGITS})
    house.want(house.wish())
    assert await house.look() is None
    assert house.moves()[-1] == (PinState.FAILED, "pin_too_simple")
    house.want(house.wish("759120"))
    await house.look()
    assert set(house.keypad.codes) == {"759120"}


async def test_a_full_table_and_a_refused_key_are_for_a_person_and_tried_again(
    house: House,
) -> None:
    house.keypad.capacity = 0
    house.want(house.wish())
    again = await house.look()
    assert house.moves()[-1] == (PinState.FAILED, "table_full")
    assert again is not None
    house.keypad.fails = NotPermitted("key_refused")
    house.desk.clock.pass_time(again + timedelta(seconds=1))
    again = await house.look()
    assert house.moves()[-1] == (PinState.FAILED, "key_refused")
    house.keypad.fails, house.keypad.capacity = None, 1
    assert again is not None
    house.desk.clock.pass_time(again + timedelta(seconds=1))
    await house.look()
    assert house.moves()[-1] == (PinState.READ_BACK, None)


async def test_a_box_for_another_lock_is_not_opened(house: House) -> None:
    foreign = seal_for(
        house.desk.me.sealing.public_hex,
        DIGITS.encode(),
        context=pin_context(HOUSE, BOOKER, HOUSE),
        ephemeral_seed=seed("foreign"),
    )
    house.want(PinWish(credential=PIN, lock=FRONT, window=STAY_WINDOW, box=foreign))
    assert await house.look() is None
    assert house.keypad.codes == {}
    assert house.moves() == [(PinState.FAILED, "box_does_not_open")]


async def test_no_digits_rest_on_disk_or_in_facts(house: House, folder: Path) -> None:
    house.want(house.wish())
    await house.look()
    house.log.add(local(NOON), LockLogKind.PIN_UNLOCK, DIGITS)
    await house.look()
    data = all_databases(folder)
    assert len(data) > 10_000
    assert DIGITS.encode() not in data
    assert DIGITS not in repr(house.desk.state.pins.at_lock(FRONT))


async def test_first_use_is_seen_in_the_log_and_counts_as_arrival(house: House) -> None:
    house.want(house.wish())
    await house.look()
    await house.look()
    entry = house.log.add(local(NOON), LockLogKind.PIN_UNLOCK, DIGITS)
    await house.look()
    facts = house.desk.facts()
    assert (PinState.FIRST_USED, None) in house.moves()
    assert FirstUsed(grant=BOOKER) in facts
    witnessed = LockWitnessed(
        lock=FRONT, number=entry.number, what="pin_unlock", ours=True, credential=PIN
    )
    assert witnessed in facts
    assert BOOKER in house.desk.means.ledger.book.arrived
    await house.look()
    assert house.desk.facts() == facts


def all_databases(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in sorted(folder.glob("*.sqlite*")))


async def first_contact(house: House) -> None:
    """A house whose lock has been read before."""
    house.want()
    house.log.add(local(NOON - timedelta(days=30)), LockLogKind.APP_UNLOCK)
    await house.look()
    assert house.alarms() == []


async def test_an_opening_that_was_not_ours_is_an_alarm(house: House) -> None:
    await first_contact(house)
    entry = house.log.add(local(NOON), LockLogKind.APP_UNLOCK)
    await house.look()
    strange = LockWitnessed(lock=FRONT, number=entry.number, what="app_unlock", ours=False)
    assert strange in house.desk.facts()
    assert house.alarms() == ["opened_not_by_us"]
    house.log.add(local(NOON), LockLogKind.PIN_UNLOCK, "999111")
    await house.look()
    assert house.alarms() == ["opened_not_by_us"] * 2


async def test_our_own_opening_is_witnessed_once(house: House) -> None:
    await first_contact(house)
    house.tapped(Outcome.OPENED)
    house.log.add(local(NOON), LockLogKind.APP_UNLOCK)
    await house.look()
    assert house.alarms() == []
    house.log.add(local(NOON), LockLogKind.APP_UNLOCK)
    await house.look()
    assert house.alarms() == ["opened_not_by_us"]


async def test_an_unknown_opening_is_resolved_by_the_log(house: House) -> None:
    await first_contact(house)
    attempt = house.tapped(Outcome.UNKNOWN)
    house.log.add(local(NOON + timedelta(seconds=2)), LockLogKind.APP_UNLOCK)
    await house.look()
    truth = Acted(attempt=attempt, lock=FRONT, outcome=Outcome.OPENED, reason="lock_log")
    assert truth in house.desk.facts()
    assert FirstUsed(grant=BOOKER) in house.desk.facts()
    assert house.desk.means.audit.unresolved(FRONT) == []


async def test_an_unknown_opening_that_left_no_record_did_not_happen(house: House) -> None:
    await first_contact(house)
    attempt = house.tapped(Outcome.UNKNOWN)
    await house.look()
    assert [each.attempt for each in house.desk.means.audit.unresolved(FRONT)] == [attempt]
    house.log.add(local(NOON + timedelta(minutes=10)), LockLogKind.MANUAL)
    await house.look()
    truth = Acted(attempt=attempt, lock=FRONT, outcome=Outcome.FAILED, reason="not_in_lock_log")
    assert truth in house.desk.facts()


async def test_an_empty_log_proves_nothing(house: House) -> None:
    house.want()
    attempt = house.tapped(Outcome.UNKNOWN)
    house.desk.clock.pass_time(timedelta(hours=1))
    await house.look()
    assert [each.attempt for each in house.desk.means.audit.unresolved(FRONT)] == [attempt]


async def test_a_long_log_is_read_page_by_page(house: House) -> None:
    house.want()
    for minute in range(120):
        house.log.add(local(NOON - timedelta(days=9, minutes=minute)), LockLogKind.MANUAL)
    await house.look()
    assert house.desk.state.marks.get(f"log|{FRONT}") == "120"


async def test_the_locks_clock_is_set_by_trusted_time_and_drift_is_told(house: House) -> None:
    house.want()
    await house.look()
    assert house.clock.sets == 0
    house.clock.local = local(NOON) + timedelta(seconds=30)
    await house.look()
    assert (house.clock.sets, house.clock.local, house.alarms()) == (1, local(NOON), [])
    house.clock.local = local(NOON) - timedelta(minutes=10)
    await house.look()
    assert house.clock.sets == 2
    assert house.alarms() == ["lock_clock_drifted"]


async def test_an_untrusted_clock_never_sets_the_locks(bare: Desk) -> None:
    bare.take_keys()
    house = House(bare)
    house.want()
    house.clock.local = local(NOON) - timedelta(days=1)
    await house.look()
    assert house.clock.sets == 0


async def test_one_part_that_fails_does_not_stop_the_others(house: House) -> None:
    house.want(house.wish())
    house.log.fails = DeviceUnreachable("not_heard")
    await house.look()
    assert DIGITS in house.keypad.codes
    assert house.room.last.bolt is BoltState.UNLOCKED
    assert house.room.last.battery_percent == 80
