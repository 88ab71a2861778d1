"""How are codes made, listed and changed, by whom, and is it on record?"""

import re
from datetime import timedelta
from uuid import uuid4

from fastapi import FastAPI

from cloud_api.accounts.types import Role
from cloud_api.kit.db import Database
from tests.builders import HandClock, JsonDict, client_of, join
from tests.cloud_api.pricing.discounts.stage import Desk, percent, usd


async def test_a_simple_code_is_for_one_use_in_every_property(desk: Desk, clock: HandClock) -> None:
    tenant = desk.hotel.tenant
    other = await tenant.made("/properties", {"name": "Inland", "region": "PE"})
    made = await tenant.made("/discount-codes/simple", {})
    assert re.fullmatch(r"SIMPLE[A-Z0-9]{6}", made["code"])
    assert (made["off"]["percent"], made["usage_limit"]) == ("10.00", 1)
    assert set(made["property_ids"]) == {str(desk.hotel.property_id), other["id"]}
    today = clock.now.date()
    assert made["valid_until"] == str(today + timedelta(days=7))
    assert await desk.amount(code=made["code"], today=str(today)) == 4_000


async def test_a_simple_code_lives_a_year_at_most_and_gives_everything_at_most(
    desk: Desk,
) -> None:
    tenant = desk.hotel.tenant
    for wrong in ({"valid_days": 0}, {"valid_days": 366}, {"percent": "0"}, {"percent": "101"}):
        assert (await tenant.post("/discount-codes/simple", wrong)).status_code == 422
    made = await tenant.made("/discount-codes/simple", {"valid_days": 365, "percent": "100"})
    assert made["off"]["percent"] == "100.00"


async def test_a_simple_code_needs_a_property(cloud_app: FastAPI, desk: Desk) -> None:
    del cloud_app
    tenant = desk.hotel.tenant
    await tenant.delete(f"/properties/{desk.hotel.property_id}")
    answer = await tenant.post("/discount-codes/simple", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "codes_unusable")


async def test_a_dynamic_code_is_made_as_its_configuration_says(
    desk: Desk, clock: HandClock
) -> None:
    tenant = desk.hotel.tenant
    properties = [str(desk.hotel.property_id)]
    body = {"name": "Newsletter", "prefix": "news", "percent": "8", "property_ids": properties}
    config = await tenant.made("/dynamic-code-configs", body)
    assert (config["valid_days"], config["usage_limit"], config["minimum"]) == (7, 1, usd(3_000))
    made = await tenant.made("/discount-codes/dynamic", {"config_name": "newsletter"})
    assert re.fullmatch(r"NEWS[A-Z0-9]{6}", made["code"])
    assert (made["origin"], made["usage_limit"], made["minimum"]) == ("dynamic", 1, usd(3_000))
    assert made["property_ids"] == properties
    assert made["valid_until"] == str(clock.now.date() + timedelta(days=7))


async def test_a_dynamic_code_needs_a_known_configuration_with_properties(desk: Desk) -> None:
    tenant = desk.hotel.tenant
    assert (await tenant.post("/discount-codes/dynamic", {})).status_code == 422
    unknown = await tenant.post("/discount-codes/dynamic", {"config_name": "nobody"})
    assert unknown.status_code == 404
    await tenant.made("/dynamic-code-configs", {"name": "Empty", "prefix": "E", "percent": "8"})
    empty = await tenant.post("/discount-codes/dynamic", {"config_name": "Empty"})
    assert (empty.status_code, empty.json()["code"]) == (409, "codes_unusable")


async def test_two_configurations_do_not_share_a_name(desk: Desk) -> None:
    tenant = desk.hotel.tenant
    await tenant.made("/dynamic-code-configs", {"name": "News", "prefix": "N", "percent": "8"})
    body = {"name": "NEWS", "prefix": "M", "percent": "8"}
    again = await tenant.post("/dynamic-code-configs", body)
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")


async def test_the_list_of_codes_is_paged_filtered_and_sorted(desk: Desk) -> None:
    tenant = desk.hotel.tenant
    for word in ("AAA", "BBB", "CCC"):
        await desk.code(code=word, active=word != "BBB")
    await desk.code(code="DDD", property_ids=[], note="for Rosa")

    async def codes(**params: str | int) -> list[str]:
        found = (await tenant.get("/discount-codes", **params)).json()
        return [each["code"] for each in found["items"]]

    assert await codes(sort="code", limit=2, offset=1) == ["BBB", "CCC"]
    assert await codes(query="rosa") == ["DDD"]
    assert await codes(query="bb") == ["BBB"]
    assert await codes(active="false") == ["BBB"]
    here = await codes(property_id=str(desk.hotel.property_id), sort="-code")
    assert here == ["CCC", "BBB", "AAA"]


async def test_an_archived_code_is_gone_and_its_word_is_free(desk: Desk) -> None:
    made = await desk.code()
    path = f"/discount-codes/{made['id']}"
    assert (await desk.hotel.tenant.delete(path)).status_code == 204
    assert (await desk.hotel.tenant.get(path)).status_code == 404
    assert await desk.reasons(code="SUN") == {"SUN": "unknown_code"}
    assert (await desk.code())["id"] != made["id"]


async def test_a_code_is_changed_but_for_its_word(desk: Desk) -> None:
    made = await desk.code(minimum=usd(100))
    path = f"/discount-codes/{made['id']}"
    change = {"off": {"fixed": usd(500)}, "minimum": None}
    changed = (await desk.hotel.tenant.patch(path, change)).json()
    assert changed["off"] == {"percent": None, "fixed": usd(500), "cap": None}
    assert changed["minimum"] is None
    assert (await desk.hotel.tenant.patch(path, {"code": "MOON"})).status_code == 422


async def test_a_level_gives_what_was_set_last_until_it_is_dropped(desk: Desk) -> None:
    tenant, gold = desk.hotel.tenant, str(uuid4())
    await desk.level(gold, percent="5")
    await desk.level(gold, percent="9")
    (only,) = (await tenant.get("/referral-discounts")).json()["items"]
    assert (only["achievement_id"], only["percent"]) == (gold, "9.00")
    assert (await tenant.delete(f"/referral-discounts/{gold}")).status_code == 204
    assert (await tenant.delete(f"/referral-discounts/{gold}")).status_code == 404
    assert (await tenant.get("/referral-discounts")).json()["items"] == []


async def test_the_desk_reads_discounts_and_a_cleaner_does_not(
    desk: Desk, database: Database, cloud_app: FastAPI
) -> None:
    organisation = desk.hotel.organisation_id
    seen = {}
    for role in (Role.RECEPTION, Role.READ_ONLY, Role.CLEANER):
        client = client_of(cloud_app)
        person = await join(database, client, organisation_id=organisation, role=role)
        reading = (await person.get("/automatic-discounts")).status_code
        body = {"code": "OWN", "off": percent("10")}
        seen[role] = (reading, (await person.post("/discount-codes", body)).status_code)
    assert seen == {
        Role.RECEPTION: (200, 403),
        Role.READ_ONLY: (200, 403),
        Role.CLEANER: (403, 403),
    }


async def test_every_deed_at_the_discounts_is_on_record(desk: Desk) -> None:
    tenant, gold = desk.hotel.tenant, str(uuid4())
    here = [str(desk.hotel.property_id)]
    code = await desk.code()
    await tenant.patch(f"/discount-codes/{code['id']}", {"note": "x"})
    await tenant.delete(f"/discount-codes/{code['id']}")
    await tenant.made("/discount-codes/simple", {})
    discount = await desk.automatic()
    await tenant.patch(f"/automatic-discounts/{discount['id']}", {"active": False})
    await tenant.delete(f"/automatic-discounts/{discount['id']}")
    await desk.level(gold)
    await tenant.delete(f"/referral-discounts/{gold}")
    config: JsonDict = {"name": "News", "prefix": "N", "percent": "8", "property_ids": here}
    made = await tenant.made("/dynamic-code-configs", config)
    await tenant.patch(f"/dynamic-code-configs/{made['id']}", {"prefix": "M"})
    await tenant.made("/discount-codes/dynamic", {"config_name": "News"})
    await tenant.delete(f"/dynamic-code-configs/{made['id']}")
    await desk.trial()
    lines = (await tenant.get("/audit", limit=200)).json()["items"]
    ours = [each for each in lines if each["action"].startswith("pricing.")]
    assert {each["actor_id"] for each in ours} == {str(tenant.staff_id)}
    assert [each["action"].removeprefix("pricing.") for each in reversed(ours)] == [
        "discount_code_created",
        "discount_code_changed",
        "discount_code_changed",
        "discount_code_created",
        "automatic_discount_created",
        "automatic_discount_changed",
        "automatic_discount_changed",
        "referral_discount_set",
        "referral_discount_set",
        "dynamic_codes_created",
        "dynamic_codes_changed",
        "discount_code_created",
        "dynamic_codes_changed",
    ]
