"""How does a companion join a stay, and how does its booker answer?"""

from datetime import timedelta
from uuid import UUID

from fastapi import Depends, Request
from pydantic import JsonValue

from cloud_api.access.auth import GUEST_IDEMPOTENT, CurrentGuest, MakingsOf, links_out, per_address
from cloud_api.access.errors import (
    AnswerInHouseError,
    LinkRefusedError,
    NothingToGrantError,
    RequestDecidedError,
    RequestNotFoundError,
    TooManyCompanionsError,
)
from cloud_api.access.requests import service
from cloud_api.access.schemas import (
    AnswerIn,
    JoinIn,
    JoinOut,
    RequestOut,
    WaitingIn,
    WaitingOut,
)
from cloud_api.fleet.errors import HouseFullError
from cloud_api.kit.errors import TooManyAttempts, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, room_router
from cloud_api.kit.idempotency import KeyHeader, claim
from cloud_api.kit.throttle import Limit
from protocol.access import secret_hash

router = room_router(prefix="/guest", tag="guest")

JOINS_PER_ADDRESS = Limit(attempts=10, window=timedelta(minutes=1))
LOOKS_PER_ADDRESS = Limit(attempts=60, window=timedelta(minutes=1))
_OPEN: dict[str, JsonValue] = {"security": []}


async def _idempotent(
    request: Request, session: DbSession, wish: JoinIn, key: KeyHeader = None
) -> None:
    if key is not None:
        # Nobody has signed in: whoever holds the same invitation is the same caller.
        principal = f"join:{secret_hash(wish.join_code)}"
        request.state.idempotency = await claim(session, request, principal=principal, key=key)


@router.post(
    "/join",
    status_code=201,
    # Counted first: the count has a transaction of its own and must not wait for a second one.
    dependencies=[
        Depends(per_address("guest.join", JOINS_PER_ADDRESS)),
        Depends(_idempotent),
    ],
    openapi_extra=_OPEN,
    responses=problem_responses(
        LinkRefusedError, NothingToGrantError, TooManyCompanionsError, TooManyAttempts
    ),
)
async def join(session: DbSession, makings: MakingsOf, wish: JoinIn) -> JoinOut:
    """Ask to join with the code from the booker's invitation; answered by booker or host."""
    row, waiting = await service.ask(
        session, makings, join_code=wish.join_code, name=wish.name, wants=tuple(wish.wants)
    )
    return JoinOut(request_id=row.id, waiting_secret=waiting, expires_at=row.expires_at)


@router.post(
    "/waiting",
    dependencies=[Depends(per_address("guest.waiting", LOOKS_PER_ADDRESS))],
    openapi_extra=_OPEN,
    responses=problem_responses(RequestNotFoundError, TooManyAttempts),
)
async def wait_for_answer(session: DbSession, makings: MakingsOf, waiting: WaitingIn) -> WaitingOut:
    """Where the request stands; once approved, the companion's own links while they hold."""
    state, grant = await service.state_for_companion(
        session, waiting=waiting.waiting_secret, now=makings.clock.utc_now()
    )
    links = None if grant is None else links_out(makings, grant, pin=None)
    return WaitingOut(state=state, links=links)


@router.get("/requests", responses=problem_responses(LinkRefusedError))
async def list_requests(session: DbSession, guest: CurrentGuest) -> list[RequestOut]:
    """The last 100 requests to the guest who booked; nothing for anybody else."""
    return [RequestOut.of(row) for row in await service.of_booker(session, guest)]


@router.post(
    "/requests/{request_id}/answer",
    dependencies=[GUEST_IDEMPOTENT],
    responses=problem_responses(
        LinkRefusedError,
        RequestNotFoundError,
        RequestDecidedError,
        AnswerInHouseError,
        HouseFullError,
    ),
)
async def answer(
    session: DbSession, makings: MakingsOf, guest: CurrentGuest, request_id: UUID, said: AnswerIn
) -> RequestOut:
    """The guest who booked says yes or no."""
    row = await service.answer_as_booker(session, makings, guest, request_id, approve=said.approve)
    return RequestOut.of(row)


@router.delete(
    "/companions/{grant_id}",
    status_code=204,
    responses=problem_responses(LinkRefusedError, RequestNotFoundError),
)
async def remove_companion(
    session: DbSession, clock: ClockOf, guest: CurrentGuest, grant_id: UUID
) -> None:
    """The guest who booked ends a companion's access, also one let in by the house itself."""
    await service.remove_companion(session, clock, guest, grant_id)
