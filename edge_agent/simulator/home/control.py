"""How does another process turn the knobs of the simulated server?

JSON over HTTP on loopback only. Never part of the wire that clients see.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_agent.simulator.home.faults import Fault, Pace
from edge_agent.simulator.home.server import HomeServer


class _Knob(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Restart(_Knob):
    """Go away and come back."""

    tokens_to_reject: Annotated[int, Field(ge=0, le=100)] = 0
    down_seconds: Annotated[float, Field(ge=0, le=60)] = 0.0


class Thing(_Knob):
    """What happens to the thing behind an entity; what is left out stays as it is."""

    online: bool | None = None
    stuck: bool | None = None
    state: str | None = None


@asynccontextmanager
async def control(server: HomeServer, *, port: int = 0) -> AsyncIterator[int]:
    """Serve the knobs while entered; gives the port.

    POST /faults (a Fault), DELETE /faults, PUT /pace (a Pace), POST /restart, POST /drop,
    PUT /entities/{entity} (a Thing); GET /journal, GET /bolts.
    """
    app = web.Application()
    app.add_routes(Control(server).routes())
    runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


class Control:
    """The answers of the control endpoint."""

    def __init__(self, server: HomeServer) -> None:
        self._server = server

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        return [
            web.post("/faults", self._add_fault),
            web.delete("/faults", self._clear_faults),
            web.put("/pace", self._set_pace),
            web.post("/restart", self._restart),
            web.post("/drop", self._drop),
            web.put("/entities/{entity}", self._turn),
            web.get("/journal", self._journal),
            web.get("/bolts", self._bolts),
        ]

    async def _add_fault(self, request: web.Request) -> web.Response:
        self._server.faults.add(await _parsed(request, Fault))
        return web.Response(status=204)

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._server.faults.clear()
        return web.Response(status=204)

    async def _set_pace(self, request: web.Request) -> web.Response:
        self._server.stage.pace = await _parsed(request, Pace)
        return web.Response(status=204)

    async def _restart(self, request: web.Request) -> web.Response:
        order = await _parsed(request, Restart)
        await self._server.restart(
            tokens_to_reject=order.tokens_to_reject, down_seconds=order.down_seconds
        )
        return web.Response(status=204)

    async def _drop(self, _request: web.Request) -> web.Response:
        self._server.drop_links()
        return web.Response(status=204)

    async def _turn(self, request: web.Request) -> web.Response:
        stage, name = self._server.stage, request.match_info["entity"]
        entity = stage.world.entities.get(name)
        if entity is None:
            raise web.HTTPNotFound
        thing = await _parsed(request, Thing)
        if thing.stuck is not None and name in stage.world.bolts:
            stage.world.bolts[name].stuck = thing.stuck
        if thing.state is not None:
            stage.change(entity, thing.state)
        if thing.online is not None:
            stage.set_online(name, online=thing.online)
        return web.Response(status=204)

    async def _journal(self, _request: web.Request) -> web.Response:
        return web.json_response([asdict(line) for line in self._server.journal])

    async def _bolts(self, _request: web.Request) -> web.Response:
        bolts = self._server.stage.world.bolts
        return web.json_response({name: bolt.moved for name, bolt in bolts.items()})


async def _parsed[M: BaseModel](request: web.Request, model: type[M]) -> M:
    try:
        return model.model_validate_json(await request.text())
    except ValidationError as error:
        raise web.HTTPBadRequest(text=error.json(include_input=False)) from error
