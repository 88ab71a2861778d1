"""What does an endpoint need of the application: a transaction, the caller, the clock?"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request

from cloud_api.kit.bell import Bell
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Database, Session
from cloud_api.kit.errors import Forbidden
from cloud_api.kit.idempotency import (
    IdempotencyKeyMissingError,
    IdempotentRoute,
    KeyHeader,
    claim,
)
from cloud_api.kit.outgoing import Outgoing
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Throttle
from cloud_api.kit.vault import Vault

type Authenticate = Callable[[Session, str | None, Clock], Awaitable[Scope]]
"""Takes the `Authorization` header; raises Unauthenticated."""


@dataclass(frozen=True, slots=True)
class Backstage:
    """What the composition root hands to the endpoints, as `app.state.backstage`."""

    database: Database
    clock: Clock
    authenticate: Authenticate
    throttle: Throttle
    vault: Vault
    bell: Bell = field(default_factory=Bell)
    outgoing: Outgoing = field(default_factory=Outgoing)
    public_url: str = ""


def backstage(request: Request) -> Backstage:
    """The application's parts."""
    return cast("Backstage", request.app.state.backstage)


_READING = frozenset({"GET", "HEAD"})


async def _session(request: Request) -> AsyncIterator[Session]:
    database = backstage(request).database
    reads = request.method in _READING
    async with database.reading() if reads else database.transaction() as session:
        yield session


# GET only reads. Function scope: committed after the answer is computed, before it leaves.
DbSession = Annotated[Session, Depends(_session, scope="function")]


async def _clock(request: Request) -> Clock:
    return backstage(request).clock


ClockOf = Annotated[Clock, Depends(_clock)]


async def _scope(request: Request, session: DbSession) -> Scope:
    stage = backstage(request)
    scope = await stage.authenticate(session, request.headers.get("authorization"), stage.clock)
    request.state.principal = scope.principal
    return scope


CurrentScope = Annotated[Scope, Depends(_scope)]


def allow(permission: str) -> Callable[[Scope], Awaitable[Scope]]:
    """A dependency: the caller's scope, if it has this permission; else Forbidden.

    Use: `scope: Annotated[Scope, Depends(allow(Permission.CLIENTS_READ))]`.
    """

    async def allowed(scope: CurrentScope) -> Scope:
        if not scope.may(permission):
            raise Forbidden(extra={"permission": permission})
        return scope

    return allowed


async def _idempotent(
    request: Request, session: DbSession, scope: CurrentScope, key: KeyHeader = None
) -> None:
    if key is not None:
        request.state.idempotency = await claim(
            session, request, principal=scope.principal, key=key
        )


async def _idempotent_always(
    request: Request, session: DbSession, scope: CurrentScope, key: KeyHeader = None
) -> None:
    if key is None:
        raise IdempotencyKeyMissingError
    await _idempotent(request, session, scope, key)


# Put into a POST route's `dependencies=[...]`, on a router made by `room_router`.
IDEMPOTENT = Depends(_idempotent)
IDEMPOTENCY_REQUIRED = Depends(_idempotent_always)


def room_router(*, prefix: str, tag: str) -> APIRouter:
    """A router whose POSTs become idempotent with `dependencies=[IDEMPOTENT]`."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=IdempotentRoute)
