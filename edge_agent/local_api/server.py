"""How do the declared LAN ports of the house listen, and what do they take?"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from edge_agent.actions.home import Home
from edge_agent.actions.music import Music
from edge_agent.doorkeeper import GuestGate
from edge_agent.local_api.companions import Companions
from edge_agent.local_api.connections import IDLE_SECONDS, CappedServer, Caps
from edge_agent.local_api.doors import Doors
from edge_agent.local_api.guards import HostNames, guard
from edge_agent.local_api.home import HomeRoutes
from edge_agent.local_api.limits import RateLimit
from edge_agent.local_api.pages import HealthSource, Pages
from edge_agent.local_api.signs import Signs
from edge_agent.local_api.speakers import SpeakerRoutes
from edge_agent.local_api.stays import Stays

if TYPE_CHECKING:
    from edge_agent.local_api.by_name.keeper import NameKeeper

_HANDSHAKE_SECONDS = 5.0
MAX_BODY_BYTES = 16 * 1024
"""The largest body anybody needs here is a few hundred bytes."""


@dataclass(frozen=True, slots=True)
class LanConfig:
    """Where to listen, and under which names besides bare addresses.

    `addresses`: as the sign on the wall names them, the best first.
    """

    host: str
    port: int
    names: frozenset[str]
    addresses: tuple[str, ...] = ()
    sign_ins_a_minute: int = 20
    joins_a_minute: int = 10
    states_a_minute: int = 120
    signs_a_minute: int = 20
    for_all_factor: int = 50
    caps: Caps = field(default_factory=Caps)


def lan_application(
    config: LanConfig,
    *,
    guests: GuestGate,
    music: Music,
    home: Home,
    health: HealthSource,
    now: Callable[[], float],
    by_name: "NameKeeper | None" = None,
) -> web.Application:
    """All routes behind the guard. `now`: seconds of a clock that never goes back."""

    def limit(per_address: int) -> RateLimit:
        everybody = per_address * config.for_all_factor
        return RateLimit(now, per_address=per_address, for_all=everybody)

    def addresses() -> tuple[str, ...]:
        offered = by_name and by_name.offered
        return (*config.addresses, offered) if offered else config.addresses

    hosts = HostNames(config.names)
    application = web.Application(middlewares=[guard(hosts)], client_max_size=MAX_BODY_BYTES)
    rooms = (
        Pages(health),
        Stays(guests, limit(config.sign_ins_a_minute)),
        Doors(guests),
        Companions(
            guests, joins=limit(config.joins_a_minute), states=limit(config.states_a_minute)
        ),
        SpeakerRoutes(music),
        Signs(guests, hosts=hosts, addresses=addresses, limit=limit(config.signs_a_minute)),
        HomeRoutes(home),
    )
    for room in rooms:
        application.add_routes(room.routes())
    if by_name is not None:
        application.add_routes(by_name.routes())
    return application


class Lan:
    """The plain port as it listens. HTTPS may join it; both count against the same caps."""

    def __init__(self, capped: CappedServer, host: str, plain: asyncio.Server) -> None:
        self._capped = capped
        self._host = host
        self._servers = [plain]

    @property
    def port(self) -> int:
        """Of plain HTTP, as it was really got."""
        return _port_of(self._servers[0])

    async def also_by_tls(self, context: ssl.SSLContext, port: int) -> int:
        """Listen for HTTPS besides; the port it got. Raises OSError when it is taken."""
        server = await asyncio.get_running_loop().create_server(
            self._capped,
            self._host,
            port,
            ssl=context,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS,
            backlog=256,
        )
        self._servers.append(server)
        return _port_of(server)

    def close(self) -> None:
        """No new connection."""
        for each in self._servers:
            each.close()


@asynccontextmanager
async def open_lan(config: LanConfig, application: web.Application) -> AsyncIterator[Lan]:
    """Serve until the end. Raises OSError when the port is taken."""
    runner = web.AppRunner(
        application, access_log=None, keepalive_timeout=IDLE_SECONDS, shutdown_timeout=2.0
    )
    await runner.setup()
    try:
        if runner.server is None:
            raise OSError("the server did not start")
        capped = CappedServer(runner.server, config.caps)
        plain = await asyncio.get_running_loop().create_server(
            capped, config.host, config.port, backlog=256
        )
        lan = Lan(capped, config.host, plain)
        try:
            yield lan
        finally:
            lan.close()
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listening(config: LanConfig, application: web.Application) -> AsyncIterator[int]:
    """Plain HTTP alone; yields its port."""
    async with open_lan(config, application) as lan:
        yield lan.port


def _port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])
