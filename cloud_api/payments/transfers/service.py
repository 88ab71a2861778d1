"""How does a transfer become money: a deadline, vouchers, and somebody who looks at them?

The first voucher is received and stops the clock; each further one puts the transfer under review.
Money is only what staff have approved.
"""

from datetime import timedelta
from uuid import UUID

from cloud_api.files import service as files
from cloud_api.files.types import Purpose
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.ids import new_id
from cloud_api.kit.jobs import Tools
from cloud_api.kit.tenancy import Scope
from cloud_api.payments.attempts import repository as attempts_repository
from cloud_api.payments.attempts import service as attempts
from cloud_api.payments.errors import (
    DeadlinePassedError,
    PaymentNotFoundError,
    PaymentStateError,
)
from cloud_api.payments.events import VoucherReceived
from cloud_api.payments.matters import service as matters
from cloud_api.payments.models import PaymentRow, VoucherRow
from cloud_api.payments.rules import next_review
from cloud_api.payments.transfers import repository
from cloud_api.payments.types import Folio, PaymentState, ProviderName, Review

_KEPT_FOR = timedelta(days=400)
_EXPIRE_BATCH = 200


async def take_voucher(
    session: Session, folio: Folio, content: bytes, media_type: str | None, tools: Tools
) -> tuple[int, Review]:
    """Keep a voucher for the folio's latest transfer; its number and how the transfer stands.

    Raises PaymentNotFoundError, DeadlinePassedError, PaymentStateError, and as `files.keep`.
    """
    row = await _awaiting(session, folio, tools)
    number = await repository.count(session, row.id) + 1
    kept = await files.keep(
        session,
        tools.vault,
        organisation_id=row.organisation_id,
        content=content,
        media_type=media_type,
        purpose=Purpose.VOUCHER,
        delete_after=_KEPT_FOR,
        name=f"voucher-{number}",
        client_id=row.client_id,
        reservation_id=row.subject_id,
    )
    session.add(
        VoucherRow(
            id=new_id(),
            organisation_id=row.organisation_id,
            payment_id=row.id,
            number=number,
            file_id=kept.id,
            media_type=kept.media_type.value,
        )
    )
    # Money may be on its way now: the deadline is for those who sent nothing.
    row.review, row.deadline_at = next_review(number), None
    await session.flush()
    said = await matters.facts(session, row, row.amount_minor)
    event = VoucherReceived.model_validate({**said, "number": number, "review": row.review})
    await publish(session, event, organisation_id=row.organisation_id)
    return number, row.review


async def approve(session: Session, scope: Scope, payment_id: UUID, tools: Tools) -> PaymentRow:
    """The money is there. Raises PaymentNotFoundError, PaymentStateError."""
    row = await _reviewable(session, scope, payment_id)
    row.review, row.deadline_at = Review.APPROVED, None
    row.state, row.trouble = PaymentState.PAID, ""
    await attempts.money_came(session, row, row.amount_minor, now=tools.clock.utc_now())
    return row


async def reject(session: Session, scope: Scope, payment_id: UUID, *, reason: str) -> PaymentRow:
    """The money is not there. Raises PaymentNotFoundError, PaymentStateError."""
    row = await _reviewable(session, scope, payment_id)
    row.review, row.review_reason, row.deadline_at = Review.REJECTED, reason, None
    return await attempts.fail(session, row, PaymentState.REJECTED, trouble="voucher_rejected")


async def expire(session: Session, clock: Clock) -> list[UUID]:
    """Cancel transfers whose time is over and of which nothing came, at most 200."""
    now = clock.utc_now()
    expired: list[UUID] = []
    for payment_id in await attempts_repository.overdue_transfers(
        session, now=now, most=_EXPIRE_BATCH
    ):
        row = await attempts.lock(session, payment_id)
        if row.review is Review.AWAITING_VOUCHER and row.deadline_at and row.deadline_at <= now:
            row.review = Review.EXPIRED
            await attempts.fail(session, row, PaymentState.CANCELLED, trouble="expired")
            expired.append(payment_id)
    return expired


async def _awaiting(session: Session, folio: Folio, tools: Tools) -> PaymentRow:
    payment_id = await repository.latest_transfer(session, folio.id)
    if payment_id is None:
        raise PaymentNotFoundError
    row = await attempts.lock(session, payment_id)
    over = row.deadline_at is not None and row.deadline_at <= tools.clock.utc_now()
    if over or row.review is Review.EXPIRED:
        raise DeadlinePassedError
    if row.state is not PaymentState.PENDING:
        raise PaymentStateError(extra={"state": row.state})
    return row


async def _reviewable(session: Session, scope: Scope, payment_id: UUID) -> PaymentRow:
    if await attempts_repository.find(session, scope, payment_id) is None:
        raise PaymentNotFoundError
    row = await attempts.lock(session, payment_id)
    if row.provider is not ProviderName.MANUAL or row.state not in {
        PaymentState.PENDING,
        PaymentState.CANCELLED,
    }:
        raise PaymentStateError(extra={"state": row.state})
    return row
