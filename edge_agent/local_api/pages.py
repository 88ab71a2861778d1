"""Which pages does the house serve? The guest's page and its parts, the same for everybody."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Protocol

from aiohttp import web

from edge_agent.local_api.problems import Problem
from guest_ui import Asset, assets


class HealthReport(Protocol):
    """How the house is; only itself may ask for the parts."""

    @property
    def status(self) -> str:
        """healthy, degraded or unhealthy."""

    def to_bytes(self) -> bytes:
        """All parts as JSON."""


HealthSource = Callable[[], Awaitable[HealthReport]]

_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class Pages:
    """Static pages and `/healthz`."""

    def __init__(self, health: HealthSource) -> None:
        self._health = health
        self._assets = assets()

    def routes(self) -> list[web.RouteDef]:
        """One route a file; a path nobody listed does not exist."""
        served = [web.get(path, self._server_of(asset)) for path, asset in self._assets.items()]
        return [*served, web.get("/healthz", self.healthz)]

    async def healthz(self, request: web.Request) -> web.Response:
        """For the machine itself: 200 while doors can be decided, else 503; 403 for others."""
        if request.remote not in _LOOPBACK:
            raise Problem(HTTPStatus.FORBIDDEN, "only_from_this_machine")
        report = await self._health()
        well = report.status != "unhealthy"
        return web.Response(
            status=HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE,
            body=report.to_bytes(),
            content_type="application/json",
        )

    def _server_of(self, asset: Asset) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            headers = {"ETag": f'"{asset.tag}"', "Cache-Control": "no-cache"}
            if request.headers.get("If-None-Match") == headers["ETag"]:
                return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
            return web.Response(
                body=asset.content, content_type=asset.media_type, charset="utf-8", headers=headers
            )

        return serve
