"""What do access's endpoints have in common: the makings, the guest at the door, links?"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from cloud_api.access.errors import LinkRefusedError
from cloud_api.access.grants.types import Makings
from cloud_api.access.guests import service as guests_service
from cloud_api.access.models import GrantRow
from cloud_api.access.schemas import LinksOut
from cloud_api.access.types import Guest
from cloud_api.kit.errors import Forbidden, TooManyAttempts
from cloud_api.kit.http import DbSession, backstage
from cloud_api.kit.idempotency import KeyHeader, claim
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Limit, source_of

_BEARER = "bearer "


async def makings_of(request: Request) -> Makings:
    """From the application's parts."""
    stage = backstage(request)
    return Makings(vault=stage.vault, clock=stage.clock)


MakingsOf = Annotated[Makings, Depends(makings_of)]


async def guest_token(request: Request) -> str:
    """The session token out of the `Authorization` header. LinkRefusedError when absent."""
    header = request.headers.get("authorization", "")
    if not header.lower().startswith(_BEARER):
        raise LinkRefusedError
    return header[len(_BEARER) :].strip()


GuestToken = Annotated[str, Depends(guest_token)]


async def _guest(request: Request, makings: MakingsOf, token: GuestToken) -> Guest:
    # A session of its own, given back at once: who waits for a house holds no connection.
    async with backstage(request).database.reading() as session:
        guest = await guests_service.authenticate(session, makings, token)
    request.state.principal = f"guest:{guest.grant_id}"
    return guest


CurrentGuest = Annotated[Guest, Depends(_guest)]


def allow_while_waiting(permission: str) -> Callable[[Request], Awaitable[Scope]]:
    """As `kit.http.allow`, for endpoints that wait: no connection is held meanwhile."""

    async def allowed(request: Request) -> Scope:
        stage = backstage(request)
        header = request.headers.get("authorization")
        async with stage.database.transaction() as session:
            scope = await stage.authenticate(session, header, stage.clock)
        request.state.principal = scope.principal
        if not scope.may(permission):
            raise Forbidden(extra={"permission": permission})
        return scope

    return allowed


async def _idempotent(
    request: Request, session: DbSession, guest: CurrentGuest, key: KeyHeader = None
) -> None:
    if key is not None:
        principal = f"guest:{guest.grant_id}"
        request.state.idempotency = await claim(session, request, principal=principal, key=key)


# As `kit.http.IDEMPOTENT`, where the caller is a guest.
GUEST_IDEMPOTENT = Depends(_idempotent)


async def count(request: Request, kind: str, name: str, limit: Limit) -> None:
    """Count one attempt, also when it is refused later. TooManyAttempts."""
    wait = await backstage(request).throttle.hit(kind, name, limit)
    if wait is not None:
        raise TooManyAttempts(retry_after_seconds=wait)


def per_address(kind: str, limit: Limit) -> Callable[[Request], Awaitable[None]]:
    """A dependency: so many attempts from one address. Put it first, before any session."""

    async def counted(request: Request) -> None:
        address = source_of(request.client and request.client.host)
        await count(request, kind, address, limit)

    return counted


def links_out(makings: Makings, row: GrantRow, *, pin: str | None) -> LinksOut:
    """Links as people get them: each secret behind `#`, which browsers never send."""
    pair = makings.links(row.id, row.generation, row.house_id)
    return LinksOut(cloud_url=f"/stay#{pair.cloud_secret}", lan_secret=pair.lan_secret, pin=pin)
