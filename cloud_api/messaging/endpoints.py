"""How do people at the desk see what was told to whom, and send it again?"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime
from sqlalchemy import Select

from cloud_api.accounts.types import Permission
from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.paging import Page, PageWindow, Window, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.messaging import repository, service
from cloud_api.messaging.errors import MessageOnItsWay, MessageTextGone
from cloud_api.messaging.models import MessageRow
from cloud_api.messaging.schemas import HistoryOut, MessageDetailOut, MessageOut, StatisticOut
from cloud_api.messaging.sheet import MOST_EXPORTED, csv_of
from cloud_api.messaging.types import ChannelName, MessageEvent, MessageState

router = room_router(prefix="/messages", tag="messages")

Reader = Annotated[Scope, Depends(allow(Permission.MESSAGES_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.MESSAGES_WRITE))]
Sorting = Annotated[
    str | None, Query(pattern=sort_pattern("created_at", "sent_at", "state", "channel", "event"))
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages somebody asks for."""

    state: MessageState | None
    channel: ChannelName | None
    event: MessageEvent | None
    client_id: UUID | None
    subject_id: UUID | None
    since: AwareDatetime | None
    until: AwareDatetime | None


async def _wanted(
    *,
    state: MessageState | None = None,
    channel: ChannelName | None = None,
    event: MessageEvent | None = None,
    client_id: UUID | None = None,
    subject_id: UUID | None = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="before this")] = None,
) -> Wanted:
    return Wanted(state, channel, event, client_id, subject_id, since, until)


def _listed(scope: Scope, wanted: Wanted) -> Select[MessageRow]:
    return repository.listed(
        scope,
        since=wanted.since,
        until=wanted.until,
        state=wanted.state,
        channel=wanted.channel,
        event=wanted.event,
        client_id=wanted.client_id,
        subject_id=wanted.subject_id,
    )


@router.get("")
async def list_messages(
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    wanted: Annotated[Wanted, Depends(_wanted)],
    sort: Sorting = None,
) -> Page[MessageOut]:
    """What was told, blocked and given up; newest first."""
    rows, total = await repository.page(session, _listed(scope, wanted), window, sort=sort)
    return page_of([MessageOut.model_validate(row) for row in rows], total=total, window=window)


@router.get(
    ".csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_messages(
    session: DbSession,
    scope: Reader,
    wanted: Annotated[Wanted, Depends(_wanted)],
    sort: Sorting = None,
) -> Response:
    """The same list as a spreadsheet, at most 10,000 rows; cells cannot become formulas."""
    window = Window(limit=MOST_EXPORTED)
    rows, _ = await repository.page(session, _listed(scope, wanted), window, sort=sort)
    return Response(
        csv_of(MessageOut.model_validate(row) for row in rows),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="messages.csv"'},
    )


@router.get("/statistics")
async def count_messages(
    session: DbSession,
    scope: Reader,
    clock: ClockOf,
    days: Annotated[int, Query(ge=1, le=366)] = 30,
) -> list[StatisticOut]:
    """How many messages of the last days there were by state, event and channel, and their cost."""
    since = clock.utc_now() - timedelta(days=days)
    rows = await repository.statistics(session, scope.organisation_id, since=since)
    return [StatisticOut.model_validate(row) for row in rows]


@router.get("/{message_id}", responses=problem_responses(NotFound))
async def read_message(message_id: UUID, session: DbSession, scope: Reader) -> MessageDetailOut:
    """One message and all that happened to it."""
    row = await repository.find(session, scope, message_id)
    if row is None:
        raise NotFound
    told = [
        HistoryOut.model_validate(each)
        for each in await repository.history(session, scope, message_id)
    ]
    shown = MessageOut.model_validate(row)
    return MessageDetailOut(**shown.model_dump(), history=told)


@router.post(
    "/{message_id}/resend",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, MessageOnItsWay, MessageTextGone),
)
async def resend_message(
    message_id: UUID, session: DbSession, scope: Writer, clock: ClockOf, request: Request
) -> MessageOut:
    """Send it again, as a message of its own; gates do not hold back a person's decision."""
    row = await service.resend(
        session, scope, backstage(request).vault, message_id, now=clock.utc_now()
    )
    return MessageOut.model_validate(row)
