"""How many connections may one neighbour, or all of them, hold open?"""

import asyncio
from dataclasses import dataclass
from typing import Final

from aiohttp import web

IDLE_SECONDS: Final = 30.0
"""A connection without a complete request for so long is closed, however slowly it dribbles."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Open connections at once; a browser needs six."""

    an_address: int = 64
    all_together: int = 256


class CappedServer:
    """A protocol factory that hands a connection to the web server only while there is room."""

    def __init__(self, server: web.Server, caps: Caps) -> None:
        self._server = server
        self._caps = caps

    def __call__(self) -> asyncio.Protocol:
        """For `create_server`."""
        return _Doorstep(self)

    def has_room_for(self, transport: asyncio.BaseTransport) -> bool:
        """False when this address, or everybody together, holds too many."""
        held = [_address(each.transport) for each in self._server.connections]
        mine = _address(transport)
        return len(held) < self._caps.all_together and held.count(mine) < self._caps.an_address

    def take_over(self, transport: asyncio.Transport) -> None:
        """From here on it is the web server's connection."""
        handler = self._server()
        transport.set_protocol(handler)
        handler.connection_made(transport)


class _Doorstep(asyncio.Protocol):
    def __init__(self, server: CappedServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            transport.close()
        elif self._server.has_room_for(transport):
            self._server.take_over(transport)
        else:
            transport.abort()


def _address(transport: asyncio.BaseTransport | None) -> str | None:
    peer = transport.get_extra_info("peername") if transport is not None else None
    return str(peer[0]) if peer else None
