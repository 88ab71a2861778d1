"""What the simulated OpenPay refuses, in OpenPay's words."""

from collections.abc import AsyncIterator, Mapping

import pytest

from cloud_api.kit.db import JsonObject
from cloud_api.kit.outgoing import Answer, Ask, Outgoing
from portero.simulators.kit import Stage, playing
from portero.simulators.openpay import OpenPay
from tests.builders import HandClock

CHARGE: JsonObject = {
    "method": "card",
    "amount": 100.5,
    "currency": "PEN",
    "description": "3 nights",
    "order_id": "order-1",
    "customer": {"name": "Ana", "last_name": "Ruiz", "email": "ana@example.test"},
    "redirect_url": "https://cloud.test/back",
    "confirm": False,
    "send_email": False,
}


@pytest.fixture
async def stage(clock: HandClock) -> AsyncIterator[Stage]:
    vendor = OpenPay(clock, merchant_id="mer", private_key="sk", webhook=("u", "p"))
    async with playing(vendor.app) as stage:
        yield stage


@pytest.fixture
async def out() -> AsyncIterator[Outgoing]:
    async with Outgoing() as out:
        yield out


async def charge(stage: Stage, out: Outgoing, body: JsonObject, *, key: str = "sk") -> Answer:
    return await out.ask(Ask("POST", f"{stage.url}/v1/mer/charges", json=body, basic=(key, "")))


def but(**changed: object) -> Mapping[str, object]:
    return {name: value for name, value in {**CHARGE, **changed}.items() if value is not ...}


REFUSED: Mapping[str, tuple[Mapping[str, object], int]] = {
    "a field missing": (but(redirect_url=...), 1001),
    "a field nobody knows": (but(colour="blue"), 1001),
    "a card and a page": (but(source_id="tok"), 1001),
    "no customer": (but(customer="Ana"), 1001),
    "a customer without address": (
        but(customer={"name": "Ana", "last_name": "", "email": "nobody"}),
        1001,
    ),
    "an amount as text": (but(amount="100.50"), 1001),
    "a thousandth": (but(amount=100.505), 1003),
    "nothing": (but(amount=0), 1003),
    "less than nothing": (but(amount=-5), 1003),
    "another country's money": (but(currency="MXN"), 1003),
    "too long a text": (but(description="x" * 251), 1003),
    "too long an order": (but(order_id="x" * 101), 1003),
    "charged at once without a card": (but(confirm=True), 1001),
}


@pytest.mark.parametrize("why", sorted(REFUSED))
async def test_a_wrong_charge_is_refused_in_its_error_object(
    stage: Stage, out: Outgoing, why: str
) -> None:
    body, code = REFUSED[why]
    answer = await charge(stage, out, dict(body))  # type: ignore[arg-type] # wrong on purpose
    told = answer.object()
    assert (answer.status, told["error_code"]) == ({1001: 400, 1003: 422}[code], code)
    assert told["category"] == "request"


async def test_an_order_is_taken_once(stage: Stage, out: Outgoing) -> None:
    assert (await charge(stage, out, CHARGE)).status == 200
    answer = await charge(stage, out, CHARGE)
    assert (answer.status, answer.object()["error_code"]) == (409, 1006)


async def test_a_strangers_key_opens_nothing(stage: Stage, out: Outgoing) -> None:
    answer = await charge(stage, out, CHARGE, key="sk_other")
    assert (answer.status, answer.object()["error_code"]) == (401, 1002)


async def test_another_content_type_is_refused(stage: Stage, out: Outgoing) -> None:
    ask = Ask("POST", f"{stage.url}/v1/mer/charges", form={"amount": "1"}, basic=("sk", ""))
    assert (await out.ask(ask)).status == 400
