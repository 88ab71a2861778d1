"""How does another process turn the knobs of the simulated vendor, and read the lock's record?

JSON over HTTP on loopback only, on a port of its own; never part of the wire that clients see.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edge_agent.simulator.ttlock.model import Conditions as LockConditions
from edge_agent.simulator.ttlock.model import Movement, StoredCode
from edge_agent.simulator.ttlock_cloud.model import Conditions, Fault
from edge_agent.simulator.ttlock_cloud.server import VendorServer

_MOVEMENTS = TypeAdapter(tuple[Movement, ...])
_CODES = TypeAdapter(tuple[StoredCode, ...])


class _Press(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    digits: str = Field(repr=False)


class _SetClock(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    local: datetime


@asynccontextmanager
async def control(server: VendorServer, *, port: int = 0) -> AsyncIterator[int]:
    """Serve the knobs while entered; gives the port.

    POST /faults (a Fault), DELETE /faults, PUT /conditions, PUT /lock (the lock's conditions),
    PUT /clock, POST /press, POST /tokens/expired, POST /tokens/revoked; GET /movements, /codes,
    /journal, /conditions.
    """
    app = web.Application()
    app.add_routes(_Control(server).routes())
    runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


class _Control:
    def __init__(self, server: VendorServer) -> None:
        self._server = server
        self._vendor = server.vendor

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/faults", self._add_fault),
            web.delete("/faults", self._clear_faults),
            web.put("/conditions", self._set_conditions),
            web.get("/conditions", self._conditions),
            web.put("/lock", self._set_lock),
            web.put("/clock", self._set_clock),
            web.post("/press", self._press),
            web.post("/tokens/{what}", self._tokens),
            web.get("/movements", self._movements),
            web.get("/codes", self._codes),
            web.get("/journal", self._journal),
        ]

    async def _add_fault(self, request: web.Request) -> web.Response:
        self._server.add_fault(await _parsed(request, Fault))
        return web.Response(status=204)

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._server.clear_faults()
        return web.Response(status=204)

    async def _set_conditions(self, request: web.Request) -> web.Response:
        self._vendor.set_conditions(await _parsed(request, Conditions))
        return web.Response(status=204)

    async def _conditions(self, _request: web.Request) -> web.Response:
        return _json(self._vendor.conditions.model_dump_json().encode())

    async def _set_lock(self, request: web.Request) -> web.Response:
        self._vendor.set_lock_conditions(await _parsed(request, LockConditions))
        return web.Response(status=204)

    async def _set_clock(self, request: web.Request) -> web.Response:
        self._vendor.set_lock_clock((await _parsed(request, _SetClock)).local)
        return web.Response(status=204)

    async def _press(self, request: web.Request) -> web.Response:
        opened = self._vendor.press((await _parsed(request, _Press)).digits)
        await self._server.tell()
        return web.json_response(opened)

    async def _tokens(self, request: web.Request) -> web.Response:
        acts = {"expired": self._vendor.accounts.expire, "revoked": self._vendor.accounts.revoke}
        act = acts.get(request.match_info["what"])
        if act is None:
            raise web.HTTPNotFound
        act()
        return web.Response(status=204)

    async def _movements(self, _request: web.Request) -> web.Response:
        return _json(_MOVEMENTS.dump_json(self._vendor.movements()))

    async def _codes(self, _request: web.Request) -> web.Response:
        return _json(_CODES.dump_json(self._vendor.lock_codes()))

    async def _journal(self, _request: web.Request) -> web.Response:
        journal = self._server.journal
        return web.json_response(
            {
                "calls": dict(journal.calls),
                "codes": {str(code): times for code, times in journal.codes.items()},
                "callbacks": journal.callbacks,
            }
        )


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


async def _parsed[M: BaseModel](request: web.Request, model: type[M]) -> M:
    try:
        return model.model_validate_json(await request.text())
    except ValidationError as error:
        raise web.HTTPBadRequest(text=error.json(include_input=False)) from error
