"""Where do vendors tell us how messages fared, and people that they want no more?"""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, backstage
from cloud_api.messaging.errors import CallRefused, ForgedCallError
from cloud_api.messaging.lines import service as lines
from cloud_api.messaging.news import service
from cloud_api.messaging.registry import channels
from cloud_api.messaging.types import Call, ChannelName

router = APIRouter(prefix="/webhooks/messages", tags=["messages"])

Secret = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_PROBLEMS = problem_responses(NotFound, CallRefused)


@router.get("/{channel}/{account_token}", responses=_PROBLEMS)
async def shake_hands(
    channel: ChannelName,
    account_token: Secret,
    request: Request,
    session: DbSession,
    clock: ClockOf,
) -> Response:
    """A vendor makes sure that the address is ours."""
    return await _hear(channel, account_token, request, session, clock)


@router.post("/{channel}/{account_token}", responses=_PROBLEMS)
async def hear(
    channel: ChannelName,
    account_token: Secret,
    request: Request,
    session: DbSession,
    clock: ClockOf,
) -> Response:
    """A vendor tells how messages fared, or what somebody wrote to us."""
    return await _hear(channel, account_token, request, session, clock)


async def _hear(
    channel: ChannelName, token: str, request: Request, session: DbSession, clock: ClockOf
) -> Response:
    stage = backstage(request)
    account = await lines.called(session, token)
    adapter = channels(stage.outgoing).get(channel)
    if account.channel is not channel or adapter is None:
        raise NotFound
    query = f"?{request.url.query}" if request.url.query else ""
    call = Call(
        method=request.method,
        url=f"{stage.public_url}{request.url.path}{query}",
        headers=dict(request.headers),
        query=dict(request.query_params),
        body=await request.body(),
    )
    try:
        heard = adapter.hear(lines.opened(account, stage.vault), call)
    except ForgedCallError:
        raise CallRefused from None
    await service.apply(session, stage.vault, account, heard, now=clock.utc_now())
    return Response(heard.answer or "", media_type=heard.answer_type)
