"""How are refunds read and written?"""

from uuid import UUID

from sqlalchemy import select

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.payments.models import RefundRow


async def locked(session: Session, refund_id: UUID) -> RefundRow | None:
    """One refund as it is now; its payment is locked already."""
    statement = (
        select(RefundRow)
        .where(RefundRow.id == refund_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    because = "a worker tells providers for every tenant"
    return await session.scalar(across_tenants(statement, because=because))


async def of_payments(session: Session, payment_ids: list[UUID]) -> list[RefundRow]:
    """Every refund of these payments, oldest first."""
    statement = (
        select(RefundRow)
        .where(RefundRow.payment_id.in_(payment_ids))
        .order_by(RefundRow.created_at, RefundRow.id)
    )
    because = "the payments were the caller's"
    return list(await session.scalars(across_tenants(statement, because=because)))
