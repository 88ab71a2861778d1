"""A house with one lock, its bookings and its bad luck, and what must hold whatever happens.

The lock's own table is believed, not our record. The real driver talks to it over the simulated air.
"""

import asyncio
import contextlib
import json
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from edge_agent.actions.keep_lock import LockKeeper
from edge_agent.actions.lock_care import CareRound
from edge_agent.actions.lock_clock import ClockRound
from edge_agent.actions.lock_log import LogRound
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.lock_time import local, local_life
from edge_agent.actions.pin_wishes import PRELOAD, recover_pins
from edge_agent.actions.pins import PinRound
from edge_agent.drivers.ttlock_ble import open_ttlock
from edge_agent.simulator.gatt_bleak import install_simulated_bluetooth
from edge_agent.simulator.gatt_server import serve_gatt
from edge_agent.simulator.ttlock import SimulatedLock
from edge_agent.simulator.ttlock.model import (
    CodeKind,
    Conditions,
    Fault,
    Identity,
    StoredCode,
)
from protocol.access import PinWish, Window, pin_context
from protocol.facts import PinMoved, PinState
from protocol.ids import CredentialId, GrantId
from protocol.sealing import seal_for
from tests.edge_agent.lockd_kit import seed, settle, snapshot_frame
from tests.edge_agent.means_kit import Desk, desk
from tests.edge_agent.policy_kit import FRONT, HOUSE, NOON, a_grant, a_snapshot, named
from tests.faults.quick_loop import LoopClock, QuickLoop

MADRID = ZoneInfo("Europe/Madrid")
_ROUNDS_TO_REST = 60
_SAID_SO_WITHOUT_LOOKING = frozenset({"never_written", "taken_over"})


@dataclass(frozen=True)
class Booked:
    """A stay with a PIN. Its digits are nobody else's, ever, as the cloud chooses them."""

    grant: GrantId
    credential: CredentialId
    digits: str
    window: Window


class Violation(AssertionError):  # noqa: N818 - named for what it is
    """Something that must never be."""


class PinHouse:
    """Everything real but the lock's metal and the passing of time."""

    recovers: ClassVar[bool] = True

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pins"))
        self._data, air = Path(folder) / "data", Path(folder) / "air"
        settle(self._data)
        self.loop = QuickLoop()
        self._runner = self._stack.enter_context(asyncio.Runner(loop_factory=lambda: self.loop))
        self.clock = LoopClock(loop=self.loop)
        self.lock = self._a_lock(Path(folder) / "lock.db")
        self._stack.callback(self.lock.close)
        self._stack.callback(install_simulated_bluetooth(air, production=False))
        self._serving = serve_gatt(air, [self.lock])
        self._runner.run(self._serving.__aenter__())
        self._desk_stack = contextlib.ExitStack()
        self.desk: Desk = self._open()
        self.desk.take_keys()
        self.stays = dict[int, Booked]()
        self.owners = set[str]()
        self.deleted = set[str]()
        self._last = dict[CredentialId, PinMoved]()
        self.was = dict[CredentialId, Booked]()
        self._numbers = count(1)
        self._version = 0
        self._told = 0
        self.looks = 0

    # --- what people and fate do ---------------------------------------------------------

    def book(self, place: int, *, in_hours: int, for_hours: int) -> None:
        """Another stay at this place; who had it is cancelled."""
        number = next(self._numbers)
        starts = self.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=in_hours)
        self._put(
            place,
            Booked(
                GrantId(named(f"stay {number}")),
                CredentialId(named(f"pin {number}")),
                f"{400000 + number * 7919 % 500000}",
                Window(starts=starts, ends=starts + timedelta(hours=for_hours)),
            ),
        )

    def change_dates(self, place: int, *, hours: int) -> None:
        if (stay := self.stays.get(place)) is not None:
            ends = stay.window.ends + timedelta(hours=hours)
            if ends > stay.window.starts:
                window = Window(starts=stay.window.starts, ends=ends)
                self._put(place, replace(stay, window=window))

    def change_digits(self, place: int) -> None:
        if (stay := self.stays.get(place)) is not None:
            number = next(self._numbers)
            self._put(
                place,
                replace(
                    stay,
                    credential=CredentialId(named(f"pin {number}")),
                    digits=f"{400000 + number * 7919 % 500000}",
                ),
            )

    def cancel(self, place: int) -> None:
        if self.stays.pop(place, None) is not None:
            self._publish()

    def owner_uses_digits_of(self, place: int) -> None:
        """By the vendor's app, a code for ever with the digits the guest is to get."""
        stay = self.stays.get(place)
        if stay is not None and stay.digits not in {each.digits for each in self.lock.codes()}:
            self.owners.add(stay.digits)
            at = datetime(2026, 1, 1)  # noqa: DTZ001 - a lock's local time
            self.lock.store_code(
                StoredCode(
                    digits=stay.digits, kind=CodeKind.PERMANENT, starts_local=at, ends_local=None
                )
            )

    def owner_deletes_code_of(self, place: int) -> None:
        """By the vendor's app, past us."""
        stay = self.stays.get(place)
        if stay is not None:
            self.lock.drop_code(stay.digits)
            self.deleted.add(stay.digits)

    def fault(self, fault: Fault) -> None:
        self.lock.add_fault(fault)

    def conditions(self, conditions: Conditions) -> None:
        self.lock.set_conditions(conditions)

    def drift(self, seconds: int) -> None:
        self.lock.set_clock(self.lock.snapshot().clock_local + timedelta(seconds=seconds))

    def wait(self, span: timedelta) -> None:
        self.loop.leap(span)

    def restart(self, *, lose_state: bool) -> None:
        """Lockd stops and starts; its shelf may be gone."""
        self.desk.means.time.save()
        self._desk_stack.close()
        if lose_state:
            for file in self._data.glob("state.sqlite*"):
                file.unlink()
        self.desk = self._open()

    def close(self) -> None:
        self._desk_stack.close()
        self._runner.run(self._serving.__aexit__(None, None, None))
        self._stack.close()

    # --- what the house does, and what must hold -----------------------------------------

    def look(self) -> timedelta | None:
        """One look after the lock; everything it says is held against the lock."""
        self.looks += 1
        self.desk.means.time.witness(self.now, self.now)
        due = self._runner.run(self._keeper.look())
        for fact in self._news():
            self._hold_against_lock(fact)
        self._nothing_forgotten()
        return due

    def come_to_rest(self) -> None:
        """No more bad luck: in the end the lock holds what is wanted, and nothing else."""
        self.lock.clear_faults()
        self.lock.hang_up()
        self.conditions(Conditions())
        self.wait(timedelta(days=1, minutes=1))  # each day the table is looked at
        for _ in range(_ROUNDS_TO_REST):
            due = self.look()
            if due is None or due > PRELOAD:
                break
            self.wait(max(due, timedelta(0)) + timedelta(seconds=1))
        else:
            raise Violation("never comes to rest")
        held = {(each.digits, each.starts_local, each.ends_local) for each in self._dated()}
        if held != self._wanted_now():
            raise Violation(f"{len(held)} codes in the lock are not the {len(self.stays)} wanted")

    @property
    def now(self) -> datetime:
        return self.clock.wall()

    def _hold_against_lock(self, fact: PinMoved) -> None:
        pin = self.was[fact.credential]
        here = [each for each in self._dated() if each.digits == pin.digits]
        before, self._last[fact.credential] = self._last.get(fact.credential), fact
        if pin.digits in self.deleted and before is not None and _proven_alike(before, fact):
            return  # told again for another reason; that it was deleted past us shows in a day
        if fact.state is PinState.READ_BACK:
            assert fact.window is not None
            life = local_life(fact.window.starts, fact.window.ends, MADRID)
            if life not in [(each.starts_local, each.ends_local) for each in here]:
                raise Violation("called read back, and not in the lock with these dates")
        if fact.state is PinState.REMOVED and fact.reason == "window_over":
            clock = self.lock.snapshot().clock_local
            if any(each.ends_local is None or each.ends_local > clock for each in here):
                raise Violation("called over, and the lock still lets it in")
        elif fact.state is PinState.REMOVED and here:
            raise Violation(f"called removed ({fact.reason}), and still in the lock")

    def _nothing_forgotten(self) -> None:
        """Each dated code in the lock is one that the house still means to look after."""
        last = dict[CredentialId, PinMoved]()
        for fact in self.desk.facts():
            if isinstance(fact, PinMoved):
                last[fact.credential] = fact
        for code in self._dated():
            living = [
                each
                for credential, each in last.items()
                if self.was[credential].digits == code.digits
                and (each.state is not PinState.REMOVED or each.reason == "window_over")
            ]
            if not living:
                raise Violation("a code in the lock that nobody looks after")

    def _news(self) -> list[PinMoved]:
        facts = self.desk.facts()
        fresh = [each for each in facts[self._told :] if isinstance(each, PinMoved)]
        self._told = len(facts)
        # Of one PIN the last word of a look is held against the lock as it stands after it.
        return list({each.credential: each for each in fresh}.values())

    def _dated(self) -> list[StoredCode]:
        return [each for each in self.lock.codes() if each.kind is CodeKind.PERIOD]

    def _wanted_now(self) -> set[tuple[str, datetime, datetime | None]]:
        kinds = {each.digits: each.kind for each in self.lock.codes()}
        # On a lock that does not list its codes, an owner's code with a guest's digits gives way.
        owners = {each for each in self.owners if kinds.get(each) is CodeKind.PERMANENT}
        return {
            (each.digits, *local_life(each.window.starts, each.window.ends, MADRID))
            for each in self.stays.values()
            if each.window.starts - PRELOAD <= self.now < each.window.ends
            and each.digits not in owners
        }

    def _put(self, place: int, stay: Booked) -> None:
        self.stays[place] = stay
        self.was[stay.credential] = stay
        self._publish()

    def _publish(self) -> None:
        self._version += 1
        grants = [
            a_grant(each.grant, window=each.window, pins=(self._wish(each),))
            for each in self.stays.values()
            if each.window.ends > self.now
        ]
        book = a_snapshot(
            *grants,
            version=self._version,
            issued_at=self.now,
            lease_until=self.now + timedelta(days=14),
        )
        self.desk.offer(snapshot_frame(book))

    def _wish(self, stay: Booked) -> PinWish:
        box = seal_for(
            self.desk.me.sealing.public_hex,
            stay.digits.encode(),
            context=pin_context(HOUSE, stay.grant, FRONT),
            ephemeral_seed=seed(f"box {stay.credential}"),
        )
        return PinWish(credential=stay.credential, lock=FRONT, window=stay.window, box=box)

    def _open(self) -> Desk:
        opened = self._desk_stack.enter_context(desk(self._data, self.clock))
        if self.recovers:
            recover_pins(opened.means, opened.state.pins)
        means, marks = opened.means, opened.state.marks
        identity = self.lock.identity
        room = LockRoom(
            open_ttlock(
                address=identity.address,
                key=SecretStr(json.dumps(identity.key_material())),
                zone="Europe/Madrid",
            )
        )
        pins = self.pin_round(means_of=opened, room=room)
        log = LogRound(means, FRONT, room, pins=pins, marks=marks)
        clock, care = ClockRound(means, FRONT, room, marks), CareRound(means, FRONT, room, marks)
        self._keeper = LockKeeper(means, FRONT, room, pins, log, clock, care, 300.0)
        return opened

    def pin_round(self, *, means_of: Desk, room: LockRoom) -> PinRound:
        """The build under test."""
        return PinRound(means_of.means, FRONT, room, means_of.state.pins)

    def _a_lock(self, state_file: Path) -> SimulatedLock:
        tokens = count(0xFFFF_FF00)
        return SimulatedLock(
            Identity(
                address="C0:FF:EE:00:00:01",
                name="Front door",
                aes_key=bytes(range(0x30, 0x40)),
                unlock_key=4_000_000_123,
                admin_key=87_654_321,
            ),
            state_file,
            now=self.clock.wall,
            started_local=local(NOON, MADRID),
            draw_token=lambda: next(tokens),
        )


def _proven_alike(before: PinMoved, fact: PinMoved) -> bool:
    proven = {PinState.READ_BACK, PinState.FIRST_USED}
    return {before.state, fact.state} <= proven and before.window == fact.window
