"""See and use the heating, lights and switches of the house from the LAN."""

from typing import Annotated, Self

from aiohttp import web
from pydantic import BaseModel, Field, model_validator

from edge_agent.actions.home import Home
from edge_agent.local_api.problems import refused
from edge_agent.local_api.requests_in import Body, body_of, id_of, token_of
from protocol.access import Refusal
from protocol.home import HomeVerb, Things, ThingView, UseThing
from protocol.ids import ThingId


class UseBody(Body):
    """Exactly one of `on` and `degrees`."""

    on: Annotated[bool, Field(strict=True)] | None = None
    degrees: Annotated[float, Field(ge=-50, le=150, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        if (self.on is None) == (self.degrees is None):
            raise ValueError("either on or degrees")
        return self


class ThingsDocument(BaseModel):
    """The things of the stay. `is_here`: this house has a Home Assistant."""

    is_here: bool
    things: tuple[ThingView, ...]


class HomeRoutes:
    """`/api/things…`."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def routes(self) -> list[web.RouteDef]:
        """Method, path, handler."""
        return [
            web.get("/api/things", self.things),
            web.post("/api/things/{thing}", self.use),
        ]

    async def things(self, request: web.Request) -> web.Response:
        """The things this person may see; without a state where nothing is known."""
        return await self._do(request, Things())

    async def use(self, request: web.Request) -> web.Response:
        """Turn it on or off, or set its temperature; answers once its state shows it."""
        body = await body_of(request, UseBody)
        thing = ThingId(id_of(request, "thing"))
        return await self._do(request, UseThing(thing=thing, on=body.on, degrees=body.degrees))

    async def _do(self, request: web.Request, wish: HomeVerb) -> web.Response:
        done = await self._home.for_guest(token_of(request), wish)
        if isinstance(done, Refusal):
            raise refused(done)
        document = ThingsDocument(is_here=self._home.is_here, things=done)
        return web.Response(
            body=document.model_dump_json().encode(), content_type="application/json"
        )
