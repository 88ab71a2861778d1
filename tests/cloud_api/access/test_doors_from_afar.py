"""Does a door move from afar only for its own people, once, and is the end told truly?"""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from cloud_api.access.jobs import end_gone_staff
from cloud_api.accounts.types import Role
from protocol.live import Outcome
from protocol.topics import Up
from tests.builders import JsonDict, Tenant, client_of, found_tenant, join
from tests.cloud_api.access.stage import Person, Visit
from tests.cloud_api.access.wire import Wire


async def tap(
    guest: Person, lock: UUID, *, key: str | None = None, **body: object
) -> httpx.Response:
    headers = {} if key is None else {"idempotency-key": key}
    return await guest.post(f"/doors/{lock}/moves", body, headers)


async def outcome(guest: Person, command_id: str, *, wait: float = 12) -> JsonDict:
    answer = await guest.get(f"/commands/{command_id}", wait=wait)
    assert answer.status_code == 200, answer.text
    found: JsonDict = answer.json()
    return found


async def arrive(wire: Wire, room: int = 0) -> Person:
    """A guest whose key is in the house."""
    booked = await wire.visit.book([wire.visit.desk.rooms[room]])
    await wire.holds((await wire.visit.grant(booked))["id"])
    return await wire.visit.guest_of(booked)


async def test_a_guest_opens_the_own_door_from_afar(wire: Wire) -> None:
    hotel = wire.visit.hotel
    async with wire.running() as house:
        guest = await arrive(wire)
        assert (await guest.stay())["key_state"] == "in_house"
        assert (await guest.stay())["house_online"] is True
        for lock in (hotel.front_door, hotel.room_locks[0]):
            asked = await tap(guest, lock)
            assert (asked.status_code, asked.json()["outcome"]) == (202, None)
            end = await outcome(guest, asked.json()["command_id"])
            assert (end["outcome"], end["lock_id"], end["move"]) == ("opened", str(lock), "open")
        assert [each.lock for each in house.opened] == [hotel.front_door, hotel.room_locks[0]]
        assert house.flaws == []


async def test_a_door_that_is_not_the_guests_is_never_asked_for(wire: Wire) -> None:
    async with wire.running() as house:
        guest = await arrive(wire)
        for lock in (wire.visit.hotel.room_locks[1], uuid4()):
            answer = await tap(guest, lock)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
        assert house.opened == []


async def test_the_houses_own_no_is_the_answer(wire: Wire) -> None:
    """The cloud has given the right, the house has not heard of it yet."""
    async with wire.running() as house:
        booked = await wire.visit.book([wire.visit.desk.rooms[0]], 1, 3)
        await wire.holds((await wire.visit.grant(booked))["id"])
        guest = await wire.visit.guest_of(booked)
        asked = await tap(guest, wire.visit.hotel.front_door)
        end = await outcome(guest, asked.json()["command_id"])
        assert (end["outcome"], end["reason"]) == ("refused", "not_started")
        assert house.opened == []


async def test_a_tap_told_twice_is_one_tap(wire: Wire) -> None:
    lock, other = wire.visit.hotel.front_door, wire.visit.hotel.room_locks[0]
    async with wire.running() as house:
        guest = await arrive(wire)
        mine = str(uuid4())
        first = await tap(guest, lock, key="k1", command_id=mine)
        again = await tap(guest, lock, key="k1", command_id=mine)
        same_id = await tap(guest, lock, command_id=mine)
        assert {each.json()["command_id"] for each in (first, again, same_id)} == {mine}
        assert again.headers["idempotency-replayed"] == "true"
        reused = await tap(guest, other, key="k1", command_id=mine)
        taken = await tap(guest, other, command_id=mine)
        assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
        assert (taken.status_code, taken.json()["code"]) == (409, "command_id_taken")
        assert (await outcome(guest, mine))["outcome"] == "opened"
        assert len(house.opened) == 1


async def test_two_guests_may_choose_the_same_key_and_see_only_their_own(wire: Wire) -> None:
    lock = wire.visit.hotel.front_door
    async with wire.running():
        one, two = await arrive(wire, 0), await arrive(wire, 1)
        asked = await tap(one, lock, key="same")
        assert (await tap(two, lock, key="same")).status_code == 202
        command_id = asked.json()["command_id"]
        hidden = await two.get(f"/commands/{command_id}")
        assert (hidden.status_code, hidden.json()["code"]) == (404, "command_not_found")
        stolen = await tap(two, lock, command_id=command_id)
        assert stolen.json()["code"] == "command_id_taken"


async def test_what_nobody_can_say_is_called_unknown(wire: Wire) -> None:
    wire.house.knobs.silent.add(Up.OUTCOME)
    async with wire.running() as house:
        guest = await arrive(wire)
        asked = (await tap(guest, wire.visit.hotel.front_door)).json()
        assert (await outcome(guest, asked["command_id"], wait=0.1))["outcome"] is None
        await wire.visit.desk.sql("UPDATE fleet_commands SET expires_at = now() + interval '1 s'")
        assert (await outcome(guest, asked["command_id"]))["outcome"] == "unknown"
        assert len(house.opened) == 1


async def test_a_failed_bolt_is_not_called_open(wire: Wire) -> None:
    wire.house.knobs.outcome = Outcome.FAILED
    async with wire.running():
        guest = await arrive(wire)
        asked = (await tap(guest, wire.visit.hotel.front_door)).json()
        assert (await outcome(guest, asked["command_id"]))["outcome"] == "failed"


async def test_a_house_without_a_device_is_said_to_have_none(visit: Visit) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    answer = await tap(guest, visit.hotel.front_door)
    assert (answer.status_code, answer.json()["code"]) == (409, "house_not_enrolled")


async def test_who_waits_holds_no_transaction_and_no_connection(wire: Wire) -> None:
    """More guests wait than the pool has connections, and somebody else is served meanwhile."""
    visit = wire.visit
    await visit.enrol()  # nobody listens: the command stays under way
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    asked = (await tap(guest, visit.hotel.front_door)).json()
    async with asyncio.TaskGroup() as tasks:
        waiting = [
            tasks.create_task(outcome(guest, asked["command_id"], wait=4))
            for _ in range(visit.settings.database_pool_size * 3)
        ]
        await asyncio.sleep(1)
        async with asyncio.timeout(2.5), visit.database.transaction() as session:
            idle = await session.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND state = 'idle in transaction' AND pid <> pg_backend_pid()"
                )
            )
            assert (await guest.get("/stay")).status_code == 200
    assert idle == 0
    assert {each.result()["outcome"] for each in waiting} == {None}


async def test_taps_are_counted_by_stay(visit: Visit) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    neighbour = await visit.guest_of(await visit.book([visit.desk.rooms[1]]))
    codes = [(await tap(guest, uuid4())).status_code for _ in range(22)]
    assert codes == [403] * 20 + [429] * 2
    assert (await tap(neighbour, uuid4())).status_code == 403


async def staff_grant(visit: Visit, person: Tenant, **other: object) -> JsonDict:
    now = visit.clock.utc_now()
    wish = {
        "house_id": str(visit.hotel.house_id),
        "staff_id": str(person.staff_id),
        "name": "Rosa",
        "starts": (now - timedelta(minutes=1)).isoformat(),
        "ends": (now + timedelta(hours=2)).isoformat(),
        **other,
    }
    return await visit.hotel.tenant.made("/grants/staff", wish)


@pytest.mark.parametrize(("role", "status"), [(Role.RECEPTION, 403), (Role.MANAGER, 201)])
async def test_only_who_makes_staff_hands_out_the_override(
    visit: Visit, role: Role, status: int
) -> None:
    desk_person, porter = await hire(visit, role), await hire(visit, Role.RECEPTION)
    now = visit.clock.utc_now()
    wish = {
        "house_id": str(visit.hotel.house_id),
        "staff_id": str(porter.staff_id),
        "name": "Rosa",
        "starts": now.isoformat(),
        "ends": (now + timedelta(hours=2)).isoformat(),
        "may_override": True,
    }
    assert (await desk_person.post("/grants/staff", wish)).status_code == status


async def hire(visit: Visit, role: Role) -> Tenant:
    client = client_of(visit.app)
    return await join(
        visit.database, client, organisation_id=visit.hotel.organisation_id, role=role
    )


async def open_as(person: Tenant, visit: Visit, **body: object) -> httpx.Response:
    path = f"/houses/{visit.hotel.house_id}/doors/{visit.hotel.front_door}/moves"
    return await person.post(path, {"move": "open", "reason": "towels", **body})


async def test_staff_open_a_door_on_their_own_grant_and_say_why(wire: Wire) -> None:
    visit = wire.visit
    cleaner, other = await hire(visit, Role.CLEANER), await hire(visit, Role.CLEANER)
    async with wire.running() as house:
        grant = await staff_grant(visit, cleaner)
        await wire.holds(grant["id"])
        asked = await open_as(cleaner, visit)
        assert asked.status_code == 202, asked.text
        path = f"/door-commands/{asked.json()['command_id']}"
        assert (await cleaner.get(path, wait=12)).json()["outcome"] == "opened"
        assert [str(each.grant) for each in house.opened] == [grant["id"]]
        # A colleague cannot see it; the owner, who reads all access, can.
        assert (await other.get(path)).status_code == 404
        assert (await visit.hotel.tenant.get(path)).json()["outcome"] == "opened"
    (row,) = await visit.desk.sql(
        "SELECT actor_id, object_id, after FROM audit_log WHERE action = 'access.door_moved'"
    )
    assert (row.actor_id, row.object_id) == (cleaner.staff_id, str(visit.hotel.front_door))
    assert (row.after["reason"], row.after["grant_id"]) == ("towels", grant["id"])


@pytest.mark.parametrize("flaw", ["none", "somebody_elses", "over", "revoked", "later"])
async def test_staff_without_a_grant_for_that_door_now_open_nothing(
    visit: Visit, flaw: str
) -> None:
    await visit.enrol()
    cleaner = await hire(visit, Role.CLEANER)
    now = visit.clock.utc_now()
    if flaw == "somebody_elses":
        await staff_grant(visit, await hire(visit, Role.CLEANER))
    if flaw == "over":
        await staff_grant(visit, cleaner, ends=(now + timedelta(minutes=1)).isoformat())
        visit.clock.advance(timedelta(minutes=1))
    if flaw == "revoked":
        made = await staff_grant(visit, cleaner)
        await visit.hotel.tenant.post(f"/grants/{made['id']}/revocation")
    if flaw == "later":
        await staff_grant(visit, cleaner, starts=(now + timedelta(hours=1)).isoformat())
    answer = await open_as(cleaner, visit)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_staff_grant")
    assert await visit.desk.sql("SELECT 1 FROM fleet_commands") == []


async def test_a_reason_a_role_and_the_own_organisation_are_needed(visit: Visit) -> None:
    await visit.enrol()
    owner = visit.hotel.tenant
    await staff_grant(visit, owner)
    stranger = await found_tenant(visit.database, client_of(visit.app))
    reader = await hire(visit, Role.READ_ONLY)
    assert (await open_as(owner, visit, reason=" ")).status_code == 422
    assert (await open_as(reader, visit)).json()["code"] == "forbidden"
    assert (await open_as(stranger, visit)).json()["code"] == "no_staff_grant"
    asked = (await open_as(owner, visit)).json()
    hidden = await stranger.get(f"/door-commands/{asked['command_id']}")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "command_not_found")


async def test_only_staff_of_the_house_that_may_log_in_get_grants(visit: Visit) -> None:
    stranger = await found_tenant(visit.database, client_of(visit.app))
    cleaner = await hire(visit, Role.CLEANER)
    now = visit.clock.utc_now()
    wish = {
        "house_id": str(visit.hotel.house_id),
        "staff_id": str(stranger.staff_id),
        "name": "Rosa",
        "starts": now.isoformat(),
        "ends": (now + timedelta(hours=1)).isoformat(),
    }
    answer = await visit.hotel.tenant.post("/grants/staff", wish)
    assert (answer.status_code, answer.json()["code"]) == (404, "staff_not_found")
    made = await staff_grant(visit, cleaner)
    async with visit.database.transaction() as session:
        assert await end_gone_staff(session, visit.clock) == {"ended": 0}
    gone = await visit.hotel.tenant.patch(f"/staff/{cleaner.staff_id}", {"active": False})
    assert gone.status_code == 200, gone.text
    async with visit.database.transaction() as session:
        assert await end_gone_staff(session, visit.clock) == {"ended": 1}
    ended = (await visit.hotel.tenant.get(f"/grants/{made['id']}")).json()
    assert (ended["state"], ended["reason"]) == ("revoked", "staff_gone")
