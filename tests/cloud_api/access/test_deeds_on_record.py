"""Does every deed of staff leave its line in the record, whichever endpoint it goes through?"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from cloud_api.kit.audit import Deed
from tests.builders import PASSWORD, JsonDict
from tests.cloud_api.access.stage import Visit

# Not staff's: whoever knows a link or a code, a device with its key.
_OTHERS = (
    "/api/v1/guest/",
    "/api/v1/holds",
    "/api/v1/claims",
    "/api/v1/certificates/",
    "/api/v1/hooks/",
    "/api/v1/quotes",
    "/api/v1/members/",
    "/api/v1/pay/",
    "/api/v1/webhooks/",
    "/api/v1/webhooks/",
    "/api/v1/unsubscribe/",
)
# A question, put as a POST because a card's code is no part of an address.
_QUESTIONS = {"post /value-cards/lookup"}
# These need a house that is frozen, or work that was given up; they are tried where those are.
_ELSEWHERE = {
    "post /houses/{house_id}/epochs",  # tests/cloud_api/fleet/test_epochs.py
    "post /dead-letters/replay",  # tests/cloud_api/worker/test_dead_letters_http.py
    "post /dead-letters/{letter_id}/replay",
    "delete /dead-letters/{letter_id}",
    # tests/cloud_api/pricing/test_pricing_terms.py
    "patch /properties/{property_id}/pricing",
    "put /units/{unit_id}/price",
    "delete /units/{unit_id}/price",
    *(
        f"{operation} /{kind.replace('_', '-')}{one}"
        for kind, name in (
            ("seasons", "season"),
            ("special_dates", "special_date"),
            ("services", "service"),
            ("cancellation_policies", "cancellation_policy"),
        )
        for operation, one in (
            ("post", ""),
            ("patch", f"/{{{name}_id}}"),
            ("delete", f"/{{{name}_id}}"),
        )
    ),
    "post /exchange-rates",
    # tests/cloud_api/pricing/discounts/test_kept_discounts.py
    "post /discount-codes",
    "patch /discount-codes/{code_id}",
    "delete /discount-codes/{code_id}",
    "post /discount-codes/simple",
    "post /discount-codes/dynamic",
    "post /automatic-discounts",
    "patch /automatic-discounts/{discount_id}",
    "delete /automatic-discounts/{discount_id}",
    "post /dynamic-code-configs",
    "patch /dynamic-code-configs/{config_id}",
    "delete /dynamic-code-configs/{config_id}",
    "put /referral-discounts/{achievement_id}",
    "delete /referral-discounts/{achievement_id}",
    "post /discounts/trial",  # tells what a stay would get, changes nothing
    # tests/cloud_api/pricing/discounts/test_discount_desk.py
    # tests/cloud_api/pricing/demand/test_demand_keeping.py, test_demand_suggestions.py
    "put /demand/account",
    "delete /demand/account",
    "put /demand/settings",
    "post /demand/places",
    "patch /demand/places/{place_id}",
    "delete /demand/places/{place_id}",
    "post /demand/venues",
    "patch /demand/venues/{venue_id}",
    "delete /demand/venues/{venue_id}",
    "post /price-suggestions/{suggestion_id}/accept",
    "post /price-suggestions/{suggestion_id}/dismiss",
    "post /price-suggestions/{suggestion_id}/undo",
    # These ask the lock's vendor, or are of no use without it.
    "put /lock-vendor/account",  # tests/cloud_api/access/test_emergency_code.py
    "put /lock-vendor/locks/{lock_id}",
    "post /grants/{grant_id}/emergency-code",
    # They need an offer first: tests/cloud_api/reservations
    "post /rearrangements",
    "post /rearrangements/{rearrangement_id}/undo",
    "post /reservations/{reservation_id}/hours/{which}",
    "post /reservations/{reservation_id}/price-change",  # tells, changes nothing
    "post /reservations/{reservation_id}/letters",  # tests/cloud_api/papers/letters
    # Their bodies are files, or their stays have to be over.
    "post /files",  # tests/cloud_api/files/test_private_files.py
    "delete /files/{file_id}",
    "post /contract-templates",  # tests/cloud_api/papers/test_papers_of_stays.py
    "post /reservations/{reservation_id}/papers/contract",
    "post /clients/{client_id}/erase",  # tests/cloud_api/privacy/test_privacy.py
    "put /retention",
    # These need money: tests/cloud_api/payments/test_payment_deeds.py
    "post /folios/{folio_id}/payments",
    "post /folios/{folio_id}/links",
    "post /payments/{payment_id}/refunds",
    "post /payments/{payment_id}/approve",
    "post /payments/{payment_id}/reject",
    "post /money-to-resolve/{matter_id}/attach",
    "post /money-to-resolve/{matter_id}/refund",
    "post /money-to-resolve/{matter_id}/settle",
    "post /payment-accounts",
    "put /payment-accounts/{account_id}/credentials",
    "post /payment-accounts/{account_id}/test",
    "delete /payment-accounts/{account_id}",
    "put /properties/{property_id}/payment-settings",
    "post /value-cards",
    "patch /value-cards/{card_id}",
    "post /value-cards/{card_id}/adjustments",
    "post /admin/jobs/payments/reconcile",
    # These need guests who stay and refer: tests/cloud_api/crm/test_crm_deeds.py
    "put /loyalty-settings",
    "post /clients/{client_id}/points/redemptions",
    "post /clients/{client_id}/points/adjustments",
    "post /clients/{client_id}/referral-code",
    "put /clients/{client_id}/referrer",
    "post /achievements",
    "patch /achievements/{achievement_id}",
    "post /admin/jobs/crm/rank-referrals",
    "post /contest-categories",
    "put /contest-categories/{category_id}",
    "post /contests",
    "patch /contests/{contest_id}",
    "post /contests/{contest_id}/registrations",
    "put /contests/{contest_id}/registrations/{entry_id}/evidence",
    "put /contests/{contest_id}/registrations/{entry_id}/decision",
    "delete /contests/{contest_id}/registrations/{entry_id}",
    "put /contests/{contest_id}/winners",
    # tests/cloud_api/messaging/test_messaging_deeds.py
    "post /messages/{message_id}/resend",
    "put /channel-accounts",
    "delete /channel-accounts/{account_id}",
    "put /messaging-settings",
    "put /message-events/{event}",
    "post /channel-accounts/{account_id}/test",
    "put /message-templates/{event}/{medium}/{language}",
    "delete /message-templates/{event}/{medium}/{language}",
    "post /message-templates/preview",
    "put /clients/{client_id}/message-preferences",
    "delete /clients/{client_id}/message-preferences",
    # Done in the house, on its record: tests/cloud_api/access/test_things_from_afar.py
    "post /houses/{house_id}/things/{thing_id}/use",
    # tests/cloud_api/pricing/discounts/test_kept_discounts.py
}


@dataclass
class Clerk:
    """Does each deed once, and looks into the record after each."""

    visit: Visit
    done: set[str] = field(default_factory=set)
    last: int = 0

    async def does(
        self, operation: str, body: object = None, *, deed: Deed, **names: object
    ) -> JsonDict:
        """One request, its status 2xx, and exactly its own deed on record, in one's own name."""
        self.done.add(operation)
        method, _, template = operation.partition(" ")
        tenant = self.visit.hotel.tenant
        answer = await tenant.client.request(
            method,
            f"/api/v1{template.format(**names)}",
            json=body,
            headers=tenant.headers if template != "/sessions" else {},
        )
        assert answer.is_success, (operation, answer.text)
        lines = await self.visit.desk.sql(
            "SELECT id, action, actor_kind, actor_id FROM audit_log WHERE id > :last ORDER BY id",
            last=self.last,
        )
        assert lines, f"{operation} leaves no line"
        self.last = lines[-1].id
        assert [line.action for line in lines] == [deed], operation
        assert (lines[0].actor_kind, lines[0].actor_id) == ("staff", tenant.staff_id)
        found: JsonDict = answer.json() if answer.content else {}
        return found

    async def forget(self) -> None:
        """What is on record so far is not this test's."""
        rows = await self.visit.desk.sql("SELECT coalesce(max(id), 0) AS id FROM audit_log")
        self.last = rows[0].id


async def test_every_deed_of_staff_leaves_one_line_of_its_own(
    visit: Visit, cloud_app: FastAPI
) -> None:
    clerk = Clerk(visit)
    await clerk.forget()
    for part in (_bookings, _grants, _houses, _clients, _rules, _accounts):
        await part(clerk)
    assert operations_of_staff(cloud_app.openapi()) - clerk.done - _ELSEWHERE - _QUESTIONS == set()


def operations_of_staff(document: dict[str, Any]) -> set[str]:
    """Every operation that changes something, as `method /path`, unless it is not for staff."""
    return {
        f"{method} {path.removeprefix('/api/v1')}"
        for path, operations in document["paths"].items()
        for method in operations
        if method != "get" and path.startswith("/api/v1/") and not path.startswith(_OTHERS)
    }


async def _bookings(clerk: Clerk) -> None:
    desk = clerk.visit.desk
    room, day = desk.rooms[0], desk.day
    held = {"deed": Deed.RESERVATION_HELD}
    one = await clerk.does("post /reservations", desk.wish([room], 0, 2), **held)
    await clerk.does(
        "post /reservations/{reservation_id}/extend-hold",
        deed=Deed.HOLD_EXTENDED,
        reservation_id=one["id"],
    )
    moved = {"check_out": day(3).isoformat()}
    at = {"reservation_id": one["id"]}
    await clerk.does(
        "post /reservations/{reservation_id}/move", moved, deed=Deed.RESERVATION_MOVED, **at
    )
    await clerk.does(
        "post /reservations/{reservation_id}/confirm", deed=Deed.RESERVATION_CONFIRMED, **at
    )
    act = "post /reservations/{reservation_id}/{action}"
    await clerk.does(act, deed=Deed.CHECKED_IN, action="check-in", **at)
    await clerk.does(act, deed=Deed.CHECKED_OUT, action="check-out", **at)
    two = await clerk.does("post /reservations", desk.wish([desk.rooms[1]], 0, 2), **held)
    at = {"reservation_id": two["id"]}
    await clerk.does(act, deed=Deed.RESERVATION_SUBMITTED, action="submit", **at)
    await clerk.does(act, deed=Deed.RESERVATION_UNDER_REVIEW, action="review", **at)
    await clerk.does(act, deed=Deed.RESERVATION_REJECTED, action="reject", **at)
    three = await clerk.does(
        "post /reservations",
        desk.wish([desk.rooms[1]], 0, 2, confirmed=True),
        deed=Deed.RESERVATION_CONFIRMED,
    )
    await clerk.does(act, deed=Deed.NO_SHOW_MARKED, action="no-show", reservation_id=three["id"])
    nights = {"check_in": day(0).isoformat(), "check_out": day(2).isoformat()}
    block = {"unit_ids": [desk.rooms[2]], "kind": "owner", **nights}
    blocked = await clerk.does("post /blocks", block, deed=Deed.NIGHTS_BLOCKED)
    await clerk.does(
        act, deed=Deed.RESERVATION_CANCELLED, action="cancel", reservation_id=blocked["id"]
    )
    jobs = "post /admin/jobs/reservations"
    await clerk.does(f"{jobs}/expire-holds", deed=Deed.HOLDS_EXPIRED)
    await clerk.does(f"{jobs}/complete-stays", deed=Deed.STAYS_COMPLETED)


async def _grants(clerk: Clerk) -> None:
    visit = clerk.visit
    booked = await visit.book([visit.desk.rooms[3]])
    grant = await visit.grant(booked)
    guest = await visit.guest_of(booked)
    joining = {"join_code": (await guest.stay())["join_code"], "name": "Zoe"}
    asked = await visit.somebody().post("/join", {**joining, "wants": ["door:open"]})
    await visit.enrol()
    await clerk.forget()
    answer = "post /access-requests/{request_id}/answer"
    request_id = asked.json()["request_id"]
    await clerk.does(answer, {"approve": False}, deed=Deed.REQUEST_ANSWERED, request_id=request_id)
    links = "post /grants/{grant_id}/links"
    await clerk.does(links, deed=Deed.LINKS_SHOWN, grant_id=grant["id"])
    now = visit.clock.utc_now()
    mine = {
        "house_id": str(visit.hotel.house_id),
        "staff_id": str(visit.hotel.tenant.staff_id),
        "name": "Owner",
        "starts": now.isoformat(),
        "ends": (now + timedelta(hours=4)).isoformat(),
    }
    made = await clerk.does("post /grants/staff", mine, deed=Deed.GRANT_MADE)
    await clerk.does(
        "post /houses/{house_id}/doors/{lock_id}/moves",
        {"reason": "to air the room"},
        deed=Deed.DOOR_MOVED,
        house_id=visit.hotel.house_id,
        lock_id=visit.hotel.front_door,
    )
    over = "post /grants/{grant_id}/revocation"
    await clerk.does(over, deed=Deed.GRANT_REVOKED, grant_id=made["id"])


async def _houses(clerk: Clerk) -> None:
    own = {"house_id": clerk.visit.hotel.house_id}
    await clerk.does("post /houses/{house_id}/claim-token", deed=Deed.CLAIM_TOKEN_MADE, **own)
    await clerk.does("post /houses/{house_id}/refuse-device", deed=Deed.DEVICE_REFUSED, **own)
    await clerk.does(
        "put /houses/{house_id}/configuration",
        {"advertise": True},
        deed=Deed.HOUSE_CONFIGURED,
        **own,
    )
    place = await clerk.does(
        "post /properties", {"name": "Casa", "region": "PE"}, deed=Deed.PROPERTY_CREATED
    )
    house = await clerk.does(
        "post /properties/{property_id}/houses",
        {"name": "House", "zone": "America/Lima"},
        deed=Deed.HOUSE_CREATED,
        property_id=place["id"],
    )
    at = {"house_id": house["id"]}
    space = await clerk.does(
        "post /houses/{house_id}/spaces", {"name": "Room"}, deed=Deed.SPACE_CREATED, **at
    )
    unit = {
        "name": "Room",
        "capacity": 2,
        "space_ids": [space["id"]],
        "base_price": {"minor": 5000, "currency": "PEN"},
    }
    parts = {
        "units": (unit, Deed.UNIT_CREATED, Deed.UNIT_CHANGED),
        "locks": ({"name": "Door", "vendor": "ttlock"}, Deed.LOCK_CREATED, Deed.LOCK_CHANGED),
        "players": (
            {"name": "Speaker", "vendor": "music_assistant"},
            Deed.PLAYER_CREATED,
            Deed.PLAYER_CHANGED,
        ),
        "things": (
            {"name": "Pool", "kind": "pool_heating", "entity": "switch.pool"},
            Deed.THING_CREATED,
            Deed.THING_CHANGED,
        ),
    }
    for kind, (body, created, changed) in parts.items():
        made = await clerk.does(f"post /houses/{{house_id}}/{kind}", body, deed=created, **at)
        await _change(clerk, kind, made["id"], changed)
    await _change(clerk, "spaces", space["id"], Deed.SPACE_CHANGED)
    await _change(clerk, "houses", house["id"], Deed.HOUSE_CHANGED)
    await _change(clerk, "properties", place["id"], Deed.PROPERTY_CHANGED)


async def _change(clerk: Clerk, kind: str, place_id: str, deed: Deed) -> None:
    name = {"properties": "property"}.get(kind, kind.removesuffix("s"))
    at = f"/{kind}/{{{name}_id}}"
    await clerk.does(f"patch {at}", {"name": "Other"}, deed=deed, **{f"{name}_id": place_id})
    await clerk.does(f"delete {at}", deed=deed, **{f"{name}_id": place_id})


async def _clients(clerk: Clerk) -> None:
    person = {"name": "Ada", "contacts": [{"kind": "email", "value": "ada@example.org"}]}
    client = await clerk.does("post /clients", person, deed=Deed.CLIENT_CREATED)
    at = {"client_id": client["id"]}
    one = "/clients/{client_id}"
    await clerk.does(f"patch {one}", {"notes": "late riser"}, deed=Deed.CLIENT_CHANGED, **at)
    await clerk.does(
        f"post {one}/contacts",
        {"kind": "email", "value": "ada2@example.org"},
        deed=Deed.CONTACT_ADDED,
        **at,
    )
    contact = client["contacts"][0]["id"]
    await clerk.does(
        f"delete {one}/contacts/{{contact_id}}", deed=Deed.CONTACT_REMOVED, contact_id=contact, **at
    )
    document = {"type": "pas", "number": "X1234567"}
    await clerk.does(f"put {one}/document", document, deed=Deed.CLIENT_CHANGED, **at)
    await clerk.does(f"delete {one}/document", deed=Deed.CLIENT_CHANGED, **at)
    await clerk.does(f"delete {one}", deed=Deed.CLIENT_CHANGED, **at)


async def _rules(clerk: Clerk) -> None:
    """How an organisation and a property want things, said whole."""
    hotel = clerk.visit.hotel
    tiers = (await hotel.tenant.get("/client-tiers")).json()
    await clerk.does("put /client-tiers", tiers, deed=Deed.TIERS_CHANGED)
    app = {"app_id": "123456789", "app_secret": "a secret of Facebook's"}
    await clerk.does("put /facebook-app", app, deed=Deed.FACEBOOK_APP_KEPT)
    await clerk.does("delete /facebook-app", deed=Deed.FACEBOOK_APP_REMOVED)
    alerts = (await hotel.tenant.get("/alert-settings")).json()
    await clerk.does("put /alert-settings", alerts, deed=Deed.ALERT_SETTINGS_CHANGED)
    letters = (await hotel.tenant.get(f"/properties/{hotel.property_id}/letter-settings")).json()
    await clerk.does(
        "put /properties/{property_id}/letter-settings",
        letters,
        deed=Deed.LETTER_SETTINGS_CHANGED,
        property_id=hotel.property_id,
    )
    rooms = {"name": "Rooms alike", "unit_ids": [str(each) for each in hotel.room_units[:2]]}
    group = await clerk.does("post /interchangeable-units", rooms, deed=Deed.GROUP_MADE)
    one, at = "/interchangeable-units/{group_id}", {"group_id": group["id"]}
    await clerk.does(f"put {one}", {**rooms, "name": "Alike"}, deed=Deed.GROUP_CHANGED, **at)
    await clerk.does(f"delete {one}", deed=Deed.GROUP_REMOVED, **at)


async def _accounts(clerk: Clerk) -> None:
    tenant = clerk.visit.hotel.tenant
    new = {
        "email": "new@example.org",
        "name": "New",
        "role": "cleaner",
        "password": "long enough, we hope",
    }
    person = await clerk.does("post /staff", new, deed=Deed.STAFF_CREATED)
    at = {"staff_id": person["id"]}
    changed = {"role": "read_only"}
    await clerk.does("patch /staff/{staff_id}", changed, deed=Deed.STAFF_CHANGED, **at)
    await clerk.does("delete /staff/{staff_id}", deed=Deed.STAFF_CHANGED, **at)
    key = {"name": "Channel", "role": "reception"}
    made = await clerk.does("post /api-keys", key, deed=Deed.API_KEY_CREATED)
    await clerk.does("delete /api-keys/{key_id}", deed=Deed.API_KEY_REVOKED, key_id=made["id"])
    await clerk.does("patch /organisation", {"name": "Casas"}, deed=Deed.ORGANISATION_RENAMED)
    login = {"email": tenant.email, "password": PASSWORD}
    await clerk.does("post /sessions", login, deed=Deed.LOGGED_IN)
    other = {"current": PASSWORD, "new": "another one, long enough"}
    await clerk.does("post /me/password", other, deed=Deed.PASSWORD_CHANGED)
    await clerk.does("delete /sessions/current", deed=Deed.LOGGED_OUT)


async def test_a_move_is_on_record_with_how_it_was_before_and_nothing_personal(
    visit: Visit,
) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    await visit.do(booked, "move", {"check_out": visit.desk.day(5).isoformat()})
    await visit.do(booked, "cancel", {"reason": "ill"})
    answer = await visit.hotel.tenant.get("/audit", object_id=booked["id"])
    cancelled, moved, confirmed = answer.json()["items"]
    assert [each["action"] for each in (confirmed, moved, cancelled)] == [
        Deed.RESERVATION_CONFIRMED,
        Deed.RESERVATION_MOVED,
        Deed.RESERVATION_CANCELLED,
    ]
    assert (moved["before"]["check_out"], moved["after"]["check_out"]) == (
        booked["check_out"],
        visit.desk.day(5).isoformat(),
    )
    assert (cancelled["before"]["status"], cancelled["after"]["status"]) == (
        "confirmed",
        "cancelled",
    )
    assert cancelled["after"]["reason"] == "ill"
    assert booked["contact"]["name"] not in answer.text
    assert UUID(moved["actor_id"]) == visit.hotel.tenant.staff_id


async def test_a_refused_deed_leaves_no_line(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    refused = await visit.desk.do(booked, "submit")
    assert refused.status_code == 409, refused.text
    answer = await visit.hotel.tenant.get("/audit", object_id=booked["id"])
    assert [each["action"] for each in answer.json()["items"]] == [Deed.RESERVATION_CONFIRMED]


async def test_the_record_can_be_asked_for_one_kind_of_deed(visit: Visit) -> None:
    await visit.book([visit.desk.rooms[0]])
    answer = await visit.hotel.tenant.get("/audit", action=Deed.RESERVATION_CONFIRMED)
    assert {each["action"] for each in answer.json()["items"]} == {Deed.RESERVATION_CONFIRMED}
    assert (await visit.hotel.tenant.get("/audit", action="eaten")).status_code == 422


def test_all_deeds_are_named_alike() -> None:
    rooms = {
        "access",
        "accounts",
        "clients",
        "crm",
        "files",
        "fleet",
        "jobs",
        "messaging",
        "papers",
        "payments",
        "pricing",
        "privacy",
        "properties",
        "reservations",
    }
    for deed in Deed:
        room, _, done = deed.value.partition(".")
        assert room in rooms, deed
        assert done.replace("_", "").isalpha(), deed
        assert done.islower(), deed
