"""How do people keep their prices?"""

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud_api.accounts.types import Role
from cloud_api.kit.db import Database
from tests.builders import JsonDict, Tenant, join
from tests.cloud_api.pricing.counter import Counter

PRICE = {"minor": 100_00, "currency": "PEN"}
FOUR = dict.fromkeys(("low_weekday", "low_weekend", "high_weekday", "high_weekend"), 50_00)


def _entries(counter: Counter) -> dict[str, JsonDict]:
    return {
        "/seasons": {
            "name": "Summer",
            "level": "high",
            "start_month": 12,
            "start_day": 15,
            "end_month": 3,
            "end_day": 15,
        },
        "/special-dates": {
            "property_id": counter.place,
            "name": "New Year",
            "month": 12,
            "day": 31,
            "price": PRICE,
        },
        "/services": {"name": "Boat", "price": PRICE},
        "/cancellation-policies": {"name": "Kind", "days_before": 7, "refund_percent": "50"},
    }


async def test_a_property_nobody_configured_has_the_defaults(counter: Counter) -> None:
    found = (await counter.hotel.tenant.get(f"/properties/{counter.place}/pricing")).json()
    assert found["weekend"] == [4, 5]
    assert (found["deposit_percent"], found["high_season_factor"]) == ("30", "1.5")
    assert (found["currency"], found["charges"], found["late_check_out"]) == (None, [], [])
    offered = {each["weekday"]: (each["allowed"], each["cut"]) for each in found["offered_hours"]}
    assert offered[0] == (True, "10")
    assert (offered[4], offered[5]) == ((False, "0"), (False, "0"))
    assert offered[6] == (True, "15")


async def test_what_is_not_named_in_a_change_stays(counter: Counter) -> None:
    await counter.configure(deposit_percent="45.5", weekend=[6, 5])
    found = await counter.configure(rounding=100)
    assert (found["deposit_percent"], found["weekend"], found["rounding"]) == ("45.5", [5, 6], 100)


@pytest.mark.parametrize(
    "changes",
    [
        {"deposit_percent": "101"},
        {"deposit_percent": None},
        {"rounding": 0},
        {"weekend": [7]},
        {"charges": [{"name": "VAT", "kind": "percent", "amount": PRICE}]},
        {"charges": [{"name": "VAT", "kind": "percent", "percent": "9", "per": "night"}]},
        {"charges": [{"name": "Fee", "kind": "fixed", "percent": "9"}]},
        {"late_check_out": [{"weekday": 1, "allowed": True}] * 2},
        {"late_check_out": [{"weekday": 1, "allowed": True, "cut": "101"}]},
        {"colour": "red"},
    ],
)
async def test_conventions_that_make_no_sense_are_refused(
    counter: Counter, changes: JsonDict
) -> None:
    answer = await counter.hotel.tenant.patch(f"/properties/{counter.place}/pricing", changes)
    assert answer.status_code == 422, answer.text


async def test_a_units_prices_are_set_read_and_removed(counter: Counter) -> None:
    tenant, path = counter.hotel.tenant, f"/units/{counter.room}/price"
    assert (await tenant.get(path)).status_code == 404
    told = {"currency": "PEN", **FOUR, "extra_person": 10_00, "fixed": False}
    assert (await tenant.put(path, told)).status_code == 200
    assert told.items() <= (await tenant.get(path)).json().items()
    assert (await counter.quote(0, 1, guests=2))["total"]["minor"] == 60_00
    assert (await tenant.delete(path)).status_code == 204
    assert (await counter.quote(0, 1, guests=2))["total"]["minor"] == 240_00


async def test_a_units_night_prices_are_told_all_or_none(counter: Counter) -> None:
    path = f"/units/{counter.room}/price"
    answer = await counter.hotel.tenant.put(path, {"currency": "PEN", "low_weekday": 1})
    assert answer.status_code == 422


async def test_every_kind_of_entry_is_made_listed_changed_and_put_into_the_archive(
    counter: Counter,
) -> None:
    tenant = counter.hotel.tenant
    for path, body in _entries(counter).items():
        made = await tenant.made(path, body)
        listed = (await tenant.get(path)).json()
        assert (listed["total"], listed["items"]) == (1, [made]), path
        at = f"{path}/{made['id']}"
        changed = await tenant.patch(at, {"name": "Another"})
        assert changed.json() == {**made, "name": "Another"}
        assert (await tenant.delete(at)).status_code == 204
        assert (await tenant.get(path)).json()["total"] == 0
        assert (await tenant.get(path, archived="true")).json()["total"] == 1
        assert (await tenant.patch(at, {"archived": False})).json()["archived_at"] is None


async def test_a_season_in_the_archive_does_not_count(counter: Counter) -> None:
    season = await counter.made(
        "/seasons", name="All year", level="high",
        start_month=1, start_day=1, end_month=12, end_day=31,
    )  # fmt: skip
    assert (await counter.quote(0, 1))["total"]["minor"] == 360_00
    await counter.hotel.tenant.delete(f"/seasons/{season['id']}")
    assert (await counter.quote(0, 1))["total"]["minor"] == 240_00


async def test_a_season_of_another_property_does_not_count(counter: Counter) -> None:
    other = await counter.made("/properties", name="Inland", region="PE")
    await counter.made(
        "/seasons", name="Theirs", level="high", property_id=other["id"],
        start_month=1, start_day=1, end_month=12, end_day=31,
    )  # fmt: skip
    assert (await counter.quote(0, 1))["total"]["minor"] == 240_00


async def test_a_day_of_the_year_that_does_not_exist_is_refused(counter: Counter) -> None:
    tenant, entries = counter.hotel.tenant, _entries(counter)
    wrong = {**entries["/special-dates"], "month": 2, "day": 30}
    assert (await tenant.post("/special-dates", wrong)).status_code == 422
    season = await tenant.made("/seasons", entries["/seasons"])
    answer = await tenant.patch(f"/seasons/{season['id']}", {"end_month": 2, "end_day": 31})
    assert answer.status_code == 422


async def test_one_special_date_a_day_and_one_default_policy_a_place(counter: Counter) -> None:
    tenant, entries = counter.hotel.tenant, _entries(counter)
    first = await tenant.made("/special-dates", entries["/special-dates"])
    again = await tenant.post("/special-dates", entries["/special-dates"])
    assert (again.status_code, again.json()["code"]) == (409, "price_exists")
    await tenant.delete(f"/special-dates/{first['id']}")
    await tenant.made("/special-dates", entries["/special-dates"])
    default = {**entries["/cancellation-policies"], "is_default": True}
    await tenant.made("/cancellation-policies", default)
    assert (await tenant.post("/cancellation-policies", default)).status_code == 409
    await tenant.made("/cancellation-policies", {**default, "property_id": counter.place})


async def test_a_special_dates_unit_must_stand_in_its_property(counter: Counter) -> None:
    other = await counter.made("/properties", name="Inland", region="PE")
    body = {
        **_entries(counter)["/special-dates"],
        "property_id": other["id"],
        "unit_id": counter.room,
    }
    assert (await counter.hotel.tenant.post("/special-dates", body)).status_code == 404


@pytest.mark.parametrize("deed", ["UPDATE {} SET value = 1", "DELETE FROM {}"])
async def test_the_database_itself_refuses_to_change_the_history_of_rates(
    counter: Counter, database: Database, deed: str
) -> None:
    await counter.made("/exchange-rates", base="USD", quote="PEN", value="3.8")
    with pytest.raises(DBAPIError, match="never changed"):
        async with database.transaction() as session:
            await session.execute(text(deed.format("pricing_exchange_rates")))


async def test_the_history_of_a_rate_is_kept_and_never_changed(counter: Counter) -> None:
    tenant = counter.hotel.tenant
    for value in ("3.7", "3.8"):
        await counter.made("/exchange-rates", base="USD", quote="PEN", value=value)
        counter.clock.now += counter.clock.now.resolution
    listed = (await tenant.get("/exchange-rates", base="USD")).json()
    assert [each["value"] for each in listed["items"]] == ["3.8", "3.7"]
    at = f"/exchange-rates/{listed['items'][0]['id']}"
    for method in (tenant.delete(at), tenant.patch(at, {"value": "1"})):
        assert (await method).status_code in {404, 405}


@pytest.mark.parametrize("value", ["0", "-1", "abc"])
async def test_a_rate_is_a_positive_number_between_two_currencies(
    counter: Counter, value: str
) -> None:
    body = {"base": "USD", "quote": "PEN", "value": value}
    assert (await counter.hotel.tenant.post("/exchange-rates", body)).status_code == 422
    same = {"base": "USD", "quote": "USD", "value": "1"}
    assert (await counter.hotel.tenant.post("/exchange-rates", same)).status_code == 422


async def test_another_organisation_neither_sees_nor_changes_prices(
    counter: Counter, stranger: Tenant
) -> None:
    for path, body in _entries(counter).items():
        made = await counter.hotel.tenant.made(path, body)
        at = f"{path}/{made['id']}"
        assert (await stranger.get(path)).json()["total"] == 0
        assert (await stranger.get(at)).status_code == 404
        assert (await stranger.patch(at, {"name": "Mine"})).status_code == 404
        assert (await stranger.delete(at)).status_code == 404
        theirs = await stranger.post(
            path,
            {**body, "property_id": counter.place}
            if path != "/services"
            else {**body, "property_ids": [counter.place]},
        )
        assert theirs.status_code == 404
    for path in (f"/properties/{counter.place}/pricing", f"/units/{counter.room}/price"):
        assert (await stranger.get(path)).status_code == 404
    assert (await stranger.patch(f"/properties/{counter.place}/pricing", {})).status_code == 404
    put = await stranger.put(f"/units/{counter.room}/price", {"currency": "PEN", **FOUR})
    assert put.status_code == 404


async def test_a_general_season_or_rate_of_another_organisation_does_not_count(
    counter: Counter, stranger: Tenant
) -> None:
    await stranger.made(
        "/seasons",
        {**_entries(counter)["/seasons"], "start_month": 1, "start_day": 1, "end_month": 12},
    )
    await stranger.made("/exchange-rates", {"base": "USD", "quote": "PEN", "value": "4"})
    await stranger.made("/services", {"name": "Toll", "mandatory": True, "price": PRICE})
    await counter.configure(second_currency="USD")
    made = await counter.quote(0, 1)
    assert (made["total"]["minor"], made["second_totals"]) == (240_00, None)


async def test_reception_reads_prices_and_owners_and_managers_change_them(
    counter: Counter, database: Database
) -> None:
    path = f"/properties/{counter.place}/pricing"
    for role, may_read, may_write in (
        (Role.MANAGER, True, True),
        (Role.RECEPTION, True, False),
        (Role.READ_ONLY, True, False),
        (Role.CLEANER, False, False),
    ):
        person = await join(
            database, counter.http, organisation_id=counter.hotel.organisation_id, role=role
        )
        assert (await person.get(path)).is_success is may_read, role
        assert (await person.patch(path, {"rounding": 5})).is_success is may_write, role


async def test_every_change_of_a_price_is_on_record(counter: Counter) -> None:
    tenant = counter.hotel.tenant
    await counter.configure(rounding=100)
    await tenant.put(f"/units/{counter.room}/price", {"currency": "PEN", **FOUR})
    await tenant.delete(f"/units/{counter.room}/price")
    for path, body in _entries(counter).items():
        made = await tenant.made(path, body)
        await tenant.patch(f"{path}/{made['id']}", {"name": "Another"})
    await counter.made("/exchange-rates", base="USD", quote="PEN", value="3.8")
    listed = (await tenant.get("/audit", limit=50)).json()["items"]
    told = sorted(each["action"] for each in listed if each["action"].startswith("pricing."))
    assert told == [
        "pricing.cancellation_policy_changed",
        "pricing.cancellation_policy_created",
        "pricing.configured",
        "pricing.exchange_rate_added",
        "pricing.season_changed",
        "pricing.season_created",
        "pricing.service_changed",
        "pricing.service_created",
        "pricing.special_date_changed",
        "pricing.special_date_created",
        "pricing.unit_price_removed",
        "pricing.unit_priced",
    ]


async def test_an_entry_that_does_not_exist_is_not_found(counter: Counter) -> None:
    for path in _entries(counter):
        assert (await counter.hotel.tenant.get(f"{path}/{uuid4()}")).status_code == 404
