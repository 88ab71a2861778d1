"""How does the simulated server keep its links, on the real WebSocket wire?"""

import asyncio
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import Self

from aiohttp import WSMsgType, web
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from edge_agent.simulator.music.commands import COMMANDS
from edge_agent.simulator.music.faults import Fault, FaultKind, Faults, Pace
from edge_agent.simulator.music.stage import Refused, Stage
from edge_agent.simulator.music.wire import Json, hello
from edge_agent.simulator.music.world import World, small_house

PENDING_FRAMES = 512
PIECE = 500  # long lists are answered in pieces of this many
AUTH_REQUIRED, INVALID_TOKEN, INVALID_COMMAND = 20, 23, 12
SERVER_ID = "simulated-music"


class Command(BaseModel):
    """A frame from a client."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    message_id: str
    command: str
    args: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One line of the journal; a token is never kept."""

    link: int
    command: str
    args: Json


class _Gone(Exception):  # noqa: N818 - the ordinary end of a link
    """The client is no longer there."""


@dataclass(slots=True)
class _Link:
    number: int
    socket: web.WebSocketResponse
    request: web.Request
    frames: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(PENDING_FRAMES))
    authenticated: bool = False

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


class MusicServer:
    """One simulated server on loopback; its world survives restarts of the sockets.

    Use as `async with MusicServer(token=…) as server`, then `server.url`. `server.faults`,
    `server.stage` and `server.journal` are the knobs and the witness for tests.
    """

    def __init__(
        self,
        *,
        token: str,
        world: World | None = None,
        port: int = 0,
        pace: Pace | None = None,
        schema: int = 29,
        oldest_client: int = 24,
        seed: int = 0,
    ) -> None:
        self._token = token
        self._port = port
        self._schema = schema
        self._oldest_client = oldest_client
        self._links: dict[int, _Link] = {}
        self._links_made = 0
        self._runner: web.AppRunner | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self.faults = Faults()
        self.journal: list[Received] = []
        self.stage = Stage(
            world or small_house(),
            pace=pace or Pace(),
            random=Random(seed),  # noqa: S311 - shuffles commands, keeps no secret
            emit=self._emit,
            later=self._later,
        )

    def __repr__(self) -> str:
        """Never shows the token."""
        return f"MusicServer({self.url}, links={self.links})"

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
        app.router.add_get("/ws", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away, keeping the world."""
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

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.faults.refuse_links:
            return web.Response(status=503)
        socket = web.WebSocketResponse(heartbeat=25.0)
        await socket.prepare(request)
        self._links_made += 1
        link = _Link(self._links_made, socket, request)
        self._links[link.number] = link
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(link), name=f"music-writer-{link.number}")
                await self._read(link, group)
        except* _Gone:
            pass
        finally:
            del self._links[link.number]
        return socket

    async def _read(self, link: _Link, group: asyncio.TaskGroup) -> None:
        if not self.faults.mute:
            link.say(self._hello())
        while (message := await link.socket.receive()).type is WSMsgType.TEXT:
            try:
                command = Command.model_validate_json(message.data)
            except ValidationError:
                break  # the real one hangs up, too
            if not self.faults.mute:
                group.create_task(self._answer(link, command), name=f"music-{command.command}")
        raise _Gone

    async def _write(self, link: _Link) -> None:
        try:
            while True:
                await link.socket.send_str(await link.frames.get())
        except ConnectionError as error:
            raise _Gone from error

    async def _answer(self, link: _Link, command: Command) -> None:
        args = command.args or {}
        kept = {k: v for k, v in args.items() if k != "token"}
        self.journal.append(Received(link.number, command.command, kept))
        fault = self.faults.meet(command.command)
        if fault is not None and _prevents(fault, link, command):
            return
        frames = await self._perform(link, command, args)
        if fault is None:
            for frame in frames:
                link.say(frame)
        else:
            await _spoil(fault, link, frames)

    async def _perform(self, link: _Link, command: Command, args: Json) -> list[Json]:
        try:
            result = await self._result(link, command.command, args)
        except Refused as refused:
            return [_error(command, refused.code, refused.details)]
        if not isinstance(result, list):
            return [_result(command, result, partial=False)]
        pieces = [result[i : i + PIECE] for i in range(0, len(result), PIECE)] or [[]]
        return [_result(command, p, partial=i < len(pieces) - 1) for i, p in enumerate(pieces)]

    async def _result(self, link: _Link, name: str, args: Json) -> JsonValue:
        if name == "auth":
            return self._authenticate(link, args)
        if name == "info":
            return self._hello()
        if not link.authenticated:
            raise Refused(AUTH_REQUIRED, "Authentication required. Please send auth command first.")
        handler = COMMANDS.get(name)
        if handler is None:
            raise Refused(INVALID_COMMAND, f"Invalid command: {name}")
        return await handler(self.stage, args)

    def _hello(self) -> Json:
        return hello(
            schema=self._schema,
            oldest_client=self._oldest_client,
            server_id=SERVER_ID,
            base_url=self.url,
        )

    def _authenticate(self, link: _Link, args: Json) -> JsonValue:
        token = args.get("token")
        right = isinstance(token, str) and hmac.compare_digest(token.encode(), self._token.encode())
        if not right or args.keys() - {"token", "locale"} or self.faults.take_token_rejection():
            raise Refused(INVALID_TOKEN, "Invalid or expired token")
        link.authenticated = True
        return {"authenticated": True, "user": {"username": "house", "role": "user"}}

    def _emit(self, event: str, object_id: str, data: JsonValue) -> None:
        for link in self._links.values():
            if link.authenticated:
                link.say({"event": event, "object_id": object_id, "data": data})

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        def fire() -> None:
            self._timers.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)


def _prevents(fault: Fault, link: _Link, command: Command) -> bool:
    """Whether the command is not done at all."""
    if fault.kind is FaultKind.ERROR:
        link.say(_error(command, fault.error_code, "told to fail"))
    elif fault.kind is FaultKind.DROP_BEFORE:
        link.cut()
    return fault.kind in {FaultKind.ERROR, FaultKind.DROP_BEFORE, FaultKind.IGNORED}


async def _spoil(fault: Fault, link: _Link, frames: list[Json]) -> None:
    """The command is done; its answer goes wrong."""
    if fault.kind is FaultKind.DROP_AFTER:
        link.cut()
    elif fault.kind is FaultKind.GARBAGE:
        link.say_text("{this is no JSON")
    elif fault.kind in {FaultKind.LATE, FaultKind.TWICE}:
        await asyncio.sleep(fault.seconds)
        for frame in frames * (2 if fault.kind is FaultKind.TWICE else 1):
            link.say(frame)


def _result(command: Command, result: JsonValue, *, partial: bool) -> Json:
    return {"message_id": command.message_id, "result": result, "partial": partial}


def _error(command: Command, code: int, details: str) -> Json:
    return {"message_id": command.message_id, "error_code": code, "details": details}
