"""Does a booking keep the price of its quote, and does money, early or late, do what it should?"""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.kit.jobs import Tools
from cloud_api.kit.money import Money
from cloud_api.kit.vault import Vault
from cloud_api.reservations import jobs
from cloud_api.reservations.bills.rules import refund_of
from cloud_api.reservations.reactions import REACTIONS
from cloud_api.settings import CloudSettings
from tests.builders import JsonDict
from tests.desk import CONTACT, Desk


@pytest.fixture
def tools(desk: Desk, settings: CloudSettings) -> Tools:
    return Tools(clock=desk.clock, vault=Vault(settings.secret_key.get_secret_value()))


async def quote(
    desk: Desk, room: int, first: int, last: int, *, guests: int = 1, code: str | None = None
) -> JsonDict:
    body = {
        "code": code,
        "unit_ids": [desk.rooms[room]],
        "check_in": desk.day(first).isoformat(),
        "check_out": desk.day(last).isoformat(),
        "guests": guests,
    }
    answer = await desk.hotel.tenant.client.post("/api/v1/quotes", json=body)
    assert answer.status_code == 201, answer.text
    made: JsonDict = answer.json()
    return made


async def priced(desk: Desk, **other: object) -> JsonDict:
    given_quote = await quote(desk, 0, 30, 33)
    return await desk.hold([desk.rooms[0]], 30, 33, quote=given_quote["token"], **other)


async def happened(desk: Desk, tools: Tools, name: str, held: JsonDict, **more: object) -> None:
    """Every reaction of this room to this event, as the worker would run them."""
    payload = {
        "reservation_id": held["id"],
        "subject_id": held["id"],
        "currency": "PEN",
        "amount_minor": 0,
        **more,
    }
    for reaction in REACTIONS:
        if reaction.event_name == name:
            async with desk.database.transaction() as session:
                await reaction.react(session, payload, tools)


async def pay(desk: Desk, held: JsonDict, minor: int) -> None:
    """Staff take so much in cash."""
    await desk.hotel.tenant.put(
        f"/properties/{desk.hotel.property_id}/payment-settings",
        {"bank_details": "Banco de prueba", "offers": [{"provider": "manual"}]},
    )
    [folio] = await desk.sql("SELECT id FROM folios WHERE subject_id = :id", id=UUID(held["id"]))
    body = {
        "provider": "manual",
        "received": True,
        "amount": {"minor": minor, "currency": held["price"]["currency"]},
    }
    made = await desk.hotel.tenant.made(f"/folios/{folio.id}/payments", body)
    assert made["state"] == "paid"


async def test_a_hold_keeps_the_price_of_its_quote_and_owes_every_line_of_it(desk: Desk) -> None:
    held = await priced(desk)
    assert held["price"]["minor"] > 0
    assert 0 < held["deposit"]["minor"] <= held["price"]["minor"]
    [event] = [payload for name, payload in await desk.events() if name == "reservations.held"]
    assert event["price"] == held["price"]
    [row] = await desk.sql(
        "SELECT sum(l.amount_minor) AS owed FROM folio_lines l JOIN folios f ON f.id = l.folio_id"
        " WHERE f.subject_id = :id",
        id=UUID(held["id"]),
    )
    assert row.owed == held["price"]["minor"]


async def test_who_holds_is_told_where_to_pay_and_a_stranger_is_not(desk: Desk) -> None:
    held = await priced(desk)
    client = desk.hotel.tenant.client
    path = f"/api/v1/holds/{held['code']}/payment-link"
    told = [
        await client.post(path, headers={"portero-contact": CONTACT["email"]}) for _ in range(2)
    ]
    assert [each.status_code for each in told] == [200, 200]
    assert told[0].json() == told[1].json()
    bill = (await client.get(told[0].json()["path"])).json()
    assert bill["due"] == held["price"]
    stranger = await client.post(path, headers={"portero-contact": "thief@example.org"})
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    free = await desk.hold([desk.rooms[1]], 30, 33)
    answer = await client.post(
        f"/api/v1/holds/{free['code']}/payment-link", headers={"portero-contact": CONTACT["email"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "unpriced")


async def test_a_quote_for_other_dates_or_units_is_a_quote_mismatch(desk: Desk) -> None:
    token = (await quote(desk, 0, 30, 33))["token"]
    for room, first, last, guests in ((0, 30, 34, 1), (1, 30, 33, 1), (0, 30, 33, 2)):
        answer = await desk.ask([desk.rooms[room]], first, last, quote=token, guests=guests)
        assert (answer.status_code, answer.json()["code"]) == (409, "quote_mismatch")
    assert await desk.sql("SELECT 1 FROM reservations") == []


async def test_an_old_quote_is_quote_expired(desk: Desk) -> None:
    token = (await quote(desk, 0, 30, 33))["token"]
    desk.clock.advance(timedelta(days=3))
    answer = await desk.ask([desk.rooms[0]], 27, 30, quote=token)
    assert answer.json()["code"] == "quote_expired"


async def test_who_pays_by_transfer_has_until_the_vouchers_deadline(desk: Desk) -> None:
    await priced(desk, transfer=True)
    [row] = await desk.sql("SELECT expires_at - created_at AS life FROM reservations")
    assert row.life == timedelta(minutes=60)


async def test_the_first_voucher_makes_it_pending_the_second_under_review(
    desk: Desk, tools: Tools
) -> None:
    held = await priced(desk, transfer=True)
    await happened(desk, tools, "payments.voucher_received", held, number=1)
    await happened(desk, tools, "payments.voucher_received", held, number=1)
    assert await desk.status(held) == "pending"
    await happened(desk, tools, "payments.voucher_received", held, number=2)
    assert await desk.status(held) == "under_review"
    assert await desk.sql("SELECT 1 FROM reservations WHERE expires_at IS NOT NULL") == []


async def test_a_guest_who_pays_by_transfer_cannot_say_so_without_a_voucher(desk: Desk) -> None:
    held = await priced(desk, transfer=True)
    answer = await desk.hotel.tenant.client.post(
        f"/api/v1/holds/{held['code']}/submit", headers={"Portero-Contact": CONTACT["email"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")


async def test_the_deposit_confirms_it_and_less_does_not(desk: Desk, tools: Tools) -> None:
    held = await priced(desk)
    deposit = held["deposit"]["minor"]
    await pay(desk, held, deposit - 1)
    await happened(desk, tools, "payments.received", held)
    assert await desk.status(held) == "held"
    await pay(desk, held, 1)
    await happened(desk, tools, "payments.received", held)
    await happened(desk, tools, "payments.received", held)
    assert await desk.status(held) == "confirmed"
    assert (await desk.event_names()).count("reservations.confirmed") == 1


async def test_a_property_may_want_all_of_it_first(desk: Desk, tools: Tools) -> None:
    answer = await desk.hotel.tenant.patch(
        f"/properties/{desk.hotel.property_id}", {"confirms_on": "full"}
    )
    assert answer.status_code == 200, answer.text
    held = await priced(desk)
    await pay(desk, held, held["deposit"]["minor"])
    await happened(desk, tools, "payments.received", held)
    assert await desk.status(held) == "held"
    await pay(desk, held, held["price"]["minor"] - held["deposit"]["minor"])
    await happened(desk, tools, "payments.paid_in_full", held)
    assert await desk.status(held) == "confirmed"


async def _expired(desk: Desk, tools: Tools) -> JsonDict:
    held = await priced(desk)
    await desk.run_out(held)
    await desk.hotel.tenant.post("/admin/jobs/reservations/expire-holds")
    await happened(desk, tools, "reservations.expired", held)
    assert await desk.status(held) == "expired"
    return held


async def test_late_money_confirms_an_expired_booking_whose_nights_are_free(
    desk: Desk, tools: Tools
) -> None:
    held = await _expired(desk, tools)
    late = {"late": True, "amount_minor": held["deposit"]["minor"]}
    await happened(desk, tools, "payments.received", held, **late)
    assert await desk.status(held) == "confirmed"
    assert (await desk.ask([desk.rooms[0]], 31, 32)).json()["code"] == "date_overlap"


async def test_late_money_takes_no_nights_that_somebody_else_has(desk: Desk, tools: Tools) -> None:
    held = await _expired(desk, tools)
    await desk.book([desk.rooms[0]], 32, 35)
    late = {"late": True, "amount_minor": held["deposit"]["minor"]}
    await happened(desk, tools, "payments.received", held, **late)
    assert await desk.status(held) == "expired"
    assert await desk.overlaps() == 0


async def test_an_ended_booking_owes_nothing_and_its_folio_is_closed(
    desk: Desk, tools: Tools
) -> None:
    held = await priced(desk)
    await desk.done(held, "cancel")
    await happened(desk, tools, "reservations.cancelled", held)
    await happened(desk, tools, "reservations.cancelled", held)
    [row] = await desk.sql(
        "SELECT sum(l.amount_minor) AS owed, max(f.closed_at) AS closed FROM folio_lines l"
        " JOIN folios f ON f.id = l.folio_id WHERE f.subject_id = :id",
        id=UUID(held["id"]),
    )
    assert row.owed == 0
    assert row.closed is not None


async def test_who_cancels_gets_back_what_the_policy_says_and_the_rest_is_the_fee(
    desk: Desk, tools: Tools
) -> None:
    held = await priced(desk)
    await pay(desk, held, held["price"]["minor"])
    await happened(desk, tools, "payments.received", held)
    await desk.done(held, "cancel")
    await happened(desk, tools, "reservations.cancelled", held)
    rows = await desk.sql("SELECT kind, sum(amount_minor) AS total FROM folio_lines GROUP BY kind")
    sums = {row.kind: row.total for row in rows}
    [wanted] = await desk.sql("SELECT coalesce(sum(amount_minor), 0) AS back FROM payment_refunds")
    assert sums["charge"] + wanted.back == held["price"]["minor"]


async def test_a_change_of_price_is_said_first_and_then_charged_as_a_difference(
    desk: Desk,
) -> None:
    held = await priced(desk)
    longer = {"check_out": desk.day(34).isoformat()}
    said = await desk.done(held, "price-change", longer)
    assert said["difference"]["minor"] == said["after"]["minor"] - held["price"]["minor"] > 0
    moved = await desk.done(held, "move", {**longer, "quote": said["quote"]})
    assert moved["price"]["amount"] == said["after"]
    [row] = await desk.sql("SELECT sum(amount_minor) AS owed FROM folio_lines")
    assert row.owed == said["after"]["minor"]


async def test_a_changed_stay_uses_the_code_of_its_new_quote_and_frees_the_old_ones(
    desk: Desk,
) -> None:
    tenant = desk.hotel.tenant
    code = await tenant.made(
        "/discount-codes",
        {
            "code": "ONCE10",
            "off": {"percent": "10"},
            "usage_limit": 1,
            "property_ids": [str(desk.hotel.property_id)],
        },
    )

    async def uses() -> int:
        rows = await desk.sql("SELECT 1 FROM discount_code_uses WHERE given_back_at IS NULL")
        return len(rows)

    first = await quote(desk, 0, 30, 33, code=code["code"])
    held = await desk.hold([desk.rooms[0]], 30, 33, quote=first["token"])
    assert await uses() == 1
    longer = {"check_out": desk.day(34).isoformat()}
    plain = await quote(desk, 0, 30, 34)
    await desk.done(held, "move", {**longer, "quote": plain["token"]})
    assert await uses() == 0
    again = await quote(desk, 0, 30, 35, code=code["code"])
    await desk.done(held, "move", {"check_out": desk.day(35).isoformat(), "quote": again["token"]})
    assert await uses() == 1


async def test_a_hold_that_runs_out_soon_is_told_of_once(desk: Desk) -> None:
    await priced(desk)
    await desk.sql("UPDATE reservations SET expires_at = statement_timestamp() + interval '14 min'")
    for _ in range(2):
        async with desk.database.transaction() as session:
            await jobs.remind_of_holds(session, desk.clock)
    assert (await desk.event_names()).count("reservations.hold_expiring") == 1


@given(paid=st.integers(0, 10**12), percent=st.decimals(0, 100, places=2))
def test_what_goes_back_and_what_stays_are_together_what_was_paid(
    paid: int, percent: Decimal
) -> None:
    back = refund_of(Money(paid, "PEN"), percent)
    assert 0 <= back.minor <= paid
    assert abs(back.minor - Decimal(paid) * percent / 100) <= Decimal("0.5")
