"""Are points earned, redeemed, given back, adjusted and ended by the rules, and never lost?"""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy.exc import DBAPIError

from cloud_api.accounts.types import Role
from cloud_api.crm.loyalty.jobs import expire_points
from tests.builders import JsonDict, join
from tests.cloud_api.crm.stage import SETTINGS, Club


async def test_a_stay_that_ended_earns_five_per_cent_once(club: Club) -> None:
    done = await club.stay()
    await club.again()
    [(kind, points)] = await club.ledger(done["client_id"])
    assert (kind, points) == ("earned", round(cost(done) * 5 / 100 / 100))
    assert points > 0
    known = await club.points(done["client_id"])
    assert (known["balance"], known["available"]) == (points, points)
    assert known["worth"] == {"minor": points * 100, "currency": "PEN"}
    assert known["expires_on"] == (club.desk.day(2) + timedelta(days=365)).isoformat()


async def test_nothing_is_earned_before_the_stay_has_ended(club: Club) -> None:
    booking = await club.booked()
    await club.work()
    assert (await club.points(booking["client_id"]))["balance"] == 0


async def test_a_stay_sold_by_a_portal_and_a_block_earn_nothing(club: Club) -> None:
    done = await club.stay(channel="airbnb")
    await club.desk.block([club.desk.rooms[1]], 0, 2)
    await club.work()
    assert (await club.points(done["client_id"]))["balance"] == 0
    assert await club.desk.sql("SELECT 1 FROM points_entries") == []


async def test_without_a_worth_points_are_not_in_use(club: Club) -> None:
    await club.tenant.put("/loyalty-settings", {})
    done = await club.stay()
    assert await club.ledger(done["client_id"]) == []
    refused = await redeem(club, done["client_id"], done["id"], 1)
    assert (refused.status_code, refused.json()["code"]) == (409, "points_not_in_use")


async def test_who_brought_the_guest_gets_ten_per_cent(club: Club) -> None:
    referrer, guest = await club.client("Bea Ramos"), await club.client()
    await club.refer(referrer, guest)
    done = await club.stay()
    await club.again()
    assert await club.ledger(referrer) == [("referral", round(cost(done) / 1000))]
    assert len(await club.ledger(guest)) == 1


async def test_points_are_earned_on_what_was_left_to_pay(club: Club) -> None:
    guest = await club.client()
    await club.give(guest, 100)
    booking = await club.booked()
    assert (await redeem(club, guest, booking["id"], 100)).status_code == 201
    await club.ended(booking)
    effective = cost(booking) - 100 * 100
    kinds = dict(await club.ledger(guest))
    assert kinds["earned"] == round(effective * 5 / 100 / 100)


async def test_redeemed_points_lower_what_is_owed_and_are_no_payment(club: Club) -> None:
    guest = await club.client()
    await club.give(guest, 100)
    booking = await club.booked()
    before = await club.due(booking)
    done = await redeem(club, guest, booking["id"], 100)
    assert done.json()["worth"] == {"minor": 10_000, "currency": "PEN"}
    assert await club.due(booking) == before - 10_000
    rows = await club.desk.sql("SELECT DISTINCT kind FROM folio_lines")
    assert [row.kind for row in rows] == ["charge"]
    seen = (await club.tenant.get(f"/reservations/{booking['id']}")).json()
    assert seen["price"]["points_redeemed"] == 100


async def test_points_are_redeemed_once_a_booking_and_only_what_is_there(club: Club) -> None:
    guest = await club.client()
    await club.give(guest, 50)
    booking = await club.booked()
    short = await redeem(club, guest, booking["id"], 51)
    assert (short.json()["code"], short.json()["available"]) == ("points_short", 50)
    assert await club.due(booking) == cost(booking)
    assert (await redeem(club, guest, booking["id"], 10)).status_code == 201
    again = await redeem(club, guest, booking["id"], 10)
    assert again.json()["reason"] == "redeemed_already"


async def test_points_are_not_worth_more_than_the_stay(club: Club) -> None:
    guest = await club.client()
    await club.give(guest, 100_000)
    booking = await club.booked()
    refused = await redeem(club, guest, booking["id"], 100_000)
    assert refused.json()["reason"] == "more_than_due"


async def test_points_are_not_redeemed_for_another_persons_booking(club: Club) -> None:
    other = await club.client("Bea Ramos")
    await club.give(other, 10)
    booking = await club.booked()
    refused = await redeem(club, other, booking["id"], 10)
    assert refused.json()["code"] == "reservation_of_another"
    assert (await club.points(other))["balance"] == 10


async def test_a_cancelled_booking_gives_the_points_back_once(club: Club) -> None:
    guest = await club.client()
    await club.give(guest, 100)
    booking = await club.booked()
    await redeem(club, guest, booking["id"], 60)
    await club.desk.done(booking, "cancel", {"reason": "ill"})
    await club.work()
    await club.again()
    kinds = [kind for kind, _ in await club.ledger(guest)]
    assert kinds == ["adjusted", "redeemed", "refunded"]
    assert (await club.points(guest))["balance"] == 100
    assert await club.due(booking) == 0


async def test_a_hold_that_runs_out_gives_the_points_back(club: Club) -> None:
    guest = await club.client()
    await club.give(guest, 100)
    held = await club.hold()
    assert (await redeem(club, guest, held["id"], 60)).status_code == 201
    await club.work()
    await club.desk.run_out(held)
    await club.tenant.post("/admin/jobs/reservations/expire-holds")
    await club.work()
    assert (await club.points(guest))["balance"] == 100


async def test_points_that_leave_nothing_to_pay_confirm_the_booking(club: Club) -> None:
    guest = await club.client()
    held = await club.hold()
    whole = held["price"]["minor"] // 100
    assert whole * 100 == held["price"]["minor"]
    await club.give(guest, whole)
    await redeem(club, guest, held["id"], whole)
    await club.work()
    assert await club.desk.status(held) == "confirmed"


async def test_two_who_redeem_the_last_points_at_once_never_overdraw(club: Club) -> None:
    guest = await club.client()
    await club.give(guest, 100)
    bookings = [await club.booked(room=room) for room in range(3)]
    async with asyncio.TaskGroup() as both:
        tries = [both.create_task(redeem(club, guest, each["id"], 60)) for each in bookings]
    statuses = sorted(each.result().status_code for each in tries)
    assert statuses == [201, 409, 409]
    assert (await club.points(guest))["balance"] == 40


async def test_points_end_a_year_after_the_last_check_out(club: Club) -> None:
    done = await club.stay()
    guest = done["client_id"]
    earned = (await club.points(guest))["balance"]
    await club.days_pass(365)
    assert await expired(club) == []
    await club.days_pass(2)
    gone = await club.points(guest)
    assert (gone["balance"], gone["available"]) == (earned, 0)
    assert await expired(club) == [UUID(guest)]
    assert await expired(club) == []
    assert (await club.ledger(guest))[-1] == ("expired", -earned)
    assert (await club.points(guest))["balance"] == 0


async def test_an_adjustment_names_who_made_it_and_why_and_goes_not_below_zero(
    club: Club,
) -> None:
    guest = await club.client()
    await club.give(guest, 30)
    at = f"/clients/{guest}/points/adjustments"
    refused = await club.tenant.post(at, {"points": -31, "reason": "a mistake"})
    assert (refused.status_code, refused.json()["code"]) == (409, "points_short")
    assert (await club.tenant.post(at, {"points": -30, "reason": "a mistake"})).is_success
    for body in ({"points": 0, "reason": "x"}, {"points": 5, "reason": " "}, {"points": 5}):
        assert (await club.tenant.post(at, body)).status_code == 422
    told = (await club.tenant.get(f"/clients/{guest}/points/entries")).json()["items"]
    assert [(each["reason"], each["by"]) for each in told] == [
        ("a mistake", "Owner"),
        ("a gift", "Owner"),
    ]


async def test_only_owners_and_managers_adjust_points(club: Club) -> None:
    guest = await club.client()
    hotel = club.desk.hotel
    body = {"points": 5, "reason": "because"}
    at = f"/clients/{guest}/points/adjustments"
    for role, status in ((Role.MANAGER, 201), (Role.RECEPTION, 403), (Role.CLEANER, 403)):
        person = await join(
            club.desk.database,
            hotel.tenant.client,
            organisation_id=hotel.organisation_id,
            role=role,
        )
        assert (await person.post(at, body)).status_code == status


async def test_an_entry_of_the_ledger_is_never_changed_or_deleted(club: Club) -> None:
    guest = await club.client()
    await club.give(guest, 30)
    for statement in ("UPDATE points_entries SET points = 1", "DELETE FROM points_entries"):
        with pytest.raises(DBAPIError, match="only ever added"):
            await club.desk.sql(statement)


async def test_settings_out_of_range_are_refused(club: Club) -> None:
    for wrong in ({"earn_percent": 101}, {"expiry_days": 0}, {"point": {"minor": 0}}):
        answer = await club.tenant.put("/loyalty-settings", {**SETTINGS, **wrong})
        assert answer.status_code == 422


async def redeem(club: Club, client_id: str, reservation_id: str, points: int) -> Response:
    return await club.tenant.post(
        f"/clients/{client_id}/points/redemptions",
        {"reservation_id": reservation_id, "points": points},
    )


async def expired(club: Club) -> list[UUID]:
    async with club.desk.database.transaction() as session:
        return await expire_points(session, club.desk.clock)


def cost(booking: JsonDict) -> int:
    return int(booking["price"]["amount"]["minor"])
