"""Is a PIN ever called in the lock, or gone, that is not? Whatever the lock, the air or power does.

Hypothesis makes up bookings and bad luck; the lock's own table is the judge. Broken builds must be
found out by the same means.
"""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.pin_proof import PinProof
from edge_agent.actions.pins import PinRound
from edge_agent.errors import EdgeError
from edge_agent.ports import Keypad, PinCode
from edge_agent.simulator.ttlock.model import Conditions, Fault, FaultKind, Op, Refusal
from tests.edge_agent.means_kit import Desk
from tests.faults.figures import Figure, Scale
from tests.faults.pin_model import PinHouse, Violation

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

PLACES = st.integers(0, 2)
KINDS = st.sampled_from(
    [
        FaultKind.LOSE_REPLY_AFTER_ACTING,
        FaultKind.LOSE_REPLY_BEFORE_ACTING,
        FaultKind.DROP_LINK_MID_WRITE,
        FaultKind.DROP_LINK_BEFORE_ACTING,
        FaultKind.DROP_LINK_AFTER_ACTING,
        FaultKind.PUSH_FIRST,
        FaultKind.REFUSE,
        FaultKind.PRETEND,
    ]
)
OPS = st.sampled_from([Op.CODES, Op.CODES, Op.LIST_CODES, Op.SET_CLOCK, Op.CHECK_ADMIN, None])
REFUSALS = st.sampled_from(
    [Refusal.NO_MEMORY, Refusal.NO_POWER, Refusal.FAILED, Refusal.NO_PERMISSION]
)


class PinMachine(RuleBasedStateMachine):
    """Steps in any order; what must hold is held after each look."""

    house_of: ClassVar[type[PinHouse]] = PinHouse
    looks: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.house = self.house_of()

    @rule(place=PLACES, in_hours=st.integers(-5, 90), for_hours=st.integers(1, 80))
    def book(self, place: int, in_hours: int, for_hours: int) -> None:
        self.house.book(place, in_hours=in_hours, for_hours=for_hours)

    @rule(place=PLACES)
    def book_now(self, place: int) -> None:
        self.house.book(place, in_hours=-1, for_hours=30)

    @rule(place=PLACES, hours=st.integers(-30, 40))
    def change_dates(self, place: int, hours: int) -> None:
        self.house.change_dates(place, hours=hours)

    @rule(place=PLACES)
    def change_digits(self, place: int) -> None:
        self.house.change_digits(place)

    @rule(place=PLACES)
    def cancel(self, place: int) -> None:
        self.house.cancel(place)

    @rule(place=PLACES)
    def owner_uses_these_digits(self, place: int) -> None:
        self.house.owner_uses_digits_of(place)

    @rule(place=PLACES)
    def owner_deletes_this_code(self, place: int) -> None:
        self.house.owner_deletes_code_of(place)

    @rule(kind=KINDS, on=OPS, skip=st.integers(0, 3), times=st.integers(1, 4), refusal=REFUSALS)
    def fault(
        self, kind: FaultKind, on: Op | None, skip: int, times: int, refusal: Refusal
    ) -> None:
        self.house.fault(Fault(kind=kind, on=on, skip=skip, times=times, refusal=refusal))

    @rule(
        capacity=st.sampled_from([0, 1, 2, 150, 150]),
        lists=st.booleans(),
        insists=st.booleans(),
        busy=st.sampled_from([False, False, False, True]),
    )
    def conditions(self, capacity: int, *, lists: bool, insists: bool, busy: bool) -> None:
        conditions = Conditions(
            capacity=capacity, lists_codes=lists, insists_on_admin=insists, busy=busy
        )
        self.house.conditions(conditions)

    @rule(seconds=st.integers(-8000, 8000))
    def drift(self, seconds: int) -> None:
        self.house.drift(seconds)

    @rule(minutes=st.integers(1, 600))
    def time_passes(self, minutes: int) -> None:
        self.house.wait(timedelta(minutes=minutes))

    @rule()
    def look(self) -> None:
        self._count()
        self.house.look()

    @rule()
    def look_and_look_again(self) -> None:
        self._count()
        due = self.house.look()
        if due is not None:
            self.house.wait(min(due, timedelta(hours=2)) + timedelta(seconds=1))
            self.house.look()

    @rule(lose_state=st.booleans())
    def restart(self, *, lose_state: bool) -> None:
        self.house.restart(lose_state=lose_state)

    def teardown(self) -> None:
        try:
            self.house.come_to_rest()
        finally:
            self.house.close()

    def _count(self) -> None:
        type(self).looks += 1


class BelievingProof(PinProof):
    """Takes the lock's word for writing, and never reads back."""

    async def holds(self, keypad: Keypad, code: PinCode) -> bool | None:
        del keypad, code
        return True


class HastyProof(PinProof):
    """Takes the lock's word for removing, or its silence."""

    async def remove(self, keypad: Keypad, code: PinCode) -> None:
        with contextlib.suppress(EdgeError):
            await super().remove(keypad, code)

    async def is_gone(self, keypad: Keypad, lives: object) -> bool | None:
        del keypad, lives
        return True


class _BrokenHouse(PinHouse):
    proof: ClassVar[type[PinProof]]

    def pin_round(self, *, means_of: Desk, room: LockRoom) -> PinRound:
        build = super().pin_round(means_of=means_of, room=room)
        build._proof = self.proof(room)
        return build


class BelievingHouse(_BrokenHouse):
    proof = BelievingProof


class HastyHouse(_BrokenHouse):
    proof = HastyProof


class ForgetfulHouse(PinHouse):
    """Does not look into its record when its shelf is lost."""

    recovers = False


def _effort(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )


def test_no_pin_is_called_what_it_is_not() -> None:
    scale = Scale()
    figure = Figure("PIN model: in, gone, forgotten", scale.seed)
    machine = seed(scale.seed)(PinMachine)
    PinMachine.looks = 0
    figure.violations = 1  # until it has come to its end
    try:
        run_state_machine_as_test(
            machine, settings=_effort(scale.times(20, 1500), scale.times(25, 60))
        )
        figure.violations = 0
    finally:
        figure.tried = PinMachine.looks
        figure.publish(scale)
    assert figure.tried > 0


def _pretended_write(house: PinHouse) -> None:
    house.book(0, in_hours=-1, for_hours=30)
    house.fault(Fault(kind=FaultKind.PRETEND, on=Op.CODES))
    house.look()


def _unheard_removal(house: PinHouse) -> None:
    house.book(0, in_hours=-1, for_hours=30)
    house.look()
    house.cancel(0)
    house.fault(Fault(kind=FaultKind.LOSE_REPLY_BEFORE_ACTING, on=Op.CODES, times=4))
    house.look()


def _shelf_lost(house: PinHouse) -> None:
    house.book(0, in_hours=-1, for_hours=30)
    house.look()
    house.cancel(0)
    house.restart(lose_state=True)
    house.look()


@pytest.mark.parametrize(
    ("broken", "misfortune"),
    [
        (BelievingHouse, _pretended_write),
        (HastyHouse, _unheard_removal),
        (ForgetfulHouse, _shelf_lost),
    ],
)
def test_a_broken_build_is_found_out_and_the_sound_one_is_not(
    broken: type[PinHouse], misfortune: Callable[[PinHouse], None]
) -> None:
    _suffers(PinHouse, misfortune)
    with pytest.raises(Violation):
        _suffers(broken, misfortune)


def _suffers(build: type[PinHouse], misfortune: Callable[[PinHouse], None]) -> None:
    with contextlib.closing(build()) as house:
        misfortune(house)
        house.come_to_rest()
