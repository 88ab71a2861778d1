"""Where do providers tell us that something happened?

Nothing a webhook says is believed: it is kept as it came and answered, and a worker reads the
payment again. A forged one is refused and has no effect.
"""

from typing import Annotated

from fastapi import Path, Request, Response
from pydantic import JsonValue

from cloud_api.kit.clock import Clock
from cloud_api.kit.errors import NotFound, Unauthenticated, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, backstage, room_router
from cloud_api.kit.outgoing import Outgoing
from cloud_api.payments.accounts import service as accounts
from cloud_api.payments.notices import service as notices
from cloud_api.payments.ports import Provider
from cloud_api.payments.registry import FACTORIES
from cloud_api.payments.types import Notice, ProviderName

router = room_router(prefix="/webhooks/payments", tag="webhooks")

_OPEN: dict[str, JsonValue] = {"security": []}
Token = Annotated[str, Path(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


@router.post(
    "/{provider}/{account_token}",
    openapi_extra=_OPEN,
    response_class=Response,
    responses=problem_responses(NotFound, Unauthenticated),
)
async def receive(
    provider: ProviderName,
    account_token: Token,
    request: Request,
    session: DbSession,
    clock: ClockOf,
) -> Response:
    """Keep one webhook."""
    stage = backstage(request)
    adapter = _adapter(provider, stage.outgoing, clock)
    account = await accounts.by_token(session, provider, account_token)
    if account is None or adapter is None:
        raise NotFound
    notice = Notice(
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query_params),
        body=await request.body(),
    )
    genuine = await notices.receive(
        session, account, adapter, notice, vault=stage.vault, clock=clock
    )
    # Answered, not raised: that somebody tried is to be kept.
    return Response(status_code=200 if genuine else 401)


def _adapter(provider: ProviderName, outgoing: Outgoing, clock: Clock) -> Provider | None:
    make = FACTORIES.get(provider)
    return None if make is None else make(outgoing, clock)
