"""Does a person at the door come first, and never wait for ever?"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from edge_agent.actions.lock_room import LockRoom
from edge_agent.errors import DeviceBusy, Jammed, OutcomeUnknown
from edge_agent.ports import BoltState, LockDevice, LockReading
from tests.edge_agent.lockd_kit import MemoryBolt


@pytest.fixture
def room() -> LockRoom:
    return LockRoom(LockDevice(MemoryBolt()))


def yes() -> bool:
    return True


async def nothing() -> None:
    return


async def long_look(_device: LockDevice) -> None:
    await asyncio.sleep(30)


async def test_housekeeping_is_broken_off_for_a_person(room: LockRoom) -> None:
    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(_busy(room))
        await asyncio.sleep(0.01)
        async with asyncio.timeout(1):
            assert await room.move(yes, nothing, seconds=5)
    assert keeping.result() == "broken_off"


async def test_housekeeping_that_waits_lets_all_persons_pass(room: LockRoom) -> None:
    """One moves, housekeeping queues, another comes: the second must not wait for it."""
    async with asyncio.TaskGroup() as group:
        group.create_task(room.move(yes, lambda: asyncio.sleep(0.1), seconds=5))
        await asyncio.sleep(0.01)
        keeping = group.create_task(_busy(room))
        await asyncio.sleep(0.01)
        second = group.create_task(room.move(yes, nothing, seconds=1))
    assert second.result()
    assert keeping.result() == "somebody_at_the_door"


async def test_housekeeping_is_bounded(room: LockRoom) -> None:
    with pytest.raises(DeviceBusy):
        await room.quietly(long_look, seconds=0.01)
    assert await room.move(yes, nothing, seconds=1)


async def test_a_turn_that_does_not_come_moves_nothing(room: LockRoom) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(room.move(yes, lambda: asyncio.sleep(0.2), seconds=5))
        await asyncio.sleep(0.01)
        with pytest.raises(DeviceBusy, match="turn_did_not_come"):
            await room.move(yes, _never, seconds=0.05)


async def test_time_that_runs_out_while_moving_leaves_it_unknown(room: LockRoom) -> None:
    with pytest.raises(OutcomeUnknown):
        await room.move(yes, lambda: asyncio.sleep(5), seconds=0.02)
    assert await room.move(yes, nothing, seconds=1)


async def test_a_check_that_fails_in_the_end_moves_nothing(room: LockRoom) -> None:
    assert not await room.move(lambda: False, _never, seconds=1)
    assert room.news.is_set()


async def test_an_error_gives_the_turn_back(room: LockRoom) -> None:
    async def jam() -> None:
        raise Jammed("bolt_did_not_move")

    with pytest.raises(Jammed):
        await room.move(yes, jam, seconds=1)
    assert await room.move(yes, nothing, seconds=1)


def test_a_battery_once_told_is_remembered(room: LockRoom) -> None:
    room.saw(LockReading(BoltState.LOCKED, 77))
    room.saw(LockReading(BoltState.UNLOCKED, None))
    assert room.last == LockReading(BoltState.UNLOCKED, 77)


async def _busy(room: LockRoom) -> str:
    try:
        await room.quietly(long_look, seconds=30)
    except DeviceBusy as busy:
        return busy.reason
    return "not broken off"


async def _never() -> None:
    raise AssertionError("it moved")


async def test_whoever_stops_processes_is_kept_waiting_while_the_lock_is_spoken_to() -> None:
    busy: list[str] = []

    @contextmanager
    def noted() -> Iterator[None]:
        busy.append("begins")
        yield
        busy.append("ends")

    async def act() -> None:
        assert busy[-1] == "begins"

    async def look(_device: LockDevice) -> None:
        await act()

    room = LockRoom(LockDevice(MemoryBolt()), while_busy=noted)
    await room.move(yes, act, seconds=1)
    await room.quietly(look, seconds=1)
    assert busy == ["begins", "ends"] * 2
