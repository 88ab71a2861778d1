"""What does a house's own word change, and what may it not touch?"""

from uuid import UUID, uuid4

from cloud_api.kit.audit import Deed
from protocol.access import Right, Verb
from protocol.facts import Alarmed, RequestDecided
from protocol.ids import GrantId, RequestId
from tests.builders import JsonDict, build_small_hotel
from tests.cloud_api.access.stage import Visit


def returned(*grants: JsonDict) -> Alarmed:
    named = ", ".join(each["id"] for each in grants)
    return Alarmed(name="revoked_grants_returned", detail=f"{len(grants)}: {named}")


async def test_a_revocation_the_restored_cloud_forgot_is_taken_from_the_house(
    visit: Visit,
) -> None:
    booked, other = await visit.book([visit.desk.rooms[0]]), await visit.book([visit.desk.rooms[1]])
    grant, kept = await visit.grant(booked), await visit.grant(other)
    guest = await visit.guest_of(booked)
    for _ in range(2):
        await visit.report(returned(grant))
    (ended,) = await visit.grants(booked)
    assert (ended["state"], ended["reason"]) == ("revoked", "revoked_in_house")
    assert (await guest.get("/stay")).status_code == 401
    assert (await visit.grant(other))["id"] == kept["id"]
    record = (await visit.hotel.tenant.get("/audit", object_id=grant["id"])).json()["items"]
    found = [each for each in record if each["action"] == Deed.GRANT_FOUND_REVOKED]
    assert [(each["actor_kind"], each["actor_id"]) for each in found] == [
        ("system", str(visit.hotel.house_id))
    ]
    # No key comes back by itself.
    await visit.do(booked, "move", {"check_out": visit.desk.day(4).isoformat()})
    assert [each["state"] for each in await visit.grants(booked)] == ["revoked"]


async def test_one_houses_word_revokes_nothing_in_another(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]])
    grant = await visit.grant(booked)
    stranger = await build_small_hotel(visit.hotel.tenant)
    await visit.report_as(returned(grant), sequence=1, house_id=stranger.house_id)
    await visit.work()
    assert (await visit.grant(booked))["state"] == "active"


async def test_a_delegation_cannot_take_the_name_of_another_grant(visit: Visit) -> None:
    await visit.enrol()
    booked, other = await visit.book([visit.desk.rooms[0]]), await visit.book([visit.desk.rooms[1]])
    grant, target = await visit.grant(booked), await visit.grant(other)
    right = str(Right(Verb.MUSIC_CONTROL, visit.hotel.player))
    request = uuid4()
    _, envelope = visit.delegation(grant, request, rights=[right], delegation_id=UUID(target["id"]))
    decided = RequestDecided(
        request=RequestId(request),
        approved=True,
        by=GrantId(UUID(grant["id"])),
        delegation=envelope,
    )
    await visit.report(decided, name="Zoe")
    rows = await visit.desk.sql("SELECT grant_id FROM access_requests WHERE id = :id", id=request)
    assert [row.grant_id for row in rows] == [None]
    assert (await visit.grant(other))["name"] == target["name"]
