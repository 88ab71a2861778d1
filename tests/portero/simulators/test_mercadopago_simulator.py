"""What the played Mercado Pago refuses, in the vendor's own shape."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from portero.simulators.kit import playing
from portero.simulators.mercadopago import MercadoPago
from tests.builders import HandClock

PREFERENCE: dict[str, Any] = {
    "items": [
        {"id": "1", "title": "Stay", "quantity": 1, "currency_id": "PEN", "unit_price": 10.5}
    ],
    "back_urls": dict.fromkeys(("success", "pending", "failure"), "https://x.example/back"),
    "auto_return": "approved",
    "external_reference": "PT-1",
    "notification_url": "https://x.example/hook",
}
PAYMENT: dict[str, Any] = {
    "transaction_amount": 10.5,
    "token": "tok_good",
    "description": "Stay",
    "installments": 1,
    "payment_method_id": "visa",
    "payer": {"email": "ana@example.org"},
    "external_reference": "PT-1",
    "notification_url": "https://x.example/hook",
}
HEADERS = {"authorization": "Bearer right", "x-idempotency-key": "k1"}


@pytest.fixture
def vendor(clock: HandClock) -> MercadoPago:
    return MercadoPago(clock, access_token="right", webhook_secret="s")


@pytest.fixture
async def at(vendor: MercadoPago) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        playing(vendor.app) as stage,
        httpx.AsyncClient(base_url=stage.url, trust_env=False) as client,
    ):
        yield client


async def test_what_is_right_is_made(at: httpx.AsyncClient, vendor: MercadoPago) -> None:
    made = await at.post("/checkout/preferences", json=PREFERENCE, headers=HEADERS)
    assert (made.status_code, made.json()["external_reference"]) == (201, "PT-1")
    other = {**HEADERS, "x-idempotency-key": "k2"}
    paid = await at.post("/v1/payments", json=PAYMENT, headers=other)
    assert (paid.status_code, paid.json()["status"]) == (201, "approved")
    assert paid.json()["transaction_amount"] == 10.5
    assert len(vendor.payments) == 1


@pytest.mark.parametrize(
    ("change", "headers", "status"),
    [
        ({}, {"authorization": "Bearer wrong"}, 401),
        ({}, {"authorization": ""}, 401),
        ({}, {"x-idempotency-key": ""}, 400),
        ({}, {"content-type": "text/plain"}, 415),
        ({"unheard_of": 1}, {}, 400),
        ({"token": None}, {}, 400),
        ({"transaction_amount": "10.50"}, {}, 400),
        ({"transaction_amount": 10.555}, {}, 400),
        ({"transaction_amount": -1}, {}, 400),
        ({"payer": {}}, {}, 400),
        ({"notification_url": "nowhere"}, {}, 400),
    ],
)
async def test_what_is_wrong_is_refused_in_the_vendors_shape(
    at: httpx.AsyncClient,
    vendor: MercadoPago,
    change: dict[str, object],
    headers: dict[str, str],
    status: int,
) -> None:
    answer = await at.post(
        "/v1/payments", json={**PAYMENT, **change}, headers={**HEADERS, **headers}
    )
    assert answer.status_code == status
    assert set(answer.json()) == {"message", "error", "status", "cause"}
    assert vendor.payments == {}


async def test_a_refused_card_is_an_answer(at: httpx.AsyncClient) -> None:
    answer = await at.post(
        "/v1/payments", json={**PAYMENT, "token": "tok_declined"}, headers=HEADERS
    )
    assert (answer.status_code, answer.json()["status"]) == (201, "rejected")


async def test_a_key_is_worth_one_payment_and_another_body_under_it_is_a_conflict(
    at: httpx.AsyncClient, vendor: MercadoPago
) -> None:
    answers = [await at.post("/v1/payments", json=PAYMENT, headers=HEADERS) for _ in range(3)]
    assert len({each.json()["id"] for each in answers}) == 1
    assert len(vendor.payments) == 1
    other = await at.post(
        "/v1/payments", json={**PAYMENT, "transaction_amount": 11}, headers=HEADERS
    )
    assert (other.status_code, other.json()["error"]) == (409, "idempotency_key_already_used")


async def test_no_more_goes_back_than_was_paid(at: httpx.AsyncClient) -> None:
    made = (await at.post("/v1/payments", json=PAYMENT, headers=HEADERS)).json()
    path = f"/v1/payments/{made['id']}/refunds"
    keyed = {**HEADERS, "x-idempotency-key": "r1"}
    assert (await at.post(path, json={"amount": 10.51}, headers=keyed)).status_code == 400
    keyed = {**HEADERS, "x-idempotency-key": "r2"}
    assert (await at.post(path, json={"amount": 0.5}, headers=keyed)).status_code == 201
    keyed = {**HEADERS, "x-idempotency-key": "r3"}
    assert (await at.post(path, json={}, headers=keyed)).status_code == 201
    shown = (await at.get(f"/v1/payments/{made['id']}", headers=HEADERS)).json()
    assert (shown["status"], shown["transaction_amount_refunded"]) == ("refunded", 10.5)
