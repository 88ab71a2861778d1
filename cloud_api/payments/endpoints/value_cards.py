"""How do staff issue gift cards and look after them?"""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from cloud_api.accounts.types import Permission
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import problem_responses
from cloud_api.kit.http import IDEMPOTENT, DbSession, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.payments.endpoints.parts import Reader, Refunder, ToolsOf
from cloud_api.payments.errors import AmountError, CardNotFoundError, CardValueError
from cloud_api.payments.models import ValueCardRow
from cloud_api.payments.stored import service
from cloud_api.payments.stored.schemas import (
    ValueCardIn,
    ValueCardOut,
    ValueCardPatch,
    ValueChangeIn,
    ValueCodeIn,
    ValueLineOut,
)

router = room_router(prefix="/value-cards", tag="value cards")

_SORT = sort_pattern("created_at", "available_minor", "expires_at")


@router.get("")
async def list_cards(
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    sort: Annotated[str | None, Query(pattern=_SORT)] = None,
) -> Page[ValueCardOut]:
    """Cards, newest first; their codes only by their ends."""
    rows, total = await service.page(session, scope, window, sort=sort)
    return page_of([ValueCardOut.of(each) for each in rows], total=total, window=window)


@router.post("", status_code=201, dependencies=[IDEMPOTENT])
async def issue(
    wanted: ValueCardIn, session: DbSession, scope: Refunder, tools: ToolsOf
) -> ValueCardOut:
    """A new card and its code."""
    row, code = await service.issue(session, scope, tools.vault, wanted)
    await _on_record(session, scope, row, Deed.VALUE_CARD_ISSUED)
    return ValueCardOut.of(row, code=code)


@router.post("/lookup", responses=problem_responses(CardNotFoundError))
async def find_by_code(
    wanted: ValueCodeIn, session: DbSession, scope: Reader, tools: ToolsOf
) -> ValueCardOut:
    """The card of a code somebody shows; spaces, dashes and small letters do no harm."""
    return ValueCardOut.of(await service.by_code(session, scope, tools.vault, wanted.code))


@router.get("/{card_id}", responses=problem_responses(CardNotFoundError))
async def read_card(
    card_id: UUID, session: DbSession, scope: Reader, tools: ToolsOf
) -> ValueCardOut:
    """One card; with its code for who may give money back."""
    row = await service.get(session, scope, card_id)
    shown = scope.may(Permission.PAYMENTS_REFUND)
    return ValueCardOut.of(row, code=service.code_of(tools.vault, row) if shown else None)


@router.get("/{card_id}/lines", responses=problem_responses(CardNotFoundError))
async def read_lines(card_id: UUID, session: DbSession, scope: Reader) -> list[ValueLineOut]:
    """Every movement on it."""
    return [ValueLineOut.of(each) for each in await service.lines(session, scope, card_id)]


@router.patch("/{card_id}", responses=problem_responses(CardNotFoundError))
async def change_expiry(
    card_id: UUID, wanted: ValueCardPatch, session: DbSession, scope: Refunder
) -> ValueCardOut:
    """When it ends from now on."""
    row = await service.change_expiry(session, scope, card_id, wanted.expires_at)
    await _on_record(session, scope, row, Deed.VALUE_CARD_CHANGED)
    return ValueCardOut.of(row)


@router.post(
    "/{card_id}/adjustments",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(CardNotFoundError, CardValueError, AmountError),
)
async def adjust(
    card_id: UUID, wanted: ValueChangeIn, session: DbSession, scope: Refunder
) -> ValueCardOut:
    """So much more on it, or less; never below nothing."""
    row = await service.adjust(session, scope, card_id, wanted.minor, reason=wanted.reason)
    await _on_record(session, scope, row, Deed.VALUE_CARD_CHANGED)
    return ValueCardOut.of(row)


async def _on_record(session: Session, scope: Scope, row: ValueCardRow, deed: Deed) -> None:
    after = ValueCardOut.of(row)
    await audit.record(
        session, scope, action=deed, object_type="value_card", object_id=row.id, after=after
    )
