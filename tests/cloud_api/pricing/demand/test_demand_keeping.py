"""How do people keep towns, halls, numbers and the key, who may, and is it on record?"""

from uuid import uuid4

from sqlalchemy import text

from cloud_api.accounts.types import Role
from tests.builders import Tenant, join
from tests.cloud_api.pricing.demand.stage import KEY, Town


async def test_the_numbers_have_defaults(town: Town) -> None:
    found = (await town.tenant.get("/demand/settings")).json()
    assert (found["base"], found["sold_out"], found["unpriced_major"]) == (15, 50, 15)
    assert (found["critical_from"], found["high_from"], found["medium_from"]) == (80, 60, 40)
    assert found["critical_price"] == {"minor": 200_00, "currency": "GBP"}
    assert [(each["above"], each["points"]) for each in found["steps"]] == [
        (100, 35),
        (75, 28),
        (50, 22),
        (30, 12),
        (15, 5),
    ]
    assert (found["short_list"], found["horizon_days"]) == (10, 365)


async def test_other_numbers_judge_every_event_anew_without_asking(town: Town) -> None:
    town.gig()
    await town.ask()
    asked = len(town.stage.journal)
    body = {"base": 70, "high_price": {"minor": 500_00, "currency": "PEN"}}
    assert (await town.tenant.put("/demand/settings", body)).status_code == 200
    found = await town.only()
    assert (found["score"], found["level"]) == (70, "high")
    assert found["suggested"] == {"minor": 500_00, "currency": "PEN"}
    assert len(town.stage.journal) == asked
    assert (await town.tenant.get("/demand/settings")).json()["base"] == 70


async def test_levels_that_stand_below_each_other_are_refused(town: Town) -> None:
    answer = await town.tenant.put("/demand/settings", {"medium_from": 90})
    assert answer.status_code == 422


async def test_a_hall_that_is_minded_judges_its_events_anew(town: Town) -> None:
    town.gig(venue="The Arena")
    await town.ask()
    assert (await town.only())["score"] == 15
    hall = await town.venue()
    found = await town.only()
    assert (found["score"], found["venue_id"]) == (70, hall["id"])
    path = f"/demand/venues/{hall['id']}"
    own = {"minor": 777_00, "currency": "GBP"}
    changed = (await town.tenant.patch(path, {"bonus": 25, "price": own})).json()
    assert (changed["bonus"], changed["price"], changed["name"]) == (25, own, "Arena")
    found = await town.only()
    assert (found["score"], found["suggested"]) == (55, own)
    await town.tenant.patch(path, {"price": None})
    assert (await town.only())["suggested"]["minor"] == 100_00
    assert (await town.tenant.delete(path)).status_code == 204
    found = await town.only()
    assert (found["score"], found["venue_id"]) == (15, None)


async def test_a_hall_is_asked_for_by_itself_while_it_is_minded_and_has_an_id(town: Town) -> None:
    hall = await town.venue()
    assert await town.ask() == 2
    await town.tenant.patch(f"/demand/venues/{hall['id']}", {"priority": False})
    assert await town.ask_again() == 1
    await town.tenant.patch(f"/demand/venues/{hall['id']}", {"priority": True})
    assert await town.ask_again() == 2


async def test_a_town_is_watched_once_and_a_hall_minded_once(town: Town) -> None:
    body = {"city": "MANCHESTER", "country": "GB", "property_ids": town.place["property_ids"]}
    again = await town.tenant.post("/demand/places", body)
    assert (again.status_code, again.json()["code"]) == (409, "place_taken")
    await town.venue()
    again = await town.tenant.post(
        "/demand/venues", {"place_id": town.place["id"], "name": "ARENA"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "venue_taken")


async def test_a_town_is_watched_for_properties_that_are_ours(town: Town) -> None:
    body = {"city": "Leeds", "country": "GB", "property_ids": [str(uuid4())]}
    assert (await town.tenant.post("/demand/places", body)).status_code == 404
    path = f"/demand/places/{town.place['id']}"
    strange = {"property_ids": [str(uuid4())]}
    assert (await town.tenant.patch(path, strange)).status_code == 404


async def test_a_town_that_is_watched_no_more_is_not_asked_for_and_its_events_are_gone(
    town: Town,
) -> None:
    town.gig()
    await town.ask()
    assert (await town.tenant.delete(f"/demand/places/{town.place['id']}")).status_code == 204
    assert await town.ask_again() == 0
    assert await town.listed() == []
    assert (await town.tenant.get("/demand/places")).json()["total"] == 0


async def test_the_key_rests_encrypted_and_is_shown_masked(town: Town) -> None:
    assert (await town.account())["api_key"] == "****test"
    async with town.database.reading() as session:
        rests = await session.scalar(text("SELECT api_key FROM demand_settings"))
        record = list(await session.scalars(text("SELECT to_jsonb(a)::text FROM audit_log a")))
    assert KEY.encode() not in bytes(rests)
    assert not [line for line in record if KEY in line]
    await town.tenant.put("/demand/account", {"api_key": "short"})
    assert (await town.account())["api_key"] == "****"
    await town.tenant.delete("/demand/account")
    assert (await town.account())["api_key"] is None


async def test_every_deed_is_on_record(town: Town) -> None:
    hall = await town.venue()
    await town.tenant.put("/demand/settings", {})
    place = f"/demand/places/{town.place['id']}"
    await town.tenant.patch(place, {"property_ids": town.place["property_ids"]})
    await town.tenant.patch(f"/demand/venues/{hall['id']}", {"bonus": 1})
    await town.tenant.delete(f"/demand/venues/{hall['id']}")
    await town.tenant.delete(place)
    await town.tenant.delete("/demand/account")
    statement = text("SELECT action FROM audit_log WHERE object_type ~ '^demand' ORDER BY id")
    async with town.database.reading() as session:
        done = list(await session.scalars(statement))
    assert [each.removeprefix("pricing.demand_") for each in done] == [
        "account_kept",
        "place_kept",
        "venue_kept",
        "configured",
        "place_kept",
        "venue_kept",
        "venue_kept",
        "place_kept",
        "account_kept",
    ]


async def test_reading_and_keeping_need_the_rights_for_prices(town: Town, stranger: Tenant) -> None:
    organisation_id = town.tenant.organisation_id
    reader, cleaner = [
        await join(town.database, town.tenant.client, organisation_id=organisation_id, role=role)
        for role in (Role.READ_ONLY, Role.CLEANER)
    ]
    assert (await reader.get("/demand/account")).status_code == 200
    assert (await reader.put("/demand/account", {"api_key": "x"})).status_code == 403
    assert (await cleaner.get("/demand/places")).status_code == 403
    path = f"/demand/places/{town.place['id']}"
    assert (await stranger.delete(path)).status_code == 404
    assert (await stranger.get("/demand/places")).json()["total"] == 0
