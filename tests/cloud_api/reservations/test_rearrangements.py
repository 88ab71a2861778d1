"""Can staff make room by moving stays among equal units, all at once or not at all?"""

import asyncio

from tests.builders import JsonDict, Tenant
from tests.desk import CONTACT, Desk


async def group(desk: Desk, *rooms: int) -> JsonDict:
    body = {"name": "Rooms", "unit_ids": [desk.rooms[each] for each in rooms]}
    return await desk.hotel.tenant.made("/interchangeable-units", body)


async def options(desk: Desk, first: int, last: int, guests: int = 1) -> JsonDict:
    answer = await desk.hotel.tenant.get(
        "/rearrangements",
        check_in=desk.day(first).isoformat(),
        check_out=desk.day(last).isoformat(),
        guests=guests,
    )
    assert answer.status_code == 200, answer.text
    found: JsonDict = answer.json()
    return found


def acceptance(desk: Desk, option: JsonDict, first: int, last: int, **other: object) -> JsonDict:
    return {
        "unit_id": option["unit_id"],
        "check_in": desk.day(first).isoformat(),
        "check_out": desk.day(last).isoformat(),
        "guests": 1,
        "moves": [
            {key: each[key] for key in ("reservation_id", "to_unit_id", "version")}
            for each in option["moves"]
        ],
        **other,
    }


async def crowded(desk: Desk) -> JsonDict:
    """Two equal rooms, each half taken: three nights in one room only after a move."""
    await group(desk, 0, 1)
    booked = await desk.book([desk.rooms[0]], 3, 5)
    await desk.book([desk.rooms[1]], 5, 7)
    return booked


async def test_what_is_free_is_direct_and_what_needs_moves_names_them_with_the_price(
    desk: Desk,
) -> None:
    booked = await crowded(desk)
    found = await options(desk, 4, 7)
    assert found["direct"] == []
    option = next(each for each in found["with_moves"] if each["unit_id"] == desk.rooms[0])
    [move] = option["moves"]
    assert move["reservation_id"] == booked["id"]
    assert (move["from_unit_id"], move["to_unit_id"]) == (desk.rooms[0], desk.rooms[1])
    assert option["price"]["minor"] > 0
    assert len((await options(desk, 20, 22))["direct"]) == 2


async def test_accepting_moves_the_stay_tells_its_guest_and_books_the_room(desk: Desk) -> None:
    booked = await crowded(desk)
    option = (await options(desk, 4, 7))["with_moves"][0]
    body = acceptance(desk, option, 4, 7, hold={"contact": CONTACT})
    done = await desk.hotel.tenant.made("/rearrangements", body)
    assert await desk.overlaps() == 0
    moved = (
        await desk.hotel.tenant.get(f"/reservations/{done['moves'][0]['reservation_id']}")
    ).json()
    assert moved["unit_ids"] == [option["moves"][0]["to_unit_id"]]
    held = (await desk.hotel.tenant.get(f"/reservations/{done['held_id']}")).json()
    assert (held["status"], held["unit_ids"]) == ("held", [option["unit_id"]])
    assert "reservations.moved" in await desk.event_names()
    deeds = await desk.sql("SELECT action FROM audit_log")
    assert {"reservations.rearranged", "reservations.moved"} <= {row.action for row in deeds}
    assert booked["id"] in {each["reservation_id"] for each in option["moves"]} | {booked["id"]}


async def test_if_the_room_was_taken_meanwhile_nothing_changes(desk: Desk) -> None:
    await crowded(desk)
    option = next(
        each
        for each in (await options(desk, 4, 7))["with_moves"]
        if each["unit_id"] == desk.rooms[0]
    )
    await desk.hold([desk.rooms[1]], 4, 5)
    answer = await desk.hotel.tenant.post("/rearrangements", acceptance(desk, option, 4, 7))
    assert answer.status_code == 409, answer.text
    moved = await desk.hotel.tenant.get(f"/reservations/{option['moves'][0]['reservation_id']}")
    assert moved.json()["unit_ids"] == [desk.rooms[0]]
    assert "reservations.moved" not in await desk.event_names()


async def test_a_stay_that_changed_since_makes_the_option_stale(desk: Desk) -> None:
    booked = await crowded(desk)
    option = next(
        each
        for each in (await options(desk, 4, 7))["with_moves"]
        if each["unit_id"] == desk.rooms[0]
    )
    await desk.done(booked, "move", {"guests": 2})
    answer = await desk.hotel.tenant.post("/rearrangements", acceptance(desk, option, 4, 7))
    assert (answer.status_code, answer.json()["code"]) == (409, "rearrangement_stale")


async def test_undoing_puts_everybody_back_and_cancels_the_booking_made_with_it(desk: Desk) -> None:
    booked = await crowded(desk)
    option = next(
        each
        for each in (await options(desk, 4, 7))["with_moves"]
        if each["unit_id"] == desk.rooms[0]
    )
    body = acceptance(desk, option, 4, 7, hold={"contact": CONTACT, "confirmed": True})
    done = await desk.hotel.tenant.made("/rearrangements", body)
    undone = await desk.hotel.tenant.post(f"/rearrangements/{done['id']}/undo")
    assert undone.status_code == 200, undone.text
    back = (await desk.hotel.tenant.get(f"/reservations/{booked['id']}")).json()
    assert back["unit_ids"] == [desk.rooms[0]]
    assert await desk.status({"id": done["held_id"]}) == "cancelled"
    again = await desk.hotel.tenant.post(f"/rearrangements/{done['id']}/undo")
    assert again.json()["code"] == "rearrangement_stale"


async def test_what_changed_since_cannot_be_undone(desk: Desk) -> None:
    booked = await crowded(desk)
    option = next(
        each
        for each in (await options(desk, 4, 7))["with_moves"]
        if each["unit_id"] == desk.rooms[0]
    )
    done = await desk.hotel.tenant.made("/rearrangements", acceptance(desk, option, 4, 7))
    await desk.done(booked, "move", {"guests": 2})
    answer = await desk.hotel.tenant.post(f"/rearrangements/{done['id']}/undo")
    assert (answer.status_code, answer.json()["code"]) == (409, "rearrangement_stale")


async def test_blocks_and_guests_who_have_come_are_never_moved(desk: Desk) -> None:
    await group(desk, 0, 1)
    await desk.block([desk.rooms[0]], 3, 5)
    arrived = await desk.book([desk.rooms[1]], 0, 4)
    await desk.done(arrived, "check-in")
    found = await options(desk, 3, 4)
    assert (found["direct"], found["with_moves"]) == ([], [])


async def test_units_that_share_a_space_are_not_interchangeable(desk: Desk) -> None:
    body = {"name": "Both", "unit_ids": [desk.rooms[0], desk.whole]}
    answer = await desk.hotel.tenant.post("/interchangeable-units", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_group")


async def test_a_unit_is_in_one_group_and_a_group_can_be_changed_and_removed(desk: Desk) -> None:
    made = await group(desk, 0, 1)
    body = {"name": "Others", "unit_ids": [desk.rooms[1], desk.rooms[2]]}
    taken = await desk.hotel.tenant.post("/interchangeable-units", body)
    assert (taken.status_code, taken.json()["code"]) == (409, "group_taken")
    path = f"/interchangeable-units/{made['id']}"
    assert (await desk.hotel.tenant.put(path, body)).json()["name"] == "Others"
    assert (await desk.hotel.tenant.delete(path)).status_code == 204
    assert (await desk.hotel.tenant.get("/interchangeable-units")).json() == []


async def test_another_organisation_sees_and_moves_nothing(desk: Desk, stranger: Tenant) -> None:
    made = await group(desk, 0, 1)
    assert (await stranger.get("/interchangeable-units")).json() == []
    assert (await stranger.delete(f"/interchangeable-units/{made['id']}")).status_code == 404
    body = {"name": "Mine", "unit_ids": [desk.rooms[0], desk.rooms[1]]}
    assert (await stranger.post("/interchangeable-units", body)).status_code == 404


async def test_of_a_crowd_that_accepts_one_option_exactly_one_does(desk: Desk) -> None:
    await crowded(desk)
    option = next(
        each
        for each in (await options(desk, 4, 7))["with_moves"]
        if each["unit_id"] == desk.rooms[0]
    )
    body = acceptance(desk, option, 4, 7, hold={"contact": CONTACT})
    answers = await asyncio.gather(  # noqa: TID251 - a crowd at once
        *(desk.hotel.tenant.post("/rearrangements", body) for _ in range(64))
    )
    codes = sorted(each.status_code for each in answers)
    assert codes == [201] + [409] * 63
    assert await desk.overlaps() == 0
