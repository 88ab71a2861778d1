"""Is somebody found by their number, document and tier, with their stays and payments?"""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from cloud_api.accounts.types import Role
from cloud_api.clients import service
from cloud_api.clients.rules import good_password, membership_of, tier_of
from cloud_api.clients.types import Membership, Tier, TierSettings
from cloud_api.kit.db import Database
from tests.builders import HandClock, JsonDict, SmallHotel, Tenant, join
from tests.desk import Desk

PHONE = "+51987654321"
TIERS = {
    "regular_from": 2,
    "super_above": 3,
    "allowances": {
        tier: {"per_minute": 600, "per_day": 1000} for tier in ("new", "regular", "super")
    },
    "anonymous_per_minute": 60,
}


async def somebody(house: SmallHotel, name: str, *phones: str) -> JsonDict:
    contacts = [{"kind": "phone", "value": each} for each in phones]
    return await house.tenant.made("/clients", {"name": name, "contacts": contacts})


async def visits(database: Database, client_id: str, number: int) -> None:
    for _ in range(number):
        async with database.transaction() as session:
            await service.count_visit(session, UUID(client_id))


@pytest.mark.parametrize(
    "form", ["+51 987 654 321", "987654321", "0051987654321", "(987) 654-321", "tel:+51987654321"]
)
async def test_somebody_is_found_by_any_form_of_their_number(house: SmallHotel, form: str) -> None:
    person = await somebody(house, "Rosa", PHONE)
    await somebody(house, "Ana", "+51987654322")
    found = (await house.tenant.get("/clients/lookup", phone=form)).json()
    assert found["phone"] == PHONE
    assert [each["id"] for each in found["clients"]] == [person["id"]]


async def test_a_number_without_plus_is_of_the_propertys_country(house: SmallHotel) -> None:
    place = await house.tenant.made("/properties", {"name": "Casa", "region": "CL"})
    person = await somebody(house, "Rosa", "+56987654321")
    at = {"phone": "987654321", "property_id": place["id"]}
    found = (await house.tenant.get("/clients/lookup", **at)).json()
    assert [each["id"] for each in found["clients"]] == [person["id"]]
    assert (await house.tenant.get("/clients/lookup", phone="987654321")).json()["clients"] == []


async def test_what_is_no_number_is_said_so(house: SmallHotel) -> None:
    refused = await house.tenant.get("/clients/lookup", phone="call me")
    assert (refused.status_code, refused.json()["code"]) == (422, "contact_invalid")


async def test_the_list_is_narrowed_by_name_contact_tier_and_visits_and_sorted(
    house: SmallHotel, database: Database
) -> None:
    people = {name: await somebody(house, name, f"+5198765432{n}") for n, name in enumerate("ABCD")}
    for name, number in {"A": 3, "B": 4, "C": 10, "D": 11}.items():
        await visits(database, people[name]["id"], number)

    async def names(**wanted: str | int) -> str:
        listed = (await house.tenant.get("/clients", **wanted)).json()["items"]
        return "".join(each["name"] for each in listed)

    assert await names(tier="new") == "A"
    assert await names(tier="regular") == "BC"
    assert await names(tier="super", sort="-visits") == "D"
    assert await names(visits_from=4, visits_until=10, sort="-visits") == "CB"
    assert await names(contact="987 654 323") == "D"
    assert await names(name="b") == "B"
    page = (await house.tenant.get("/clients", limit=1, offset=1, sort="visits")).json()
    assert ([each["name"] for each in page["items"]], page["total"]) == (["B"], 4)


async def test_who_is_super_once_stays_it_whatever_the_bound_becomes(
    house: SmallHotel, database: Database
) -> None:
    person = await somebody(house, "Rosa", PHONE)
    await visits(database, person["id"], 4)
    at = f"/clients/{person['id']}"
    assert (await house.tenant.get(at)).json()["tier"] == "regular"
    await house.tenant.put("/client-tiers", TIERS)
    assert (await house.tenant.get(at)).json()["tier"] == "super"
    await house.tenant.put("/client-tiers", {**TIERS, "super_above": 100})
    assert (await house.tenant.get(at)).json()["tier"] == "super"


async def test_tiers_are_set_by_owners_and_managers_and_make_sense(
    house: SmallHotel, database: Database
) -> None:
    clerk = await reception(house, database)
    assert (await clerk.put("/client-tiers", TIERS)).status_code == 403
    upside_down = {**TIERS, "super_above": 1}
    assert (await house.tenant.put("/client-tiers", upside_down)).status_code == 422


async def reception(house: SmallHotel, database: Database, role: Role = Role.RECEPTION) -> Tenant:
    return await join(
        database, house.tenant.client, organisation_id=house.organisation_id, role=role
    )


async def test_a_document_is_one_persons_however_its_number_is_spelled(house: SmallHotel) -> None:
    rosa, ana = await somebody(house, "Rosa"), await somebody(house, "Ana")
    at = f"/clients/{rosa['id']}/document"
    kept = await house.tenant.put(at, {"type": "dni", "number": "44-556 677a"})
    assert (kept.status_code, kept.json()["document_type"]) == (200, "dni")
    other = f"/clients/{ana['id']}/document"
    taken = await house.tenant.put(other, {"type": "dni", "number": "44556677A"})
    assert (taken.status_code, taken.json()["code"]) == (409, "document_taken")
    passport = await house.tenant.put(other, {"type": "pas", "number": "44556677A"})
    assert passport.status_code == 200
    assert (await house.tenant.get(at)).json() == {"type": "dni", "number": "44-556 677a"}
    assert (await house.tenant.delete(at)).status_code == 204
    assert (await house.tenant.get(at)).status_code == 404


async def test_a_documents_number_rests_locked_and_who_looks_is_on_record(
    house: SmallHotel, database: Database
) -> None:
    rosa = await somebody(house, "Rosa")
    at = f"/clients/{rosa['id']}/document"
    await house.tenant.put(at, {"type": "pas", "number": "XK9911224"})
    async with database.transaction() as session:
        for table in ("clients", "audit_log"):
            rows = await session.scalars(text(f"SELECT CAST(to_jsonb(t) AS text) FROM {table} t"))  # noqa: S608 - our own tables
            assert "XK9911224" not in "".join(rows)
    reader = await reception(house, database, Role.READ_ONLY)
    assert (await reader.get(at)).status_code == 403
    assert (await house.tenant.get(at)).json()["number"] == "XK9911224"
    lines = (await house.tenant.get("/audit", object_id=rosa["id"])).json()["items"]
    assert lines[0]["action"] == "clients.document_shown"


async def test_birth_date_and_sex_are_kept_and_cleared(house: SmallHotel) -> None:
    wanted = {"name": "Rosa", "birth_date": "1990-02-01", "sex": "female"}
    rosa = await house.tenant.made("/clients", wanted)
    assert {key: rosa[key] for key in wanted} == wanted
    patched = await house.tenant.patch(f"/clients/{rosa['id']}", {"sex": None})
    assert (patched.json()["sex"], patched.json()["birth_date"]) == (None, "1990-02-01")


async def test_the_stays_and_payments_of_one_person_are_listed(
    house: SmallHotel, database: Database, clock: HandClock
) -> None:
    desk = Desk(house, database, clock)
    contact = {"name": "Rosa", "email": "rosa@example.org"}
    first = await desk.book([desk.rooms[0]], 0, 1, contact=contact)
    second = await desk.book([desk.rooms[0]], 5, 7, contact=contact)
    await desk.book([desk.rooms[1]], 0, 1)
    at = f"/clients/{first['client_id']}"
    stays = (await house.tenant.get(f"{at}/stays", sort="check_in")).json()
    assert [each["id"] for each in stays["items"]] == [first["id"], second["id"]]
    later = {"from": desk.day(4).isoformat(), "status": "confirmed"}
    assert (await house.tenant.get(f"{at}/stays", **later)).json()["total"] == 1
    payments = await house.tenant.get(f"{at}/payments", state="paid")
    assert (payments.status_code, payments.json()["total"]) == (200, 0)
    nobody = f"/clients/{first['id']}"
    assert (await house.tenant.get(f"{nobody}/stays")).status_code == 404
    assert (await house.tenant.get(f"{nobody}/payments")).status_code == 404


@pytest.mark.parametrize(
    ("visits", "tier"),
    [(0, "new"), (3, "new"), (4, "regular"), (10, "regular"), (11, "super")],
)
def test_a_tier_is_of_the_counted_visits(visits: int, tier: str) -> None:
    assert tier_of(visits, TierSettings(), already_super=False) == tier


@pytest.mark.parametrize(
    ("visits", "label"),
    [(1, "bronze"), (2, "silver"), (4, "silver"), (5, "gold"), (9, "gold"), (10, "platinum")],
)
def test_a_label_is_of_the_counted_visits(visits: int, label: str) -> None:
    assert membership_of(visits) == Membership(label)


@given(st.integers(0, 1000), st.integers(1, 100), st.integers(0, 100))
def test_nobody_falls_in_tier_by_coming_again(visits: int, regular: int, more: int) -> None:
    settings = TierSettings(regular_from=regular, super_above=regular + more)
    order = list(Tier)
    now = tier_of(visits, settings, already_super=False)
    after = tier_of(visits + 1, settings, already_super=now is Tier.SUPER)
    assert order.index(after) >= order.index(now)


@given(st.text(max_size=12))
def test_a_good_password_has_eight_characters_a_letter_and_a_digit(password: str) -> None:
    letters = any(each.isalpha() for each in password)
    digits = any(each.isdigit() for each in password)
    assert good_password(password) == (len(password) >= 8 and letters and digits)
