"""Which requests are refused before any handler sees them, and what every answer carries?

The LAN is hostile. `Host` must be ours, or a foreign page could reach us under its own name (DNS
rebinding). `Origin` must be the page we served, and bodies must be JSON, which a foreign form
cannot send. Answers forbid framing, sniffing and every source but ourselves.
"""

from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from edge_agent.actions.explain import explain
from edge_agent.errors import EdgeError
from edge_agent.local_api.problems import Problem, from_error

_log = structlog.get_logger("portero.lan")


HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Server": "portero",
}

_SAFE: Final = frozenset({"GET", "HEAD"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class HostNames:
    """Names this house answers to. Addresses always pass: no foreign name hides behind one."""

    names: frozenset[str]

    def knows(self, host: str | None) -> bool:
        """True for one of our names or a bare IP address, with or without a port."""
        name = _host_name(host)
        return name is not None and (name in self.names or _is_address(name))


def guard(hosts: HostNames) -> Middleware:
    """The outermost door: refuses, catches, and dresses every answer."""

    @web.middleware
    async def outermost(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check(request, hosts)
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - a door of the process: everything becomes an answer
            response = _problem(error, request).response()
        _dress(request, response)
        return response

    return outermost


def _check(request: web.Request, hosts: HostNames) -> None:
    if not hosts.knows(request.headers.get("Host")):
        raise Problem(HTTPStatus.MISDIRECTED_REQUEST, "unknown_host")
    if request.method in _SAFE:
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.headers['Host']}":
        raise Problem(HTTPStatus.FORBIDDEN, "foreign_origin")
    if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITE:
        raise Problem(HTTPStatus.FORBIDDEN, "foreign_origin")
    if request.method == "POST" and request.content_type != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "json_expected")


def _problem(error: Exception, request: web.Request) -> Problem:
    match error:
        case Problem():
            return error
        case EdgeError():
            return from_error(error)
        case TimeoutError():
            return Problem(HTTPStatus.GATEWAY_TIMEOUT, "timeout")
        case web.HTTPException():
            status = HTTPStatus(error.status)
            return Problem(status, status.name.lower())
        case _:
            _log.error("request_failed", route=_route(request), bug=explain(error))
            return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error")


def _dress(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    if request.path.startswith("/api/"):
        response.headers["Cache-Control"] = "no-store"


def _route(request: web.Request) -> str:
    """The pattern, never the address asked for: an address may hold anything."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else '?'}"


def _host_name(host: str | None) -> str | None:
    if not host:
        return None
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
