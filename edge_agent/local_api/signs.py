"""May this person print the house's sign, and what stands on it?"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from edge_agent.doorkeeper import GuestGate, Refused, StayView
from edge_agent.local_api.guards import HostNames
from edge_agent.local_api.limits import RateLimit
from edge_agent.local_api.problems import Problem, refused
from edge_agent.local_api.requests_in import Body, body_of, token_of
from edge_agent.local_api.stays import slow_down
from protocol.access import Refusal, Role
from protocol.lan import LanAddress, lan_address

_HOSTS = frozenset({Role.STAFF, Role.OWNER})


class WifiBody(Body):
    """The guests' network; drawn into the picture, kept nowhere."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    password: Annotated[str, StringConstraints(max_length=63)] = ""


class SignBody(Body):
    """`kind` png: the code of the first address alone."""

    kind: Literal["svg", "png"] = "svg"
    addresses: Annotated[tuple[LanAddress, ...], Field(min_length=1, max_length=2)]
    languages: Annotated[tuple[Literal["en", "es"], ...], Field(min_length=1, max_length=2)]
    wifi: WifiBody | None = None


class Signs:
    """`/api/sign`. `addresses`: where this house is found just now, the best first."""

    def __init__(
        self,
        gate: GuestGate,
        *,
        hosts: HostNames,
        addresses: Callable[[], tuple[str, ...]],
        limit: RateLimit,
    ) -> None:
        self._gate = gate
        self._hosts = hosts
        self._addresses = addresses
        self._limit = limit

    def routes(self) -> list[web.RouteDef]:
        """Method, path, handler."""
        return [web.get("/api/sign", self.offers), web.post("/api/sign", self.draw)]

    async def offers(self, request: web.Request) -> web.Response:
        """The addresses to choose from; that by which this very browser came is surely one."""
        view = await self._host(request)
        here = _address_of(request)
        known = self._addresses()
        found = dict.fromkeys((*known, here) if here else known)
        return web.json_response({"house": view.house, "addresses": list(found)})

    async def draw(self, request: web.Request) -> web.Response:
        """The picture. 403 to guests; 422 to an address that is not this house's."""
        view = await self._host(request)
        slow_down(self._limit, request)
        body = await body_of(request, SignBody)
        if not all(self._is_ours(each) for each in body.addresses):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_body", "addresses")
        from guest_ui.sign import Sign, Wifi, code_png, sign_svg  # noqa: PLC0415 - few ask for it

        if body.kind == "png":
            return web.Response(body=code_png(body.addresses[0]), content_type="image/png")
        wifi = None if body.wifi is None else Wifi(body.wifi.name, body.wifi.password)
        sign = Sign(body.addresses, view.house or "", body.languages, wifi)
        return web.Response(body=sign_svg(sign), content_type="image/svg+xml")

    async def _host(self, request: web.Request) -> StayView:
        view = await self._gate.view(token_of(request))
        if isinstance(view, Refused):
            raise refused(view.refusal)
        if view.role not in _HOSTS:
            raise refused(Refusal.NO_SUCH_RIGHT)
        return view

    def _is_ours(self, address: str) -> bool:
        return address in self._addresses() or self._hosts.knows(address.partition("://")[2])


def _address_of(request: web.Request) -> str | None:
    try:
        return lan_address(f"{request.scheme}://{request.headers['Host']}")
    except ValueError:
        return None
