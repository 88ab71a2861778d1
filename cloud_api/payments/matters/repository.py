"""How is money that needs a person read and written?"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from cloud_api.kit.db import Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.payments.models import FolioRow, MatterRow, PaymentRow, PaymentSettingsRow
from cloud_api.payments.types import LateMoney, MatterKind, MatterState

_SORTING: dict[str, Column] = {"created_at": MatterRow.created_at, "kind": MatterRow.kind}
_RESOLVE_LATE = text("""
UPDATE payment_matters SET state = 'attached', resolved_at = now(), resolved_by = 'booking'
WHERE folio_id = :folio_id AND kind = 'late' AND state = 'open'
""")


async def add(
    session: Session, row: PaymentRow, kind: MatterKind, *, folio_id: UUID | None, detail: str
) -> UUID | None:
    """Insert it; None when the same waits already."""
    statement = (
        insert(MatterRow)
        .values(
            id=new_id(),
            organisation_id=row.organisation_id,
            kind=kind,
            payment_id=row.id,
            folio_id=folio_id,
            detail=detail,
        )
        .on_conflict_do_nothing()
        .returning(MatterRow.id)
    )
    made: UUID | None = await session.scalar(statement)
    return made


async def locked(session: Session, scope: Scope, matter_id: UUID) -> MatterRow | None:
    """One of the caller's, kept from others."""
    statement = select(MatterRow).where(MatterRow.id == matter_id).with_for_update()
    return await session.scalar(scoped(statement, MatterRow, scope))


async def page(
    session: Session,
    scope: Scope,
    window: Window,
    *,
    state: MatterState | None,
    kind: MatterKind | None,
    sort: str | None,
) -> tuple[list[MatterRow], int]:
    """A page of the caller's, oldest first."""
    statement = scoped(select(MatterRow), MatterRow, scope)
    if state is not None:
        statement = statement.where(MatterRow.state == state)
    if kind is not None:
        statement = statement.where(MatterRow.kind == kind)
    order = ordering(sort, _SORTING, default="created_at", last=MatterRow.id.asc())
    return await read_page(session, statement, window, order=order)


async def payments_of(
    session: Session, scope: Scope, matters: list[MatterRow]
) -> dict[UUID, PaymentRow]:
    """The payments these are about, by their ids."""
    wanted = [each.payment_id for each in matters]
    statement = scoped(select(PaymentRow).where(PaymentRow.id.in_(wanted)), PaymentRow, scope)
    return {each.id: each for each in await session.scalars(statement)}


async def resolve_late(session: Session, folio_id: UUID) -> None:
    """Late money of this folio is its own after all."""
    await session.execute(_RESOLVE_LATE, {"folio_id": folio_id})


async def late_to_refund(session: Session, *, now: datetime, most: int) -> list[MatterRow]:
    """Late money that waited as long as its property's rule says it may."""
    waited = PaymentSettingsRow.late_hours * timedelta(hours=1)
    statement = (
        select(MatterRow)
        .join(FolioRow, FolioRow.id == MatterRow.folio_id)
        .join(PaymentSettingsRow, PaymentSettingsRow.property_id == FolioRow.property_id)
        .where(
            MatterRow.kind == MatterKind.LATE,
            MatterRow.state == MatterState.OPEN,
            PaymentSettingsRow.late_money == LateMoney.REFUND,
            MatterRow.created_at + waited <= now,
        )
        .with_for_update(of=MatterRow, skip_locked=True)
        .limit(most)
    )
    because = "the clock works for every tenant"
    return list(await session.scalars(across_tenants(statement, because=because)))
