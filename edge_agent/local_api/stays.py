"""Sign in with a link, see the stay, sign out."""

from http import HTTPStatus

from aiohttp import web

from edge_agent.doorkeeper import GuestGate, Refused
from edge_agent.local_api.limits import RateLimit
from edge_agent.local_api.problems import Problem, refused
from edge_agent.local_api.requests_in import COOKIE, SignInBody, TimeBody, body_of, token_of


class Stays:
    """`/api/session`, `/api/stay` and `/api/time`."""

    def __init__(self, gate: GuestGate, limit: RateLimit) -> None:
        self._gate = gate
        self._limit = limit

    def routes(self) -> list[web.RouteDef]:
        """Method, path, handler."""
        return [
            web.post("/api/session", self.sign_in),
            web.delete("/api/session", self.sign_out),
            web.get("/api/stay", self.view),
            web.post("/api/time", self.declare_time),
        ]

    async def sign_in(self, request: web.Request) -> web.Response:
        """Trade the link's secret for a cookie; 201, or 403 with the refusal as code."""
        slow_down(self._limit, request)
        body = await body_of(request, SignInBody)
        signed_in = await self._gate.sign_in(body.secret)
        if isinstance(signed_in, Refused):
            raise refused(signed_in.refusal)
        response = web.json_response(
            {"grant": str(signed_in.grant), "expires_at": signed_in.expires_at.isoformat()},
            status=HTTPStatus.CREATED,
        )
        _set_cookie(response, signed_in.token, is_secure=request.secure)
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        """Forget the session; 204 also when there was none."""
        response = web.Response(status=HTTPStatus.NO_CONTENT)
        response.del_cookie(COOKIE, path="/")
        try:
            token = token_of(request)
        except Problem:
            return response
        await self._gate.sign_out(token)
        return response

    async def view(self, request: web.Request) -> web.Response:
        """Everything the page shows this person."""
        view = await self._gate.view(token_of(request))
        if isinstance(view, Refused):
            raise refused(view.refusal)
        return words(view.model_dump_json())

    async def declare_time(self, request: web.Request) -> web.Response:
        """While the house cannot know the time, a host says it; 204, or why not."""
        token = token_of(request)
        slow_down(self._limit, request)
        body = await body_of(request, TimeBody)
        no = await self._gate.declare_time(token, body.now)
        if no is not None:
            raise refused(no.refusal)
        return web.Response(status=HTTPStatus.NO_CONTENT)


def words(json: str, *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """JSON that pydantic wrote."""
    return web.Response(status=status, body=json.encode(), content_type="application/json")


def slow_down(limit: RateLimit, request: web.Request) -> None:
    """Spend one try. Problem 429 `too_many_tries`. The peer's own address counts, no header."""
    waits = limit.wait_seconds(request.remote or "unknown")
    if waits > 0:
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_tries", retry_after=int(waits) + 1)


def _set_cookie(response: web.Response, token: str, *, is_secure: bool) -> None:
    """For this browser session. `Secure` where it came by HTTPS; plain HTTP is the usual way."""
    response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", path="/", secure=is_secure)
