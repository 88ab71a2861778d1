"""How are vouchers of transfers read and written?"""

from uuid import UUID

from sqlalchemy import func, select

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.payments.models import PaymentRow, VoucherRow
from cloud_api.payments.types import ProviderName


async def count(session: Session, payment_id: UUID) -> int:
    """How many vouchers were sent; the payment is locked."""
    statement = (
        select(func.count()).select_from(VoucherRow).where(VoucherRow.payment_id == payment_id)
    )
    because = "the payment is the one whose link the guest has"
    return await session.scalar(across_tenants(statement, because=because)) or 0


async def of_payment(session: Session, scope: Scope, payment_id: UUID) -> list[VoucherRow]:
    """The vouchers of one of the caller's payments, in order."""
    statement = select(VoucherRow).where(VoucherRow.payment_id == payment_id)
    ordered = scoped(statement, VoucherRow, scope).order_by(VoucherRow.number)
    return list(await session.scalars(ordered))


async def latest_transfer(session: Session, folio_id: UUID) -> UUID | None:
    """The folio's latest payment by hand."""
    statement = (
        select(PaymentRow.id)
        .where(PaymentRow.folio_id == folio_id, PaymentRow.provider == ProviderName.MANUAL)
        .order_by(PaymentRow.created_at.desc(), PaymentRow.id)
        .limit(1)
    )
    return await session.scalar(across_tenants(statement, because="the guest has the folio's link"))
