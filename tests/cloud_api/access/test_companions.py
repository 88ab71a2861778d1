"""Who lets a companion in, for how long, and who learns of it?"""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from cloud_api.access.jobs import expire_requests
from protocol.facts import DelegationEnded, FirstUsed, RequestDecided, Requested
from protocol.ids import GrantId, RequestId
from protocol.signing import Signer
from tests.builders import JsonDict
from tests.cloud_api.access.stage import Person, Visit, doors_of, instant

MUSIC = ["music:control", "music:queue"]


async def ask(visit: Visit, guest: Person, wants: list[str] = MUSIC) -> JsonDict:
    """Somebody scans the booker's code; the answer, with the waiting secret."""
    body = {"join_code": (await guest.stay())["join_code"], "name": "Bruno", "wants": wants}
    answer = await visit.somebody().post("/join", body)
    assert answer.status_code == 201, answer.text
    found: JsonDict = answer.json()
    return found


async def waiting(visit: Visit, asked: JsonDict) -> JsonDict:
    body = {"waiting_secret": asked["waiting_secret"]}
    answer = await visit.somebody().post("/waiting", body)
    assert answer.status_code == 200, answer.text
    found: JsonDict = answer.json()
    return found


async def admit(visit: Visit, guest: Person, wants: list[str] = MUSIC) -> Person:
    asked = await ask(visit, guest, wants)
    said = await guest.post(f"/requests/{asked['request_id']}/answer", {"approve": True})
    assert said.status_code == 200, said.text
    return await visit.sign_in((await waiting(visit, asked))["links"]["cloud_url"])


async def test_the_booker_approves_and_the_companion_has_music_but_no_door(visit: Visit) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    asked = await ask(visit, guest)
    assert await waiting(visit, asked) == {"state": "pending", "links": None}
    (shown,) = (await guest.get("/requests")).json()
    assert (shown["name"], shown["wants"], shown["state"]) == ("Bruno", MUSIC, "pending")
    said = await guest.post(f"/requests/{asked['request_id']}/answer", {"approve": True})
    assert said.json()["state"] == "approved"
    companion = await visit.sign_in((await waiting(visit, asked))["links"]["cloud_url"])
    stay = await companion.stay()
    assert (stay["holder"], stay["doors"], stay["pin"], stay["join_code"]) == (
        "companion",
        [],
        None,
        None,
    )
    assert [(each["may_control"], each["may_set_volume"]) for each in stay["players"]] == [
        (True, False)
    ]
    rows = await visit.desk.sql("SELECT role, parent, rights FROM fleet_grants ORDER BY role")
    booker = (await guest.stay())["grant_id"]
    assert (rows[0].role, str(rows[0].parent)) == ("companion", booker)
    assert set(rows[0].rights) == {f"{verb}:{visit.hotel.player}" for verb in MUSIC}


async def test_a_refused_companion_gets_nothing_and_may_ask_again(visit: Visit) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    asked = await ask(visit, guest)
    path = f"/requests/{asked['request_id']}/answer"
    assert (await guest.post(path, {"approve": False})).json()["state"] == "denied"
    assert await waiting(visit, asked) == {"state": "denied", "links": None}
    again = await guest.post(path, {"approve": True})
    assert (again.status_code, again.json()["code"]) == (409, "request_decided")
    assert (await waiting(visit, await ask(visit, guest)))["state"] == "pending"


async def test_only_the_stays_own_booker_or_host_answers(visit: Visit) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    neighbour = await visit.guest_of(await visit.book([visit.desk.rooms[1]]))
    companion = await admit(visit, guest)
    asked = await ask(visit, guest)
    path = f"/requests/{asked['request_id']}/answer"
    for other in (neighbour, companion):
        answer = await other.post(path, {"approve": True})
        assert (answer.status_code, answer.json()["code"]) == (404, "request_not_found")
        assert (await other.get("/requests")).json() == []
    host = await visit.hotel.tenant.post(
        f"/access-requests/{asked['request_id']}/answer", {"approve": True}
    )
    assert (host.json()["state"], host.json()["decided_by"]) == ("approved", "staff")


async def test_a_request_nobody_answers_expires(visit: Visit) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    asked = await ask(visit, guest)
    visit.clock.advance(timedelta(minutes=31))
    assert (await waiting(visit, asked))["state"] == "expired"
    late = await guest.post(f"/requests/{asked['request_id']}/answer", {"approve": True})
    assert late.json()["code"] == "request_decided"
    for ended in (1, 0):
        async with visit.database.transaction() as session:
            assert await expire_requests(session, visit.clock) == {"expired": ended}
    assert (await guest.get("/requests")).json()[0]["state"] == "expired"


async def test_a_stays_number_of_companions_is_kept(visit: Visit) -> None:
    at = f"/houses/{visit.hotel.house_id}"
    changed = await visit.hotel.tenant.patch(at, {"max_companions": 1})
    assert changed.status_code == 200, changed.text
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    await admit(visit, guest)
    body = {"join_code": (await guest.stay())["join_code"], "name": "Caro", "wants": MUSIC}
    answer = await visit.somebody().post("/join", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_companions")


async def test_joining_is_slowed_down_and_wrong_codes_say_no_more_than_that(visit: Visit) -> None:
    guesser = visit.somebody()
    body = {"join_code": "f" * 64, "name": "X", "wants": MUSIC}
    answers = [await guesser.post("/join", body) for _ in range(11)]
    assert [each.status_code for each in answers] == [401] * 10 + [429]
    assert (await guesser.post("/waiting", {"waiting_secret": "f" * 64})).status_code == 404


async def test_the_booker_removes_a_companion_and_nobody_elses(visit: Visit) -> None:
    guest = await visit.guest_of(await visit.book([visit.desk.rooms[0]]))
    neighbour = await visit.guest_of(await visit.book([visit.desk.rooms[1]]))
    companion = await admit(visit, guest)
    grant_id = (await companion.stay())["grant_id"]
    for person, grant in ((neighbour, grant_id), (guest, (await guest.stay())["grant_id"])):
        assert (await person.delete(f"/companions/{grant}")).status_code == 404
    for _ in range(2):
        assert (await guest.delete(f"/companions/{grant_id}")).status_code == 204
    assert (await companion.get("/stay")).status_code == 401
    buried = await visit.desk.sql("SELECT id FROM fleet_tombstones")
    assert [str(row.id) for row in buried] == [grant_id]


async def test_a_companion_moves_with_the_booker_and_ends_with_them(visit: Visit) -> None:
    front, _first, second, *_ = visit.hotel.front_door, *visit.hotel.room_locks
    booked = await visit.book([visit.desk.rooms[0]])
    guest = await visit.guest_of(booked)
    companion = await admit(visit, guest, ["door:open"])
    await visit.do(booked, "move", {"unit_ids": [visit.desk.rooms[1]]})
    assert doors_of((await visit.grant(booked))["rights"]) == {front, second}
    stay = await companion.stay()
    assert {UUID(door["lock_id"]) for door in stay["doors"]} == {front, second}
    # No more than was asked for: the booker's music and locking are not the companion's.
    rows = await visit.desk.sql("SELECT rights FROM fleet_grants WHERE role = 'companion'")
    assert set(rows[0].rights) == {f"door:open:{front}", f"door:open:{second}"}
    await visit.do(booked, "move", {"check_out": visit.desk.day(1).isoformat()})
    assert (await companion.stay())["ends"] == (await guest.stay())["ends"]
    await visit.do(booked, "move", {"check_out": visit.desk.day(4).isoformat()})
    assert (await companion.stay())["ends"] == (await guest.stay())["ends"]
    await visit.do(booked, "cancel", {"reason": "ill"})
    assert (await companion.get("/stay")).status_code == 401


async def test_a_companion_follows_the_booker_to_another_house(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    guest = await visit.guest_of(booked)
    asked = await ask(visit, guest, ["door:open"])
    await guest.post(f"/requests/{asked['request_id']}/answer", {"approve": True})
    before = await visit.sign_in((await waiting(visit, asked))["links"]["cloud_url"])
    unit, door = await _cottage(visit)
    await visit.do(booked, "move", {"unit_ids": [unit]})
    assert (await before.get("/stay")).status_code == 401  # of the old house
    companion = await visit.sign_in((await waiting(visit, asked))["links"]["cloud_url"])
    stay = await companion.stay()
    assert [each["lock_id"] for each in stay["doors"]] == [door]
    booker = await visit.guest_of(booked)
    (listed,) = (await booker.get("/requests")).json()
    assert (listed["id"], listed["state"]) == (asked["request_id"], "approved")
    assert (await booker.delete(f"/companions/{stay['grant_id']}")).status_code == 204


async def _cottage(visit: Visit) -> tuple[str, str]:
    """Another house with one unit and one door; both ids."""
    tenant = visit.hotel.tenant
    house = await tenant.made(
        f"/properties/{visit.hotel.property_id}/houses",
        {"name": "Cottage", "zone": "America/Lima"},
    )
    at = f"/houses/{house['id']}"
    space = await tenant.made(f"{at}/spaces", {"name": "All of it"})
    price = {"minor": 9000, "currency": "PEN"}
    unit = await tenant.made(
        f"{at}/units",
        {"name": "Cottage", "capacity": 4, "space_ids": [space["id"]], "base_price": price},
    )
    door = await tenant.made(f"{at}/locks", {"name": "Cottage door", "vendor": "ttlock"})
    await visit.work()
    return unit["id"], door["id"]


class InHouse:
    """A companion who asks on the LAN, and what the house tells of it."""

    def __init__(self, visit: Visit, parent: JsonDict) -> None:
        self.visit, self.parent = visit, parent
        self.request = uuid4()
        self.right = f"music:control:{visit.hotel.player}"

    def asked(self) -> Requested:
        return Requested(
            request=RequestId(self.request),
            parent=GrantId(UUID(self.parent["id"])),
            rights=(self.right,),
            name_box=None,
            expires_at=self.visit.clock.utc_now() + timedelta(minutes=10),
        )

    def decided(self, envelope: str | None) -> RequestDecided:
        return RequestDecided(
            request=RequestId(self.request),
            approved=envelope is not None,
            by=GrantId(UUID(self.parent["id"])),
            delegation=envelope,
        )


@pytest.fixture
async def in_house(visit: Visit) -> InHouse:
    booked = await visit.book([visit.desk.rooms[0]])
    await visit.enrol()
    return InHouse(visit, await visit.grant(booked))


async def adopted(visit: Visit, grant_id: UUID) -> JsonDict:
    found: JsonDict = (await visit.hotel.tenant.get(f"/grants/{grant_id}")).json()
    return found


async def request_state(visit: Visit) -> tuple[str, str, str | None]:
    (row,) = (await visit.hotel.tenant.get("/access-requests")).json()["items"]
    return row["state"], row["name"], row["decided_by"]


async def test_what_the_booker_approved_in_the_house_is_adopted(in_house: InHouse) -> None:
    visit = in_house.visit
    await visit.report(in_house.asked(), name="Bruno")
    assert await request_state(visit) == ("pending", "Bruno", None)
    delegation, envelope = visit.delegation(in_house.parent, in_house.request)
    await visit.report(in_house.decided(envelope))
    assert await request_state(visit) == ("approved", "Bruno", "house")
    grant = await adopted(visit, delegation)
    assert (grant["state"], grant["holder"], grant["made_in_house"]) == (
        "active",
        "companion",
        True,
    )
    assert (grant["rights"], grant["name"]) == ([in_house.right], "Bruno")
    # The house has it already: nothing is desired, and no cloud link exists for it.
    assert await visit.desk.sql("SELECT 1 FROM fleet_grants WHERE id = :id", id=delegation) == []
    links = await visit.hotel.tenant.post(f"/grants/{delegation}/links")
    assert (links.status_code, links.json()["code"]) == (409, "grant_over")


async def test_without_an_opener_the_companion_has_no_name(in_house: InHouse) -> None:
    await in_house.visit.report(in_house.asked())
    assert await request_state(in_house.visit) == ("pending", "Companion", None)


async def test_an_answer_heard_after_the_request_was_given_up_still_stands(
    in_house: InHouse,
) -> None:
    visit = in_house.visit
    await visit.report(in_house.asked(), name="Bruno")
    visit.clock.advance(timedelta(hours=1))
    async with visit.database.transaction() as session:
        assert await expire_requests(session, visit.clock) == {"expired": 1}
    delegation, envelope = visit.delegation(in_house.parent, in_house.request)
    await visit.report(in_house.decided(envelope))
    assert (await request_state(visit))[0] == "approved"
    assert (await adopted(visit, delegation))["state"] == "active"


async def test_facts_in_any_order_end_the_same(in_house: InHouse) -> None:
    visit = in_house.visit
    delegation, envelope = visit.delegation(in_house.parent, in_house.request)
    ended = DelegationEnded(delegation=GrantId(delegation), reason="removed")
    await visit.report(ended)
    await visit.report(in_house.decided(envelope))
    await visit.report(in_house.asked(), name="Bruno")
    assert await request_state(visit) == ("approved", "Bruno", "house")
    grant = await adopted(visit, delegation)
    assert (grant["state"], grant["reason"], grant["name"]) == ("revoked", "removed", "Bruno")


async def test_a_no_in_the_house_is_known_here_whatever_comes_first(in_house: InHouse) -> None:
    visit = in_house.visit
    await visit.report(in_house.decided(None))
    await visit.report(in_house.asked(), name="Bruno")
    assert await request_state(visit) == ("denied", "Bruno", "house")


async def test_only_the_house_answers_what_was_asked_in_it(in_house: InHouse) -> None:
    visit = in_house.visit
    await visit.report(in_house.asked(), name="Bruno")
    answer = await visit.hotel.tenant.post(
        f"/access-requests/{in_house.request}/answer", {"approve": True}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "answer_in_house")


async def test_what_the_cloud_cannot_let_stand_is_tombstoned(in_house: InHouse) -> None:
    visit = in_house.visit
    delegation, envelope = visit.delegation(in_house.parent, in_house.request)
    await visit.hotel.tenant.post(f"/grants/{in_house.parent['id']}/revocation")
    await visit.report(in_house.asked())
    await visit.report(in_house.decided(envelope))
    grant = await adopted(visit, delegation)
    assert (grant["state"], grant["reason"]) == ("revoked", "not_adopted")
    assert await visit.desk.sql("SELECT 1 FROM fleet_tombstones WHERE id = :id", id=delegation)


@pytest.mark.parametrize("flaw", ["too_much", "nothing_of_his", "foreign_key"])
async def test_a_delegation_that_reaches_too_far_is_not_adopted(
    in_house: InHouse, flaw: str
) -> None:
    visit = in_house.visit
    rights = {
        "too_much": [in_house.right, "access:approve"],
        "nothing_of_his": [f"door:open:{visit.hotel.room_locks[3]}"],
        "foreign_key": [in_house.right],
    }[flaw]
    signer = Signer.from_seed(visit.device.kid, b"\x08" * 32) if flaw == "foreign_key" else None
    delegation, envelope = visit.delegation(
        in_house.parent, in_house.request, rights=rights, signer=signer
    )
    await visit.report(in_house.asked())
    await visit.report(in_house.decided(envelope))
    answer = await visit.hotel.tenant.get(f"/grants/{delegation}")
    if flaw == "foreign_key":
        assert answer.status_code == 404
    else:
        assert answer.json()["reason"] == "not_adopted"


async def test_the_host_tombstones_a_delegation_and_a_shorter_stay_narrows_it(
    in_house: InHouse,
) -> None:
    visit = in_house.visit
    delegation, envelope = visit.delegation(in_house.parent, in_house.request)
    await visit.report(in_house.asked())
    await visit.report(in_house.decided(envelope))
    reservation = {"id": in_house.parent["reservation_id"]}
    signed_end = (await adopted(visit, delegation))["ends"]
    for last, ends in ((1, None), (5, None)):
        await visit.do(reservation, "move", {"check_out": visit.desk.day(last).isoformat()})
        parent, child = await visit.grant(reservation), await adopted(visit, delegation)
        assert instant(child["ends"]) <= min(instant(parent["ends"]), instant(signed_end)), ends
    assert (await adopted(visit, delegation))["state"] == "active"
    revoked = await visit.hotel.tenant.post(f"/grants/{delegation}/revocation")
    assert revoked.json()["state"] == "revoked"
    assert await visit.desk.sql("SELECT 1 FROM fleet_tombstones WHERE id = :id", id=delegation)


async def test_another_house_cannot_speak_for_this_one(in_house: InHouse) -> None:
    visit = in_house.visit
    await visit.report_as(in_house.asked(), sequence=1, house_id=uuid4())
    used = FirstUsed(grant=GrantId(UUID(in_house.parent["id"])))
    await visit.report_as(used, sequence=2, house_id=uuid4())
    await visit.work()
    assert (await visit.hotel.tenant.get("/access-requests")).json()["total"] == 0
    assert (await adopted(visit, UUID(in_house.parent["id"])))["checked_in"] is False


async def test_the_first_door_opened_is_the_arrival_told_once(in_house: InHouse) -> None:
    visit = in_house.visit
    used = FirstUsed(grant=GrantId(UUID(in_house.parent["id"])))
    for _ in range(2):
        await visit.report(used)
    assert (await adopted(visit, UUID(in_house.parent["id"])))["checked_in"] is True
    arrivals = [name for name, _ in await visit.desk.events() if name == "access.guest_arrived"]
    assert len(arrivals) == 1
    (row,) = await visit.desk.sql("SELECT checked_in FROM fleet_grants")
    assert row.checked_in
