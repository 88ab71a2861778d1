"""The vendors of messages, as strict as they are: what they refuse, and in whose words."""

from collections.abc import AsyncIterator

import httpx
import pytest

from portero.simulators.kit import Stage, playing
from portero.simulators.redvoiss import Redvoiss
from portero.simulators.telegram import Telegram
from portero.simulators.twilio import Twilio
from portero.simulators.whatsapp import WhatsApp

type Changes = dict[str, str | None]


@pytest.fixture
async def ask() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def changed(base: dict[str, str], changes: Changes) -> dict[str, str]:
    merged: dict[str, str | None] = {**base, **changes}
    return {name: value for name, value in merged.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21604),
        ({"Body": None}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"From": None}, 21603),
        ({"From": "+15005550001"}, 21606),
        ({"MessagingServiceSid": "MG1"}, 21603),
        ({"StatusCallback": "ftp://portero.example"}, 21609),
        ({"StatusCallback": "https://por_tero.example"}, 21609),
        ({"Key": "x"}, 20001),
    ],
)
async def test_twilio_refuses_a_form_that_is_not_right(
    ask: httpx.AsyncClient, changes: Changes, code: int
) -> None:
    twilio = Twilio()
    form = {"To": "+51987654321", "From": "+15005550006", "Body": "hello"}
    async with playing(twilio.app) as stage:
        answer = await ask.post(
            f"{stage.url}/2010-04-01/Accounts/{twilio.account_sid}/Messages.json",
            data=changed(form, changes),
            auth=(twilio.account_sid, twilio.auth_token),
        )
    told = answer.json()
    assert (answer.status_code, told["code"], told["status"]) == (400, code, 400)
    assert set(told) == {"code", "message", "more_info", "status"}
    assert twilio.messages == {}


async def test_twilio_takes_forms_alone_and_nobody_elses_account(ask: httpx.AsyncClient) -> None:
    twilio = Twilio()
    async with playing(twilio.app) as stage:
        url = f"{stage.url}/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
        auth = (twilio.account_sid, twilio.auth_token)
        assert (await ask.post(url, json={"To": "+51987654321"}, auth=auth)).status_code == 400
        assert (await ask.post(url, data={}, auth=("AC1", "x"))).status_code == 401
        assert (await ask.post(url, data={})).status_code == 401
        other = url.replace(twilio.account_sid, "AC9")
        assert (await ask.get(other, auth=auth)).status_code == 404


WHATSAPP_ORDER: dict[str, object] = {
    "messaging_product": "whatsapp",
    "to": "+51987654321",
    "type": "text",
    "text": {"body": "hello"},
}


@pytest.mark.parametrize(
    "changes",
    [
        {"messaging_product": "sms"},
        {"text": {"body": ""}},
        {"text": {"body": "x" * 4097}},
        {"text": {"body": "x", "extra": 1}},
        {"text": None},
        {"to": None},
        {"type": "template"},
        {"idempotency_key": "x"},
        {"biz_opaque_callback_data": "x" * 513},
    ],
)
async def test_whatsapp_refuses_an_order_that_is_not_right(
    ask: httpx.AsyncClient, changes: dict[str, object]
) -> None:
    answer, _ = await order(ask, WHATSAPP_ORDER | changes)
    told = answer.json()["error"]
    assert (answer.status_code, told["code"]) == (400, 100)
    assert {"message", "type", "error_data", "fbtrace_id"} < set(told)


async def test_whatsapp_knows_the_24_hours(ask: httpx.AsyncClient) -> None:
    answer, _ = await order(ask, WHATSAPP_ORDER)
    assert answer.json()["error"]["code"] == 131047
    answer, whatsapp = await order(ask, WHATSAPP_ORDER, written=True)
    assert (answer.status_code, len(whatsapp.messages)) == (200, 1)


async def order(
    ask: httpx.AsyncClient, told: dict[str, object], *, written: bool = False
) -> tuple[httpx.Response, WhatsApp]:
    whatsapp = WhatsApp()
    if written:
        whatsapp.written("+51987654321", "hello")
    async with playing(whatsapp.app) as stage:
        answer = await ask.post(
            f"{stage.url}/v25.0/{whatsapp.phone_number_id}/messages",
            json={name: value for name, value in told.items() if value is not None},
            headers={"authorization": f"Bearer {whatsapp.access_token}"},
        )
    return answer, whatsapp


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"chat_id": 4711, "text": ""}, 400),
        ({"chat_id": 4711, "text": "🗝" * 2049}, 400),
        ({"chat_id": 4711}, 400),
        ({"chat_id": 4711, "text": "x", "key": "y"}, 400),
        ({"chat_id": 8, "text": "x"}, 400),
    ],
)
async def test_telegram_refuses_what_is_not_right(
    ask: httpx.AsyncClient, told: dict[str, object], code: int
) -> None:
    telegram = Telegram()
    async with playing(telegram.app) as stage:
        answer = await ask.post(f"{stage.url}/bot{telegram.token}/sendMessage", json=told)
        wrong = await ask.post(f"{stage.url}/bot1:x/sendMessage", json=told)
    assert (answer.status_code, answer.json()["ok"]) == (code, False)
    assert answer.json()["error_code"] == code
    assert wrong.status_code == 401


async def test_redvoiss_cuts_what_is_too_long_and_says_little(ask: httpx.AsyncClient) -> None:
    redvoiss = Redvoiss(balance=1)
    async with playing(redvoiss.app) as stage:
        assert (await bulk(ask, stage, redvoiss, message="x" * 500)).json() == {"batchId": "70001"}
        assert len(redvoiss.batches[70001].text) == 480
        broke = await bulk(ask, stage, redvoiss, message="x")
        assert (broke.status_code, broke.headers["content-type"][:9]) == (500, "text/html")
        assert (await bulk(ask, stage, redvoiss, message="")).status_code == 400
        assert (await bulk(ask, stage, redvoiss, message="x", other="y")).status_code == 400
        auth = (redvoiss.username, redvoiss.password)
        greeting = await ask.get(f"{stage.url}/greet", auth=auth)
        assert greeting.text.startswith("Hello aurora")
        assert (await ask.get(f"{stage.url}/batch/1/status", auth=auth)).status_code == 403
        assert (await ask.get(f"{stage.url}/greet", auth=("a", "b"))).status_code == 401


async def bulk(
    ask: httpx.AsyncClient, stage: Stage, redvoiss: Redvoiss, **told: str
) -> httpx.Response:
    details = [{"destination": "+56961234567", "field": "", "idCliente": "k"}]
    return await ask.post(
        f"{stage.url}/send",
        json={"bulkName": "k", "message_details": details, "isCommercial": False, **told},
        auth=(redvoiss.username, redvoiss.password),
    )
