"""Is a grant what the booking says, whatever happens to the booking?"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI

from cloud_api.kit.db import Database
from cloud_api.settings import CloudSettings
from tests.builders import HandClock, build_small_hotel, client_of, found_tenant
from tests.cloud_api.access.stage import Visit, doors_of, instant
from tests.desk import Desk

LONDON = ZoneInfo("Europe/London")


async def pins_in_fleet(visit: Visit, grant_id: str) -> list[tuple[str, str]]:
    """Credential and lock of each PIN the house is wanted to hold."""
    rows = await visit.desk.sql(
        "SELECT pins FROM fleet_grants WHERE id = :id AND withdrawn_at IS NULL", id=UUID(grant_id)
    )
    return sorted((pin["credential"], pin["lock"]) for row in rows for pin in row.pins)


async def is_buried(visit: Visit, grant_id: str) -> bool:
    rows = await visit.desk.sql("SELECT 1 FROM fleet_tombstones WHERE id = :id", id=UUID(grant_id))
    return bool(rows)


async def test_four_rooms_behind_one_front_door_each_open_it_and_their_own(visit: Visit) -> None:
    hotel = visit.hotel
    pins = set()
    for room, lock in zip(visit.desk.rooms, hotel.room_locks, strict=True):
        booked = await visit.book([room])
        grant = await visit.grant(booked)
        assert doors_of(grant["rights"]) == {hotel.front_door, lock}
        found = (await visit.access(booked))["pins"]
        assert {UUID(pin["lock_id"]) for pin in found} == {hotel.front_door, lock}
        pins.add((await visit.links(grant))["pin"])
    assert len(pins) == 4


async def test_the_whole_house_opens_all_of_it(visit: Visit) -> None:
    grant = await visit.grant(await visit.book([visit.desk.whole]))
    assert doors_of(grant["rights"]) == {visit.hotel.front_door, *visit.hotel.room_locks}


async def test_two_rooms_in_one_booking_are_one_link_and_one_pin(visit: Visit) -> None:
    booked = await visit.book(visit.desk.rooms[:2], guests=2)
    grant = await visit.grant(booked)
    assert doors_of(grant["rights"]) == {visit.hotel.front_door, *visit.hotel.room_locks[:2]}
    assert len((await visit.access(booked))["pins"]) == 3


async def test_a_hold_and_a_block_open_nothing(visit: Visit) -> None:
    held = await visit.desk.hold([visit.desk.rooms[0]], 0, 1)
    blocked = await visit.desk.block([visit.desk.rooms[1]], 0, 1)
    await visit.work()
    assert await visit.grants(held) == []
    assert await visit.grants(blocked) == []


async def test_a_longer_or_shorter_stay_keeps_grant_digits_credentials_link_and_session(
    visit: Visit,
) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    before = await visit.grant(booked)
    links, held = await visit.links(before), await pins_in_fleet(visit, before["id"])
    guest = await visit.sign_in(links["cloud_url"])
    for last in (5, 1):
        await visit.do(booked, "move", {"check_out": visit.desk.day(last).isoformat()})
        after = await visit.grant(booked)
        assert after["id"] == before["id"]
        assert instant(after["ends"]) - instant(before["ends"]) == timedelta(days=last - 2)
        assert await visit.links(after) == links
        assert await pins_in_fleet(visit, after["id"]) == held
        assert (await guest.stay())["ends"] == after["ends"]


async def test_another_room_takes_the_old_lock_away_and_the_way_back_returns_its_credential(
    visit: Visit,
) -> None:
    front, first, second, *_ = visit.hotel.front_door, *visit.hotel.room_locks
    booked = await visit.book([visit.desk.rooms[0]])
    grant = await visit.grant(booked)
    pin, held = (await visit.links(grant))["pin"], await pins_in_fleet(visit, grant["id"])
    await visit.do(booked, "move", {"unit_ids": [visit.desk.rooms[1]]})
    moved = await visit.grant(booked)
    assert (moved["id"], doors_of(moved["rights"])) == (grant["id"], {front, second})
    assert {UUID(lock) for _, lock in await pins_in_fleet(visit, grant["id"])} == {front, second}
    assert (await visit.links(moved))["pin"] == pin
    await visit.do(booked, "move", {"unit_ids": [visit.desk.rooms[0]]})
    assert doors_of((await visit.grant(booked))["rights"]) == {front, first}
    assert await pins_in_fleet(visit, grant["id"]) == held


async def test_another_house_ends_the_old_grant_and_makes_a_new_one(visit: Visit) -> None:
    other = await build_small_hotel(visit.hotel.tenant)
    booked = await visit.book([visit.desk.rooms[0]])
    old = await visit.grant(booked)
    guest = await visit.guest_of(booked)
    await visit.do(booked, "move", {"unit_ids": [str(other.room_units[0])]})
    new = await visit.grant(booked)
    assert (new["house_id"], new["id"] == old["id"]) == (str(other.house_id), False)
    assert doors_of(new["rights"]) == {other.front_door, other.room_locks[0]}
    assert await is_buried(visit, old["id"])
    assert (await guest.get("/stay")).status_code == 401


@pytest.mark.parametrize(
    ("action", "reason"),
    [("cancel", "cancelled"), ("no-show", "no_show"), ("check-out", "completed")],
)
async def test_a_stay_that_will_not_be_is_withdrawn_for_good(
    visit: Visit, action: str, reason: str
) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    grant, guest = await visit.grant(booked), await visit.guest_of(booked)
    await visit.do(booked, action, {"reason": "so it is"})
    (ended,) = await visit.grants(booked)
    assert (ended["state"], ended["reason"]) == ("revoked", reason)
    assert await is_buried(visit, grant["id"])
    assert (await guest.get("/stay")).status_code == 401
    assert await pins_in_fleet(visit, grant["id"]) == []


async def test_checked_out_in_the_morning_keeps_the_door_until_the_check_out_hour(
    visit: Visit,
) -> None:
    booked = await visit.book([visit.desk.rooms[0]], 0, 1)
    grant = await visit.grant(booked)
    ends = instant(grant["ends"])
    await visit.at(ends - timedelta(hours=1))
    guest = await visit.guest_of(booked)
    await visit.do(booked, "check-out", {"reason": "breakfast first"})
    assert (await visit.grant(booked))["state"] == "active"
    assert (await guest.get("/stay")).status_code == 200
    await visit.at(ends)
    assert (await guest.get("/stay")).status_code == 401


async def test_the_last_day_is_the_houses_own_not_utcs(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]], 0, 1)
    check_out = date.fromisoformat(booked["check_out"])
    # In UTC it is the day of departure already, in Lima still the evening before.
    await visit.at(datetime.combine(check_out, datetime.min.time(), UTC) + timedelta(hours=2))
    await visit.do(booked, "check-out", {"reason": "left at once"})
    (ended,) = await visit.grants(booked)
    assert (ended["state"], ended["reason"]) == ("revoked", "completed")


async def test_what_staff_revoked_does_not_come_back_by_itself(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    grant = await visit.grant(booked)
    for _ in range(2):
        revoked = await visit.hotel.tenant.post(f"/grants/{grant['id']}/revocation")
        assert (revoked.status_code, revoked.json()["state"]) == (200, "revoked")
    await visit.do(booked, "move", {"check_out": visit.desk.day(3).isoformat()})
    assert [each["state"] for each in await visit.grants(booked)] == ["revoked"]


async def test_a_grant_the_house_has_buried_ends_here_and_poisons_nothing(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    grant = await visit.grant(booked)
    await visit.desk.sql(
        "INSERT INTO fleet_tombstones (house_id, id, organisation_id, revoked_at, window_end, until)"
        " VALUES (:house, :id, :organisation, now(), now(), now() + interval '9 days')",
        house=visit.hotel.house_id,
        id=UUID(grant["id"]),
        organisation=visit.hotel.organisation_id,
    )
    for last in (3, 4):  # `do` fails the test if any reaction is given up
        await visit.do(booked, "move", {"check_out": visit.desk.day(last).isoformat()})
    (ended,) = await visit.grants(booked)
    assert (ended["state"], ended["reason"]) == ("revoked", "withdrawn")


async def test_every_event_twice_and_late_ends_in_the_same_grant(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    before = await visit.access(booked)
    await visit.desk.sql(
        "INSERT INTO events_outbox (name, organisation_id, payload)"
        " SELECT name, organisation_id, payload FROM events_outbox WHERE name LIKE 'reservations.%'"
    )
    await visit.work()
    assert await visit.access(booked) == before


async def test_a_new_lock_and_other_hours_reach_the_stays_that_have_not_ended(
    visit: Visit,
) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    before = await visit.grant(booked)
    at = f"/houses/{visit.hotel.house_id}"
    gate = await visit.hotel.tenant.made(f"{at}/locks", {"name": "Gate", "vendor": "ttlock"})
    changed = await visit.hotel.tenant.patch(at, {"check_out_until": "12:30"})
    assert changed.status_code == 200, changed.text
    await visit.work()
    after = await visit.grant(booked)
    assert doors_of(after["rights"]) == {*doors_of(before["rights"]), UUID(gate["id"])}
    assert instant(after["ends"]) - instant(before["ends"]) == timedelta(hours=1, minutes=30)


async def add_locks(visit: Visit, numbers: range) -> None:
    for number in numbers:
        await visit.hotel.tenant.made(
            f"/houses/{visit.hotel.house_id}/locks",
            {"name": f"Locker {number}", "vendor": "ttlock", "space_id": str(visit.space)},
        )


async def test_no_grant_is_larger_than_a_houses_book_can_carry(visit: Visit) -> None:
    await add_locks(visit, range(30))
    booked = await visit.book([visit.desk.whole])
    grant, pins = await visit.grant(booked), (await visit.access(booked))["pins"]
    assert (len(doors_of(grant["rights"])), len(pins)) == (35, 32)
    assert str(visit.hotel.front_door) in {pin["lock_id"] for pin in pins}
    await add_locks(visit, range(30, 46))
    now = visit.clock.utc_now()
    wish = {
        "house_id": str(visit.hotel.house_id),
        "staff_id": str(visit.hotel.tenant.staff_id),
        "name": "Rosa",
        "starts": now.isoformat(),
        "ends": (now + timedelta(hours=1)).isoformat(),
    }
    answer = await visit.hotel.tenant.post("/grants/staff", wish)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_rights")


def _next_change(start: datetime) -> date:
    """The day on which the clocks of London change next, a week from `start` at least."""
    day = start.date() + timedelta(days=7)
    while _offset(day) == _offset(day + timedelta(days=1)):
        day += timedelta(days=1)
    return day


def _offset(day: date) -> timedelta | None:
    return datetime.combine(day, datetime.min.time(), LONDON).utcoffset()


async def test_check_out_is_at_eleven_by_the_houses_clock_across_both_changes(
    cloud_app: FastAPI,
    database: Database,
    http: httpx.AsyncClient,
    settings: CloudSettings,
    clock: HandClock,
) -> None:
    tenant = await found_tenant(database, client_of(cloud_app))
    hotel = await build_small_hotel(tenant, zone="Europe/London")
    visit = Visit(
        cloud_app, Desk(hotel, database, clock, zone="Europe/London"), settings, clock, database
    )
    change = _next_change(clock.utc_now())
    seen = set()
    for _ in range(2):
        day = (change - visit.desk.day(0)).days
        grant = await visit.grant(await visit.book([visit.desk.rooms[0]], day - 1, day + 1))
        starts, ends = instant(grant["starts"]), instant(grant["ends"])
        assert (starts.astimezone(LONDON).hour, ends.astimezone(LONDON).hour) == (15, 11)
        assert starts.astimezone(LONDON).date() == change - timedelta(days=1)
        seen.add((ends - starts) - timedelta(hours=44))
        change = _next_change(datetime.combine(change, datetime.min.time(), UTC))
    assert seen == {timedelta(hours=1), timedelta(hours=-1)}
