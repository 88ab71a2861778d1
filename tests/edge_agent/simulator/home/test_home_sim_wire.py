"""Is the simulated Home Assistant as strict as the real one, seen without our driver?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from pydantic import JsonValue

from edge_agent.clock import SystemClock
from edge_agent.simulator.home.faults import Pace
from edge_agent.simulator.home.server import HomeServer

TOKEN = "planted-home-token-4711"
DOOR = "lock.front_door"

type Json = dict[str, JsonValue]


class Wire:
    """One websocket, by hand."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def ask(self, number: int, kind: str, **fields: JsonValue) -> Json:
        await self.socket.send_json({"id": number, "type": kind, **fields})
        return await self.hear()

    async def hear(self) -> Json:
        frame: Json = await self.socket.receive_json(timeout=10)
        return frame

    async def call(self, number: int, service: str, **data: JsonValue) -> Json:
        domain, name = service.split(".")
        return await self.ask(
            number, "call_service", domain=domain, service=name, service_data=data
        )


def code_of(answer: Json) -> JsonValue:
    """The error's word; None for success."""
    error = answer.get("error")
    return error["code"] if isinstance(error, dict) else None


@asynccontextmanager
async def wire(server: HomeServer, token: str = TOKEN) -> AsyncIterator[Wire]:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{server.url}/api/websocket") as socket,
    ):
        one = Wire(socket)
        assert (await one.hear())["type"] == "auth_required"
        await socket.send_json({"type": "auth", "access_token": token})
        yield one


@pytest.fixture
async def server() -> AsyncIterator[HomeServer]:
    pace = Pace(motor=0.02)
    async with HomeServer(token=TOKEN, now=SystemClock().wall, pace=pace) as server:
        yield server


async def test_a_wrong_token_is_told_and_hung_up_on(server: HomeServer) -> None:
    async with wire(server, "another") as one:
        assert (await one.hear())["type"] == "auth_invalid"
        assert (await one.socket.receive(timeout=10)).type in {
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.CLOSING,
        }


async def test_frames_are_numbered_upwards_and_hold_nothing_unknown(server: HomeServer) -> None:
    async with wire(server) as one:
        assert (await one.hear())["type"] == "auth_ok"
        assert await one.ask(5, "ping") == {"id": 5, "type": "pong"}
        assert code_of(await one.ask(5, "ping")) == "id_reuse"
        assert code_of(await one.ask(4, "ping")) == "id_reuse"
        assert code_of(await one.ask(6, "ping", extra=1)) == "invalid_format"
        assert code_of(await one.ask(7, "nonsense")) == "unknown_command"
        await one.socket.send_str("[]")
        assert (await one.socket.receive(timeout=10)).type in {
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.ERROR,
        }


async def test_services_refuse_what_the_real_ones_refuse(server: HomeServer) -> None:
    async with wire(server) as one:
        await one.hear()
        assert code_of(await one.call(1, "lock.nonsense", entity_id=DOOR)) == "not_found"
        assert code_of(await one.call(2, "lock.unlock")) == "invalid_format"
        assert code_of(await one.call(3, "lock.unlock", entity_id=DOOR, x=1)) == "invalid_format"
        assert code_of(await one.call(4, "lock.open", entity_id=DOOR)) == "service_validation_error"
        loud = await one.call(
            5, "media_player.volume_set", entity_id="media_player.kitchen", volume_level=5
        )
        assert code_of(loud) == "invalid_format"
        browse = await one.call(6, "media_player.browse_media", entity_id="media_player.kitchen")
        assert code_of(browse) == "service_validation_error"  # it must be asked for its answer
    assert server.stage.world.bolts[DOOR].moved == []


async def test_an_unknown_or_absent_lock_is_success_and_nothing_moves(server: HomeServer) -> None:
    server.stage.set_online(DOOR, online=False)
    async with wire(server) as one:
        await one.hear()
        assert (await one.call(1, "lock.unlock", entity_id="lock.nowhere"))["success"] is True
        assert (await one.call(2, "lock.unlock", entity_id=DOOR))["success"] is True
    assert server.stage.world.bolts[DOOR].moved == []


async def test_a_jam_is_success_with_a_jammed_state(server: HomeServer) -> None:
    server.stage.world.bolts[DOOR].stuck = True
    async with wire(server) as one:
        await one.hear()
        assert (await one.call(1, "lock.unlock", entity_id=DOOR))["success"] is True
    assert server.stage.world.entities[DOOR].state == "jammed"


@pytest.mark.parametrize("result_first", [True, False])
async def test_result_and_event_come_in_the_order_asked_for(
    server: HomeServer, *, result_first: bool
) -> None:
    server.stage.pace = Pace(motor=0.05, result_first=result_first)
    async with wire(server) as one:
        await one.hear()
        assert (await one.ask(1, "subscribe_events", event_type="state_changed"))["result"] is None
        frames = [await one.call(2, "lock.unlock", entity_id=DOOR)]
        frames += [await one.hear() for _ in range(2)]
    kinds = [frame["type"] for frame in frames]
    assert kinds.index("result") == (1 if result_first else 2)


async def test_states_over_http_need_the_token(server: HomeServer) -> None:
    async with aiohttp.ClientSession() as http:
        address = f"{server.url}/api/states/{DOOR}"
        async with http.get(address) as refused:
            assert refused.status == 401
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        async with http.get(address, headers=bearer) as told:
            assert (await told.json())["state"] == "locked"
        async with http.get(f"{server.url}/api/states/lock.nowhere", headers=bearer) as missing:
            assert missing.status == 404
