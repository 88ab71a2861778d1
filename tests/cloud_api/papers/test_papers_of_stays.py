"""Who gets which paper of a stay, and what stands on it."""

import re
from base64 import urlsafe_b64encode
from datetime import datetime
from io import BytesIO
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from icalendar import Calendar
from PIL import Image
from pypdf import PdfReader

from cloud_api.accounts.types import Role
from cloud_api.crm.achievements.service import review_all
from cloud_api.kit.money import Money
from cloud_api.payments import service as payments
from cloud_api.payments.types import ChargeLine, Opening
from tests.builders import JsonDict, SmallHotel, client_of, found_tenant, join
from tests.cloud_api.access.stage import Visit
from tests.desk import Desk

WORDS = "# House rules\n\n{{ guest }} stays {{ nights }} nights in {{ units }}. Code {{ code }}."


def letters(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def entry(ics: bytes) -> tuple[Calendar, JsonDict]:
    whole = Calendar.from_ical(ics)
    return whole, whole.walk("VEVENT")[0]


async def paper(desk: Desk, booked: JsonDict, kind: str, **query: str) -> httpx.Response:
    return await desk.hotel.tenant.get(f"/reservations/{booked['id']}/{kind}", **query)


async def test_staff_get_the_confirmation_in_the_guests_language_or_another(desk: Desk) -> None:
    contact = {"name": "Ana Guest", "email": "ana@example.org", "language": "es-PE"}
    booked = await desk.book([desk.rooms[0]], 2, 5, contact=contact)
    mine = await paper(desk, booked, "papers/confirmation")
    assert mine.status_code == 200, mine.text
    assert mine.headers["content-type"] == "application/pdf"
    assert booked["code"] in mine.headers["content-disposition"]
    assert "Confirmación de reserva" in letters(mine.content)
    german = await paper(desk, booked, "papers/confirmation", language="de")
    assert "Buchungsbestätigung" in letters(german.content)
    assert "Ana Guest" in letters(german.content)


async def test_a_paper_is_printed_once_until_something_on_it_changes(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 2, 5)
    first = await paper(desk, booked, "papers/confirmation")
    again = await paper(desk, booked, "papers/confirmation")
    assert first.content == again.content
    assert len(await desk.sql("SELECT 1 FROM papers")) == 1
    await desk.done(booked, "move", {"check_out": desk.day(6).isoformat()})
    moved = await paper(desk, booked, "papers/confirmation")
    assert moved.content != first.content
    assert len(await desk.sql("SELECT 1 FROM papers")) == 2


async def test_a_kept_paper_whose_file_is_gone_is_printed_anew(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 2, 5)
    await paper(desk, booked, "papers/confirmation")
    (file,) = await desk.sql("SELECT file_id FROM papers")
    assert (await desk.hotel.tenant.delete(f"/files/{file.file_id}")).status_code == 204
    assert (await paper(desk, booked, "papers/confirmation")).status_code == 200


async def test_a_receipt_shows_what_staff_recorded_when_they_confirmed(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 2, 5)
    payment = {"note": "cash at the desk", "amount": {"minor": 12_345, "currency": "PEN"}}
    await desk.done(held, "confirm", {"payment": payment})
    receipt = letters((await paper(desk, held, "papers/receipt")).content)
    assert "cash at the desk" in receipt
    assert "123.45" in receipt


async def test_a_receipt_tells_the_folio_where_there_is_one(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 2, 5)
    night = ChargeLine(key="nights", what="night", label="3 nights", amount=Money(36_000, "PEN"))
    opening = Opening(
        organisation_id=desk.hotel.organisation_id,
        property_id=desk.hotel.property_id,
        subject_id=UUID(booked["id"]),
        currency="PEN",
        title=booked["code"],
    )
    async with desk.database.transaction() as session:
        folio = await payments.open_folio(session, opening)
        await payments.charge(session, folio, [night])
    paying = {
        "provider": "manual",
        "received": True,
        "amount": {"minor": 10_000, "currency": "PEN"},
    }
    await desk.hotel.tenant.made(f"/folios/{folio.id}/payments", paying)
    receipt = letters((await paper(desk, booked, "papers/receipt")).content)
    for told in ("3 nights", "360.00", "100.00", "260.00"):
        assert told in receipt, told


async def test_nights_without_a_guest_have_no_papers(desk: Desk) -> None:
    blocked = await desk.block([desk.rooms[0]], 2, 4)
    refused = await paper(desk, blocked, "papers/confirmation")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_guest")


async def test_another_organisations_booking_has_no_papers_here(
    desk: Desk, cloud_app: FastAPI
) -> None:
    booked = await desk.book([desk.rooms[0]], 2, 5)
    async with client_of(cloud_app) as client:
        stranger = await found_tenant(desk.database, client)
        for kind in ("papers/confirmation", "calendar", "card", "papers/contract"):
            answer = await stranger.get(f"/reservations/{booked['id']}/{kind}")
            assert answer.status_code == 404, kind


async def test_a_cleaner_gets_no_papers(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 2, 5)
    hotel = desk.hotel
    cleaner = await join(
        desk.database,
        hotel.tenant.client,
        organisation_id=hotel.organisation_id,
        role=Role.CLEANER,
    )
    answer = await cleaner.get(f"/reservations/{booked['id']}/papers/confirmation")
    assert answer.status_code == 403


async def test_the_calendar_file_tells_local_hours_with_the_zones_own_rules(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 2, 5)
    whole, event = entry((await paper(desk, booked, "calendar")).content)
    layout = await desk.hotel.tenant.get(f"/houses/{desk.hotel.house_id}")
    begins = event["DTSTART"].dt
    assert begins.date() == desk.day(2)
    assert begins.strftime("%H:%M") == layout.json()["check_in_from"][:5]
    assert event["DTSTART"].params["TZID"] == "America/Lima"
    assert begins == datetime.combine(desk.day(2), begins.time(), ZoneInfo("America/Lima"))
    assert event["DTEND"].dt.date() == desk.day(5)
    assert [str(zone["TZID"]) for zone in whole.walk("VTIMEZONE")] == ["America/Lima"]
    assert str(whole["METHOD"]) == "PUBLISH"
    assert str(event["STATUS"]) == "CONFIRMED"


async def test_a_moved_stay_keeps_its_calendar_entry_and_a_cancelled_one_strikes_it(
    desk: Desk,
) -> None:
    booked = await desk.book([desk.rooms[0]], 2, 5)
    _, first = entry((await paper(desk, booked, "calendar")).content)
    await desk.done(booked, "move", {"check_out": desk.day(7).isoformat()})
    _, moved = entry((await paper(desk, booked, "calendar")).content)
    await desk.done(booked, "cancel", {"reason": "ill"})
    whole, struck = entry((await paper(desk, booked, "calendar")).content)
    assert first["UID"] == moved["UID"] == struck["UID"]
    assert first["SEQUENCE"] < moved["SEQUENCE"] < struck["SEQUENCE"]
    assert moved["DTEND"].dt.date() == desk.day(7)
    assert (str(whole["METHOD"]), str(struck["STATUS"])) == ("CANCEL", "CANCELLED")


async def test_a_hold_is_tentative_in_the_calendar(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 2, 5)
    _, event = entry((await paper(desk, held, "calendar")).content)
    assert str(event["STATUS"]) == "TENTATIVE"


async def test_the_card_shows_a_name_the_property_and_what_a_word_is_worth_and_nothing_more(
    visit: Visit, http: httpx.AsyncClient
) -> None:
    desk = visit.desk
    booked = await desk.book([desk.rooms[0]], 2, 5)
    drawn = await paper(desk, booked, "card")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    token = token_of(visit, booked)
    shown = await http.get(f"/api/v1/public/cards/{token}")
    tenant = desk.hotel.tenant
    gold = await tenant.made("/achievements", {"name": "Gold", "icon": "star"})
    await tenant.put(f"/referral-discounts/{gold['id']}", {"percent": "12.5"})
    told = shown.json()
    assert told.pop("referral_code").startswith("ANA")
    assert told == {
        "name": "Ana Guest",
        "property": "Casa del Mar",
        "level": None,
        "level_icon": None,
        "referral_discount_percent": None,
        "facebook_linked": False,
    }
    async with desk.database.transaction() as session:  # the worker's, after a change
        await review_all(session, desk.hotel.organisation_id, now=desk.clock.utc_now())
    again = (await http.get(f"/api/v1/public/cards/{token}")).json()
    assert (again["level"], again["level_icon"]) == ("Gold", "star")
    assert float(again["referral_discount_percent"]) == 12.5
    assert booked["id"] not in token
    assert booked["code"] not in token
    assert len(token) == 43


def token_of(visit: Visit, booked: JsonDict) -> str:
    secret = visit.vault.link_secret(f"card|{booked['id']}")
    return urlsafe_b64encode(secret).decode().rstrip("=")


async def test_a_card_is_known_by_its_token_alone_and_ends_with_its_stay(
    visit: Visit, http: httpx.AsyncClient
) -> None:
    desk = visit.desk
    booked = await desk.book([desk.rooms[0]], 2, 5)
    token = token_of(visit, booked)
    at = "/api/v1/public/cards"
    assert (await http.get(f"{at}/{token}")).status_code == 404
    await paper(desk, booked, "card")
    assert (await http.get(f"{at}/{token}")).status_code == 200
    for wrong in (booked["id"], booked["code"], token[:-1], str(uuid4())):
        assert (await http.get(f"{at}/{wrong}")).status_code == 404
    await desk.done(booked, "cancel", {"reason": "ill"})
    assert (await http.get(f"{at}/{token}")).status_code == 404


async def test_the_card_is_also_a_picture_that_stands_on_the_confirmation(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 2, 5)
    png = await paper(desk, booked, "card", form="png")
    with Image.open(BytesIO(png.content)) as seen:
        assert seen.format == "PNG"
    assert "Your guest card" in letters((await paper(desk, booked, "papers/confirmation")).content)


async def write(house: SmallHotel, body: str, **more: str) -> httpx.Response:
    wanted = {"name": "Lease", "body": body, **more}
    return await house.tenant.post("/contract-templates", wanted)


async def test_the_words_of_a_contract_have_versions_and_old_ones_stay(desk: Desk) -> None:
    hotel = desk.hotel
    assert (await write(hotel, WORDS)).json()["version"] == 1
    booked = await desk.book([desk.rooms[0]], 2, 5)
    made = await hotel.tenant.made(
        f"/reservations/{booked['id']}/papers/contract", {"template": "Lease"}
    )
    assert made["version"] == 1
    assert (await write(hotel, WORDS + " New.")).json()["version"] == 2
    content = await paper(desk, booked, "papers/contract/content")
    said = re.sub(r"\s+", " ", letters(content.content))
    assert f"Ana Guest stays 3 nights in Room 1. Code {booked['code']}." in said
    assert "New." not in said
    listed = (await hotel.tenant.get("/contract-templates")).json()
    assert [each["version"] for each in listed["items"]] == [2, 1]


@pytest.mark.parametrize(
    "body",
    [
        "{{ unknown }}",
        "{{ guest.__class__ }}",
        "{{ guest['upper'] }}",
        "{{ guest.upper() }}",
        "{% for a in guest %}x{% endfor %}",
        "{{ range(10) }}",
        "{{ guest | upper }}",
        "{{ 9 ** 9 }}",
        "{% set a = guest %}",
        "{% include 'x' %}",
        "{% macro a() %}{% endmacro %}",
        "{{ guest",
    ],
)
async def test_a_template_may_only_name_what_there_is(house: SmallHotel, body: str) -> None:
    refused = await write(house, body)
    assert (refused.status_code, refused.json()["code"]) == (422, "template_invalid")


async def test_the_guest_agrees_to_this_very_contract_and_a_newer_one_asks_anew(
    visit: Visit,
) -> None:
    hotel = visit.hotel
    await write(hotel, WORDS)
    booked = await visit.book([visit.desk.rooms[0]])
    guest = await visit.guest_of(booked)
    assert (await guest.get("/papers/contract")).status_code == 404
    at = f"/reservations/{booked['id']}/papers/contract"
    first = await hotel.tenant.made(at, {"template": "Lease"})
    seen = (await guest.get("/papers/contract")).json()
    assert (seen["id"], seen["accepted_at"]) == (first["id"], None)
    assert "House rules" in letters((await guest.get("/papers/contract/content")).content)
    yes = {"contract_id": first["id"]}
    agreed = await guest.post("/papers/contract/acceptance", yes)
    assert agreed.json()["accepted_at"] is not None
    again = await guest.post("/papers/contract/acceptance", yes)
    assert again.json() == agreed.json()
    await hotel.tenant.made(at, {"template": "Lease"})
    assert (await guest.get("/papers/contract")).json()["accepted_at"] is None
    late = await guest.post("/papers/contract/acceptance", yes)
    assert late.status_code == 404


async def test_the_guest_who_booked_gets_the_papers_by_the_link_and_nobody_else_does(
    visit: Visit,
) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    guest = await visit.guest_of(booked)
    mine = await guest.get("/papers/confirmation", language="fr")
    assert "Confirmation de réservation" in letters(mine.content)
    assert (await guest.get("/papers/calendar")).headers["content-type"].startswith("text/calendar")
    assert (await guest.get("/papers/card")).status_code == 200
    nobody = visit.somebody()
    assert (await nobody.get("/papers/confirmation")).status_code == 401


def picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (60, 40), "white").save(made, format="JPEG")
    return made.getvalue()


async def test_a_guest_brings_three_pictures_of_documents_and_gets_none_back(
    visit: Visit,
) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    guest = await visit.guest_of(booked)
    mine = {"authorization": f"Bearer {guest.token}"}

    async def bring(content: bytes) -> httpx.Response:
        at = "/api/v1/guest/id-documents"
        return await guest.client.post(at, content=content, headers=mine)

    assert (await bring(b"%PDF-1.7")).json()["code"] == "file_type_refused"
    answers = [await bring(picture()) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [204, 204, 204, 409]
    assert answers[3].json()["code"] == "enough_pictures"
    assert (await guest.get("/id-documents")).status_code == 405
    kept = (await visit.hotel.tenant.get("/files", purpose="id_document")).json()["items"]
    assert {each["reservation_id"] for each in kept} == {booked["id"]}
    assert len(kept) == 3


async def test_contracts_and_their_words_are_on_record(desk: Desk) -> None:
    hotel = desk.hotel
    await write(hotel, WORDS)
    booked = await desk.book([desk.rooms[0]], 2, 5)
    await hotel.tenant.made(f"/reservations/{booked['id']}/papers/contract", {"template": "Lease"})
    rows = await desk.sql("SELECT action FROM audit_log WHERE action LIKE 'papers.%' ORDER BY id")
    assert [row.action for row in rows] == [
        "papers.contract_template_written",
        "papers.contract_made",
    ]
