"""How are cards that hold value read and written?

A card's `available_minor` moves in the same statement that writes its line, and may not be below
zero by a CHECK: two who spend at once cannot both spend the last of it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, select, text

from cloud_api.kit.db import Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.payments.models import ValueCardRow, ValueLineRow

_SORTING: dict[str, Column] = {
    "created_at": ValueCardRow.created_at,
    "available_minor": ValueCardRow.available_minor,
    "expires_at": ValueCardRow.expires_at,
}
_MOVE = text("""
WITH moved AS (
    UPDATE value_cards SET available_minor = available_minor + :minor
    WHERE id = :card_id AND available_minor + :minor >= 0
    RETURNING id, organisation_id, currency
)
INSERT INTO value_card_lines (id, organisation_id, card_id, currency, amount_minor, what,
    payment_id, refund_id, created_by)
SELECT :id, organisation_id, id, currency, :minor, :what, :payment_id, :refund_id, :by FROM moved
RETURNING id
""")
_SPENDABLE = text("""
SELECT id, currency, available_minor, expires_at FROM value_cards
WHERE code_fingerprint = :fingerprint AND organisation_id = :organisation_id FOR UPDATE
""")


async def move(
    session: Session,
    card_id: UUID,
    minor: int,
    *,
    what: str,
    by: str,
    payment_id: UUID | None = None,
    refund_id: UUID | None = None,
) -> bool:
    """Write one movement; False where it would leave less than nothing."""
    values = {
        "id": new_id(),
        "card_id": card_id,
        "minor": minor,
        "what": what,
        "by": by,
        "payment_id": payment_id,
        "refund_id": refund_id,
    }
    return await session.scalar(_MOVE, values) is not None


async def spendable(
    session: Session, organisation_id: UUID, fingerprint: bytes
) -> RowMapping | None:
    """The organisation's card of this code, kept from others."""
    values = {"organisation_id": organisation_id, "fingerprint": fingerprint}
    return (await session.execute(_SPENDABLE, values)).mappings().first()


async def find(
    session: Session, scope: Scope, card_id: UUID, *, lock: bool = False
) -> ValueCardRow | None:
    """One of the caller's cards, as it is now."""
    statement = (
        select(ValueCardRow)
        .where(ValueCardRow.id == card_id)
        .execution_options(populate_existing=True)
    )
    statement = scoped(statement, ValueCardRow, scope)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def by_code(session: Session, scope: Scope, fingerprint: bytes) -> ValueCardRow | None:
    """The caller's card of this code."""
    statement = select(ValueCardRow).where(ValueCardRow.code_fingerprint == fingerprint)
    return await session.scalar(scoped(statement, ValueCardRow, scope))


async def code_taken(session: Session, fingerprint: bytes) -> bool:
    """Has any card this code?"""
    statement = select(ValueCardRow.id).where(ValueCardRow.code_fingerprint == fingerprint)
    because = "codes are unique in the whole installation"
    return await session.scalar(across_tenants(statement, because=because)) is not None


async def page(
    session: Session, scope: Scope, window: Window, *, sort: str | None
) -> tuple[list[ValueCardRow], int]:
    """A page of the caller's cards."""
    statement = scoped(select(ValueCardRow), ValueCardRow, scope)
    order = ordering(sort, _SORTING, default="-created_at", last=ValueCardRow.id.asc())
    return await read_page(session, statement, window, order=order)


async def lines(session: Session, scope: Scope, card_id: UUID) -> list[ValueLineRow]:
    """Every movement of one card, in order."""
    statement = select(ValueLineRow).where(ValueLineRow.card_id == card_id)
    ordered = scoped(statement, ValueLineRow, scope).order_by(
        ValueLineRow.created_at, ValueLineRow.id
    )
    return list(await session.scalars(ordered))


async def set_expiry(session: Session, row: ValueCardRow, expires_at: datetime | None) -> None:
    """When it ends from now on; the row is locked."""
    row.expires_at = expires_at
    await session.flush()
