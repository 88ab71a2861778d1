"""How do staff see and answer companions' requests over HTTP?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from cloud_api.access.auth import MakingsOf
from cloud_api.access.errors import RequestDecidedError, RequestNotFoundError
from cloud_api.access.models import RequestRow
from cloud_api.access.requests import repository, service
from cloud_api.access.schemas import AnswerIn, RequestOut
from cloud_api.access.types import RequestState
from cloud_api.accounts.types import Permission
from cloud_api.fleet.errors import HouseFullError
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.errors import problem_responses
from cloud_api.kit.http import IDEMPOTENT, DbSession, allow, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of, read_page
from cloud_api.kit.tenancy import Scope

router = room_router(prefix="/access-requests", tag="access")

Reader = Annotated[Scope, Depends(allow(Permission.ACCESS_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.ACCESS_WRITE))]


@router.get("")
async def list_requests(
    session: DbSession, scope: Reader, window: PageWindow, state: RequestState | None = None
) -> Page[RequestOut]:
    """Companions' requests, the newest first."""
    statement = repository.listed(scope, state=state)
    order = (RequestRow.created_at.desc(), RequestRow.id)
    rows, total = await read_page(session, statement, window, order=order)
    return page_of([RequestOut.of(row) for row in rows], total=total, window=window)


@router.post(
    "/{request_id}/answer",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(RequestNotFoundError, RequestDecidedError, HouseFullError),
)
async def answer_request(
    session: DbSession, scope: Writer, makings: MakingsOf, request_id: UUID, answer: AnswerIn
) -> RequestOut:
    """The host says yes or no."""
    row = await service.answer_as_staff(session, makings, scope, request_id, approve=answer.approve)
    answered = RequestOut.of(row)
    await audit.record(
        session,
        scope,
        action=Deed.REQUEST_ANSWERED,
        object_type="access_request",
        object_id=row.id,
        after=answered,
    )
    return answered
