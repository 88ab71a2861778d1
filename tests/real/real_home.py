"""A real Home Assistant Core: configured, started, entered without a browser, killed."""

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import aiohttp
from pydantic import BaseModel, JsonValue

from portero.local.ports import any_free

OWNER_PASSWORD = "planted-owner-password"
HOUSE_PASSWORD = "planted-house-password"
WAIT_TENTHS = 600
STOP_SECONDS = 20.0

AWAITED = ("lock.basic_lock", "lock.gate", "lock.front_door", "media_player.walkman")
"""Entities of each integration the tests use; a start is over when all have a state."""

CONFIGURATION = """
homeassistant:
  name: Real house
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
kitchen_sink:
demo:
input_boolean:
  gate_asked:
  gate_open:
  gate_jammed:
  pool_heating:
input_number:
  gate_delay: {{min: 0, max: 60, step: 0.1, initial: 0.7}}
  terrace_volume: {{min: 0, max: 1, step: 0.01, initial: 0.3}}
input_select:
  terrace_state: {{options: ["idle", "playing", "paused"], initial: "idle"}}
lock:
  - platform: template
    name: Gate
    value_template: >-
      {{{{ 'jammed' if is_state('input_boolean.gate_jammed', 'on')
          else 'unlocked' if is_state('input_boolean.gate_open', 'on')
          else 'unlocking' if is_state('input_boolean.gate_asked', 'on') else 'locked' }}}}
    unlock:
      - action: input_boolean.turn_on
        target: {{entity_id: input_boolean.gate_asked}}
      - delay: {{seconds: "{{{{ states('input_number.gate_delay') }}}}"}}
      - action: input_boolean.turn_on
        target: {{entity_id: input_boolean.gate_open}}
    lock:
      - action: input_boolean.turn_off
        target: {{entity_id: [input_boolean.gate_open, input_boolean.gate_asked]}}
  - platform: template
    name: Stubborn
    value_template: "{{{{ 'locked' }}}}"
    unlock:
      - action: input_boolean.turn_on
        target: {{entity_id: input_boolean.gate_asked}}
    lock: []
  - platform: template
    name: Sticky
    value_template: >-
      {{{{ 'jammed' if is_state('input_boolean.gate_jammed', 'on') else 'locked' }}}}
    unlock:
      - action: input_boolean.turn_on
        target: {{entity_id: input_boolean.gate_jammed}}
    lock:
      - action: input_boolean.turn_off
        target: {{entity_id: input_boolean.gate_jammed}}
media_player:
  - platform: universal
    name: Terrace
    state_template: "{{{{ states('input_select.terrace_state') }}}}"
    attributes:
      volume_level: input_number.terrace_volume
    commands:
      volume_set:
        action: input_number.set_value
        target: {{entity_id: input_number.terrace_volume}}
        data: {{value: "{{{{ volume_level }}}}"}}
      media_play:
        action: input_select.select_option
        target: {{entity_id: input_select.terrace_state}}
        data: {{option: playing}}
      media_pause:
        action: input_select.select_option
        target: {{entity_id: input_select.terrace_state}}
        data: {{option: paused}}
"""


@dataclass
class RealHome:
    """One server and its folder. `token` belongs to a user who is no administrator."""

    environment: Path
    folder: Path
    port: int = field(default_factory=any_free)
    token: str = field(default="", repr=False)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Configure, start, make an owner and the house's own user."""
        (self.folder / "configuration.yaml").write_text(CONFIGURATION.format(port=self.port))
        self.start()
        self.token = self._run(_enter(self.url))
        self.until(self.token_is_kept, "the token is on disk")

    def start(self) -> None:
        """Start and wait until the locks are there."""
        with (self.folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own environment
                [
                    self.environment / "bin" / "python",
                    *("-m", "homeassistant", "--skip-pip", "--config", self.folder),
                ],
                stdout=output,
                stderr=output,
            )
        self.until(self.answers, "it answers")

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def kill_if_running(self) -> None:
        """At the very end."""
        if self._process is not None:
            self._end(signal.SIGKILL)

    def make_ready(self) -> None:
        """Start it if it is dead, and put every thing of ours where it began."""
        if self._process is None:
            self.start()
        for helper in ("gate_asked", "gate_open", "gate_jammed"):
            self.call("input_boolean.turn_off", entity_id=f"input_boolean.{helper}")

    def said(self) -> str:
        """The end of what it wrote."""
        return (self.folder / "output.log").read_text(errors="replace")[-3000:]

    def answers(self) -> bool:
        """Whether its API is there, and once we have a token, the slowest of the entities, too."""
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"Home Assistant ended by itself:\n{self.said()}")
        return bool(self._run(_is_up(self.url, self.token)))

    def token_is_kept(self) -> bool:
        """The server saves a while after it has answered."""
        kept = self.folder / ".storage" / "auth"
        return kept.exists() and "long_lived_access_token" in kept.read_text()

    def state(self, entity: str) -> str:
        """One state, asked without the driver."""
        return self._run(_state(self.url, self.token, entity))

    def call(self, service: str, **data: JsonValue) -> None:
        """One service, called without the driver."""
        self._run(_call(self.url, self.token, service, data))

    def join_broker(self, port: int) -> None:
        """Set up its MQTT integration, as its owner would in the browser."""
        self._run(_join_broker(self.url, port))

    def until(self, there: Callable[[], bool], what: str) -> None:
        """Wait for something, bounded."""
        for _ in range(WAIT_TENTHS):
            if there():
                return
            time.sleep(0.1)
        raise AssertionError(f"never came: {what}\n{self.said()}")

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
        self._process = None

    def _run[T](self, work: Coroutine[None, None, T]) -> T:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, work).result()


class _Socket:
    """Just enough of the websocket to do without the driver."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0

    async def ask(self, kind: str, **fields: JsonValue) -> JsonValue:
        """One command and its result."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "type": kind, **fields})
        while (answer := await self._socket.receive_json())["id"] != self._number:
            pass
        assert answer["success"], answer
        result: JsonValue = answer["result"]
        return result


@asynccontextmanager
async def _socket(http: aiohttp.ClientSession, url: str, token: str) -> AsyncIterator[_Socket]:
    async with http.ws_connect(f"{url}/api/websocket") as socket:
        assert (await socket.receive_json())["type"] == "auth_required"
        await socket.send_json({"type": "auth", "access_token": token})
        assert (await socket.receive_json())["type"] == "auth_ok"
        yield _Socket(socket)


async def _enter(url: str) -> str:
    """Make the owner, then the house's own plain user, and a long-lived token for that one."""
    client = f"{url}/"
    async with aiohttp.ClientSession() as http:
        owner = await _owner(http, url, client)
        async with _socket(http, url, owner) as socket:
            made = await socket.ask(
                "config/auth/create", name="portero", group_ids=["system-users"], local_only=True
            )
            await socket.ask(
                "config/auth_provider/homeassistant/create",
                user_id=_Made.model_validate(made).user.id,
                username="portero",
                password=HOUSE_PASSWORD,
            )
        code = await _log_in(http, url, client)
        async with _socket(http, url, await _traded(http, url, client, code)) as socket:
            return str(
                await socket.ask("auth/long_lived_access_token", client_name="house", lifespan=30)
            )


async def _owner(http: aiohttp.ClientSession, url: str, client: str) -> str:
    person = {
        "name": "Owner",
        "username": "owner",
        "password": OWNER_PASSWORD,
        "client_id": client,
        "language": "en",
    }
    async with http.post(f"{url}/api/onboarding/users", json=person) as answer:
        code = (await answer.json())["auth_code"]
    return await _traded(http, url, client, code)


async def _join_broker(url: str, port: int) -> None:
    client = f"{url}/"
    async with aiohttp.ClientSession() as http:
        code = await _log_in(http, url, client, ("owner", OWNER_PASSWORD))
        bearer = {"Authorization": f"Bearer {await _traded(http, url, client, code)}"}
        flows = f"{url}/api/config/config_entries/flow"
        async with http.post(flows, json={"handler": "mqtt"}, headers=bearer) as answer:
            number = (await answer.json())["flow_id"]
        where = {"broker": "127.0.0.1", "port": port}
        async with http.post(f"{flows}/{number}", json=where, headers=bearer) as answer:
            said = await answer.json()
        assert said["type"] == "create_entry", said


async def _log_in(
    http: aiohttp.ClientSession,
    url: str,
    client: str,
    person: tuple[str, str] = ("portero", HOUSE_PASSWORD),
) -> str:
    flow = {"client_id": client, "handler": ["homeassistant", None], "redirect_uri": client}
    async with http.post(f"{url}/auth/login_flow", json=flow) as answer:
        number = (await answer.json())["flow_id"]
    who = {"client_id": client, "username": person[0], "password": person[1]}
    async with http.post(f"{url}/auth/login_flow/{number}", json=who) as answer:
        return str((await answer.json())["result"])


async def _traded(http: aiohttp.ClientSession, url: str, client: str, code: str) -> str:
    form = {"grant_type": "authorization_code", "code": code, "client_id": client}
    async with http.post(f"{url}/auth/token", data=form) as answer:
        return str((await answer.json())["access_token"])


async def _is_up(url: str, token: str) -> bool:
    try:
        async with aiohttp.ClientSession() as http:
            if not token:
                async with http.get(f"{url}/api/onboarding") as answer:
                    return answer.status == HTTPStatus.OK
            bearer = {"Authorization": f"Bearer {token}"}
            for entity in AWAITED:
                async with http.get(f"{url}/api/states/{entity}", headers=bearer) as answer:
                    known = answer.status == HTTPStatus.OK
                    if not known or (await answer.json())["state"] in {"unavailable", "unknown"}:
                        return False
            return True
    except aiohttp.ClientError:
        return False


async def _state(url: str, token: str, entity: str) -> str:
    bearer = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=bearer) as http,
        http.get(f"{url}/api/states/{entity}") as answer,
    ):
        return str((await answer.json())["state"])


async def _call(url: str, token: str, service: str, data: Mapping[str, JsonValue]) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=bearer) as http,
        http.post(f"{url}/api/services/{service.replace('.', '/')}", json=dict(data)) as answer,
    ):
        assert answer.status == HTTPStatus.OK, await answer.text()


class _User(BaseModel):
    id: str


class _Made(BaseModel):
    user: _User
