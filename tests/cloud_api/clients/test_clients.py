"""Is one person one entry, however they wrote their number?"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import text

from cloud_api.clients import service
from cloud_api.kit.db import Database
from tests.builders import SmallHotel


@dataclass(frozen=True)
class _Contact:
    name: str = "Rosa"
    email: str | None = None
    phone: str | None = None
    language: str | None = "es"


async def _find(database: Database, house: SmallHotel, contact: _Contact) -> UUID:
    async with database.transaction() as session:
        found = await service.find_or_create(session, house.organisation_id, contact)
    return found.id


@pytest.mark.parametrize(
    "form", ["+51 987 654 321", "987654321", "0051987654321", "(987) 654-321", "+51987654321"]
)
async def test_the_same_phone_in_any_form_is_the_same_person(
    house: SmallHotel, database: Database, form: str
) -> None:
    first = await _find(database, house, _Contact(phone="+51987654321"))
    assert await _find(database, house, _Contact(name="R.", phone=form)) == first


async def test_a_mail_address_is_found_whatever_its_case_and_learns_the_phone(
    house: SmallHotel, database: Database
) -> None:
    first = await _find(database, house, _Contact(email="Rosa@Example.org"))
    both = _Contact(email=" rosa@example.ORG", phone="987654321")
    assert await _find(database, house, both) == first
    assert await _find(database, house, _Contact(phone="+51 987654321")) == first


async def test_contacts_nobody_understands_still_make_a_person(
    house: SmallHotel, database: Database
) -> None:
    odd = _Contact(email="not a mail", phone="call me")
    assert await _find(database, house, odd) != await _find(database, house, odd)


async def test_the_same_person_introduced_by_many_at_once_is_one_entry(
    house: SmallHotel, database: Database
) -> None:
    contact = _Contact(email="rosa@example.org", phone="987654321")
    async with asyncio.TaskGroup() as tasks:
        found = [tasks.create_task(_find(database, house, contact)) for _ in range(8)]
    assert len({each.result() for each in found}) == 1
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM clients")) == 1


async def test_visits_are_counted(house: SmallHotel, database: Database) -> None:
    client_id = await _find(database, house, _Contact(email="rosa@example.org"))
    for _ in range(2):
        async with database.transaction() as session:
            await service.count_visit(session, client_id)
    shown = (await house.tenant.get(f"/clients/{client_id}")).json()
    assert shown["visits"] == 2


@pytest.mark.parametrize(
    "query",
    [
        "ROSA",
        "example.org",
        "987654321",
        "+51 987 654 321",
        "+51 (0) 987 654 321",
        "+51 (0)987/654.321",
        "0051 987 654 321",
        "tel:+51-987-654-321",
        "\N{LEFT-TO-RIGHT EMBEDDING}+51\N{NO-BREAK SPACE}987\N{NON-BREAKING HYPHEN}654",
        "\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH DIGIT FIVE}\N{FULLWIDTH DIGIT ONE}987654321",
        "0987-654",
        "654 321",
    ],
)
async def test_a_person_is_found_by_name_mail_or_any_form_of_phone(
    house: SmallHotel, query: str
) -> None:
    body = {
        "name": "Rosa Quispe",
        "language": "es",
        "contacts": [
            {"kind": "email", "value": "Rosa@Example.org"},
            {"kind": "whatsapp", "value": "987 654 321"},
        ],
    }
    made = await house.tenant.made("/clients", body)
    await house.tenant.made("/clients", {"name": "Somebody else"})
    assert [each["value"] for each in made["contacts"]] == ["rosa@example.org", "+51987654321"]
    found = (await house.tenant.get("/clients", query=query)).json()
    assert [each["id"] for each in found["items"]] == [made["id"]]


async def test_a_number_with_its_countrys_own_prefixes_is_found(house: SmallHotel) -> None:
    # In Argentina 15 in the number stands for the 9 behind +54.
    contact = {"kind": "phone", "value": "+54 9 11 2345 6789"}
    made = await house.tenant.made("/clients", {"name": "Ana", "contacts": [contact]})
    found = (await house.tenant.get("/clients", query="+54 (11) 15 2345-6789")).json()
    assert [each["id"] for each in found["items"]] == [made["id"]]


async def test_a_search_takes_wildcards_literally(house: SmallHotel) -> None:
    await house.tenant.made("/clients", {"name": "Rosa"})
    for query in ("%", "_", "R%a", "\\"):
        assert (await house.tenant.get("/clients", query=query)).json()["total"] == 0


async def test_a_contact_belongs_to_one_person(house: SmallHotel) -> None:
    point = {"kind": "email", "value": "rosa@example.org"}
    first = await house.tenant.made("/clients", {"name": "Rosa", "contacts": [point]})
    refused = await house.tenant.post("/clients", {"name": "Other", "contacts": [point]})
    assert (refused.status_code, refused.json()["code"]) == (409, "contact_taken")
    assert refused.json()["client_id"] == first["id"]
    assert (await house.tenant.get("/clients")).json()["total"] == 1


async def test_contacts_come_and_go(house: SmallHotel) -> None:
    rosa = await house.tenant.made("/clients", {"name": "Rosa"})
    path = f"/clients/{rosa['id']}"
    with_phone = await house.tenant.made(
        f"{path}/contacts", {"kind": "phone", "value": "987654321"}
    )
    bad = await house.tenant.post(f"{path}/contacts", {"kind": "phone", "value": "12"})
    assert (bad.status_code, bad.json()["code"]) == (422, "contact_invalid")
    contact = f"{path}/contacts/{with_phone['contacts'][0]['id']}"
    assert (await house.tenant.delete(contact)).status_code == 204
    assert (await house.tenant.delete(contact)).status_code == 404
    assert (await house.tenant.get(path)).json()["contacts"] == []


async def test_what_changes_and_what_is_archived(house: SmallHotel) -> None:
    rosa = await house.tenant.made("/clients", {"name": "Rosa", "language": "es", "notes": "a\nb"})
    path = f"/clients/{rosa['id']}"
    changed = (await house.tenant.patch(path, {"name": "Rosa Q.", "language": None})).json()
    assert (changed["name"], changed["language"], changed["notes"]) == ("Rosa Q.", None, "a\nb")
    assert (await house.tenant.patch(path, {"name": None})).status_code == 422
    assert (await house.tenant.delete(path)).status_code == 204
    assert (await house.tenant.get("/clients")).json()["total"] == 0
    assert (await house.tenant.get(path)).json()["archived_at"] is not None
