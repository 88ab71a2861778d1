"""A companion asks, waits; the booker says yes or no, and may end it."""

import io
from http import HTTPStatus

import segno
from aiohttp import web

from edge_agent.doorkeeper import GuestGate, Refused
from edge_agent.local_api.limits import RateLimit
from edge_agent.local_api.problems import Problem, refused
from edge_agent.local_api.requests_in import (
    DecisionBody,
    JoinBody,
    JoinCodeBody,
    RequestStateBody,
    body_of,
    id_of,
    token_of,
)
from edge_agent.local_api.stays import slow_down, words
from protocol.ids import GrantId, RequestId


class Companions:
    """`/api/join`, `/api/requests/…`, `/api/companions/…`."""

    def __init__(self, gate: GuestGate, *, joins: RateLimit, states: RateLimit) -> None:
        self._gate = gate
        self._joins = joins
        self._states = states

    def routes(self) -> list[web.RouteDef]:
        """Method, path, handler."""
        return [
            web.post("/api/join/code", self.may_join),
            web.post("/api/join", self.join),
            web.get("/api/join.svg", self.code),
            web.post("/api/requests/state", self.state),
            web.post("/api/requests/{request}/decision", self.decide),
            web.delete("/api/companions/{delegation}", self.end),
        ]

    async def may_join(self, request: web.Request) -> web.Response:
        """204 when this code is somebody's here; before a form is shown to whoever scanned it."""
        slow_down(self._states, request)
        body = await body_of(request, JoinCodeBody)
        no = await self._gate.may_join(body.code)
        if no is not None:
            raise refused(no.refusal)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def join(self, request: web.Request) -> web.Response:
        """201 with the companion's own secret, told once."""
        slow_down(self._joins, request)
        body = await body_of(request, JoinBody)
        joined = await self._gate.join(body.code, name=body.name, wants=body.wants)
        if isinstance(joined, Refused):
            raise refused(joined.refusal)
        return words(joined.model_dump_json(), status=HTTPStatus.CREATED)

    async def code(self, request: web.Request) -> web.Response:
        """The QR code companions scan: this house's address as this browser knows it."""
        view = await self._gate.view(token_of(request))
        if isinstance(view, Refused):
            raise refused(view.refusal)
        if view.join_code is None:
            raise Problem(HTTPStatus.NOT_FOUND, "not_found")
        address = f"{request.scheme}://{request.headers['Host']}/join#{view.join_code}"
        drawn = io.BytesIO()
        segno.make(address, error="m").save(drawn, kind="svg", scale=6, xmldecl=False)
        return web.Response(body=drawn.getvalue(), content_type="image/svg+xml")

    async def state(self, request: web.Request) -> web.Response:
        """Where the companion's request stands; POST, so that the secret is in no address."""
        slow_down(self._states, request)
        body = await body_of(request, RequestStateBody)
        state = await self._gate.request_state(body.secret)
        if isinstance(state, Refused):
            raise refused(state.refusal)
        return web.json_response({"state": state.value})

    async def decide(self, request: web.Request) -> web.Response:
        """The booker's yes or no; 200 with the request as it now stands."""
        token, wanted = token_of(request), RequestId(id_of(request, "request"))
        body = await body_of(request, DecisionBody)
        decided = await self._gate.decide_request(token, wanted, approve=body.approve)
        if isinstance(decided, Refused):
            raise refused(decided.refusal)
        return words(decided.model_dump_json())

    async def end(self, request: web.Request) -> web.Response:
        """Remove a companion; 204."""
        token, delegation = token_of(request), GrantId(id_of(request, "delegation"))
        no = await self._gate.end_delegation(token, delegation)
        if no is not None:
            raise refused(no.refusal)
        return web.Response(status=HTTPStatus.NO_CONTENT)
