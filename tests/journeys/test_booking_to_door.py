"""A booking made through the public API opens the right door, and needs the cloud no more."""

import pytest

from portero.local.broker import BrokerKind, mosquitto_path
from tests.journeys.town import FRONT, NewTown

pytestmark = pytest.mark.journey

_BROKERS: list[BrokerKind] = ["embedded"]
if mosquitto_path() is not None:
    _BROKERS.append("mosquitto")


@pytest.mark.parametrize("broker", _BROKERS)
async def test_a_booking_opens_the_door_it_was_made_for(
    new_town: NewTown, broker: BrokerKind
) -> None:
    async with new_town(rooms=("Sea room", "Garden room"), broker=broker) as town:
        stay = await town.book("Sea room")
        guest = await town.in_house(stay)
        opened = await guest.tap(town.place.locks[FRONT])
        assert opened["outcome"] == "opened"
        assert (await guest.tap(town.place.locks["Sea room"]))["outcome"] == "opened"
        refused = await guest.tap(town.place.locks["Garden room"])
        assert (refused["outcome"], refused["refusal"]) == ("refused", "no_such_right")
        assert {door: town.house.openings(door) for door in town.house.doors} == {
            FRONT: 1,
            "Sea room": 1,
            "Garden room": 0,
        }


async def test_a_tap_in_the_house_opens_with_cloud_and_broker_gone(new_town: NewTown) -> None:
    async with new_town() as town:
        stay = await town.book()
        await town.house_hears_nothing()
        guest = await town.in_house(stay)
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        assert town.house.openings(FRONT) == 1
        await town.house.stop()  # a restart in the dark changes nothing
        await town.house.start()
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        assert town.house.openings(FRONT) == 2
