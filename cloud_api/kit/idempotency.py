"""Was this very request answered before?

The key is claimed by an INSERT in the request's own transaction. A second request with the same
key waits in the database for the first: if that commits, it replays the stored answer; if that
rolls back, it takes the claim and works. Refusals are not stored: nothing was made. An answer may
hold a secret that is shown once (a key's token): it rests in the vault.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import text

from cloud_api.kit.db import Session
from cloud_api.kit.errors import InvalidRequest
from cloud_api.kit.vault import Vault, is_locked

_CLAIM = text(
    "INSERT INTO idempotency_keys (principal, key, fingerprint)"
    " VALUES (:principal, :key, :fingerprint) ON CONFLICT DO NOTHING RETURNING true"
)
_FIND = text(
    "SELECT fingerprint, status, media_type, body FROM idempotency_keys"
    " WHERE principal = :principal AND key = :key"
)
_STORE = text(
    "UPDATE idempotency_keys SET status = :status, media_type = :media_type, body = :body"
    " WHERE principal = :principal AND key = :key"
)
_PURGE = text("DELETE FROM idempotency_keys WHERE created_at < now() - make_interval(hours => 48)")


class IdempotencyKeyReusedError(InvalidRequest):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for a different request"


class IdempotencyKeyMissingError(InvalidRequest):
    """This request needs a key."""

    code = "idempotency_key_missing"
    title = "This request needs an Idempotency-Key header"


class Replayed(Exception):  # noqa: N818 - not an error: the first answer, again
    """Stops the request; the handler sends this stored answer."""

    def __init__(self, *, status: int, media_type: str, body: bytes) -> None:
        super().__init__("replayed")
        self.status = status
        self.media_type = media_type
        self.body = body


KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="same key and body: the same answer; another body: 422",
    ),
]


@dataclass(frozen=True, slots=True)
class Claim:
    """This request holds this key until its transaction ends."""

    session: Session
    vault: Vault
    principal: str
    key: str


async def claim(session: Session, request: Request, *, principal: str, key: str) -> Claim:
    """Take the key for this request.

    Raises Replayed when the same request was answered before, IdempotencyKeyReusedError when the
    key belongs to another request.
    """
    whose = {"principal": principal, "key": key}
    vault: Vault = request.app.state.backstage.vault
    fingerprint = await _fingerprint(request, vault)
    taken = await session.scalar(_CLAIM, {**whose, "fingerprint": fingerprint})
    if taken is None:
        first = (await session.execute(_FIND, whose)).one()
        if not hmac.compare_digest(first.fingerprint, fingerprint):
            raise IdempotencyKeyReusedError
        body = _unlocked(first.body, vault, principal=principal, key=key)
        raise Replayed(status=first.status, media_type=first.media_type, body=body)
    return Claim(session=session, vault=vault, principal=principal, key=key)


async def purge(session: Session) -> None:
    """Forget keys older than two days."""
    await session.execute(_PURGE)


class IdempotentRoute(APIRoute):
    """A route that stores its answer under the key its request has claimed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler; runs inside the request's transaction."""
        answer = super().get_route_handler()

        async def answer_and_store(request: Request) -> Response:
            response = await answer(request)
            claimed: Claim | None = getattr(request.state, "idempotency", None)
            if claimed is not None:
                await _store(claimed, response)
            return response

        return answer_and_store


async def _store(claimed: Claim, response: Response) -> None:
    await claimed.session.execute(
        _STORE,
        {
            "principal": claimed.principal,
            "key": claimed.key,
            "status": response.status_code,
            "media_type": response.headers.get("content-type", "application/json"),
            "body": claimed.vault.lock(
                bytes(response.body).decode("latin-1"),
                context=_place(claimed.principal, claimed.key),
            ),
        },
    )


def _unlocked(cell: bytes, vault: Vault, *, principal: str, key: str) -> bytes:
    if not is_locked(cell):
        return bytes(cell)  # of an older release; none is kept for longer than two days
    return vault.unlock(cell, context=_place(principal, key)).encode("latin-1")


def _place(principal: str, key: str) -> str:
    return f"idempotency|{principal}|{key}"


async def _fingerprint(request: Request, vault: Vault) -> bytes:
    body = await request.body()
    with suppress(ValueError):  # not JSON: the bytes themselves are compared
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    # Keyed: a body may hold a password, and a plain hash would let it be guessed from a dump.
    return vault.fingerprint(hashlib.sha256(head + body).hexdigest(), context="idempotency")
