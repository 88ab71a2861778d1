"""Four rooms behind one front door, sold side by side: each PIN on the front door and its room."""

from datetime import timedelta

import pytest

from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Stay, Town

pytestmark = pytest.mark.journey
_ROOMS = ("Sea room", "Garden room", "Attic", "Cellar")


async def test_each_pin_opens_the_front_door_and_the_own_room_only(new_town: NewTown) -> None:
    async with new_town(rooms=_ROOMS) as town:
        stays = {room: await town.book(room) for room in _ROOMS}
        pins = {room: stay.pin for room, stay in stays.items()}
        assert len(set(pins.values())) == len(_ROOMS)
        await _whole_house_is_not_for_sale(town)
        await _codes_are(town, {FRONT: set(pins.values()), **{r: {pins[r]} for r in _ROOMS}})
        for room, pin in pins.items():
            opens = {door for door, lock in town.house.doors.items() if lock.press(pin)}
            assert opens == {FRONT, room}
        assert town.house.openings(FRONT) == len(_ROOMS)
        assert all(town.house.openings(room) == 1 for room in _ROOMS)
        await _cloud_knows(town, stays["Attic"], "first_used")

        await town.host.post(f"/api/v1/reservations/{stays['Attic'].reservation}/check-out")
        left = {room: {pins[room]} for room in _ROOMS if room != "Attic"}
        await _codes_are(town, {FRONT: set().union(*left.values()), "Attic": set(), **left})
        assert not any(lock.press(pins["Attic"]) for lock in town.house.doors.values())
        await _cloud_knows(town, stays["Attic"], "removed")
        await _whole_house_is_not_for_sale(town)


async def test_a_tap_opens_the_front_door_and_the_own_room_only(new_town: NewTown) -> None:
    async with new_town(rooms=_ROOMS) as town:
        for room in _ROOMS:
            guest = await town.in_house(await town.book(room))
            told = {
                door: (await guest.tap(lock))["outcome"] for door, lock in town.place.locks.items()
            }
            may = {FRONT, room}
            assert told == {door: "opened" if door in may else "refused" for door in told}
        assert town.house.openings(FRONT) == len(_ROOMS)
        assert all(town.house.openings(room) == 1 for room in _ROOMS)


async def _whole_house_is_not_for_sale(town: Town) -> None:
    today = town.today()
    refused = await town.ask("Whole house", today, today + timedelta(days=1))
    assert (refused.status_code, refused.json()["code"]) == (409, "date_overlap")


async def _codes_are(town: Town, wanted: dict[str, set[str]]) -> None:
    """By the locks' own tables."""

    async def are_so() -> bool:
        return wanted == {
            door: {code.digits for code in lock.codes()} for door, lock in town.house.doors.items()
        }

    await until(are_so, "the locks do not hold the right codes", seconds=30)


async def _cloud_knows(town: Town, stay: Stay, state: str) -> None:
    async def is_so() -> bool:
        access = await town.host.get(f"/api/v1/grants/of-reservation/{stay.reservation}")
        return {pin["state"] for pin in access["pins"]} == {state}

    await until(is_so, f"the cloud did not hear that the PIN is {state}", seconds=30)
