"""Can an owner describe a house, and do the rooms above see it as it is?"""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from cloud_api.kit.db import Database
from cloud_api.kit.errors import NotFound
from cloud_api.kit.money import Money
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.properties import service
from protocol.music import MusicRules
from tests.builders import SmallHotel


async def test_a_room_is_served_by_the_front_door_and_its_own_door_only(
    house: SmallHotel, database: Database
) -> None:
    async with database.transaction() as session:
        layout = await service.house_layout(session, house.house_id)
    for room, lock in zip(house.room_units, house.room_locks, strict=True):
        assert {each.id for each in layout.locks_of(room)} == {house.front_door, lock}
        assert [each.id for each in layout.players_of(room)] == [house.player]
    whole = {each.id for each in layout.locks_of(house.whole_unit)}
    assert whole == {house.front_door, *house.room_locks}


async def test_a_lock_serves_whoever_has_its_space_and_a_shared_one_everybody(
    house: SmallHotel, database: Database
) -> None:
    async with database.transaction() as session:
        layout = await service.house_layout(session, house.house_id)
    locks = {lock.id: lock for lock in layout.locks}
    first, second = house.room_spaces[:2]
    assert locks[house.room_locks[0]].serves({first})
    assert not locks[house.room_locks[0]].serves({second})
    assert locks[house.front_door].shared
    assert locks[house.front_door].serves({second})


async def test_the_whole_house_occupies_every_space(house: SmallHotel, database: Database) -> None:
    async with database.transaction() as session:
        wanted = [house.whole_unit, house.room_units[0], uuid4()]
        units = {each.unit_id: each for each in await service.units_for_booking(session, wanted)}
    assert set(units) == {house.whole_unit, house.room_units[0]}
    assert units[house.whole_unit].space_ids == tuple(sorted(house.room_spaces))
    room = units[house.room_units[0]]
    assert (room.space_ids, room.capacity) == ((house.room_spaces[0],), 2)
    assert (room.time_zone, room.hold_minutes, room.active) == ("America/Lima", 30, True)
    assert room.base_price == Money(24_000, "PEN")
    assert room.organisation_id == house.organisation_id


@pytest.mark.parametrize("what", ["units", "houses", "properties"])
async def test_what_is_archived_above_or_itself_is_not_for_sale_until_taken_back(
    house: SmallHotel, database: Database, what: str
) -> None:
    path = {
        "units": f"/units/{house.room_units[0]}",
        "houses": f"/houses/{house.house_id}",
        "properties": f"/properties/{house.property_id}",
    }[what]

    async def for_sale() -> tuple[bool, bool]:
        async with database.transaction() as session:
            unit = await service.get_unit(session, None, house.room_units[0])
            offered = await service.units_on_sale(session, property_id=house.property_id)
        return unit.active, unit.unit_id in {each.unit_id for each in offered}

    assert await for_sale() == (True, True)
    assert (await house.tenant.delete(path)).status_code == 204
    assert await for_sale() == (False, False)
    assert (await house.tenant.patch(path, {"archived": False})).status_code == 200
    assert await for_sale() == (True, True)


async def test_another_tenants_unit_and_house_are_not_there(
    house: SmallHotel, database: Database
) -> None:
    stranger = Scope(uuid4(), PrincipalKind.STAFF, uuid4())
    async with database.transaction() as session:
        with pytest.raises(NotFound):
            await service.get_unit(session, stranger, house.whole_unit)
        with pytest.raises(NotFound):
            await service.house_layout(session, house.house_id, stranger)


async def test_each_change_of_a_house_is_told_once_in_its_own_transaction(
    house: SmallHotel, database: Database
) -> None:
    async def told() -> int:
        async with database.transaction() as session:
            count: int = await session.scalar(
                text(
                    "SELECT count(*) FROM events_outbox WHERE name = 'properties.house_changed'"
                    " AND payload->>'house_id' = :house_id"
                ),
                {"house_id": str(house.house_id)},
            )
        return count

    before = await told()
    await house.tenant.patch(f"/houses/{house.house_id}", {"max_companions": 3})
    assert await told() == before + 1
    refused = await house.tenant.patch(f"/houses/{house.house_id}", {"lease_hours": 337})
    assert refused.status_code == 422
    assert await told() == before + 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("zone", "Mars/Olympus"),
        ("zone", "../../etc/passwd"),
        ("zone", "posixrules"),
        ("lease_hours", 0),
        ("lease_hours", 337),
        ("check_in_from", "15:00+02:00"),
        ("check_in_from", "09:00"),
        ("latitude", 91),
        ("max_companions", -1),
        ("name", ""),
        ("name", "a\u0000b"),
        ("surprise", 1),
    ],
)
async def test_an_impossible_house_is_refused_saying_where(
    house: SmallHotel, field: str, value: object
) -> None:
    body = {"name": "House", "zone": "Europe/Rome", field: value}
    answer = await house.tenant.post(f"/properties/{house.property_id}/houses", body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["errors"][0]["where"].startswith("body")


async def test_hours_must_still_fit_after_a_change_of_one_of_them(house: SmallHotel) -> None:
    answer = await house.tenant.patch(f"/houses/{house.house_id}", {"check_out_until": "16:00"})
    assert answer.status_code == 422
    kept = (await house.tenant.get(f"/houses/{house.house_id}")).json()
    assert kept["check_out_until"] == "11:00"


async def test_a_unit_cannot_stand_on_another_houses_space(house: SmallHotel) -> None:
    other = await house.tenant.made(
        f"/properties/{house.property_id}/houses", {"name": "Other", "zone": "Europe/Rome"}
    )
    price = {"minor": 100, "currency": "EUR"}
    body = {
        "name": "x",
        "capacity": 1,
        "base_price": price,
        "space_ids": [str(house.room_spaces[0])],
    }
    answer = await house.tenant.post(f"/houses/{other['id']}/units", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_house")
    lock = {"name": "x", "vendor": "ttlock", "space_id": str(house.room_spaces[0])}
    answer = await house.tenant.post(f"/houses/{other['id']}/locks", lock)
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_house")


async def test_a_space_under_a_unit_on_sale_cannot_be_archived(house: SmallHotel) -> None:
    path = f"/spaces/{house.room_spaces[0]}"
    answer = await house.tenant.delete(path)
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    for unit in (house.room_units[0], house.whole_unit):
        assert (await house.tenant.delete(f"/units/{unit}")).status_code == 204
    assert (await house.tenant.delete(path)).status_code == 204


async def test_nothing_new_is_built_in_an_archived_house(house: SmallHotel) -> None:
    await house.tenant.delete(f"/houses/{house.house_id}")
    answer = await house.tenant.post(f"/houses/{house.house_id}/spaces", {"name": "Attic"})
    assert (answer.status_code, answer.json()["code"]) == (409, "archived")


async def test_lists_page_sort_filter_and_hide_the_archive(house: SmallHotel) -> None:
    tenant = house.tenant
    first = (await tenant.get("/units", house_id=str(house.house_id), limit=2, sort="-name")).json()
    assert [each["name"] for each in first["items"]] == ["Whole house", "Room 4"]
    assert (first["total"], first["next"]) == (5, 2)
    rest = (await tenant.get("/units", limit=3, offset=2, sort="-name")).json()
    assert [each["name"] for each in rest["items"]] == ["Room 3", "Room 2", "Room 1"]
    assert rest["next"] is None
    assert (await tenant.get("/units", house_id=str(uuid4()))).json()["total"] == 0
    await tenant.delete(f"/units/{house.whole_unit}")
    assert (await tenant.get("/units")).json()["total"] == 4
    assert (await tenant.get("/units", archived="true")).json()["total"] == 5
    wrong = await tenant.get("/units", sort="organisation_id")
    assert wrong.status_code == 422


async def test_the_layout_is_shown_to_staff(house: SmallHotel) -> None:
    shown = (await house.tenant.get(f"/houses/{house.house_id}/layout")).json()
    door = next(lock for lock in shown["locks"] if lock["shared"])
    assert UUID(door["id"]) == house.front_door
    assert {UUID(each) for each in door["unit_ids"]} == {*house.room_units, house.whole_unit}


async def test_what_a_house_owes_its_neighbours_is_set_by_its_host(
    house: SmallHotel, database: Database
) -> None:
    at = f"/houses/{house.house_id}"
    assert (await house.tenant.get(at)).json()["music_rules"]["ceiling"] == 100
    quiet = {"starts_local": "22:00", "ends_local": "08:00", "ceiling": 20}
    rules = {"ceiling": 70, "quiet_hours": [quiet], "explicit": False, "take_turns": True}
    changed = (await house.tenant.patch(at, {"music_rules": rules})).json()["music_rules"]
    assert (changed["ceiling"], changed["quiet_hours"], changed["fade_seconds"]) == (
        70,
        [quiet],
        30,
    )
    async with database.transaction() as session:
        layout = await service.house_layout(session, house.house_id)
    assert MusicRules.model_validate(layout.music_rules) == MusicRules.model_validate(rules)


async def test_a_house_is_found_in_its_own_network_where_its_host_says(
    house: SmallHotel, database: Database
) -> None:
    at = f"/houses/{house.house_id}"
    assert (await house.tenant.get(at)).json()["lan_addresses"] == []
    said = ["casa.local", "http://192.168.1.20:8480", "http://[fd00::20]"]
    changed = (await house.tenant.patch(at, {"lan_addresses": said})).json()["lan_addresses"]
    assert changed == ["http://casa.local", "http://192.168.1.20:8480", "http://[fd00::20]"]
    async with database.transaction() as session:
        layout = await service.house_layout(session, house.house_id)
    assert list(layout.lan_addresses) == changed
    refused = await house.tenant.patch(at, {"lan_addresses": ["http://casa.example.org"]})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    "rules",
    [
        {"ceiling": 101},
        {"quiet_hours": [{"starts_local": "25:00", "ends_local": "08:00", "ceiling": 20}]},
        {"fade_seconds": -1},
        {"surprise": 1},
    ],
)
async def test_impossible_music_rules_are_refused(
    house: SmallHotel, rules: dict[str, object]
) -> None:
    answer = await house.tenant.patch(f"/houses/{house.house_id}", {"music_rules": rules})
    assert answer.status_code == 422
