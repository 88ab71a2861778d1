"""Does a door open late when a process stood still between the tap and the motor?

Each wish is wanted for a moment only instead of ten seconds; everything else is as in a house.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from edge_agent.simulator.ttlock.model import Fault, FaultKind, Op
from protocol.access import Refusal
from protocol.live import Outcome
from tests.faults.lan_house import LanGuest, LanHouse, a_lan_house, signed_in, standing_still
from tests.faults.lockd_bench import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]

WANTED = 1.5
"""Seconds; long enough to reach the motor when nothing stands still."""

CHALLENGE = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LanHouse]:
    async with a_lan_house(tmp_path_factory.mktemp("lan")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def guest(house: LanHouse) -> AsyncIterator[LanGuest]:
    async with signed_in(house) as made:
        yield made


async def refused_as_too_late(
    house: LanHouse, told: dict[str, object], openings: int, *, decided: bool
) -> None:
    """The guest is told so, the record says so, and the lock's own record shows nothing."""
    assert (told["outcome"], told["refusal"]) == (Outcome.REFUSED, Refusal.TOO_LATE)
    assert len(await house.bench.openings()) == openings
    decision, act = house.decided(str(told["attempt"])), house.acted(str(told["attempt"]))
    assert decision is not None
    if decided:
        assert act is not None
        assert (act.outcome, act.reason) == (Outcome.REFUSED, Refusal.TOO_LATE)
    else:
        assert (decision.refusal, act) == (Refusal.TOO_LATE, None)


async def test_a_tap_in_time_opens_once_however_often_it_is_posted(
    house: LanHouse, guest: LanGuest
) -> None:
    openings = len(await house.bench.openings())
    wish = await guest.press(wanted_seconds=10)
    async with asyncio.TaskGroup() as group:
        taps = [group.create_task(guest.send(wish)) for _ in range(3)]
    assert {str(each.result()["outcome"]) for each in taps} == {Outcome.OPENED}
    assert len(await house.bench.openings()) == openings + 1


@pytest.mark.parametrize("who", ["agent", "lockd"])
async def test_held_up_before_lockd_hears_of_it(house: LanHouse, guest: LanGuest, who: str) -> None:
    openings = len(await house.bench.openings())
    wish = await guest.press(wanted_seconds=WANTED)
    process = house.agent if who == "agent" else house.lockd.process
    async with asyncio.TaskGroup() as group:
        with standing_still(process):
            tap = group.create_task(guest.send(wish))
            await asyncio.sleep(WANTED + 0.1)
    await refused_as_too_late(house, tap.result(), openings, decided=False)


async def test_lockd_stood_still_between_its_decision_and_the_locks_turn(
    house: LanHouse, guest: LanGuest
) -> None:
    """Another tap is at the lock, and as late."""
    openings = len(await house.bench.openings())
    await challenge_slowly(house)
    first = await guest.press(wanted_seconds=WANTED)
    async with asyncio.TaskGroup() as group:
        at_the_lock = group.create_task(guest.send(first))
        await at_the_lock_for(house, first)
        second = await guest.press(wanted_seconds=WANTED)
        waiting = group.create_task(guest.send(second))
        await until(lambda: on_record(house, second), bool)
        with standing_still(house.lockd.process):
            await asyncio.sleep(WANTED + 0.1)
    await refused_as_too_late(house, at_the_lock.result(), openings, decided=True)
    await refused_as_too_late(house, waiting.result(), openings, decided=True)


async def test_lockd_stood_still_between_connecting_and_the_command(
    house: LanHouse, guest: LanGuest
) -> None:
    """The lock's answer, after which only the command is missing, comes while lockd stands."""
    openings = len(await house.bench.openings())
    await challenge_slowly(house)
    wish = await guest.press(wanted_seconds=WANTED)
    async with asyncio.TaskGroup() as group:
        tap = group.create_task(guest.send(wish))
        await at_the_lock_for(house, wish)
        with standing_still(house.lockd.process):
            await asyncio.sleep(CHALLENGE + 0.2)
    await refused_as_too_late(house, tap.result(), openings, decided=True)


async def challenge_slowly(house: LanHouse) -> None:
    """Give time to stop lockd between connecting and the command, once its last session is over."""
    await until(house.bench.door.snapshot, lambda lock: not lock.connected)
    late = Fault(kind=FaultKind.LATE_REPLY, on=Op.CHECK_USER, seconds=CHALLENGE)
    await house.bench.door.add_fault(late)


async def at_the_lock_for(house: LanHouse, wish: dict[str, object]) -> None:
    """The wish is decided, and somebody is at the lock: it, or its look after the lock before it."""
    await until(lambda: on_record(house, wish), bool)
    await until(house.bench.door.snapshot, lambda lock: lock.connected)


async def on_record(house: LanHouse, wish: dict[str, object]) -> bool:
    return house.decided(str(wish["attempt"])) is not None
