"""Two couriers share the work: nothing happens twice, and one alone is enough."""

import asyncio

import pytest

from tests.builders import JsonDict
from tests.journeys.people import Person
from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Town

pytestmark = pytest.mark.journey
_ROOMS = ("Sea room", "Garden room", "Attic")


async def test_with_two_couriers_every_command_acts_once(new_town: NewTown) -> None:
    async with new_town(rooms=_ROOMS) as town:
        await town.cloud.start_courier("courier-2")
        guests = {room: await town.far_away(await town.book(room)) for room in _ROOMS}
        ended = await _each_opens_the_own_room(town, guests, times=2)
        assert [each["outcome"] for each in ended] == ["opened"] * 6
        assert all(town.house.openings(room) == 2 for room in _ROOMS)

        await town.stage.stop("courier-1")
        ended = await _each_opens_the_own_room(town, guests, times=1)
        assert [each["outcome"] for each in ended] == ["opened"] * 3
        assert all(town.house.openings(room) == 3 for room in _ROOMS)
        await _facts_tell_of(town, 9)


async def test_a_courier_that_dies_amid_commands_lets_none_act_twice(new_town: NewTown) -> None:
    async with new_town() as town:
        await town.cloud.start_courier("courier-2")
        guest = await town.far_away(await town.book())
        commands = [await town.ask_to_open(guest, FRONT) for _ in range(3)]
        await town.stage.stop("courier-1")
        ended = [await town.end_of(guest, each) for each in commands]
        surely = sum(each["outcome"] == "opened" for each in ended)
        perhaps = sum(each["outcome"] in {"opened", "unknown"} for each in ended)
        assert surely <= town.house.openings(FRONT) <= perhaps
        again = await town.ask_to_open(guest, FRONT)
        assert (await town.end_of(guest, again))["outcome"] == "opened"
        await _facts_tell_of(town, town.house.openings(FRONT))


async def _each_opens_the_own_room(
    town: Town, guests: dict[str, Person], *, times: int
) -> list[JsonDict]:
    """All at once, as often; the ends."""

    async def opens(room: str, guest: Person) -> list[JsonDict]:
        return [await town.end_of(guest, await town.ask_to_open(guest, room)) for _ in range(times)]

    async with asyncio.TaskGroup() as group:
        running = [group.create_task(opens(room, guest)) for room, guest in guests.items()]
    return [end for task in running for end in task.result()]


async def _facts_tell_of(town: Town, openings: int) -> None:
    """The cloud has each opening once; no version was issued twice."""

    async def is_so() -> bool:
        return len(await town.facts("acted")) >= openings

    await until(is_so, "the facts did not arrive")
    opened = [each for each in await town.facts("acted") if each["outcome"] == "opened"]
    assert len(opened) == len({each["attempt"] for each in opened}) == openings
    applied = [each["version"] for each in await town.facts("snapshot_applied")]
    assert applied == sorted(set(applied))
