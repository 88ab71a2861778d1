"""How do people keep codes and discounts, who may, and is each deed on record?"""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from cloud_api.accounts.types import Role
from cloud_api.kit.db import Database
from tests.builders import HandClock, JsonDict, join
from tests.cloud_api.pricing.discounts.stage import Desk, percent, usd


async def _record(database: Database, desk: Desk) -> list[tuple[str, str]]:
    """Every deed about discounts, as (what was done, to which)."""
    statement = text(
        "SELECT action, object_id FROM audit_log WHERE organisation_id = :id"
        " AND object_type ~ 'discount|dynamic' ORDER BY id"
    )
    async with database.reading() as session:
        rows = await session.execute(statement, {"id": desk.hotel.organisation_id})
        return [(row.action, str(row.object_id)) for row in rows]


def _words(answer: JsonDict) -> list[str]:
    return [each["code"] for each in answer["items"]]


async def test_codes_are_listed_by_pages_sorted_and_filtered(desk: Desk) -> None:
    for word in ("AUTUMN", "SPRING", "SUMMER"):
        await desk.code(code=word, note=f"for {word.lower()}", active=word != "SPRING")
    tenant = desk.hotel.tenant
    first = (await tenant.get("/discount-codes", sort="code", limit=2)).json()
    assert (_words(first), first["total"], first["next"]) == (["AUTUMN", "SPRING"], 3, 2)
    rest = (await tenant.get("/discount-codes", sort="code", limit=2, offset=2)).json()
    assert (_words(rest), rest["next"]) == (["SUMMER"], None)
    assert _words((await tenant.get("/discount-codes", sort="-code")).json())[0] == "SUMMER"
    assert _words((await tenant.get("/discount-codes", query="mm")).json()) == ["SUMMER"]
    assert _words((await tenant.get("/discount-codes", query="for aut")).json()) == ["AUTUMN"]
    assert _words((await tenant.get("/discount-codes", active="false")).json()) == ["SPRING"]
    assert _words((await tenant.get("/discount-codes", origin="simple")).json()) == []
    here = str(desk.hotel.property_id)
    assert (await tenant.get("/discount-codes", property_id=here)).json()["total"] == 3
    assert (await tenant.get("/discount-codes", property_id=str(uuid4()))).json()["total"] == 0
    assert (await tenant.get("/discount-codes", sort="secret")).status_code == 422


async def test_a_change_leaves_what_it_does_not_name(desk: Desk) -> None:
    made = await desk.code(minimum=usd(3_000), usage_limit=5)
    path = f"/discount-codes/{made['id']}"
    changed = (await desk.hotel.tenant.patch(path, {"off": {"fixed": usd(900)}})).json()
    assert changed["off"]["fixed"] == usd(900)
    assert changed["off"]["percent"] is None
    assert (changed["minimum"], changed["usage_limit"]) == (usd(3_000), 5)
    cleared = (await desk.hotel.tenant.patch(path, {"usage_limit": None})).json()
    assert (cleared["minimum"], cleared["usage_limit"]) == (usd(3_000), None)


async def test_the_word_of_an_archived_code_is_free_again(desk: Desk) -> None:
    made = await desk.code()
    path = f"/discount-codes/{made['id']}"
    assert (await desk.hotel.tenant.delete(path)).status_code == 204
    assert (await desk.hotel.tenant.get(path)).status_code == 404
    assert await desk.reasons(code="SUN") == {"SUN": "unknown_code"}
    assert (await desk.code())["id"] != made["id"]


async def test_the_same_request_twice_makes_one_code(desk: Desk) -> None:
    tenant, key = desk.hotel.tenant, {"idempotency-key": "one"}
    body = {"percent": "10"}
    first = await tenant.post("/discount-codes/simple", body, headers=key)
    again = await tenant.post("/discount-codes/simple", body, headers=key)
    assert first.json() == again.json()
    assert (await tenant.get("/discount-codes")).json()["total"] == 1


async def test_a_simple_code_is_for_one_use_in_every_property(desk: Desk, clock: HandClock) -> None:
    other = await desk.hotel.tenant.made("/properties", {"name": "Inland", "region": "PE"})
    made = await desk.hotel.tenant.made("/discount-codes/simple", {})
    assert re.fullmatch(r"SIMPLE[A-Z0-9]{6}", made["code"])
    assert (made["origin"], made["usage_limit"], made["never_works"]) == ("simple", 1, [])
    assert set(made["property_ids"]) == {str(desk.hotel.property_id), other["id"]}
    assert Decimal(made["off"]["percent"]) == 10
    in_a_week = clock.utc_now().date() + timedelta(days=7)
    assert made["valid_until"] == in_a_week.isoformat()
    today = clock.utc_now().date().isoformat()
    assert await desk.amount(code=made["code"], today=today) == 4_000


async def test_a_simple_code_lives_a_day_to_a_year_and_gives_up_to_everything(desk: Desk) -> None:
    tenant = desk.hotel.tenant
    for body in ({"valid_days": 0}, {"valid_days": 366}, {"percent": "0"}, {"percent": "101"}):
        assert (await tenant.post("/discount-codes/simple", body)).status_code == 422
    for body in ({"valid_days": 365}, {"percent": "100"}):
        assert (await tenant.post("/discount-codes/simple", body)).status_code == 201


async def _config(desk: Desk, **fields: object) -> JsonDict:
    body: dict[str, Any] = {
        "name": "Welcome",
        "prefix": "hi-",
        "percent": "15",
        "property_ids": [str(desk.hotel.property_id)],
        **fields,
    }
    return await desk.hotel.tenant.made("/dynamic-code-configs", body)


async def test_a_dynamic_code_is_made_as_its_configuration_says(
    desk: Desk, clock: HandClock
) -> None:
    made = await _config(desk)
    assert (made["valid_days"], made["minimum"], made["usage_limit"]) == (7, usd(3_000), 1)
    code = await desk.hotel.tenant.made("/discount-codes/dynamic", {"config_name": "welcome"})
    assert re.fullmatch(r"HI-[A-Z0-9]{6}", code["code"])
    assert (code["origin"], code["minimum"], code["usage_limit"]) == ("dynamic", usd(3_000), 1)
    assert code["off"]["percent"] == "15.00"
    assert code["property_ids"] == [str(desk.hotel.property_id)]
    in_a_week = clock.utc_now().date() + timedelta(days=7)
    assert code["valid_until"] == in_a_week.isoformat()


async def test_a_dynamic_code_needs_a_configuration_that_is_known_active_and_has_properties(
    desk: Desk,
) -> None:
    tenant = desk.hotel.tenant
    missing = await tenant.post("/discount-codes/dynamic", {})
    unknown = await tenant.post("/discount-codes/dynamic", {"config_name": "Nothing"})
    assert (missing.status_code, unknown.status_code) == (422, 404)
    made = await _config(desk, property_ids=[])
    useless = await tenant.post("/discount-codes/dynamic", {"config_name": "Welcome"})
    assert (useless.status_code, useless.json()["code"]) == (409, "codes_unusable")
    path = f"/dynamic-code-configs/{made['id']}"
    here = [str(desk.hotel.property_id)]
    assert (await tenant.patch(path, {"property_ids": here, "active": False})).status_code == 200
    asleep = await tenant.post("/discount-codes/dynamic", {"config_name": "Welcome"})
    assert asleep.json()["code"] == "codes_unusable"


async def test_two_configurations_do_not_share_a_name(desk: Desk) -> None:
    await _config(desk)
    again = {"name": "WELCOME", "prefix": "X", "percent": "5"}
    answer = await desk.hotel.tenant.post("/dynamic-code-configs", again)
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")


async def test_a_levels_discount_is_replaced_and_dropped(desk: Desk) -> None:
    gold = str(uuid4())
    await desk.level(gold, percent="12")
    await desk.level(gold, percent="20")
    tenant = desk.hotel.tenant
    listed = (await tenant.get("/referral-discounts")).json()
    assert [each["percent"] for each in listed["items"]] == ["20.00"]
    assert (await tenant.delete(f"/referral-discounts/{gold}")).status_code == 204
    assert (await tenant.delete(f"/referral-discounts/{gold}")).status_code == 404
    assert (await tenant.get("/referral-discounts")).json()["total"] == 0
    await desk.level(gold)
    assert (await tenant.get("/referral-discounts")).json()["total"] == 1


async def test_unknown_fields_are_refused(desk: Desk) -> None:
    body = {"code": "SUN", "off": percent("10"), "stackable": True}
    assert (await desk.hotel.tenant.post("/discount-codes", body)).status_code == 422


async def test_every_deed_is_on_record(desk: Desk, database: Database) -> None:
    tenant = desk.hotel.tenant
    code, automatic, config = await desk.code(), await desk.automatic(), await _config(desk)
    simple = await tenant.made("/discount-codes/simple", {})
    dynamic = await tenant.made("/discount-codes/dynamic", {"config_name": "Welcome"})
    await desk.level(str(uuid4()))
    for path, made in (
        ("discount-codes", code),
        ("automatic-discounts", automatic),
        ("dynamic-code-configs", config),
    ):
        await tenant.patch(f"/{path}/{made['id']}", {"active": False})
        await tenant.delete(f"/{path}/{made['id']}")
    done = await _record(database, desk)
    assert [action.removeprefix("pricing.") for action, _ in done] == [
        "discount_code_created",
        "automatic_discount_created",
        "dynamic_codes_created",
        "discount_code_created",
        "discount_code_created",
        "referral_discount_set",
        *["discount_code_changed"] * 2,
        *["automatic_discount_changed"] * 2,
        *["dynamic_codes_changed"] * 2,
    ]
    assert [object_id for _, object_id in done[3:5]] == [simple["id"], dynamic["id"]]


async def test_reception_reads_discounts_and_a_cleaner_does_not(
    desk: Desk, database: Database
) -> None:
    tenant = desk.hotel.tenant
    for role, reads in ((Role.RECEPTION, 200), (Role.CLEANER, 403)):
        person = await join(
            database, tenant.client, organisation_id=tenant.organisation_id, role=role
        )
        assert (await person.get("/discount-codes")).status_code == reads
        assert (await person.post("/discount-codes/simple", {})).status_code == 403
        assert (
            await person.put(f"/referral-discounts/{uuid4()}", {"percent": "5"})
        ).status_code == 403


async def test_another_organisation_changes_nothing_here(desk: Desk, other_desk: Desk) -> None:
    made = await desk.automatic()
    path = f"/automatic-discounts/{made['id']}"
    assert (await other_desk.hotel.tenant.patch(path, {"active": False})).status_code == 404
    assert (await other_desk.hotel.tenant.delete(path)).status_code == 404
    assert (await other_desk.hotel.tenant.get("/automatic-discounts")).json()["total"] == 0
    assert await desk.amount() == 4_000
