"""How does the simulated server keep its links, on the real WebSocket and REST wire?"""

import asyncio
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

from aiohttp import WSMsgType, web
from pydantic import JsonValue, ValidationError

from edge_agent.simulator.home import frames
from edge_agent.simulator.home.faults import Fault, FaultKind, Pace
from edge_agent.simulator.home.services import ANSWERING, SERVICES
from edge_agent.simulator.home.stage import Refused, Stage
from edge_agent.simulator.home.world import Json, World, small_house

PENDING_FRAMES = 512
VERSION = "2025.4.4"


@dataclass(frozen=True, slots=True)
class Received:
    """One line of the journal; a token is never kept. `command` as faults name it."""

    link: int
    command: str
    data: Json


class _Gone(Exception):  # noqa: N818 - the ordinary end of a link
    """The client is no longer there."""


@dataclass(slots=True)
class _Link:
    number: int
    socket: web.WebSocketResponse
    request: web.Request
    frames: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(PENDING_FRAMES))
    authenticated: bool = False
    last_id: int = 0
    subscriptions: dict[int, str | None] = field(default_factory=dict)

    def say(self, frame: Json) -> None:
        self.say_text(json.dumps(frame))

    def say_text(self, text: str) -> None:
        try:
            self.frames.put_nowait(text)
        except asyncio.QueueFull:  # a client that does not read is dropped
            self.cut()

    def cut(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()


class HomeServer:
    """One simulated server on loopback; its world survives restarts of the sockets.

    Use as `async with HomeServer(token=…, now=…) as server`, then `server.url`. `server.stage`,
    `server.faults` and `server.journal` are the knobs and the witness for tests.
    """

    def __init__(
        self,
        *,
        token: str,
        now: Callable[[], datetime],
        world: World | None = None,
        port: int = 0,
        pace: Pace | None = None,
    ) -> None:
        self._token = token
        self._port = port
        self._links: dict[int, _Link] = {}
        self._links_made = 0
        self._runner: web.AppRunner | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._now = now
        self.journal: list[Received] = []
        self.stage = Stage(
            world or small_house(now), pace=pace or Pace(), emit=self._emit, later=self._later
        )
        self.faults = self.stage.faults

    def __repr__(self) -> str:
        """Never shows the token."""
        return f"HomeServer({self.url}, links={self.links})"

    @property
    def url(self) -> str:
        """Base address for clients."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def links(self) -> int:
        """Links alive now."""
        return len(self._links)

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all links and stop."""
        for timer in self._timers:
            timer.cancel()
        await self.stop()

    def received(self, command: str) -> list[Received]:
        """Journal lines of one command."""
        return [line for line in self.journal if line.command == command]

    def drop_links(self) -> None:
        """Cut all links without a word."""
        for link in [*self._links.values()]:
            link.cut()

    async def start(self) -> None:
        """Listen, from the second time on at the same port."""
        app = web.Application()
        app.router.add_get("/api/websocket", self._serve)
        app.router.add_get("/api/", self._running)
        app.router.add_get("/api/states", self._states)
        app.router.add_get("/api/states/{entity}", self._one_state)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away, keeping the world; a motor that runs goes on."""
        self.drop_links()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def restart(self, *, tokens_to_reject: int = 0, down_seconds: float = 0.0) -> None:
        """Go away and come back; right after, some right tokens may be refused."""
        await self.stop()
        await asyncio.sleep(down_seconds)
        self.faults.tokens_to_reject = tokens_to_reject
        await self.start()

    async def _running(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        return web.json_response({"message": "API running."})

    async def _states(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        return web.json_response(self.stage.states())

    async def _one_state(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        name = request.match_info["entity"]
        fault = self.faults.meet("rest")
        if fault is not None and fault.kind is FaultKind.LATE:
            await asyncio.sleep(fault.seconds)
        elif fault is not None:
            return web.Response(status=500, text="told to fail")
        entity = self.stage.world.entities.get(name)
        self.journal.append(Received(0, "rest", {"entity_id": name}))
        if entity is None:
            return web.json_response({"message": "Entity not found."}, status=404)
        return web.json_response(self.stage.view(entity))

    def _admit(self, request: web.Request) -> None:
        if self.faults.refuse_links:
            raise web.HTTPServiceUnavailable
        told = request.headers.get("Authorization", "")
        if not hmac.compare_digest(told.encode(), f"Bearer {self._token}".encode()):
            raise web.HTTPUnauthorized

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.faults.refuse_links:
            return web.Response(status=503)
        socket = web.WebSocketResponse(heartbeat=55.0)
        await socket.prepare(request)
        self._links_made += 1
        link = _Link(self._links_made, socket, request)
        self._links[link.number] = link
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(link), name=f"home-writer-{link.number}")
                await self._read(link, group)
        except* _Gone:
            pass
        finally:
            del self._links[link.number]
        return socket

    async def _read(self, link: _Link, group: asyncio.TaskGroup) -> None:
        if not self.faults.mute:
            link.say({"type": "auth_required", "ha_version": VERSION})
        while (message := await link.socket.receive()).type is WSMsgType.TEXT:
            if self.faults.mute:
                continue
            if not link.authenticated:
                self._authenticate(link, str(message.data))
                continue
            group.create_task(self._take(link, str(message.data)), name="home-command")
        raise _Gone

    async def _write(self, link: _Link) -> None:
        try:
            while True:
                text = await link.frames.get()
                await link.socket.send_str(text)
                if '"auth_invalid"' in text and not link.authenticated:
                    await link.socket.close()
        except ConnectionError as error:
            raise _Gone from error

    def _authenticate(self, link: _Link, text: str) -> None:
        fault = self.faults.meet("auth")
        if fault is not None:
            link.cut()
            return
        self.journal.append(Received(link.number, "auth", {}))
        try:
            auth = frames.Auth.model_validate_json(text)
        except ValidationError:
            link.say({"type": "auth_invalid", "message": "Auth message incorrectly formatted"})
            return
        right = hmac.compare_digest(auth.access_token.encode(), self._token.encode())
        if not right or self.faults.take_token_rejection():
            link.say({"type": "auth_invalid", "message": "Invalid access token or password"})
            return
        link.authenticated = True
        link.say({"type": "auth_ok", "ha_version": VERSION})

    async def _take(self, link: _Link, text: str) -> None:
        try:
            number, command = frames.parse(text, after=link.last_id)
        except frames.Unreadable:
            link.cut()
            return
        except frames.Flawed as flawed:
            link.last_id = max(link.last_id, flawed.number)
            link.say(frames.failed(flawed.number, flawed.code, str(flawed)))
            return
        link.last_id = number
        name, data = frames.name_of(command)
        self.journal.append(Received(link.number, name, data))
        await self._answer(link, number, command, self.faults.meet(name))

    async def _answer(
        self, link: _Link, number: int, command: frames.Command, fault: Fault | None
    ) -> None:
        if fault is not None and _prevents(fault, link, number):
            return
        try:
            answer = frames.succeeded(number, await self._perform(link, number, command))
        except Refused as refused:
            answer = frames.failed(number, refused.code, refused.message)
        if isinstance(command, frames.Ping):
            answer = {"id": number, "type": "pong"}
        if fault is None:
            link.say(answer)
        else:
            await _spoil(fault, link, number, answer)

    async def _perform(self, link: _Link, number: int, command: frames.Command) -> JsonValue:
        match command:
            case frames.GetStates():
                return [*self.stage.states()]
            case frames.Subscribe():
                link.subscriptions[number] = command.event_type
            case frames.Unsubscribe():
                if link.subscriptions.pop(command.subscription, "") == "":
                    raise Refused("not_found", "Subscription not found.")
            case frames.CallService():
                return await self._call(command)
            case frames.Ping() | frames.Features():
                pass
        return None

    async def _call(self, command: frames.CallService) -> JsonValue:
        name = f"{command.domain}.{command.service}"
        handler = SERVICES.get(name)
        if handler is None:
            raise Refused("not_found", f"Service {name} not found.")
        if command.return_response is not (name in ANSWERING):
            raise Refused("service_validation_error", "Validation error: return_response")
        answer = await handler(self.stage, command.service_data)
        result: Json = {"context": {"id": "01SIMULATED", "parent_id": None, "user_id": None}}
        return result | {"response": answer} if name in ANSWERING else result

    def _emit(self, data: Json) -> None:
        event: Json = {
            "event_type": "state_changed",
            "data": data,
            "origin": "LOCAL",
            "time_fired": self._now().isoformat(),
            "context": {"id": "01SIMULATED", "parent_id": None, "user_id": None},
        }
        for link in self._links.values():
            for number, wanted in link.subscriptions.items():
                if wanted in {None, "state_changed"}:
                    link.say({"id": number, "type": "event", "event": event})

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        if seconds == 0:
            act()
            return

        def fire() -> None:
            self._timers.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)


def _prevents(fault: Fault, link: _Link, number: int) -> bool:
    """Whether the command is not done at all."""
    if fault.kind is FaultKind.ERROR:
        link.say(frames.failed(number, fault.code, "told to fail"))
    elif fault.kind is FaultKind.DROP_BEFORE:
        link.cut()
    return fault.kind in {FaultKind.ERROR, FaultKind.DROP_BEFORE, FaultKind.IGNORED}


async def _spoil(fault: Fault, link: _Link, number: int, answer: Json) -> None:
    """The command is done; its answer goes wrong."""
    if fault.kind is FaultKind.DROP_AFTER:
        link.cut()
    elif fault.kind is FaultKind.GARBAGE:
        link.say_text('["this is no answer"]')
    elif fault.kind is FaultKind.ERROR_AFTER:
        link.say(frames.failed(number, fault.code, "told to fail"))
    elif fault.kind is FaultKind.LATE:
        await asyncio.sleep(fault.seconds)
        link.say(answer)
