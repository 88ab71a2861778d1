"""What do the papers' endpoints have in common: the desk, and callers who wait for the press?

Whoever waits for the press holds neither a transaction nor a connection.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Depends, Request, Response

from cloud_api.access.errors import LinkRefusedError
from cloud_api.access.grants.types import Makings
from cloud_api.access.guests import service as guests
from cloud_api.access.types import Guest, Holder
from cloud_api.files.service import CabinetOf
from cloud_api.kit.errors import Forbidden, TooManyAttempts
from cloud_api.kit.http import backstage
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Limit
from cloud_api.papers.service import Desk

_BEARER: Final = "bearer "
# The press takes seconds of a processor for each paper that is not kept.
PAPERS_PER_CALLER: Final = Limit(attempts=60, window=timedelta(minutes=1))


async def _desk(request: Request, cabinet: CabinetOf) -> Desk:
    state = request.app.state
    return Desk(state.backstage.database, cabinet, state.press, state.public_url)


DeskOf = Annotated[Desk, Depends(_desk)]


def allow_waiting(permission: str) -> Callable[[Request], Awaitable[Scope]]:
    """As `kit.http.allow`; no connection is held meanwhile."""

    async def allowed(request: Request) -> Scope:
        stage = backstage(request)
        header = request.headers.get("authorization")
        async with stage.database.transaction() as session:
            scope = await stage.authenticate(session, header, stage.clock)
        request.state.principal = scope.principal
        if not scope.may(permission):
            raise Forbidden(extra={"permission": permission})
        await _count(request, scope.principal)
        return scope

    return allowed


async def _booker(request: Request) -> Guest:
    stage = backstage(request)
    header = request.headers.get("authorization", "")
    if not header.lower().startswith(_BEARER):
        raise LinkRefusedError
    makings = Makings(vault=stage.vault, clock=stage.clock)
    async with stage.database.reading() as session:
        guest = await guests.authenticate(session, makings, header[len(_BEARER) :].strip())
    if guest.holder is not Holder.GUEST or guest.reservation_id is None:
        raise Forbidden("papers are the booker's own")
    request.state.principal = f"guest:{guest.grant_id}"
    await _count(request, request.state.principal)
    return guest


Booker = Annotated[Guest, Depends(_booker)]
"""The guest who booked; companions have no papers."""


async def _count(request: Request, principal: str) -> None:
    wait = await backstage(request).throttle.hit("papers", principal, PAPERS_PER_CALLER)
    if wait is not None:
        raise TooManyAttempts(retry_after_seconds=wait)


def sent(content: bytes, media_type: str, name: str) -> Response:
    """An answer a browser saves under this name and never runs; RFC 6266, RFC 8187."""
    return Response(
        content,
        media_type=media_type,
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        },
    )
