"""How is a provider told to give money back, once whatever dies between?

A provider gives back once for one reference, however often it is said (`ports.Provider.refund`):
so an errand that may have been done is simply said again.
"""

from dataclasses import dataclass, field
from datetime import datetime

from cloud_api.kit.db import Session
from cloud_api.kit.jobs import Tools
from cloud_api.kit.money import Money
from cloud_api.payments.accounts import service as accounts
from cloud_api.payments.attempts import service as attempts
from cloud_api.payments.errands import repository
from cloud_api.payments.errands.desk import AT_ONCE, LEASE, Desk, wait_after
from cloud_api.payments.errors import (
    ProviderAccountError,
    ProviderError,
    ProviderRefusedError,
)
from cloud_api.payments.matters import service as matters
from cloud_api.payments.models import RefundRow
from cloud_api.payments.refunds import repository as refunds_repository
from cloud_api.payments.refunds import service as refunds
from cloud_api.payments.types import Account, MatterKind, RefundState, RefundWish, Seen


@dataclass(frozen=True, slots=True)
class Carried:
    """One refund on its way to its provider."""

    refund: RefundRow = field(repr=False)
    account: Account
    reference: str
    provider_id: str
    payer_email: str | None = field(repr=False)
    webhook_token: str = field(repr=False)


async def take(session: Session, tools: Tools) -> list[Carried]:
    """Those that shall go back."""
    now = tools.clock.utc_now()
    found = await repository.take_refunds(session, now=now, lease=LEASE, most=AT_ONCE)
    return [
        Carried(
            refund=refund,
            account=accounts.opened(tools.vault, account),
            reference="" if payment.stray is not None else payment.reference,
            provider_id=payment.provider_id,
            payer_email=None if folio is None else folio.payer_email,
            webhook_token=accounts.webhook_token(tools.vault, account.id),
        )
        for refund, payment, account, folio in found
    ]


async def refund(desk: Desk, carried: Carried) -> Seen:
    """Have it go back."""
    provider = desk.provider(carried.account.provider)
    account = carried.account
    payment = await provider.look(
        account, reference=carried.reference, provider_id=carried.provider_id
    )
    if payment is None:
        raise ProviderRefusedError("the provider knows nothing of it", code="payment_unknown")
    row = carried.refund
    wish = RefundWish(
        reference=row.reference,
        payment=payment,
        amount=Money(row.amount_minor, row.currency),
        reason=row.reason,
        payer_email=carried.payer_email,
        notify_url=desk.notify_url(account.provider, carried.webhook_token),
    )
    return await provider.refund(account, wish)


async def note(
    session: Session, carried: Carried, result: Seen | ProviderError, tools: Tools
) -> None:
    """What became of it."""
    now = tools.clock.utc_now()
    error = result if isinstance(result, ProviderError) else None
    refused = isinstance(error, ProviderRefusedError)
    await accounts.note(session, carried.account.id, now=now, error=None if refused else error)
    payment = await attempts.lock(session, carried.refund.payment_id)
    row = await refunds_repository.locked(session, carried.refund.id)
    if row is None or row.state is not RefundState.WANTED:
        return
    row.leased_until = None
    if isinstance(result, ProviderRefusedError):
        await refunds.failed(session, payment, row, trouble=result.code, now=now)
    elif isinstance(result, ProviderError):
        await _later(session, row, result, now=now)
        if isinstance(result, ProviderAccountError):
            await matters.open_matter(session, payment, MatterKind.STUCK, detail=row.trouble)
    else:
        await refunds.done(session, payment, row)
        await attempts.apply(session, payment.id, result, tools)


async def _later(session: Session, row: RefundRow, error: ProviderError, *, now: datetime) -> None:
    row.trouble = str(error)[:200]
    row.due_at = now + wait_after(error, row.tries)
    await session.flush()
