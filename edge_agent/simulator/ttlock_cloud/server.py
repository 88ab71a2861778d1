"""How does the simulated vendor speak HTTP: forms, lists, and ways of saying no with a 200?"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from pydantic import ValidationError

from edge_agent.simulator.ttlock_cloud.model import (
    Answer,
    Call,
    Errcode,
    Fault,
    FaultKind,
    Refused,
)
from edge_agent.simulator.ttlock_cloud.vendor import Handler, Vendor

_FORM: Final = "application/x-www-form-urlencoded"
_NOT_DONE: Final = {FaultKind.CUT_BEFORE, FaultKind.HANG, FaultKind.ERRCODE, FaultKind.STATUS}
_CALLBACK_SECONDS: Final = 5.0


@dataclass(slots=True)
class Journal:
    """What came in: how often each path, and the codes answered. Never a form."""

    calls: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    callbacks: list[str] = field(default_factory=list)


class VendorServer:
    """Serves one Vendor on loopback; `url` is its base address."""

    def __init__(self, vendor: Vendor, *, port: int = 0) -> None:
        self.vendor = vendor
        self.journal = Journal()
        self._port = port
        self._faults: list[Fault] = []
        self._runner: web.AppRunner | None = None
        self._ending = asyncio.Event()

    @property
    def url(self) -> str:
        """Base address for clients."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        """Listen."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let everybody go and stop."""
        self._ending.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def add_fault(self, fault: Fault) -> None:
        """Script a fault; the first that fits is used."""
        self._faults.append(fault)

    def clear_faults(self) -> None:
        """Behave again."""
        self._faults.clear()

    async def tell(self) -> None:
        """Send new records to the callback address, as the vendor does: unsigned, in clear."""
        url, news = self.vendor.conditions.callback_url, self.vendor.news
        self.vendor.news = []
        if url is None or not news:
            return
        form = {
            "notifyType": "1",
            "lockId": str(news[0]["lockId"]),
            "lockMac": "C0:FF:EE:00:00:01",
            "admin": "owner",
            "records": json.dumps(news),
        }
        timeout = ClientTimeout(total=_CALLBACK_SECONDS)
        try:
            async with (
                ClientSession(timeout=timeout) as session,
                session.post(url, data=form) as got,
            ):
                self.journal.callbacks.append((await got.text())[:100])
        except (ClientError, TimeoutError) as error:
            self.journal.callbacks.append(type(error).__name__)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.journal.calls[request.path] += 1
        fault = self._take(request.path)
        if fault is not None and fault.kind in _NOT_DONE:
            return await self._not_done(request, fault)
        answer = await self._answer(request)
        self.journal.codes[int(str(answer.get("errcode", 0)))] += 1
        await self.tell()
        return await self._said(request, answer, fault)

    async def _answer(self, request: web.Request) -> Answer:
        try:
            form = await _form(request)
            if request.path == "/oauth2/token" and request.method == "POST":
                return self.vendor.token(form)
            kind, handler = self._handler(request)
            return self.vendor.answer(kind.model_validate(form), handler)
        except ValidationError:
            return _refusal(Errcode.INVALID_PARAMETER)
        except Refused as refused:
            return _refusal(refused.code)

    def _handler(self, request: web.Request) -> tuple[type[Call], Handler]:
        found = self.vendor.find(request.method, request.path)
        if found is None:
            raise Refused(Errcode.INVALID_PARAMETER)
        return found

    async def _not_done(self, request: web.Request, fault: Fault) -> web.Response:
        match fault.kind:
            case FaultKind.HANG:
                await self._ending.wait()
            case FaultKind.ERRCODE:
                return web.json_response(_refusal(fault.errcode))
            case FaultKind.STATUS:
                return web.Response(status=502, text="bad gateway")
            case _:
                pass
        return _cut(request)

    async def _said(
        self, request: web.Request, answer: Answer, fault: Fault | None
    ) -> web.StreamResponse:
        match None if fault is None else fault.kind:
            case FaultKind.CUT_AFTER:
                return _cut(request)
            case FaultKind.GARBAGE:
                return web.Response(text="<html>busy</html>")
            case FaultKind.ERRCODE_AFTER if fault is not None:
                return web.json_response(_refusal(fault.errcode))
            case FaultKind.LATE if fault is not None:
                await asyncio.sleep(fault.seconds)
            case _:
                pass
        return web.json_response(answer)

    def _take(self, path: str) -> Fault | None:
        for index, fault in enumerate(self._faults):
            if path.endswith(fault.path):
                if fault.times == 1:
                    del self._faults[index]
                else:
                    self._faults[index] = fault.model_copy(update={"times": fault.times - 1})
                return fault
        return None


async def _form(request: web.Request) -> dict[str, str]:
    """Exactly once each; in the body of a POST, in the query of a list."""
    if request.method == "GET":
        pairs = list(request.query.items())
    elif request.method == "POST" and request.content_type == _FORM and not request.query:
        pairs = [(name, str(value)) for name, value in (await request.post()).items()]
    else:
        raise Refused(Errcode.INVALID_PARAMETER)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Refused(Errcode.INVALID_PARAMETER)
    return form


def _refusal(code: int) -> Answer:
    return {"errcode": int(code), "errmsg": "refused", "description": "refused"}


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
