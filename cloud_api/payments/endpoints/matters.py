"""How do staff resolve money that needs a person?"""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import problem_responses
from cloud_api.kit.http import IDEMPOTENT, DbSession, room_router
from cloud_api.kit.jobs import Tools
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.payments.endpoints.parts import Reader, Refunder, ToolsOf
from cloud_api.payments.errors import (
    CurrencyError,
    FolioNotFoundError,
    MatterClosedError,
    MatterNotFoundError,
    NotRefundableError,
    PaymentStateError,
)
from cloud_api.payments.matters import repository
from cloud_api.payments.models import MatterRow
from cloud_api.payments.resolving import service
from cloud_api.payments.resolving.schemas import AttachIn, MatterOut, NoteIn
from cloud_api.payments.types import MatterKind, MatterState

router = room_router(prefix="/money-to-resolve", tag="payments")


@router.get("")
async def list_matters(
    *,
    session: DbSession,
    scope: Reader,
    tools: ToolsOf,
    window: PageWindow,
    state: MatterState | None = MatterState.OPEN,
    kind: MatterKind | None = None,
    sort: Annotated[str | None, Query(pattern=sort_pattern("created_at", "kind"))] = None,
) -> Page[MatterOut]:
    """Money that needs a person, oldest first."""
    rows, total = await repository.page(session, scope, window, state=state, kind=kind, sort=sort)
    items = await _outs(session, scope, rows, tools)
    return page_of(items, total=total, window=window)


@router.post(
    "/{matter_id}/attach",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(
        MatterNotFoundError,
        MatterClosedError,
        FolioNotFoundError,
        CurrencyError,
        PaymentStateError,
    ),
)
async def attach(
    matter_id: UUID, wanted: AttachIn, session: DbSession, scope: Refunder, tools: ToolsOf
) -> MatterOut:
    """It belongs to this booking."""
    row = await service.attach(
        session, scope, matter_id, subject_id=wanted.subject_id, note=wanted.note, tools=tools
    )
    return await _resolved(session, scope, row, Deed.MONEY_ATTACHED, tools)


@router.post(
    "/{matter_id}/refund",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(MatterNotFoundError, MatterClosedError, NotRefundableError),
)
async def refund(
    matter_id: UUID, wanted: NoteIn, session: DbSession, scope: Refunder, tools: ToolsOf
) -> MatterOut:
    """Give it back."""
    row = await service.refund(session, scope, matter_id, note=wanted.note, tools=tools)
    return await _resolved(session, scope, row, Deed.MONEY_REFUNDED, tools)


@router.post(
    "/{matter_id}/settle",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(MatterNotFoundError, MatterClosedError),
)
async def settle(
    matter_id: UUID, wanted: NoteIn, session: DbSession, scope: Refunder, tools: ToolsOf
) -> MatterOut:
    """It was resolved elsewhere."""
    row = await service.settle(session, scope, matter_id, note=wanted.note, tools=tools)
    return await _resolved(session, scope, row, Deed.MONEY_SETTLED, tools)


async def _resolved(
    session: Session, scope: Scope, row: MatterRow, deed: Deed, tools: Tools
) -> MatterOut:
    out = (await _outs(session, scope, [row], tools))[0]
    await audit.record(
        session, scope, action=deed, object_type="money_to_resolve", object_id=row.id, after=out
    )
    return out


async def _outs(
    session: Session, scope: Scope, rows: list[MatterRow], tools: Tools
) -> list[MatterOut]:
    payments = await repository.payments_of(session, scope, rows)
    now = tools.clock.utc_now()
    return [MatterOut.of(each, payments[each.payment_id], now=now) for each in rows]
