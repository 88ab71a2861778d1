"""What can a person do with money that waits: attach it, give it back, or declare it settled?"""

from datetime import datetime
from uuid import UUID

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import Tools
from cloud_api.kit.money import Money
from cloud_api.kit.tenancy import Scope
from cloud_api.payments.attempts import service as attempts
from cloud_api.payments.errors import (
    CurrencyError,
    FolioNotFoundError,
    MatterClosedError,
    MatterNotFoundError,
    NotRefundableError,
    PaymentStateError,
)
from cloud_api.payments.ledger import repository as ledger_repository
from cloud_api.payments.ledger import service as ledger
from cloud_api.payments.ledger.service import MoneyLine
from cloud_api.payments.matters import repository
from cloud_api.payments.models import MatterRow, PaymentRow
from cloud_api.payments.refunds import repository as refunds_repository
from cloud_api.payments.refunds import service as refunds
from cloud_api.payments.rules import refundable_minor
from cloud_api.payments.types import LineKind, MatterKind, MatterState, RefundState

_BATCH = 100


async def attach(
    session: Session, scope: Scope, matter_id: UUID, *, subject_id: UUID, note: str, tools: Tools
) -> MatterRow:
    """The money belongs to this booking: what came, and what went back, is written there.

    Raises MatterNotFoundError, MatterClosedError, FolioNotFoundError, CurrencyError, and
    PaymentStateError where the money is another booking's already.
    """
    matter = await _open(session, scope, matter_id)
    folio = await ledger_repository.own_of_subject(session, scope.organisation_id, subject_id)
    if folio is None:
        raise FolioNotFoundError
    await ledger.locked(session, folio.id)
    row = await attempts.lock(session, matter.payment_id)
    if row.folio_id is None:
        if row.currency != folio.currency:
            raise CurrencyError
        row.folio_id, row.subject_id = folio.id, folio.subject_id
        row.property_id, row.client_id = folio.property_id, folio.client_id
        await _book(session, row, tools)
    elif row.folio_id != folio.id:
        raise PaymentStateError(extra={"state": row.state})
    return await _resolve(session, matter, MatterState.ATTACHED, scope, note=note, tools=tools)


async def refund(
    session: Session, scope: Scope, matter_id: UUID, *, note: str, tools: Tools
) -> MatterRow:
    """Give back what is left of it. Of money that is too much, only what is too much.

    Raises MatterNotFoundError, MatterClosedError, NotRefundableError.
    """
    matter = await _open(session, scope, matter_id)
    await _give_back(session, matter, note=note, clock=tools.clock, by=scope.principal)
    return await _resolve(session, matter, MatterState.REFUNDED, scope, note=note, tools=tools)


async def settle(
    session: Session, scope: Scope, matter_id: UUID, *, note: str, tools: Tools
) -> MatterRow:
    """It was resolved elsewhere. Raises MatterNotFoundError, MatterClosedError."""
    matter = await _open(session, scope, matter_id)
    return await _resolve(session, matter, MatterState.SETTLED, scope, note=note, tools=tools)


async def refund_late(session: Session, clock: Clock) -> list[UUID]:
    """Give late money back where its property's rule says so; at most a hundred at a time."""
    now = clock.utc_now()
    given: list[UUID] = []
    for matter in await repository.late_to_refund(session, now=now, most=_BATCH):
        try:
            await _give_back(session, matter, note="late money", clock=clock, by="rule")
        except NotRefundableError:
            _mark(matter, MatterState.SETTLED, by="rule", note="nothing left of it", now=now)
        else:
            _mark(matter, MatterState.REFUNDED, by="rule", note="late money", now=now)
        given.append(matter.id)
    await session.flush()
    return given


async def _give_back(
    session: Session, matter: MatterRow, *, note: str, clock: Clock, by: str
) -> None:
    row = await attempts.lock(session, matter.payment_id)
    left = refundable_minor(received=row.received_minor, reserved=row.reserved_minor)
    if matter.kind is MatterKind.OVERPAID and row.folio_id is not None:
        folio = await ledger.get(session, row.folio_id)
        left = min(left, -folio.balance.due.minor)
    if left <= 0:
        raise NotRefundableError
    amount = Money(left, row.currency)
    await refunds.want(session, row.id, amount, reason=note, clock=clock, by=by)


async def _book(session: Session, row: PaymentRow, tools: Tools) -> None:
    """Write what came before the money had a folio; what went back since, too."""
    came, row.received_minor = row.received_minor, 0
    await attempts.money_came(session, row, came, now=tools.clock.utc_now(), what="attached")
    if row.folio_id is None or row.refunded_minor == 0:
        return
    folio = await ledger.get(session, row.folio_id)
    noted = 0
    for each in await refunds_repository.of_payments(session, [row.id]):
        if each.state is RefundState.DONE:
            noted += each.amount_minor
            line = MoneyLine(
                LineKind.REFUND, str(each.id), each.amount_minor, row.id, refund_id=each.id
            )
            await ledger.move_money(session, folio, line)
    before_us = row.refunded_minor - noted
    if before_us > 0:
        line = MoneyLine(LineKind.REFUND, f"before {row.id}", before_us, row.id)
        await ledger.move_money(session, folio, line)


async def _open(session: Session, scope: Scope, matter_id: UUID) -> MatterRow:
    matter = await repository.locked(session, scope, matter_id)
    if matter is None:
        raise MatterNotFoundError
    if matter.state is not MatterState.OPEN:
        raise MatterClosedError(extra={"state": matter.state})
    return matter


async def _resolve(
    session: Session,
    matter: MatterRow,
    state: MatterState,
    scope: Scope,
    *,
    note: str,
    tools: Tools,
) -> MatterRow:
    _mark(matter, state, by=scope.principal, note=note, now=tools.clock.utc_now())
    await session.flush()
    return matter


def _mark(matter: MatterRow, state: MatterState, *, by: str, note: str, now: datetime) -> None:
    matter.state, matter.note = state, note
    matter.resolved_by, matter.resolved_at = by, now
