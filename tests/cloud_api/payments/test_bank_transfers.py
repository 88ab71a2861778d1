"""A transfer is money when staff have seen it; until then there are vouchers and a deadline."""

from datetime import timedelta
from io import BytesIO

import httpx
import pytest
from PIL import Image

from cloud_api.payments.jobs import expire_transfers
from tests.cloud_api.payments.stage import Till

MEGABYTE = 1024 * 1024


def picture(colour: str = "white") -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


async def send(till: Till, token: str, content: bytes, kind: str = "image/png") -> httpx.Response:
    return await till.http.post(
        f"/api/v1/pay/{token}/vouchers", content=content, headers={"content-type": kind}
    )


async def chosen(till: Till) -> tuple[str, str]:
    """A guest chose to pay by transfer: the link's token and the payment's id."""
    token = await till.link(await till.open())
    answer = await till.pay(token, provider="manual")
    assert answer.status_code == 201, answer.text
    assert answer.json()["bank_details"] == "Banco de prueba, 1234"
    return token, answer.json()["payment"]["id"]


async def test_the_first_voucher_is_received_and_the_second_is_under_review(till: Till) -> None:
    token, payment_id = await chosen(till)
    first = await send(till, token, picture())
    assert (first.status_code, first.json()) == (201, {"number": 1, "review": "voucher_received"})
    second = await send(till, token, picture("red"))
    assert second.json() == {"number": 2, "review": "under_review"}
    told = await till.events("payments.voucher_received")
    assert [(each["number"], each["review"]) for each in told] == [
        (1, "voucher_received"),
        (2, "under_review"),
    ]
    listed = await till.hotel.tenant.get(f"/payments/{payment_id}/vouchers")
    assert [each["media_type"] for each in listed.json()] == ["image/png"] * 2


async def test_the_deadline_is_the_propertys_and_after_it_nothing_is_taken(till: Till) -> None:
    place = f"/properties/{till.hotel.property_id}"
    assert (await till.hotel.tenant.patch(place, {"voucher_minutes": 180})).status_code == 200
    token, _ = await chosen(till)
    till.clock.advance(timedelta(hours=2, minutes=59))
    state = await till.state(token)
    assert state["payment"]["review"] == "awaiting_voucher"
    till.clock.advance(timedelta(minutes=1))
    late = await send(till, token, picture())
    assert (late.status_code, late.json()["code"]) == (409, "deadline_passed")


async def test_a_transfer_of_which_nothing_comes_is_cancelled_by_the_clock(till: Till) -> None:
    token, _ = await chosen(till)
    for _ in range(2):
        async with till.database.transaction() as session:
            await expire_transfers(session, till.clock)
        till.clock.advance(timedelta(hours=1))
    async with till.database.transaction() as session:
        await expire_transfers(session, till.clock)
    state = await till.state(token)
    assert (state["state"], state["payment"]["review"]) == ("cancelled", "expired")
    assert [each["reason"] for each in await till.events("payments.failed")] == ["expired"]


async def test_a_voucher_stops_the_clock(till: Till) -> None:
    token, _ = await chosen(till)
    await send(till, token, picture())
    till.clock.advance(timedelta(days=2))
    async with till.database.transaction() as session:
        assert await expire_transfers(session, till.clock) == []
    assert (await till.state(token))["state"] == "pending"


async def test_staff_approve_and_only_then_it_is_money(till: Till) -> None:
    token, payment_id = await chosen(till)
    await send(till, token, picture())
    assert (await till.state(token))["due"]["minor"] == 30_000
    answer = await till.hotel.tenant.post(f"/payments/{payment_id}/approve")
    assert (answer.status_code, answer.json()["state"]) == (200, "paid")
    assert (await till.state(token))["due"]["minor"] == 0
    again = await till.hotel.tenant.post(f"/payments/{payment_id}/approve")
    assert (again.status_code, again.json()["code"]) == (409, "payment_state")


async def test_staff_reject_with_a_reason(till: Till) -> None:
    token, payment_id = await chosen(till)
    path = f"/payments/{payment_id}/reject"
    assert (await till.hotel.tenant.post(path, {})).status_code == 422
    answer = await till.hotel.tenant.post(path, {"reason": "another name"})
    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    assert (await till.state(token))["state"] == "rejected"
    assert (await send(till, token, picture())).json()["code"] == "payment_state"


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"<html>hello</html>", 422), (b"", 422), (b"%PDF-1.4\n%%EOF\n" + b"0" * MEGABYTE * 2, 201)],
)
async def test_a_voucher_is_what_its_first_bytes_say(
    till: Till, content: bytes, status: int
) -> None:
    token, _ = await chosen(till)
    answer = await send(till, token, content, "application/pdf")
    assert answer.status_code == status or (status != 201 and answer.status_code in {413, 415, 422})


async def test_more_than_twenty_megabytes_are_refused(till: Till) -> None:
    token, _ = await chosen(till)
    answer = await send(till, token, b"%PDF-1.4\n" + b"0" * (20 * MEGABYTE + 10), "application/pdf")
    assert answer.status_code in {413, 422}
    assert await till.sql("SELECT 1 FROM payment_vouchers") == []


async def test_money_at_the_desk_is_money_at_once(till: Till) -> None:
    folio = await till.open()
    body = {"provider": "manual", "received": True}
    made = await till.hotel.tenant.made(f"/folios/{folio.id}/payments", body)
    assert made["state"] == "paid"
    assert await till.due(folio) == 0
    given = await till.hotel.tenant.made(
        f"/payments/{made['id']}/refunds", {"reason": "paid in cash", "amount": None}
    )
    assert given["state"] == "done"
    assert await till.due(folio) == 30_000
