"""Does a hold take exactly the nights it says, and does every refusal say why?"""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.builders import SmallHotel, Tenant, build_small_hotel
from tests.desk import CONTACT, Desk


async def test_a_hold_answers_a_human_code_the_nights_and_when_it_expires(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 6, channel="whatsapp")
    assert re.fullmatch(r"RES\d{6}[2-9A-HJ-NP-TV-Z]{6}", held["code"])
    assert (held["status"], held["nights"], held["guests"]) == ("held", 3, 1)
    assert held["unit_ids"] == [desk.rooms[0]]
    [row] = await desk.sql(
        "SELECT expires_at - created_at AS life, now() - created_at AS age FROM reservations"
    )
    assert row.life == timedelta(minutes=30)
    assert row.age < timedelta(seconds=30)
    assert datetime.fromisoformat(held["expires_at"]).tzinfo is not None


async def test_a_hold_tells_the_others_once(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[1], desk.rooms[0]], 3, 6)
    [(name, payload)] = [
        each for each in await desk.events() if each[0].startswith("reservations.")
    ]
    assert name == "reservations.held"
    assert payload == {
        "reservation_id": held["id"],
        "organisation_id": str(desk.hotel.organisation_id),
        "house_id": str(desk.hotel.house_id),
        "unit_ids": sorted(desk.rooms[:2]),
        "check_in": desk.day(3).isoformat(),
        "check_out": desk.day(6).isoformat(),
        "kind": "stay",
        "status": "held",
        "client_id": None,
        "price": None,
        "points_redeemed": 0,
        "channel": "web",
        "code": held["code"],
    }


async def test_one_booking_may_span_units(desk: Desk) -> None:
    held = await desk.hold(desk.rooms[:3], 1, 2, guests=6)
    assert sorted(held["unit_ids"]) == sorted(desk.rooms[:3])
    spaces = await desk.sql("SELECT space_id FROM occupancies WHERE live")
    assert {row.space_id for row in spaces} == set(desk.hotel.room_spaces[:3])


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        (3, 3, "no_night"),
        (3, 1, "no_night"),
        (-1, 2, "past"),
        (1, 402, "too_long_here"),
        (1099, 1101, "too_far"),
    ],
)
async def test_dates_nobody_can_book_are_invalid_dates(
    desk: Desk, first: int, last: int, reason: str
) -> None:
    answer = await desk.ask([desk.rooms[0]], first, last)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_dates")
    assert answer.json()["reason"] == reason
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("units", "guests"), [(1, 0), (1, -3), (1, 3), (2, 5)])
async def test_nobody_or_more_than_the_beds_is_invalid_guests(
    desk: Desk, units: int, guests: int
) -> None:
    answer = await desk.ask(desk.rooms[:units], 1, 2, guests=guests)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_guests")
    assert await desk.sql("SELECT 1 FROM reservations") == []


async def test_an_unknown_or_archived_unit_is_accommodation_not_found(desk: Desk) -> None:
    for units in ([str(uuid4())], [desk.rooms[0], str(uuid4())]):
        answer = await desk.ask(units, 1, 2)
        assert (answer.status_code, answer.json()["code"]) == (404, "accommodation_not_found")
    await desk.hotel.tenant.delete(f"/units/{desk.rooms[0]}")
    answer = await desk.ask([desk.rooms[0]], 1, 2)
    assert answer.json()["code"] == "accommodation_not_found"


async def test_units_that_cannot_be_booked_together_are_invalid_units(desk: Desk) -> None:
    other = await build_small_hotel(desk.hotel.tenant)
    for units in (
        [desk.rooms[0], desk.whole],
        [desk.rooms[0], desk.rooms[0]],
        [desk.rooms[0], str(other.room_units[0])],
    ):
        answer = await desk.ask(units, 1, 2)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_units")


async def test_an_overlap_says_which_nights_of_which_unit_are_taken(desk: Desk) -> None:
    await desk.hold([desk.rooms[0]], 3, 6)
    await desk.book([desk.rooms[1]], 5, 8)
    answer = await desk.ask(desk.rooms[:3], 4, 7)
    assert (answer.status_code, answer.json()["code"]) == (409, "date_overlap")
    told = {(each["unit_id"], each["night"]) for each in answer.json()["conflicts"]}
    assert told == {
        (desk.rooms[0], desk.day(4).isoformat()),
        (desk.rooms[0], desk.day(5).isoformat()),
        (desk.rooms[1], desk.day(5).isoformat()),
        (desk.rooms[1], desk.day(6).isoformat()),
    }
    assert "ana" not in answer.text.lower()


async def test_a_refused_hold_of_several_units_takes_none_of_them(desk: Desk) -> None:
    await desk.hold([desk.rooms[3]], 3, 4)
    assert (await desk.ask(desk.rooms, 3, 4)).status_code == 409
    await desk.hold(desk.rooms[:3], 3, 4)


async def test_the_whole_house_and_its_rooms_exclude_each_other(desk: Desk) -> None:
    await desk.hold([desk.rooms[2]], 3, 6)
    assert (await desk.ask([desk.whole], 5, 9)).json()["code"] == "date_overlap"
    await desk.hold([desk.whole], 6, 9)
    assert (await desk.ask([desk.rooms[0]], 8, 10)).json()["code"] == "date_overlap"
    await desk.hold([desk.rooms[0]], 9, 10)


async def test_back_to_back_stays_are_allowed_both_ways(desk: Desk) -> None:
    await desk.hold([desk.rooms[0]], 3, 6)
    await desk.hold([desk.rooms[0]], 6, 7)
    await desk.hold([desk.rooms[0]], 2, 3)
    assert await desk.overlaps() == 0


async def test_every_live_state_and_blocks_keep_the_nights(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 4)
    assert (await desk.ask([desk.rooms[0]], 3, 4)).status_code == 409
    for action in ("submit", "review", "confirm"):
        await desk.done(held, action)
        assert (await desk.ask([desk.rooms[0]], 3, 4)).json()["code"] == "date_overlap", action
    await desk.block([desk.rooms[1]], 3, 4)
    assert (await desk.ask([desk.rooms[1]], 3, 4)).json()["code"] == "date_overlap"


async def test_a_hold_that_ran_out_makes_room_at_once_and_is_told_as_expired(desk: Desk) -> None:
    late = await desk.hold(desk.rooms[:2], 3, 6)
    await desk.run_out(late)
    await desk.hold([desk.rooms[0]], 4, 5)
    await desk.hold([desk.rooms[1]], 3, 6)
    assert await desk.status(late) == "expired"
    assert await desk.event_names() == [
        "reservations.held",
        "reservations.expired",
        "reservations.held",
        "reservations.held",
    ]


async def test_only_the_databases_clock_lets_a_hold_run_out(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 6)
    desk.clock.advance(timedelta(hours=2))
    assert (await desk.ask([desk.rooms[0]], 3, 6)).status_code == 409
    assert (await desk.done(held, "confirm"))["status"] == "confirmed"


async def test_a_property_may_let_holds_stand_without_expiry(desk: Desk) -> None:
    await desk.hotel.tenant.patch(
        f"/properties/{desk.hotel.property_id}", {"may_stand_unconfirmed": True}
    )
    assert (await desk.hold([desk.rooms[0]], 3, 6))["expires_at"] is None


async def test_a_property_decides_how_long_a_hold_lives(desk: Desk) -> None:
    await desk.hotel.tenant.patch(f"/properties/{desk.hotel.property_id}", {"hold_minutes": 45})
    await desk.hold([desk.rooms[0]], 3, 6)
    [row] = await desk.sql("SELECT expires_at - created_at AS life FROM reservations")
    assert row.life == timedelta(minutes=45)


@pytest.mark.parametrize(
    ("zone", "now", "today"),
    [
        # Lima is five hours behind: the evening there is the next day in UTC.
        ("America/Lima", "2027-06-10T03:00+00:00", "2027-06-09"),
        ("Pacific/Kiritimati", "2027-06-10T10:00+00:00", "2027-06-11"),
        # Rome jumps from 02:00 to 03:00 on 2027-03-28 and falls back on 2027-10-31.
        ("Europe/Rome", "2027-03-27T22:59:59+00:00", "2027-03-27"),
        ("Europe/Rome", "2027-03-27T23:00:00+00:00", "2027-03-28"),
        ("Europe/Rome", "2027-03-28T21:59:59+00:00", "2027-03-28"),
        ("Europe/Rome", "2027-03-28T22:00:00+00:00", "2027-03-29"),
        ("Europe/Rome", "2027-10-31T22:59:59+00:00", "2027-10-31"),
        ("Europe/Rome", "2027-10-31T23:00:00+00:00", "2027-11-01"),
        ("Asia/Kathmandu", "2027-06-10T18:14:59+00:00", "2027-06-10"),
        ("Asia/Kathmandu", "2027-06-10T18:15:00+00:00", "2027-06-11"),
    ],
)
async def test_today_is_the_houses_own_date(desk: Desk, zone: str, now: str, today: str) -> None:
    await desk.hotel.tenant.patch(f"/houses/{desk.hotel.house_id}", {"zone": zone})
    # The login is a day old at most for the session, so the clock is turned last.
    desk.clock.now, desk.zone = datetime.fromisoformat(now).astimezone(UTC), zone
    assert desk.day(0).isoformat() == today
    assert (await desk.ask([desk.rooms[0]], -1, 1)).json()["reason"] == "past"
    assert (await desk.ask([desk.rooms[0]], 0, 1)).status_code == 201


async def test_the_same_key_and_body_hold_once_and_another_body_is_refused(desk: Desk) -> None:
    client = desk.hotel.tenant.client
    key = {"Idempotency-Key": uuid4().hex}
    wish = desk.wish([desk.rooms[0]], 3, 6)
    first = await client.post("/api/v1/holds", json=wish, headers=key)
    again = await client.post("/api/v1/holds", json=wish, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = desk.wish([desk.rooms[0]], 4, 6)
    refused = await client.post("/api/v1/holds", json=other, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_code_alone_or_with_a_wrong_contact_tells_nothing(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 6)
    client, path = desk.hotel.tenant.client, f"/api/v1/holds/{held['code']}"
    assert (await client.get(path)).status_code == 422
    wrong = await client.get(path, headers={"Portero-Contact": "bob@example.org"})
    unknown = await client.get(
        "/api/v1/holds/RES270101AAAAAA", headers={"Portero-Contact": "ana@example.org"}
    )
    assert wrong.status_code == unknown.status_code == 404
    assert {**wrong.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}


@pytest.mark.parametrize("contact", ["ANA@example.org", "+5115550134", "51 1 555-0134"])
async def test_code_and_contact_show_the_hold_and_nothing_personal(
    desk: Desk, contact: str
) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 6)
    answer = await desk.hotel.tenant.client.get(
        f"/api/v1/holds/{held['code']}", headers={"Portero-Contact": contact}
    )
    assert answer.json() == held
    assert not any(secret in answer.text for secret in CONTACT.values())


async def test_a_guest_may_extend_once_submit_and_cancel_but_not_confirm(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 6)
    client, path = desk.hotel.tenant.client, f"/api/v1/holds/{held['code']}"
    known = {"Portero-Contact": "ana@example.org"}
    longer = await client.post(f"{path}/extend", headers=known)
    gained = datetime.fromisoformat(longer.json()["expires_at"]) - datetime.fromisoformat(
        held["expires_at"]
    )
    assert gained == timedelta(minutes=30)
    twice = await client.post(f"{path}/extend", headers=known)
    assert (twice.status_code, twice.json()["code"]) == (409, "invalid_state")
    assert (await client.post(f"{path}/confirm", headers=known)).status_code == 422
    submitted = await client.post(f"{path}/submit", headers=known)
    assert (submitted.json()["status"], submitted.json()["expires_at"]) == ("pending", None)
    assert (await client.post(f"{path}/cancel", headers=known)).json()["status"] == "cancelled"
    await desk.hold([desk.rooms[0]], 3, 6)


async def test_guessing_a_codes_contact_is_stopped(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 6)
    client, path = desk.hotel.tenant.client, f"/api/v1/holds/{held['code']}"
    answers = [
        (await client.get(path, headers={"Portero-Contact": f"{n}@example.org"})).status_code
        for n in range(21)
    ]
    assert answers == [404] * 20 + [429]


async def test_one_address_cannot_hold_without_end(desk: Desk) -> None:
    answers = [await desk.ask([desk.rooms[0]], 5, 5) for _ in range(31)]
    assert [each.status_code for each in answers] == [422] * 30 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_availability_says_what_is_free_and_why_not_the_rest(desk: Desk) -> None:
    await desk.book([desk.rooms[0]], 3, 6)
    answer = await desk.hotel.tenant.client.get(
        "/api/v1/availability",
        params={
            "house_id": str(desk.hotel.house_id),
            "check_in": desk.day(5).isoformat(),
            "check_out": desk.day(7).isoformat(),
            "guests": 3,
        },
    )
    units = {unit["unit_name"]: unit for unit in answer.json()["units"]}
    assert answer.json()["nights"] == 2
    assert units["Room 1"]["why_not"] == ["taken", "too_small"]
    assert units["Room 1"]["taken"] == [desk.day(5).isoformat()]
    assert units["Room 2"]["why_not"] == ["too_small"]
    assert (units["Whole house"]["free"], units["Whole house"]["why_not"]) == (False, ["taken"])
    assert "ana" not in answer.text.lower()


async def test_availability_shows_the_bookable_first_and_forgets_holds_that_ran_out(
    desk: Desk,
) -> None:
    late = await desk.hold([desk.rooms[3]], 3, 6)
    await desk.hold([desk.rooms[0]], 3, 6)
    await desk.run_out(late)
    asked = {
        "unit_id": [desk.rooms[0], desk.rooms[3]],
        "check_in": desk.day(3).isoformat(),
        "check_out": desk.day(6).isoformat(),
    }
    answer = await desk.hotel.tenant.client.get("/api/v1/availability", params=asked)
    assert [unit["free"] for unit in answer.json()["units"]] == [True, False]
    assert answer.json()["units"][0]["unit_id"] == desk.rooms[3]


async def test_availability_needs_something_to_look_at(desk: Desk) -> None:
    dates = {"check_in": desk.day(3).isoformat(), "check_out": desk.day(6).isoformat()}
    answer = await desk.hotel.tenant.client.get("/api/v1/availability", params=dates)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_place_named")
    nowhere = {**dates, "house_id": str(uuid4())}
    answer = await desk.hotel.tenant.client.get("/api/v1/availability", params=nowhere)
    assert (answer.status_code, answer.json()["code"]) == (404, "accommodation_not_found")
    turned = {
        "house_id": str(desk.hotel.house_id),
        "check_in": dates["check_out"],
        "check_out": dates["check_in"],
    }
    answer = await desk.hotel.tenant.client.get("/api/v1/availability", params=turned)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_dates")


async def test_staff_cannot_book_in_another_organisations_house(
    desk: Desk, stranger: Tenant, house: SmallHotel
) -> None:
    body = desk.wish([str(house.room_units[0])], 3, 6, confirmed=True)
    answer = await stranger.post("/reservations", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "accommodation_not_found")
