"""A companion asks, the booker says yes with the cloud away; it ends with the booker's stay."""

import pytest

from tests.builders import JsonDict
from tests.journeys.people import LanGuest
from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Stay, Town

pytestmark = pytest.mark.journey


async def test_a_yes_given_in_the_dark_is_adopted_and_dies_with_the_bookers_stay(
    new_town: NewTown,
) -> None:
    async with new_town(rooms=("Sea room", "Garden room")) as town:
        stay = await town.book()
        booker = await town.in_house(stay)
        await town.house_hears_nothing()
        companion, waiting = await _asks(town, booker, ["door:open"])
        assert not (await companion.sign_in(waiting["secret"])).is_success
        decision = f"/api/requests/{waiting['request']}/decision"
        await booker.post(decision, {"approve": True})
        assert (await companion.sign_in(waiting["secret"])).is_success
        assert (await companion.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        other = await companion.tap(town.place.locks["Garden room"])
        assert other["refusal"] == "no_such_right"
        assert town.house.all_openings() == 1

        await town.house_hears_again()
        await _adopted(town, stay, waiting["request"])
        assert (await companion.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        assert town.house.openings(FRONT) == 2

        await town.host.post(f"/api/v1/grants/{stay.grant}/revocation")
        await town.delivered()
        for person in (companion, booker):
            assert (await person.tap(town.place.locks[FRONT]))["outcome"] == "refused"
        assert not (await town.lan_guest().sign_in(waiting["secret"])).is_success
        await town.house.stop()
        await town.house.start()
        assert (await companion.tap(town.place.locks[FRONT]))["outcome"] == "refused"
        assert town.house.all_openings() == 2


async def test_a_stay_revoked_in_the_dark_takes_a_delegation_given_later_with_it(
    new_town: NewTown,
) -> None:
    async with new_town() as town:
        stay = await town.book()
        booker = await town.in_house(stay)
        await town.house.stage.stop("agent")
        await town.host.post(f"/api/v1/grants/{stay.grant}/revocation")
        await town.house_hears_nothing()
        await town.house.start_agent()
        companion, waiting = await _asks(town, booker, ["door:open"])
        await booker.post(f"/api/requests/{waiting['request']}/decision", {"approve": True})
        assert (await companion.sign_in(waiting["secret"])).is_success
        await town.house_hears_again()
        await town.delivered()
        assert (await companion.tap(town.place.locks[FRONT]))["outcome"] == "refused"
        assert town.house.all_openings() == 0

        async def is_told() -> bool:
            return [each["reason"] for each in await town.facts("delegation_ended")] == ["revoked"]

        await until(is_told, "the cloud did not hear that the delegation ended", seconds=30)


async def _asks(town: Town, booker: LanGuest, wants: list[str]) -> tuple[LanGuest, JsonDict]:
    """Somebody scans the booker's code."""
    companion = town.lan_guest()
    code = (await booker.get("/api/stay"))["join_code"]
    joined = await companion.post("/api/join", {"code": code, "name": "Bruno", "wants": wants})
    return companion, joined


async def _adopted(town: Town, stay: Stay, request: str) -> None:
    """The cloud has the request with its name, and the grant the house made of it."""

    async def is_so() -> bool:
        known = (await town.host.get("/api/v1/access-requests"))["items"]
        mine = [each for each in known if each["id"] == request]
        # Asking and answer are two facts: whichever is taken in first, both must be.
        return bool(mine) and mine[0]["name"] == "Bruno" and mine[0]["grant_id"] is not None

    await until(is_so, "the cloud did not adopt the delegation", seconds=45)
    asked = (await town.host.get("/api/v1/access-requests"))["items"][0]
    assert (asked["name"], asked["decided_by"], asked["made_in_house"]) == ("Bruno", "house", True)
    grant = await town.host.get(f"/api/v1/grants/{asked['grant_id']}")
    assert (grant["parent_id"], grant["holder"]) == (stay.grant, "companion")
