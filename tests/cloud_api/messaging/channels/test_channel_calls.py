"""The vendors ring at a real door, and what comes through it is still what they signed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cloud_api.messaging.errors import ForgedCallError
from cloud_api.messaging.types import Call, MessageState, Overheard
from portero.simulators.kit import playing
from tests.cloud_api.messaging.channels.stage import (
    Played,
    PlayedTelegram,
    PlayedTwilio,
    PlayedWhatsApp,
)


@dataclass
class Door:
    """Takes every call to the channel behind it, whole and as it came."""

    behind: Played | None = None
    url: str = ""
    heard: list[Overheard] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        assert self.behind is not None
        query, path = request.url.query, request.url.path
        call = Call(
            request.method,
            f"{self.url}{path}" + (f"?{query}" if query else ""),
            dict(request.headers),
            dict(request.query_params),
            await request.body(),
        )
        try:
            told = self.behind.channel.hear(self.behind.account, call)
        except ForgedCallError:
            return Response(status_code=403)
        self.heard.append(told)
        return PlainTextResponse(told.answer or "", media_type=told.answer_type)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    routes = [Route("/{vendor}", door.answer, methods=["GET", "POST"])]
    async with playing(Starlette(routes=routes)) as stage:
        door.url = stage.url
        yield door


async def test_twilio_rings(door: Door, twilio: PlayedTwilio) -> None:
    door.behind = twilio
    url = f"{door.url}/sms?house=9&name=Casa%20Aurora"
    assert await twilio.simulator.written(url, sender="+51987654321", body="¿ya? 🗝").ring() == 200
    carried = await twilio.channel.send(twilio.account, twilio.letter())
    twilio.simulator.messages[carried.vendor_id].callback = f"{url}&key=m-1"
    assert await twilio.simulator.progress(carried.vendor_id, "delivered").ring() == 200
    assert await twilio.simulator.call_json(url, '{"a": "é"}'.encode()).ring() == 200
    assert door.heard[0].incoming[0].text == "¿ya? 🗝"
    assert (door.heard[1].news[0].key, door.heard[1].news[0].state) == (
        "m-1",
        MessageState.DELIVERED,
    )
    twilio.simulator.auth_token = "another"
    assert await twilio.simulator.written(url, sender="+51987654321", body="x").ring() == 403


async def test_whatsapp_shakes_hands_and_rings(door: Door, whatsapp: PlayedWhatsApp) -> None:
    door.behind = whatsapp
    whatsapp.simulator.url = f"{door.url}/whatsapp"
    status, body, media_type = await whatsapp.simulator.shake_hands()
    assert (status, body) == (200, "1158201444")
    assert media_type.startswith("text/plain")
    assert await whatsapp.simulator.written("+51987654321", "¿ya? 🗝").ring() == 200
    assert door.heard[-1].incoming[0].text == "¿ya? 🗝"
    whatsapp.simulator.verify_token = whatsapp.simulator.app_secret = "another"
    assert (await whatsapp.simulator.shake_hands())[0] == 403
    assert await whatsapp.simulator.written("+51987654321", "x").ring() == 403


async def test_telegram_rings(door: Door, telegram: PlayedTelegram) -> None:
    door.behind = telegram
    telegram.simulator.url = f"{door.url}/telegram"
    assert await telegram.simulator.written(4711, "¿ya? 🗝").ring() == 200
    assert door.heard[-1].incoming[0].text == "¿ya? 🗝"
    telegram.simulator.secret = "another"
    assert await telegram.simulator.written(4711, "x").ring() == 403
