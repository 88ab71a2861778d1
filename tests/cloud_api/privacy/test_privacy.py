"""A person is told everything and forgotten by every room; what stays has no person."""

import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from cloud_api.accounts.types import Role
from cloud_api.files.jobs import forget_due
from cloud_api.kit.money import Money
from cloud_api.migrations.tables import all_metadata
from cloud_api.payments import service as payments
from cloud_api.payments.types import ChargeLine, Opening
from cloud_api.privacy import rules
from cloud_api.privacy.jobs import set_ends
from tests.builders import JsonDict, client_of, found_tenant, join
from tests.cloud_api.access.stage import Visit

NAME = "Zoe Canaryname"
CONTACT = {"name": NAME, "email": "zoe.canary@example.org", "phone": "+51 1 555 0199"}
TRACES = ("Canaryname", "zoe.canary", "5550199", "555 0199", "canary note", "Companion Canary")
PERSONAL = re.compile(
    r"email|phone|payer|contact|client_id|guest|reservation_id|stay_id|grant_id|subject_id"
    r"|folio_id|waiting_hash|^name$"
)
NOT_PEOPLE = re.compile(
    r"^(houses|spaces|units|unit_spaces|locks|players|things|fleet_houses|fleet_couriers|job_runs"
    r"|event_wakes|workers|events_outbox|file_sweeps|api_keys|contract_templates|payment_links"
    r"|pricing_seasons|pricing_special_dates|pricing_cancellation_policies|pricing_services"
    r"|automatic_discounts|dynamic_code_configs|rearrangement_groups|messaging_settings"
    r"|demand_venues|demand_events|letter_settings)$"
)


async def stayed(visit: Visit) -> JsonDict:
    """Zoe was here: a note, a companion who asked, an identity document, a voucher, a paper."""
    tenant = visit.hotel.tenant
    booked = await visit.book([visit.desk.rooms[0]], 0, 2, contact=CONTACT, notes="canary note")
    guest = await visit.guest_of(booked)
    asking = {"join_code": (await guest.stay())["join_code"], "name": "Companion Canary"}
    joined = await visit.somebody().post("/join", {**asking, "wants": ["door:open"]})
    assert joined.is_success, joined.text
    for purpose, content in (("id_document", picture()), ("voucher", b"%PDF-1.7 paid")):
        kept = await tenant.client.post(
            "/api/v1/files",
            content=content,
            params={"purpose": purpose, "name": NAME, "reservation_id": booked["id"]},
            headers=tenant.headers,
        )
        assert kept.status_code == 201, kept.text
    booking = (await tenant.get(f"/reservations/{booked['id']}")).json()
    assert booking["client_id"] is not None
    found: JsonDict = booking
    return found


def picture() -> bytes:
    from io import BytesIO  # noqa: PLC0415 - here alone

    from PIL import Image  # noqa: PLC0415 - here alone

    made = BytesIO()
    Image.new("RGB", (40, 30)).save(made, format="JPEG")
    return made.getvalue()


async def left(visit: Visit, booking: JsonDict) -> None:
    await visit.do(booking, "check-in")
    await visit.do(booking, "check-out")


async def erase(visit: Visit, booking: JsonDict) -> httpx.Response:
    return await visit.hotel.tenant.post(f"/clients/{booking['client_id']}/erase")


async def everything(visit: Visit) -> dict[str, str]:
    """Every row of every table, as text."""
    found = {}
    for table in sorted(all_metadata().tables):
        rows = await visit.desk.sql(f"SELECT CAST(to_jsonb(t) AS text) AS row FROM {table} AS t")  # noqa: S608 - our own tables
        found[table] = "\n".join(row.row for row in rows)
    return found


async def test_the_export_tells_what_every_room_knows(visit: Visit) -> None:
    booking = await stayed(visit)
    answer = await visit.hotel.tenant.get(f"/clients/{booking['client_id']}/export")
    assert answer.headers["content-disposition"].startswith("attachment")
    told = answer.json()
    assert told["person"]["name"] == NAME
    assert {each["value"] for each in told["person"]["contacts"]} >= {CONTACT["email"]}
    (stay,) = told["reservations"]
    assert (stay["id"], stay["notes"]) == (booking["id"], "canary note")
    assert NAME in {each["name"] for each in told["access"]}
    assert {each["purpose"] for each in told["files"]} == {"id_document", "voucher"}
    assert told["payments"] == {"folios": [], "payments": []}
    secrets = ("hash", "digits", "secret", "wrapped")
    assert not [key for key in keys_in(told) if any(word in key for word in secrets)]


def keys_in(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for each in value.values() for key in keys_in(each)}
    if isinstance(value, list):
        return {key for each in value for key in keys_in(each)}
    return set()


async def test_after_erasure_no_table_holds_a_trace_but_nights_and_money_stay(
    visit: Visit,
) -> None:
    booking = await stayed(visit)
    before = await everything(visit)
    for trace in ("Canaryname", "zoe.canary", "canary note", "Companion Canary"):
        assert [table for table, rows in before.items() if trace in rows], trace
    await left(visit, booking)
    erased = await erase(visit, booking)
    assert erased.status_code == 200, erased.text
    assert erased.json()["reservations"] == 1
    assert erased.json()["files"] == 1
    after = await everything(visit)
    found = {(table, trace) for table, rows in after.items() for trace in TRACES if trace in rows}
    assert found == set()
    kept = (await visit.hotel.tenant.get(f"/reservations/{booking['id']}")).json()
    assert kept["check_in"] == booking["check_in"]
    assert kept["code"] == booking["code"]


async def test_the_record_of_deeds_stays_and_names_nobody(visit: Visit) -> None:
    booking = await stayed(visit)
    await left(visit, booking)
    await erase(visit, booking)
    rows = await visit.desk.sql(
        "SELECT action, CAST(to_jsonb(l) AS text) AS row FROM audit_log AS l ORDER BY id"
    )
    assert rows[-1].action == "privacy.person_erased"
    assert "reservations.checked_out" in {row.action for row in rows}
    assert not [row.row for row in rows if "anary" in row.row]


async def test_vouchers_stay_for_the_books_and_the_identity_document_goes_at_once(
    visit: Visit,
) -> None:
    booking = await stayed(visit)
    await left(visit, booking)
    await erase(visit, booking)
    kept = (await visit.hotel.tenant.get("/files")).json()["items"]
    assert [each["purpose"] for each in kept] == ["voucher"]


async def test_the_folio_forgets_its_payer_and_keeps_its_amounts(visit: Visit) -> None:
    booking = await stayed(visit)
    opening = Opening(
        organisation_id=visit.hotel.organisation_id,
        property_id=visit.hotel.property_id,
        subject_id=UUID(booking["id"]),
        currency="PEN",
        title=booking["code"],
        payer_name=NAME,
        payer_email=CONTACT["email"],
    )
    night = ChargeLine(key="nights", what="night", label="2 nights", amount=Money(24_000, "PEN"))
    async with visit.database.transaction() as session:
        folio = await payments.open_folio(session, opening)
        await payments.charge(session, folio, [night])
    at = f"/clients/{booking['client_id']}/export"
    (told,) = (await visit.hotel.tenant.get(at)).json()["payments"]["folios"]
    assert (told["payer_name"], told["payer_email"]) == (NAME, CONTACT["email"])
    await left(visit, booking)
    await erase(visit, booking)
    async with visit.database.reading() as session:
        kept = await payments.folio(session, UUID(booking["id"]))
    assert kept is not None
    assert (kept.payer_name, kept.payer_email) == ("", None)
    assert kept.balance.charged == Money(24_000, "PEN")


async def test_who_still_has_a_booking_is_not_forgotten_under_their_feet(visit: Visit) -> None:
    booking = await stayed(visit)
    refused = await erase(visit, booking)
    assert (refused.status_code, refused.json()["code"]) == (409, "stay_not_over")
    person = await visit.hotel.tenant.get(f"/clients/{booking['client_id']}")
    assert person.json()["name"] == NAME


async def test_forgetting_twice_is_forgetting_once(visit: Visit) -> None:
    booking = await stayed(visit)
    await left(visit, booking)
    assert (await erase(visit, booking)).status_code == 200
    again = await erase(visit, booking)
    assert (again.status_code, again.json()["files"]) == (200, 0)


async def test_a_card_of_the_forgotten_shows_nothing(visit: Visit, http: httpx.AsyncClient) -> None:
    booking = await stayed(visit)
    assert (await visit.hotel.tenant.get(f"/reservations/{booking['id']}/card")).is_success
    await left(visit, booking)
    await erase(visit, booking)
    assert await visit.desk.sql("SELECT 1 FROM cards") == []


async def test_a_hold_under_the_same_address_is_told_and_forgotten_too(visit: Visit) -> None:
    booking = await stayed(visit)
    held = await visit.desk.hold([visit.desk.rooms[1]], 4, 6, contact=CONTACT)
    told = await visit.hotel.tenant.get(f"/clients/{booking['client_id']}/export")
    assert {each["id"] for each in told.json()["reservations"]} == {booking["id"], held["id"]}
    await left(visit, booking)
    assert (await erase(visit, booking)).json()["code"] == "stay_not_over"
    await visit.do(held, "cancel", {"reason": "no"})
    assert (await erase(visit, booking)).status_code == 200
    rows = await visit.desk.sql("SELECT DISTINCT contact_name FROM reservations")
    assert [row.contact_name for row in rows] == ["Erased person"]


async def test_only_owners_and_managers_export_and_erase_and_only_their_own(
    visit: Visit, cloud_app: FastAPI
) -> None:
    booking = await stayed(visit)
    hotel = visit.hotel
    clerk = await join(
        visit.database,
        hotel.tenant.client,
        organisation_id=hotel.organisation_id,
        role=Role.RECEPTION,
    )
    at = f"/clients/{booking['client_id']}"
    assert (await clerk.get(f"{at}/export")).status_code == 403
    assert (await clerk.post(f"{at}/erase")).status_code == 403
    async with client_of(cloud_app) as client:
        stranger = await found_tenant(visit.database, client)
        assert (await stranger.get(f"{at}/export")).status_code == 404
        assert (await stranger.post(f"{at}/erase")).status_code == 404


async def test_an_identity_document_goes_thirty_days_after_check_out(visit: Visit) -> None:
    booking = await stayed(visit)
    await ends(visit)
    assert await kept_until(visit) == {"id_document": None, "voucher": None}
    await left(visit, booking)
    await ends(visit)
    check_out = datetime.fromisoformat(booking["check_out"]).replace(tzinfo=UTC)
    until = await kept_until(visit)
    assert until["id_document"] == check_out + timedelta(days=31, hours=12)
    assert until["voucher"] == check_out + timedelta(days=3651, hours=12)
    visit.clock.now = check_out + timedelta(days=31, hours=11)
    assert await forgets(visit) == 0
    visit.clock.now = check_out + timedelta(days=31, hours=13)
    assert await forgets(visit) == 1
    assert set(await kept_until(visit)) == {"voucher"}


async def test_an_organisation_keeps_for_its_own_time(visit: Visit) -> None:
    mine = {"id_document_days": 1, "voucher_days": 365, "paper_days": 30}
    tenant = visit.hotel.tenant
    assert (await tenant.get("/retention")).json()["id_document_days"] == 30
    assert (await tenant.put("/retention", mine)).json() == mine
    booking = await stayed(visit)
    await left(visit, booking)
    await ends(visit)
    check_out = datetime.fromisoformat(booking["check_out"]).replace(tzinfo=UTC)
    assert (await kept_until(visit))["id_document"] == check_out + timedelta(days=2, hours=12)
    rows = await visit.desk.sql(
        "SELECT 1 FROM audit_log WHERE action = 'privacy.retention_changed'"
    )
    assert len(rows) == 1


@pytest.mark.parametrize("days", [0, -1, 1.5, None, "30"])
async def test_a_time_is_whole_days(visit: Visit, days: object) -> None:
    wanted = {"id_document_days": days, "voucher_days": 365, "paper_days": 30}
    assert (await visit.hotel.tenant.put("/retention", wanted)).status_code == 422


def test_each_table_that_speaks_of_a_person_has_who_tells_and_forgets_or_a_reason() -> None:
    tables = all_metadata().tables
    personal = {
        table.name
        for table in tables.values()
        if not NOT_PEOPLE.fullmatch(table.name)
        and any(PERSONAL.search(column.name) for column in table.columns)
    }
    assert len(personal) > 10
    assert personal - rules.COVERED.keys() - rules.EXEMPT.keys() == set()
    assert rules.COVERED.keys() & rules.EXEMPT.keys() == set()
    assert (rules.COVERED.keys() | rules.EXEMPT.keys()) - tables.keys() == set()


@pytest.mark.parametrize("room", sorted(set(rules.COVERED.values())))
def test_a_room_that_speaks_of_people_tells_and_forgets_them(room: str) -> None:
    homes = (f"cloud_api.{room}.people.service", f"cloud_api.{room}.service")
    services = []
    for home in homes:
        try:
            services.append(import_module(home))
        except ModuleNotFoundError:
            continue
    for verb in ("export_person", "erase_person"):
        assert any(hasattr(service, verb) for service in services), verb


async def ends(visit: Visit) -> None:
    async with visit.database.transaction() as session:
        await set_ends(session, visit.clock)


async def forgets(visit: Visit) -> int:
    async with visit.database.transaction() as session:
        return (await forget_due(session, visit.clock)).forgotten


async def kept_until(visit: Visit) -> dict[str, datetime | None]:
    rows = await visit.desk.sql(
        "SELECT purpose, delete_at FROM files WHERE state IN ('waiting', 'stored')"
    )
    return {row.purpose: row.delete_at for row in rows}
