"""Can somebody at the keyboard pay at the played Mercado Pago, and is the merchant told?"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cloud_api.kit.clock import SystemClock
from portero.simulators.checkout import PATH, checkout
from portero.simulators.kit import playing
from portero.simulators.mercadopago import MercadoPago

TOKEN = "a-token-of-this-test"


@dataclass
class Shop:
    """A merchant with a door for notices, and the vendor with its page."""

    vendor: MercadoPago
    client: httpx.AsyncClient
    door: str
    told: list[bytes] = field(default_factory=list)

    async def page(self) -> str:
        """The address of a page for 120.00."""
        back = f"{self.door}/back"
        item = {"id": "PT-1", "title": "<b>Two nights</b>", "quantity": 1, "currency_id": "PEN"}
        body = {
            "items": [{**item, "unit_price": 120}],
            "back_urls": {"success": back, "pending": back, "failure": back},
            "auto_return": "approved",
            "external_reference": "PT-1",
            "notification_url": f"{self.door}/notices",
        }
        headers = {"authorization": f"Bearer {TOKEN}", "x-idempotency-key": "one"}
        made = await self.client.post("/checkout/preferences", json=body, headers=headers)
        assert made.status_code == 201, made.text
        return f"{PATH}?{httpx.URL(made.json()['init_point']).query.decode()}"


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    told: list[bytes] = []

    async def notices(request: Request) -> Response:
        told.append(await request.body())
        return Response()

    vendor = MercadoPago(SystemClock(), access_token=TOKEN, webhook_secret="s")
    door = Starlette(routes=[Route("/notices", notices, methods=["POST"])])
    async with (
        playing(door) as merchant,
        playing(checkout(vendor)) as stage,
        httpx.AsyncClient(base_url=stage.url) as client,
    ):
        yield Shop(vendor, client, merchant.url, told)


async def test_who_presses_pay_has_paid_is_sent_back_and_the_merchant_is_told(shop: Shop) -> None:
    page = await shop.page()
    shown = await shop.client.get(page)
    assert "120.00 PEN" in shown.text
    assert "<b>Two nights" not in shown.text
    answer = await shop.client.post(page, data={"answer": "approved"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{shop.door}/back")
    [payment] = shop.vendor.captured
    assert (payment.reference, payment.status) == ("PT-1", "approved")
    assert [json.loads(each)["data"]["id"] for each in shop.told] == [str(payment.id)]


async def test_the_bank_may_refuse_and_the_page_can_be_paid_afterwards(shop: Shop) -> None:
    page = await shop.page()
    await shop.client.post(page, data={"answer": "rejected"})
    assert shop.vendor.captured == []
    await shop.client.post(page, data={"answer": "approved"})
    assert len(shop.vendor.captured) == 1
    assert len(shop.told) == 2


@pytest.mark.parametrize("said", ["", "charged_back"])
async def test_a_page_takes_no_other_answer(shop: Shop, said: str) -> None:
    answer = await shop.client.post(await shop.page(), data={"answer": said})
    assert (answer.status_code, shop.vendor.payments) == (404, {})


async def test_there_is_no_page_for_what_nobody_asked_to_have_paid(shop: Shop) -> None:
    for method in ("GET", "POST"):
        answer = await shop.client.request(method, f"{PATH}?pref_id=nothing")
        assert answer.status_code == 404
