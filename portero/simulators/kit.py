"""What do all simulated vendors share: a real socket, a journal, and a script of faults?

A vendor is a Starlette application made of its own routes; `Stage` serves it on loopback, keeps a
journal of what came in and does what the script says before or after the vendor has acted. What a
vendor refuses it refuses in its own words; that is the vendor's module's part.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_START_SECONDS = 10.0
_BELL_SECONDS = 5.0


class FaultKind(StrEnum):
    """What goes wrong: before the vendor has acted, or after, so that only the answer is lost."""

    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    STATUS_BEFORE = "status_before"
    STATUS_AFTER = "status_after"
    GARBAGE_AFTER = "garbage_after"
    LATE = "late"

    @property
    def acted(self) -> bool:
        """Has the vendor acted when this happens?"""
        return self not in _UNACTED


_UNACTED = frozenset({FaultKind.CUT_BEFORE, FaultKind.HANG_BEFORE, FaultKind.STATUS_BEFORE})


@dataclass(slots=True)
class Fault:
    """One line of the script: the next `times` requests whose path ends with `path`."""

    kind: FaultKind
    path: str = ""
    method: str = ""
    times: int = 1
    status: int = 500
    body: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def fits(self, method: str, path: str) -> bool:
        """Is it for this request?"""
        return self.times > 0 and path.endswith(self.path) and self.method in {"", method}


@dataclass(frozen=True, slots=True)
class Heard:
    """One request that came in, as it came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Stage:
    """Serves one vendor while entered (see `playing`); `url` is its base address.

    `journal` keeps every request whole, so that a test can say what was sent and how often.
    """

    app: ASGIApp
    url: str = ""
    journal: list[Heard] = field(default_factory=list)
    script: list[Fault] = field(default_factory=list)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)

    def add_fault(self, fault: Fault) -> None:
        """Write one more line into the script."""
        self.script.append(fault)

    def clear_faults(self) -> None:
        """Behave again."""
        self.script.clear()

    def heard(self, path: str, *, method: str = "") -> list[Heard]:
        """What came in at paths that end so."""
        return [
            each
            for each in self.journal
            if each.path.endswith(path) and method in {"", each.method}
        ]

    def end(self) -> None:
        """Let those go who hang."""
        self._ending.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request as the script says."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await _body_of(receive)
        request = Request(scope)
        heard = Heard(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=dict(request.headers),
            body=body,
        )
        self.journal.append(heard)
        fault = self._take(heard)
        if fault is not None and not fault.kind.acted:
            await self._fail(fault, scope, send)
            return
        answer = _Kept()
        await self.app(scope, _again(body), answer.keep)
        if fault is None:
            await answer.pass_on(send)
        elif fault.kind is FaultKind.LATE:
            await asyncio.sleep(fault.seconds)
            await answer.pass_on(send)
        else:
            await self._fail(fault, scope, send)

    def _take(self, heard: Heard) -> Fault | None:
        for fault in self.script:
            if fault.fits(heard.method, heard.path):
                fault.times -= 1
                return fault
        return None

    async def _fail(self, fault: Fault, scope: Scope, send: Send) -> None:
        match fault.kind:
            case FaultKind.STATUS_BEFORE | FaultKind.STATUS_AFTER:
                answer: Response = JSONResponse(
                    dict(fault.body), status_code=fault.status, headers=dict(fault.headers)
                )
                await answer(scope, _again(b""), send)
            case FaultKind.GARBAGE_AFTER:
                await Response("<html>busy</html>", media_type="text/html")(
                    scope, _again(b""), send
                )
            case FaultKind.HANG_BEFORE | FaultKind.HANG_AFTER:
                await self._ending.wait()
                await _cut(send)
            case _:
                await _cut(send)


@asynccontextmanager
async def playing(app: ASGIApp, *, port: int = 0) -> AsyncIterator[Stage]:
    """The vendor on a real loopback port, for as long as the block lasts."""
    stage = Stage(app)
    server = uvicorn.Server(
        uvicorn.Config(
            stage,
            host="127.0.0.1",
            port=port,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    server.install_signal_handlers = _nothing  # type: ignore[attr-defined] # ours are the process's
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(), name="simulated vendor")
        async with asyncio.timeout(_START_SECONDS):
            while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event
                await asyncio.sleep(0.01)
        stage.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        try:
            yield stage
        finally:
            stage.end()
            server.should_exit = True


class Refusal(Exception):  # noqa: N818 - the vendor's word, not an error of ours
    """Stops a vendor's handler; `answer` is what the vendor says."""

    def __init__(self, answer: Response) -> None:
        super().__init__("refused")
        self.answer = answer


def vendor(*routes: BaseRoute) -> Starlette:
    """An application of these routes whose handlers may raise Refusal."""

    async def refuse(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)  # noqa: S101 - registered for it
        return error.answer

    return Starlette(routes=list(routes), exception_handlers={Refusal: refuse})


@dataclass(frozen=True, slots=True)
class Bell:
    """How a vendor rings at our door: what it sends, and what it was answered."""

    url: str
    seconds: float = _BELL_SECONDS
    unanswered: ClassVar[int] = 0

    async def ring(
        self, *, content: bytes, headers: Mapping[str, str], params: Mapping[str, str] | None = None
    ) -> int:
        """POST once; the status, or 0 where nobody answered."""
        async with httpx.AsyncClient(trust_env=False, timeout=self.seconds) as client:
            try:
                answer = await client.post(
                    self.url, content=content, headers=dict(headers), params=params
                )
            except httpx.TransportError:
                return self.unanswered
        return answer.status_code

    @classmethod
    def at(cls, url: str) -> Self:
        """A bell at this address."""
        return cls(url)


def same(left: str, right: str) -> bool:
    """Equal, compared as secrets are."""
    return hmac.compare_digest(left.encode(), right.encode())


class _Kept:
    """An answer that waits for the script's word."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    async def keep(self, message: Message) -> None:
        self._messages.append(message)

    async def pass_on(self, send: Send) -> None:
        for message in self._messages:
            await send(message)


class _CutError(Exception):
    """The connection ends without an answer."""


async def _cut(send: Send) -> None:
    # A length that is promised and not kept: the server then closes the connection.
    headers = [(b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    raise _CutError


async def _body_of(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _nothing() -> None:
    """Signals are left to whoever runs the process."""
