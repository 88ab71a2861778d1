"""A guest with a link pays on the provider's page, and our own state says what became of it."""

from datetime import timedelta

import pytest

from portero.simulators.kit import Fault, FaultKind
from tests.cloud_api.payments.stage import Till


async def test_a_guest_pays_on_the_providers_page_and_the_folio_is_paid_in_full(till: Till) -> None:
    folio = await till.open(30_000)
    token = await till.link(folio)
    chosen = await till.pay(token)
    assert (chosen.status_code, chosen.json()["state"]) == (201, "pending")
    assert chosen.json()["payment"]["pay_url"] is None
    await till.work()
    waiting = await till.state(token)
    assert waiting["payment"]["pay_url"].startswith("https://www.mercadopago.com/checkout/")
    [preference] = till.vendor.preferences.values()
    payment = till.vendor.pay(preference.id)
    assert await till.bring(till.vendor.notice(payment)) == [200]
    await till.work()
    assert (await till.state(token))["state"] == "paid"
    assert await till.due(folio) == 0
    assert await till.event_names() == ["payments.received", "payments.paid_in_full"]
    [received] = await till.events("payments.received")
    assert (received["amount_minor"], received["due_minor"]) == (30_000, 0)
    assert received["subject_id"] == str(folio.subject_id)
    assert received["property_id"] == str(till.hotel.property_id)


async def test_what_the_providers_page_is_told_leads_back_to_the_link_and_to_our_door(
    till: Till,
) -> None:
    folio = await till.open()
    await till.begun(folio)
    [preference] = till.vendor.preferences.values()
    assert preference.notify_url == f"http://cloud.test{till.account['webhook_path']}"
    token = await till.link(folio)
    [asked] = till.stage.heard("/checkout/preferences", method="POST")
    assert f"http://cloud.test/api/v1/pay/{token}/return".encode() in asked.body


@pytest.mark.parametrize(
    ("status", "state"), [("rejected", "rejected"), ("cancelled", "cancelled")]
)
async def test_what_failed_is_told_once_and_the_same_page_may_still_be_paid(
    till: Till, status: str, state: str
) -> None:
    folio = await till.open()
    preference = await till.begun(folio)
    failed = till.vendor.pay(preference, status=status)
    await till.bring(till.vendor.notice(failed), times=2)
    await till.work()
    token = await till.link(folio)
    assert (await till.state(token))["state"] == state
    assert await till.event_names() == ["payments.failed"]
    assert await till.due(folio) == 30_000
    paid = till.vendor.pay(preference)
    await till.bring(till.vendor.notice(paid))
    await till.work()
    assert (await till.state(token))["state"] == "paid"
    assert await till.due(folio) == 0


async def test_choosing_the_same_again_is_the_same_payment(till: Till) -> None:
    folio = await till.open()
    token = await till.link(folio)
    first, second = await till.pay(token), await till.pay(token)
    assert first.json()["payment"]["id"] == second.json()["payment"]["id"]
    await till.work()
    assert len(till.vendor.preferences) == 1


async def test_a_deposit_is_due_first_and_the_rest_afterwards(till: Till) -> None:
    folio = await till.open(30_000, deposit=9_000)
    token = await till.link(folio)
    assert (await till.state(token))["due_now"] == {"minor": 9_000, "currency": "PEN"}
    await till.paid(folio)
    assert await till.due(folio) == 21_000
    assert (await till.state(token))["due_now"]["minor"] == 21_000
    await till.paid(folio)
    assert await till.due(folio) == 0
    assert (await till.event_names()).count("payments.paid_in_full") == 1


async def test_nothing_can_be_paid_twice_or_for_a_booking_that_is_no_more(till: Till) -> None:
    folio = await till.open()
    await till.paid(folio)
    token = await till.link(folio)
    assert (await till.pay(token)).json()["code"] == "nothing_due"
    other = await till.open()
    await till.close(other)
    answer = await till.pay(await till.link(other))
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_due")


async def test_a_wrong_link_is_not_found_and_tells_nothing(till: Till) -> None:
    answer = await till.http.get(f"/api/v1/pay/{'x' * 43}")
    assert (answer.status_code, answer.json()["code"]) == (404, "payment_link_not_found")


async def test_a_way_that_is_not_offered_is_refused(till: Till) -> None:
    folio = await till.open()
    answer = await till.pay(await till.link(folio), provider="stripe")
    assert (answer.status_code, answer.json()["code"]) == (409, "provider_not_offered")


async def test_a_card_is_paid_at_once_and_its_token_is_good_for_one_payment(till: Till) -> None:
    folio, other = await till.open(), await till.open()
    card = {"card_token": "tok_good", "card_method": "visa"}
    token = await till.link(folio)
    assert (await till.pay(token, **card)).status_code == 201
    await till.work()
    assert (await till.state(token))["state"] == "paid"
    again = await till.pay(await till.link(other), **card)
    assert (again.status_code, again.json()["code"]) == (409, "token_already_used")
    kept = await till.sql("SELECT card_token FROM payments WHERE card_fingerprint IS NOT NULL")
    assert [row.card_token for row in kept] == [None]


async def test_a_card_that_its_bank_refuses_is_an_answer_and_told_to_the_guest(till: Till) -> None:
    folio = await till.open()
    token = await till.link(folio)
    await till.pay(token, card_token="tok_declined", card_method="visa")
    await till.work()
    assert (await till.state(token))["state"] == "rejected"
    assert await till.due(folio) == 30_000
    assert await till.event_names() == ["payments.failed"]


async def test_a_payment_nobody_told_of_is_found_by_looking_again(till: Till) -> None:
    folio = await till.open()
    till.vendor.pay(await till.begun(folio))
    till.clock.advance(timedelta(minutes=1))
    await till.work()
    assert await till.due(folio) == 0


async def test_a_provider_that_is_busy_is_asked_again_and_one_that_stays_so_is_given_up(
    till: Till,
) -> None:
    folio = await till.open()
    till.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, method="POST", status=429, times=2))
    token = await till.link(folio)
    await till.pay(token)
    for _ in range(3):
        await till.work()
        till.clock.advance(timedelta(minutes=1))
    assert (await till.state(token))["payment"]["pay_url"]
    other = await till.open()
    till.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, method="POST", status=429, times=99))
    await till.pay(await till.link(other))
    for _ in range(10):
        await till.work()
        till.clock.advance(timedelta(hours=1))
    [payment] = await till.payments(other)
    assert (payment["state"], payment["trouble"]) == ("rejected", "provider_not_reached")


async def test_an_account_that_is_refused_needs_a_person(till: Till) -> None:
    await till.hotel.tenant.put(
        f"/payment-accounts/{till.account['id']}/credentials",
        {"credentials": {**till_credentials(), "access_token": "wrong"}},
    )
    folio = await till.open()
    await till.pay(await till.link(folio))
    await till.work()
    [payment] = await till.payments(folio)
    assert payment["state"] == "rejected"
    assert [each["kind"] for each in await till.matters()] == ["stuck"]
    [account] = (await till.hotel.tenant.get("/payment-accounts")).json()
    assert account["last_failure"].startswith("ProviderAccountError")


def till_credentials() -> dict[str, str]:
    return {"access_token": "x", "webhook_secret": "a-webhook-secret", "collector_id": "4711"}


async def test_where_nothing_is_due_it_is_paid_whatever_became_of_the_latest_try(
    till: Till,
) -> None:
    folio = await till.open()
    await till.begun(folio)
    body = {"provider": "manual", "received": True}
    till.clock.advance(timedelta(minutes=-1))
    await till.hotel.tenant.made(f"/folios/{folio.id}/payments", body)
    state = await till.state(await till.link(folio))
    assert (state["state"], state["payment"]["state"]) == ("paid", "pending")
