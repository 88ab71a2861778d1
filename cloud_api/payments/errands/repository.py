"""Which payments and refunds are due to be told to a provider?"""

from datetime import datetime, timedelta

from sqlalchemy import select, text

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.payments.models import AccountRow, FolioRow, PaymentRow, RefundRow
from cloud_api.payments.types import Step

_WORK = "a worker tells providers for every tenant"
_TAKE_PAYMENTS = text("""
UPDATE payments SET leased_until = :until, tries = tries + 1 WHERE id IN (
    SELECT id FROM payments
    WHERE step = :step AND step <> 'rest' AND due_at <= :now
        AND (leased_until IS NULL OR leased_until <= :now)
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
) RETURNING id
""")
_TAKE_REFUNDS = text("""
UPDATE payment_refunds SET leased_until = :until, tries = tries + 1 WHERE id IN (
    SELECT id FROM payment_refunds
    WHERE state = 'wanted' AND due_at <= :now AND (leased_until IS NULL OR leased_until <= :now)
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
) RETURNING id
""")


async def take_payments(
    session: Session, step: Step, *, now: datetime, lease: timedelta, most: int
) -> list[tuple[PaymentRow, AccountRow, FolioRow | None]]:
    """Lease those that are due for this step, with what it takes to tell of them."""
    values = {"step": step.value, "now": now, "until": now + lease, "most": most}
    ids = list(await session.scalars(_TAKE_PAYMENTS, values))
    statement = (
        select(PaymentRow, AccountRow, FolioRow)
        .join(AccountRow, AccountRow.id == PaymentRow.account_id)
        .outerjoin(FolioRow, FolioRow.id == PaymentRow.folio_id)
        .where(PaymentRow.id.in_(ids))
    )
    found = await session.execute(across_tenants(statement, because=_WORK))
    return [(row[0], row[1], row[2]) for row in found.all()]


async def take_refunds(
    session: Session, *, now: datetime, lease: timedelta, most: int
) -> list[tuple[RefundRow, PaymentRow, AccountRow, FolioRow | None]]:
    """Lease those that are due, with what it takes to tell of them."""
    values = {"now": now, "until": now + lease, "most": most}
    ids = list(await session.scalars(_TAKE_REFUNDS, values))
    statement = (
        select(RefundRow, PaymentRow, AccountRow, FolioRow)
        .join(PaymentRow, PaymentRow.id == RefundRow.payment_id)
        .join(AccountRow, AccountRow.id == PaymentRow.account_id)
        .outerjoin(FolioRow, FolioRow.id == PaymentRow.folio_id)
        .where(RefundRow.id.in_(ids))
    )
    found = await session.execute(across_tenants(statement, because=_WORK))
    return [(row[0], row[1], row[2], row[3]) for row in found.all()]
