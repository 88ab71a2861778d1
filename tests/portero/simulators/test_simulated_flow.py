"""What the simulated Flow refuses, in Flow's words."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping

import pytest

from cloud_api.kit.outgoing import Answer, Ask, Outgoing
from portero.simulators.flow import Flow
from portero.simulators.kit import Stage, playing
from tests.builders import HandClock

SECRET = "secret"
ORDER = {
    "apiKey": "key",
    "commerceOrder": "order-1",
    "subject": "3 nights",
    "currency": "CLP",
    "amount": "120000",
    "email": "ana@example.test",
    "urlConfirmation": "https://cloud.test/told",
    "urlReturn": "https://cloud.test/back",
}


@pytest.fixture
def vendor(clock: HandClock) -> Flow:
    return Flow(clock, api_key="key", secret_key="secret")


@pytest.fixture
async def stage(vendor: Flow) -> AsyncIterator[Stage]:
    async with playing(vendor.app) as stage:
        yield stage


@pytest.fixture
async def out() -> AsyncIterator[Outgoing]:
    async with Outgoing() as out:
        yield out


def sign(params: Mapping[str, str], *, secret: str = SECRET) -> dict[str, str]:
    text = "".join(f"{name}{params[name]}" for name in sorted(params))
    return {**params, "s": hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}


async def create(stage: Stage, out: Outgoing, form: Mapping[str, str]) -> Answer:
    return await out.ask(Ask("POST", f"{stage.url}/payment/create", form=form))


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"email": None}, 400),
        ({"colour": "blue"}, 400),
        ({"apiKey": "other"}, 401),
        ({"amount": "120000.50"}, 401),
        ({"amount": "120000.00"}, 401),
        ({"amount": "349"}, 401),
        ({"amount": "much"}, 400),
        ({"currency": "KWD"}, 401),
        ({"email": "nobody"}, 400),
        ({"urlReturn": "back"}, 400),
    ],
)
async def test_a_wrong_order_is_refused(
    stage: Stage, out: Outgoing, changed: Mapping[str, str | None], status: int
) -> None:
    form = {name: value for name, value in {**ORDER, **changed}.items() if value is not None}
    answer = await create(stage, out, sign(form))
    assert answer.status == status
    assert set(answer.object()) == {"code", "message"}


async def test_a_signature_with_separators_is_none(stage: Stage, out: Outgoing) -> None:
    text = "&".join(f"{name}={ORDER[name]}" for name in sorted(ORDER))
    proof = hmac.new(b"secret", text.encode(), hashlib.sha256).hexdigest()
    for shown in (proof, "", sign(ORDER, secret="other")["s"]):
        assert (await create(stage, out, {**ORDER, "s": shown})).status == 400
    assert (await create(stage, out, ORDER)).status == 400


async def test_a_number_is_paid_once(stage: Stage, out: Outgoing, vendor: Flow) -> None:
    assert (await create(stage, out, sign(ORDER))).status == 200
    assert (await create(stage, out, sign(ORDER))).status == 200
    vendor.pay("order-1", token=vendor.orders[0].token)
    with pytest.raises(RuntimeError):
        vendor.pay("order-1", token=vendor.orders[1].token)
    answer = await create(stage, out, sign(ORDER))
    assert (answer.status, answer.object()["code"]) == (401, 1605)
