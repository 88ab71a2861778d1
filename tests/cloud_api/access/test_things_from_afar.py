"""Do the host's chosen things reach the house, its guests and its staff, each with their rights?"""

from uuid import uuid4

import pytest

from protocol.home import ThingKind, Things, UseThing
from protocol.music import MusicResult
from tests.builders import JsonDict
from tests.cloud_api.access.stage import Person, Visit
from tests.cloud_api.access.test_doors_from_afar import staff_grant
from tests.cloud_api.access.wire import Wire

POOL = {
    "name": "Pool",
    "kind": "pool_heating",
    "entity": "climate.pool",
    "guests_may": "use",
    "lowest": 20,
    "highest": 30,
}
HALL = {"name": "Hall", "kind": "sensor", "entity": "sensor.hall"}
BOILER = {"name": "Boiler", "kind": "switch", "entity": "switch.boiler", "guests_may": "nothing"}


async def a_thing(visit: Visit, wish: JsonDict) -> str:
    made = await visit.hotel.tenant.made(f"/houses/{visit.hotel.house_id}/things", wish)
    return str(made["id"])


async def arrive(wire: Wire) -> Person:
    booked = await wire.visit.book([wire.visit.desk.rooms[0]])
    await wire.holds((await wire.visit.grant(booked))["id"])
    return await wire.visit.guest_of(booked)


async def test_what_the_host_chose_is_in_the_house_and_his_guests_hands(wire: Wire) -> None:
    pool, hall, boiler = [await a_thing(wire.visit, each) for each in (POOL, HALL, BOILER)]
    async with wire.running() as house:
        guest = await arrive(wire)
        assert house.book is not None
        told = {str(each.thing): each for each in house.book.things}
        assert told.keys() == {pool, hall, boiler}
        assert (told[pool].entity, told[pool].kind) == ("climate.pool", ThingKind.POOL_HEATING)
        assert (told[pool].lowest, told[pool].highest) == (20, 30)
        (grant,) = [each for each in house.book.grants if each.stay]
        mine = {each for each in grant.rights if each.startswith("home:")}
        assert mine == {f"home:use:{pool}", f"home:read:{hall}"}
        shown = (await guest.get("/things")).json()
        assert shown["live"]
        done = await guest.post(f"/things/{pool}", {"degrees": 27.5})
        assert (done.status_code, done.json()["things"][0]["thing_id"]) == (200, pool)
        for thing in (hall, boiler, str(uuid4())):
            refused = await guest.post(f"/things/{thing}", {"on": True})
            assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
        assert [type(each.ask) for each in house.music.asked] == [Things, UseThing]


async def test_what_the_house_says_is_what_the_guest_hears(wire: Wire) -> None:
    pool = await a_thing(wire.visit, POOL)
    async with wire.running():
        guest = await arrive(wire)
        for result, reason, answer in (
            (MusicResult.NO_HOME_HERE, "no_home_here", (501, "no_home_here")),
            (MusicResult.FAILED, "temperature_out_of_range", (422, "thing_not_taken")),
            (MusicResult.FAILED, "state_did_not_change", (502, "thing_failed")),
            (MusicResult.EXPIRED, "too_late", (504, "house_not_reached")),
        ):
            wire.house.music.result, wire.house.music.reason = result, reason
            heard = await guest.post(f"/things/{pool}", {"on": True})
            assert (heard.status_code, heard.json()["code"]) == answer
        wire.house.music.result = MusicResult.NO_HOME_HERE
        listed = (await guest.get("/things")).json()
        assert (listed["live"], listed["why"]) == (False, "no_home_here")
        assert [(each["name"], each["state"]) for each in listed["things"]] == [("Pool", None)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"entity": "lock.front_door"},
        {"entity": "cover.garage"},
        {"entity": "no entity"},
        {"kind": "door"},
        {"guests_may": "everything"},
        {"lowest": 31},
        {"highest": 1e9},
    ],
)
async def test_a_door_or_nonsense_is_no_thing(visit: Visit, wrong: JsonDict) -> None:
    path = f"/houses/{visit.hotel.house_id}/things"
    answer = await visit.hotel.tenant.post(path, {**POOL, **wrong})
    assert answer.status_code == 422


async def test_a_host_changes_his_mind_and_his_guests_rights_follow(visit: Visit) -> None:
    pool = await a_thing(visit, POOL)
    again = await visit.hotel.tenant.post(f"/houses/{visit.hotel.house_id}/things", POOL)
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    changed = await visit.hotel.tenant.patch(f"/things/{pool}", {"guests_may": "read"})
    assert (changed.status_code, changed.json()["guests_may"]) == (200, "read")
    booked = await visit.book([visit.desk.rooms[0]])
    rights = (await visit.grant(booked))["rights"]
    assert [each for each in rights if each.startswith("home:")] == [f"home:read:{pool}"]
    half = await visit.hotel.tenant.patch(f"/things/{pool}", {"lowest": 10})
    assert half.status_code == 422


async def test_staff_see_and_use_things_on_their_own_grant_alone(wire: Wire) -> None:
    visit = wire.visit
    boiler = await a_thing(visit, BOILER)
    await visit.work()
    at = f"/houses/{visit.hotel.house_id}/things"
    async with wire.running():
        without = await visit.hotel.tenant.get(f"{at}/states")
        assert (without.status_code, without.json()["code"]) == (403, "no_staff_grant")
        await wire.holds((await staff_grant(visit, visit.hotel.tenant))["id"])
        seen = (await visit.hotel.tenant.get(f"{at}/states")).json()
        assert [(each["name"], each["state"]) for each in seen["things"]] == [("Boiler", "on")]
        used = await visit.hotel.tenant.post(f"{at}/{boiler}/use", {"on": False})
        assert used.status_code == 200
