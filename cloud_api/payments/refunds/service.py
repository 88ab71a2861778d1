"""How does money go back: wanted on record, told to the provider, noted once?"""

from datetime import datetime
from uuid import UUID

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.errands import wake
from cloud_api.kit.events import publish
from cloud_api.kit.ids import new_id
from cloud_api.kit.metrics import PAYMENT_REFUNDS
from cloud_api.kit.money import Money
from cloud_api.payments.attempts import repository as attempts
from cloud_api.payments.errors import (
    AmountError,
    CurrencyError,
    NotRefundableError,
    PaymentNotFoundError,
)
from cloud_api.payments.events import PaymentRefunded
from cloud_api.payments.ledger import service as ledger
from cloud_api.payments.ledger.service import MoneyLine
from cloud_api.payments.matters import service as matters
from cloud_api.payments.models import PaymentRow, RefundRow
from cloud_api.payments.rules import has_money, refundable_minor, state_of
from cloud_api.payments.stored import service as stored
from cloud_api.payments.types import (
    Folio,
    LineKind,
    MatterKind,
    PaymentState,
    ProviderName,
    Refund,
    RefundState,
    Step,
)

REFUND = "payments.refund"


async def want(
    session: Session, payment_id: UUID, amount: Money | None, *, reason: str, clock: Clock, by: str
) -> Refund:
    """Reserve so much of a payment to go back; a transfer by hand is taken as sent by who asks.

    Raises PaymentNotFoundError, NotRefundableError, AmountError, CurrencyError.
    """
    row = await attempts.locked(session, payment_id)
    if row is None:
        raise PaymentNotFoundError
    minor = _minor(row, amount)
    now = clock.utc_now()
    refund = _new(row, minor, reason=reason, by=by, now=now)
    row.reserved_minor += minor
    session.add(refund)
    await session.flush()
    if row.provider is ProviderName.STORED_VALUE:
        await stored.put_back(session, row, refund)
        await done(session, row, refund)
    elif row.provider is ProviderName.MANUAL:
        await done(session, row, refund)
    else:
        refund.due_at = now
        await session.flush()
        await wake(session, REFUND)
    return refund_of(refund)


async def give_back(
    session: Session, folio: Folio, amount: Money, *, reason: str, clock: Clock, by: str
) -> tuple[Refund, ...]:
    """Give back so much of what was paid on a folio, newest payments first.

    Raises NotRefundableError when less was paid, CurrencyError.
    """
    if amount.currency != folio.currency:
        raise CurrencyError
    await ledger.locked(session, folio.id)
    left = amount.minor
    made: list[Refund] = []
    for row in await attempts.of_folio(session, folio.id):
        part = min(left, _left(row))
        if part > 0:
            wish = Money(part, row.currency)
            made.append(await want(session, row.id, wish, reason=reason, clock=clock, by=by))
            left -= part
    if left > 0:
        raise NotRefundableError(extra={"missing_minor": left})
    return tuple(made)


async def done(session: Session, row: PaymentRow, refund: RefundRow) -> None:
    """It went back; the payment's row is locked. Saying it again changes nothing."""
    if refund.state is not RefundState.WANTED:
        return
    refund.state, refund.due_at, refund.trouble = RefundState.DONE, None, ""
    row.refunded_minor += refund.amount_minor
    if row.state is not PaymentState.DISPUTED:
        row.state = state_of(row.amount_minor, row.refunded_minor)
    await session.flush()
    await _on_record(session, row, refund)


async def failed(
    session: Session, row: PaymentRow, refund: RefundRow, *, trouble: str, now: datetime
) -> None:
    """It will not go back by itself: a person must look. What the provider holds is looked at."""
    if refund.state is not RefundState.WANTED:
        return
    refund.state, refund.due_at, refund.trouble = RefundState.FAILED, None, trouble
    row.reserved_minor -= refund.amount_minor
    row.step, row.due_at = Step.LOOK, now
    await session.flush()
    PAYMENT_REFUNDS.labels(row.provider.value, "failed").inc()
    await matters.open_matter(session, row, MatterKind.REFUND_FAILED, detail=trouble)


async def found_elsewhere(session: Session, row: PaymentRow, minor: int, *, now: datetime) -> None:
    """The provider gave back what we did not ask for: in its own console, say."""
    refund = _new(row, minor, reason="found at the provider", by="provider", now=now)
    row.reserved_minor += minor
    session.add(refund)
    await session.flush()
    await done(session, row, refund)


def refund_of(row: RefundRow) -> Refund:
    """What others may see of it."""
    return Refund(
        id=row.id,
        payment_id=row.payment_id,
        amount=Money(row.amount_minor, row.currency),
        state=row.state,
        reason=row.reason,
        created_at=row.created_at,
    )


async def _on_record(session: Session, row: PaymentRow, refund: RefundRow) -> None:
    PAYMENT_REFUNDS.labels(row.provider.value, "done").inc()
    if row.folio_id is not None:
        folio = await ledger.get(session, row.folio_id)
        line = MoneyLine(
            LineKind.REFUND, str(refund.id), refund.amount_minor, row.id, refund_id=refund.id
        )
        await ledger.move_money(session, folio, line)
    facts = await matters.facts(session, row, refund.amount_minor)
    event = PaymentRefunded.model_validate({**facts, "refund_id": refund.id})
    await publish(session, event, organisation_id=row.organisation_id)


def _minor(row: PaymentRow, amount: Money | None) -> int:
    left = _left(row)
    if left <= 0:
        raise NotRefundableError
    if amount is None:
        return left
    if amount.currency != row.currency:
        raise CurrencyError
    if amount.minor <= 0:
        raise AmountError
    if amount.minor > left:
        raise NotRefundableError(extra={"refundable_minor": left})
    return amount.minor


def _left(row: PaymentRow) -> int:
    if not has_money(row.state):
        return 0
    return refundable_minor(received=row.received_minor, reserved=row.reserved_minor)


def _new(row: PaymentRow, minor: int, *, reason: str, by: str, now: datetime) -> RefundRow:
    refund_id = new_id()
    return RefundRow(
        id=refund_id,
        organisation_id=row.organisation_id,
        payment_id=row.id,
        reference=f"PR-{refund_id.hex}",
        currency=row.currency,
        amount_minor=minor,
        reason=reason,
        state=RefundState.WANTED,
        trouble="",
        created_by=by,
        created_at=now,
    )
