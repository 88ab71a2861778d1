"""Do staff get exactly what the table of deeds allows, and is every change told?"""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from cloud_api.kit.db import Database
from cloud_api.reservations import service
from tests.builders import JsonDict, build_small_hotel
from tests.desk import CONTACT, Desk

ACTIONS = (
    "submit",
    "review",
    "confirm",
    "reject",
    "cancel",
    "extend-hold",
    "check-in",
    "check-out",
    "no-show",
    "move",
)


async def _in_status(desk: Desk, status: str) -> JsonDict:
    """A booking for tonight that came to this status through the front door."""
    booking = await desk.hold([desk.rooms[0]], 0, 2)
    ways = {
        "held": (),
        "pending": ("submit",),
        "under_review": ("submit", "review"),
        "confirmed": ("confirm",),
        "rejected": ("reject",),
        "cancelled": ("cancel",),
        "no_show": ("confirm", "no-show"),
    }
    for action in ways[status]:
        await desk.done(booking, action)
    return booking


ALLOWED = {
    "held": {"submit", "confirm", "reject", "cancel", "extend-hold", "move"},
    "pending": {"review", "confirm", "reject", "cancel", "move"},
    "under_review": {"confirm", "reject", "cancel", "move"},
    "confirmed": {"cancel", "check-in", "check-out", "no-show", "move"},
    "rejected": set[str](),
    "cancelled": set[str](),
    "no_show": set[str](),
}


@pytest.mark.parametrize("status", ALLOWED)
async def test_every_action_of_staff_answers_as_the_table_says(desk: Desk, status: str) -> None:
    for number, action in enumerate(ACTIONS):
        if number:
            await desk.forget()
        booking = await _in_status(desk, status)
        body = {"check_out": desk.day(3).isoformat()} if action == "move" else None
        answer = await desk.do(booking, action, body)
        if action in ALLOWED[status]:
            assert answer.status_code == 200, (action, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state"), action
            assert answer.json()["state"] == status
            assert await desk.status(booking) == status


async def test_confirming_makes_the_contact_a_client_once(desk: Desk) -> None:
    first = await desk.done(await desk.hold([desk.rooms[0]], 3, 4), "confirm")
    second = await desk.done(await desk.hold([desk.rooms[1]], 3, 4), "confirm")
    assert first["client_id"] == second["client_id"] is not None
    assert await desk.sql("SELECT name FROM clients") == [(CONTACT["name"],)]


async def test_a_confirmation_records_who_and_how_it_was_paid(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 4)
    paid = {"note": "bank transfer", "amount": {"minor": 25_000, "currency": "PEN"}}
    confirmed = await desk.done(held, "confirm", {"payment": paid})
    assert confirmed["payment"] == paid
    assert confirmed["confirmed_by"] == str(desk.hotel.tenant.staff_id)
    assert confirmed["expires_at"] is None
    names = await desk.event_names()
    assert names == ["reservations.held", "reservations.confirmed"]
    payload = (await desk.events())[-1][1]
    assert (payload["status"], payload["client_id"]) == ("confirmed", confirmed["client_id"])


async def test_of_many_confirms_at_once_exactly_one_wins(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 4)
    async with asyncio.TaskGroup() as tasks:
        tried = [tasks.create_task(desk.do(held, "confirm")) for _ in range(12)]
    answers = Counter(
        (task.result().status_code, task.result().json().get("code", ""))
        if task.result().status_code != 200
        else (200, "")
        for task in tried
    )
    assert answers == {(200, ""): 1, (409, "invalid_state"): 11}
    assert (await desk.event_names()).count("reservations.confirmed") == 1


async def test_a_confirm_repeated_with_its_key_gets_the_same_answer(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 4)
    key = {"Idempotency-Key": uuid4().hex}
    path = f"/reservations/{held['id']}/confirm"
    first = await desk.hotel.tenant.post(path, headers=key)
    again = await desk.hotel.tenant.post(path, headers=key)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()


@pytest.mark.parametrize("action", ["confirm", "submit", "cancel", "extend-hold", "reject", "move"])
async def test_a_hold_that_ran_out_is_expired_for_good_whatever_is_tried(
    desk: Desk, action: str
) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 4)
    await desk.run_out(held)
    body = {"check_out": desk.day(5).isoformat()} if action == "move" else None
    answer = await desk.do(held, action, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "expired")
    assert answer.headers["content-type"] == "application/problem+json"
    # The refusal itself was written down: the nights are free and everybody was told.
    assert await desk.status(held) == "expired"
    assert (await desk.event_names())[-1] == "reservations.expired"
    assert await desk.sql("SELECT 1 FROM occupancies WHERE live") == []
    assert (await desk.do(held, action, body)).json()["code"] == "expired"
    assert (await desk.event_names()).count("reservations.expired") == 1


async def test_a_hold_confirmed_and_expired_at_once_has_one_truth(desk: Desk) -> None:
    for _ in range(5):
        held = await desk.hold([desk.rooms[0]], 3, 4)
        await desk.sql(
            "UPDATE reservations SET expires_at = statement_timestamp() + interval '15 ms'"
            " WHERE id = :id",
            id=UUID(held["id"]),
        )
        async with asyncio.TaskGroup() as tasks:
            confirms = [tasks.create_task(desk.do(held, "confirm")) for _ in range(4)]
            rivals = [
                tasks.create_task(desk.ask([desk.rooms[0]], 3, 4, guests=2)) for _ in range(4)
            ]
        won = [each.result().status_code for each in confirms].count(200)
        taken = [each.result().status_code for each in rivals].count(201)
        assert {each.result().status_code for each in (*confirms, *rivals)} <= {200, 201, 409}
        assert won + taken <= 1
        assert await desk.status(held) == ("confirmed" if won else "expired")
        assert await desk.overlaps() == 0
        await desk.forget()


@pytest.mark.parametrize("action", ["cancel", "reject"])
async def test_giving_up_frees_the_same_nights_at_once(desk: Desk, action: str) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 6)
    ended = await desk.done(held, action, {"reason": "changed their mind"})
    assert ended["reason"] == "changed their mind"
    assert ended[f"{ended['status']}_at"] is not None
    await desk.hold([desk.rooms[0]], 3, 6)


async def test_no_show_frees_the_remaining_nights(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 0, 4)
    assert (await desk.done(booked, "no-show"))["status"] == "no_show"
    await desk.hold([desk.rooms[0]], 1, 3)
    assert "reservations.no_show" in await desk.event_names()


async def test_check_in_waits_for_the_day_and_happens_once(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 1, 4)
    for action in ("check-in", "check-out", "no-show"):
        assert (await desk.do(booked, action)).json()["code"] == "invalid_state"
    today = await desk.book([desk.rooms[1]], 0, 4)
    arrived = await desk.done(today, "check-in")
    assert arrived["checked_in_at"] is not None
    assert arrived["status"] == "confirmed"
    assert (await desk.do(today, "check-in")).json()["code"] == "invalid_state"
    assert (await desk.do(today, "no-show")).json()["code"] == "invalid_state"
    assert (await desk.event_names())[-1] == "reservations.checked_in"


async def test_checking_out_early_ends_the_stay_and_counts_the_visit_once(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 0, 4)
    await desk.done(booked, "check-in")
    left = await desk.done(booked, "check-out", {"reason": "left early"})
    assert (left["status"], left["visit_counted"], left["reason"]) == (
        "completed",
        True,
        "left early",
    )
    assert (await desk.event_names())[-1] == "reservations.completed"
    assert await desk.sql("SELECT visits FROM clients") == [(1,)]
    assert (await desk.do(booked, "check-out")).json()["code"] == "invalid_state"
    await desk.hold([desk.rooms[0]], 1, 4)


async def test_a_move_frees_the_old_nights_and_takes_the_new_ones(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 3, 6)
    change = {
        "unit_ids": [desk.rooms[1], desk.rooms[2]],
        "check_out": desk.day(8).isoformat(),
        "guests": 4,
    }
    moved = await desk.done(booked, "move", change)
    assert sorted(moved["unit_ids"]) == sorted(desk.rooms[1:3])
    assert (moved["check_in"], moved["check_out"]) == (
        desk.day(3).isoformat(),
        desk.day(8).isoformat(),
    )
    assert (moved["guests"], moved["status"], moved["code"]) == (4, "confirmed", booked["code"])
    await desk.hold([desk.rooms[0]], 3, 6)
    assert (await desk.ask([desk.rooms[2]], 7, 9)).status_code == 409
    name, payload = next(each for each in await desk.events() if each[0] == "reservations.moved")
    assert name == "reservations.moved"
    assert payload["old_unit_ids"] == [desk.rooms[0]]
    assert payload["old_check_out"] == desk.day(6).isoformat()
    assert payload["check_out"] == desk.day(8).isoformat()


async def test_a_move_that_does_not_fit_changes_nothing_at_all(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 3, 6)
    await desk.hold([desk.rooms[2]], 5, 6)
    answer = await desk.do(booked, "move", {"unit_ids": [desk.rooms[1], desk.rooms[2]]})
    assert answer.json()["code"] == "date_overlap"
    assert [each["night"] for each in answer.json()["conflicts"]] == [desk.day(5).isoformat()]
    assert (await desk.hotel.tenant.get(f"/reservations/{booked['id']}")).json() == booked
    assert (await desk.ask([desk.rooms[0]], 3, 4)).status_code == 409
    assert (await desk.ask([desk.rooms[1]], 3, 6)).status_code == 201


async def test_extending_shortening_and_shifting_over_its_own_nights(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 3, 6)
    for first, last in ((3, 8), (3, 4), (2, 5), (3, 6)):
        change = {"check_in": desk.day(first).isoformat(), "check_out": desk.day(last).isoformat()}
        moved = await desk.done(booked, "move", change)
        assert moved["nights"] == last - first
        assert (await desk.ask([desk.rooms[0]], last - 1, last)).status_code == 409
    assert (await desk.ask([desk.rooms[0]], 6, 7)).status_code == 201


async def test_a_room_becomes_the_whole_house_only_when_all_of_it_is_free(desk: Desk) -> None:
    booked = await desk.book([desk.rooms[0]], 3, 6)
    other = await desk.hold([desk.rooms[1]], 3, 4)
    whole = {"unit_ids": [desk.whole]}
    assert (await desk.do(booked, "move", whole)).json()["code"] == "date_overlap"
    await desk.run_out(other)
    await desk.done(booked, "move", whole)
    assert await desk.status(other) == "expired"
    assert (await desk.ask([desk.rooms[3]], 5, 6)).status_code == 409


async def test_a_booking_may_move_to_another_house_of_the_organisation(desk: Desk) -> None:
    other = await build_small_hotel(desk.hotel.tenant)
    booked = await desk.book([desk.rooms[0]], 3, 6)
    moved = await desk.done(booked, "move", {"unit_ids": [str(other.room_units[0])]})
    assert moved["house_id"] == str(other.house_id)
    payload = (await desk.events())[-1][1]
    assert (payload["old_house_id"], payload["house_id"]) == (
        str(desk.hotel.house_id),
        str(other.house_id),
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"check_out": 3}, "invalid_dates"),
        ({"check_in": -1}, "invalid_dates"),
        ({"guests": 9}, "invalid_guests"),
        ({"guests": 0}, "invalid_guests"),
        ({"unit_ids": []}, "invalid_request"),
        ({"surprise": 1}, "invalid_request"),
    ],
)
async def test_a_senseless_move_is_refused(
    desk: Desk, change: dict[str, object], code: str
) -> None:
    booked = await desk.book([desk.rooms[0]], 3, 6)
    days = {
        key: desk.day(value).isoformat()
        if key.startswith("check") and isinstance(value, int)
        else value
        for key, value in change.items()
    }
    answer = await desk.do(booked, "move", days)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_two_stays_that_change_places_at_once_never_deadlock(desk: Desk) -> None:
    first = await desk.book([desk.rooms[0]], 3, 6)
    second = await desk.book([desk.rooms[1]], 3, 6)
    for _ in range(5):
        async with asyncio.TaskGroup() as tasks:
            there = tasks.create_task(desk.do(first, "move", {"unit_ids": [desk.rooms[1]]}))
            back = tasks.create_task(desk.do(second, "move", {"unit_ids": [desk.rooms[0]]}))
        assert there.result().json()["code"] == back.result().json()["code"] == "date_overlap"
    [row] = await desk.sql(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    assert row.deadlocks == 0


async def test_blocks_have_no_guest_and_can_be_moved_and_cancelled_only(desk: Desk) -> None:
    block = await desk.block([desk.whole], 0, 6)
    assert (block["kind"], block["status"], block["guests"]) == ("maintenance", "confirmed", 0)
    assert block["client_id"] is None
    for action in ("check-in", "no-show", "confirm", "submit", "extend-hold"):
        assert (await desk.do(block, action)).json()["code"] == "invalid_state", action
    moved = await desk.done(block, "move", {"unit_ids": [desk.rooms[0]]})
    assert moved["guests"] == 0
    await desk.done(block, "cancel", {"reason": "repaired"})
    await desk.hold([desk.whole], 3, 6)


async def test_a_block_does_not_open_to_a_guests_code_and_contact(desk: Desk) -> None:
    block = await desk.block([desk.rooms[0]], 1, 2)
    answer = await desk.hotel.tenant.client.get(
        f"/api/v1/holds/{block['code']}", headers={"Portero-Contact": "anybody"}
    )
    assert answer.status_code == 404


async def test_a_stay_can_be_read_for_access(desk: Desk, database: Database) -> None:
    booked = await desk.book([desk.rooms[1], desk.rooms[0]], 0, 4, guests=3)
    await desk.done(booked, "check-in")
    async with database.transaction() as session:
        stay = await service.stay_for_access(session, UUID(booked["id"]))
        nobody = await service.stay_for_access(session, uuid4())
    assert nobody is None
    assert stay is not None
    assert set(stay.space_ids) == set(desk.hotel.room_spaces[:2])
    assert set(stay.unit_ids) == set(desk.hotel.room_units[:2])
    assert (stay.check_in, stay.check_out) == (desk.day(0), desk.day(4))
    assert (stay.status, stay.checked_in, stay.guests) == ("confirmed", True, 3)
    assert (stay.client_name, stay.client_language) == (CONTACT["name"], "en")
    assert (stay.house_id, stay.organisation_id) == (
        desk.hotel.house_id,
        desk.hotel.organisation_id,
    )


async def test_staff_get_the_same_answer_for_the_same_key(desk: Desk) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    body = desk.wish([desk.rooms[0]], 3, 6)
    first = await desk.hotel.tenant.post("/reservations", body, headers=key)
    again = await desk.hotel.tenant.post("/reservations", body, headers=key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    other = await desk.hotel.tenant.post("/reservations", {**body, "guests": 2}, headers=key)
    assert other.json()["code"] == "idempotency_key_reused"


async def test_staff_extend_a_hold_once(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 6)
    assert (await desk.done(held, "extend-hold"))["hold_extended"] is True
    [row] = await desk.sql("SELECT expires_at - created_at AS life FROM reservations")
    assert row.life == timedelta(minutes=60)
    assert (await desk.do(held, "extend-hold")).json()["code"] == "invalid_state"
