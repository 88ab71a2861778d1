"""What the simulated Stripe refuses, in Stripe's words."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest

from cloud_api.kit.outgoing import Answer, Ask, Outgoing
from portero.simulators.kit import Stage, playing
from portero.simulators.stripe import Stripe
from tests.builders import HandClock

KEY = "sk"
PRICE = "line_items[0][price_data]"
SESSION = {
    "mode": "payment",
    "success_url": "https://cloud.test/back",
    "client_reference_id": "order-1",
    "line_items[0][quantity]": "1",
    f"{PRICE}[currency]": "eur",
    f"{PRICE}[unit_amount]": "45010",
    f"{PRICE}[product_data][name]": "3 nights",
}


@pytest.fixture
def vendor(clock: HandClock) -> Stripe:
    return Stripe(clock, secret_key="sk", webhook="whsec")


@pytest.fixture
async def stage(vendor: Stripe) -> AsyncIterator[Stage]:
    async with playing(vendor.app) as stage:
        yield stage


@pytest.fixture
async def out() -> AsyncIterator[Outgoing]:
    async with Outgoing() as out:
        yield out


async def create(
    stage: Stage, out: Outgoing, form: Mapping[str, str], *, key: str = "k", token: str = KEY
) -> Answer:
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
    url = f"{stage.url}/v1/checkout/sessions"
    return await out.ask(Ask("POST", url, headers=headers, form=form))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"mode": None}, "parameter_missing"),
        ({"colour": "blue"}, "parameter_unknown"),
        ({"success_url": ""}, "parameter_invalid_empty"),
        ({f"{PRICE}[unit_amount]": "450.10"}, "parameter_invalid_integer"),
        ({f"{PRICE}[unit_amount]": "0"}, "amount_too_small"),
        ({f"{PRICE}[currency]": "EUR"}, "parameter_invalid"),
        ({f"{PRICE}[currency]": "kwd", f"{PRICE}[unit_amount]": "45011"}, "invalid_amount"),
        ({f"{PRICE}[currency]": "isk"}, "invalid_amount"),
        ({"locale": "hi"}, "parameter_invalid"),
        ({"expires_at": "1"}, "parameter_invalid"),
    ],
)
async def test_a_wrong_session_is_refused_and_its_key_stays_free(
    stage: Stage, out: Outgoing, changed: Mapping[str, str | None], code: str
) -> None:
    form = {name: value for name, value in {**SESSION, **changed}.items() if value is not None}
    answer = await create(stage, out, form)
    error = answer.object()["error"]
    assert isinstance(error, dict)
    assert (answer.status, error["code"]) == (400, code)
    assert (await create(stage, out, SESSION)).status == 200


async def test_a_key_answers_the_same_for_a_day_and_another_wish_never(
    stage: Stage, out: Outgoing, clock: HandClock
) -> None:
    first = await create(stage, out, SESSION)
    again = await create(stage, out, SESSION)
    assert again.object() == first.object()
    assert again.headers["idempotent-replayed"] == "true"
    other = await create(stage, out, SESSION | {"client_reference_id": "order-2"})
    error = other.object()["error"]
    assert isinstance(error, dict)
    assert (other.status, error["type"]) == (400, "idempotency_error")
    clock.now += timedelta(hours=24)
    assert (await create(stage, out, SESSION)).object()["id"] != first.object()["id"]


async def test_without_a_key_or_with_a_strangers_nothing_is_made(
    stage: Stage, out: Outgoing, vendor: Stripe
) -> None:
    assert (await create(stage, out, SESSION, key="")).status == 400
    assert (await create(stage, out, SESSION, key="k" * 256)).status == 400
    assert (await create(stage, out, SESSION, token="sk_other")).status == 401
    assert not vendor.till.sessions


async def test_json_is_not_taken(stage: Stage, out: Outgoing) -> None:
    headers = {"authorization": "Bearer sk", "idempotency-key": "k"}
    url = f"{stage.url}/v1/checkout/sessions"
    assert (
        await out.ask(Ask("POST", url, headers=headers, json={"mode": "payment"}))
    ).status == 400


async def test_a_session_closes_when_its_time_is_over(
    stage: Stage, out: Outgoing, vendor: Stripe, clock: HandClock
) -> None:
    await create(stage, out, SESSION)
    clock.now += timedelta(hours=25)
    with pytest.raises(RuntimeError):
        vendor.pay("order-1")
