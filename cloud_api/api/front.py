"""What happens to every request before and after a room answers it?

A request id, a body limit that holds before anything is parsed, one log line, one measurement,
plain headers, and an answer even where our own code failed.
"""

import json
import re
from collections.abc import Callable
from typing import cast

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from cloud_api.kit.clock import Clock
from cloud_api.kit.errors import MEDIA_TYPE, Problem, problem_document
from cloud_api.kit.metrics import HTTP_SECONDS

MAX_BODY_BYTES = 1024 * 1024
# Where files are taken; a file's own policy says how large it may be.
MAX_FILE_BYTES = 21 * 1024 * 1024
_TAKES_FILES = re.compile(r"/api/v1/(?:[^/]+/){0,4}(?:files|vouchers|id-documents|evidence)")
REQUEST_ID_HEADER = "x-request-id"
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = frozenset({"/healthz"})
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-frame-options": "DENY",
}

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("http")


class BodyTooLargeError(HTTPException):
    """The body is larger than we read."""

    def __init__(self, most: int) -> None:
        # Closed: what is still coming would only be read to be thrown away.
        words = f"The request body may have at most {most // MAX_BODY_BYTES} MiB"
        super().__init__(413, words, headers={"connection": "close"})


class Front:
    """The outermost layer of ours."""

    def __init__(self, app: ASGIApp, *, clock: Clock, new_request_id: Callable[[], str]) -> None:
        self._app = app
        self._clock = clock
        self._new_request_id = new_request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._request_id(scope)
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, request_id)
        started = self._clock.monotonic()
        try:
            await self._app(scope, _limited(scope, receive), answer.send)
        except Exception:
            log.exception("request_failed", route=route_template(scope))
            await answer.send_problem()
        finally:
            self._note(scope, answer.status, self._clock.monotonic() - started)

    def _request_id(self, scope: Scope) -> str:
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        return given if _GIVEN_ID.fullmatch(given) else self._new_request_id()

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = route_template(scope), _method(scope)
        HTTP_SECONDS.labels(method, route, str(status)).observe(seconds)
        if route not in _QUIET:
            log.info(
                "request", method=method, route=route, status=status, ms=round(seconds * 1000, 2)
            )


class _Answer:
    """Adds our headers to whatever is sent, and knows whether anything was."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        # What a caller who went away before the answer is counted as.
        self.status = 499
        self._started = False

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self._started = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID_HEADER] = self._request_id
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def send_problem(self) -> None:
        """Say that it was our fault, if there is still somebody to say it to."""
        if self._started:
            return
        document = problem_document(
            status=500, code=Problem.code, title=Problem.title, request_id=self._request_id
        )
        headers = [(b"content-type", MEDIA_TYPE.encode())]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": json.dumps(document).encode()})


def _limited(scope: Scope, receive: Receive) -> Receive:
    announced = Headers(scope=scope).get("content-length", "0")
    takes_files = _TAKES_FILES.fullmatch(cast("str", scope["path"])) is not None
    most = MAX_FILE_BYTES if takes_files else MAX_BODY_BYTES
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        if announced.isdecimal() and int(announced) > most:
            raise BodyTooLargeError(most)
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise BodyTooLargeError(most)
        return message

    return limited


def route_template(scope: Scope) -> str:
    """The path with the names of its parameters; `unknown` where no route matched."""
    # The template, never the path: paths would be endless, and may hold a guest's secret.
    if scope.get("route") is None:
        return "unknown"
    names = {str(value): name for name, value in scope.get("path_params", {}).items()}
    path = cast("str", scope["path"])
    for value, name in names.items():
        if "/" in value:
            path = path.replace(value, f"{{{name}}}")
    steps = path.split("/")
    return "/".join(f"{{{names[step]}}}" if step in names else step for step in steps)


def _method(scope: Scope) -> str:
    method = cast("str", scope["method"])
    known = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
    return method if method in known else "OTHER"
