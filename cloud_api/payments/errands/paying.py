"""How is a provider asked to have something paid, and how it stands, once whatever dies between?

A payment that was begun before is first looked for by our reference: only where the provider knows
nothing of it, or tells no address to pay at, is it begun again, and that by the same reference.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
    ProviderSilentError,
)
from cloud_api.payments.links import service as links
from cloud_api.payments.matters import service as matters
from cloud_api.payments.models import FolioRow, PaymentRow
from cloud_api.payments.rules import MOST_TRIES, look_again_after
from cloud_api.payments.types import (
    Account,
    MatterKind,
    PaymentState,
    Seen,
    Step,
    Wish,
)

# Longer than any provider keeps a payment open.
_FORGOTTEN_AFTER = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Carried:
    """One payment on its way to its provider."""

    payment: PaymentRow = field(repr=False)
    account: Account
    wish: Wish
    webhook_token: str = field(repr=False)
    link_token: str = field(repr=False)
    tries: int


async def take_begin(session: Session, tools: Tools) -> list[Carried]:
    """Those that shall be begun."""
    return await _take(session, Step.BEGIN, tools)


async def take_look(session: Session, tools: Tools) -> list[Carried]:
    """Those that shall be looked at."""
    return await _take(session, Step.LOOK, tools)


async def begin(desk: Desk, carried: Carried) -> Seen:
    """Have it ready to be paid."""
    provider = desk.provider(carried.account.provider)
    wish = _addressed(desk, carried)
    if carried.tries > 1:
        known = await provider.look(carried.account, reference=wish.reference, provider_id="")
        if known is not None and not _must_begin_again(known):
            return known
    return await provider.begin(carried.account, wish)


async def look(desk: Desk, carried: Carried) -> Seen | None:
    """How it stands."""
    row = carried.payment
    return await desk.provider(carried.account.provider).look(
        carried.account,
        reference="" if row.stray is not None else row.reference,
        provider_id=row.provider_id,
    )


async def note_begun(
    session: Session, carried: Carried, result: Seen | ProviderError, tools: Tools
) -> None:
    """What became of it."""
    now = tools.clock.utc_now()
    error = result if isinstance(result, ProviderError) else None
    await _note_account(session, carried, error, now=now)
    row = await attempts.lock(session, carried.payment.id)
    row.leased_until = None
    if row.step is not Step.BEGIN:
        return
    if isinstance(result, ProviderError):
        await _not_begun(session, row, result, now=now)
        return
    row.tries = 0
    await attempts.apply(session, row.id, result, tools)


async def note_looked(
    session: Session, carried: Carried, result: Seen | ProviderError | None, tools: Tools
) -> None:
    """What was seen."""
    now = tools.clock.utc_now()
    error = result if isinstance(result, ProviderError) else None
    await _note_account(session, carried, error, now=now)
    row = await attempts.lock(session, carried.payment.id)
    row.leased_until = None
    await session.flush()
    if result is None or isinstance(result, ProviderError):
        await _look_later(session, row, now=now)
        return
    looked_at = row.due_at
    await attempts.apply(session, row.id, result, tools)
    if row.due_at == looked_at:
        row.step, row.due_at = Step.REST, None
        await session.flush()


async def _take(session: Session, step: Step, tools: Tools) -> list[Carried]:
    now = tools.clock.utc_now()
    found = await repository.take_payments(session, step, now=now, lease=LEASE, most=AT_ONCE)
    vault = tools.vault
    return [
        Carried(
            payment=row,
            account=accounts.opened(vault, account),
            wish=_wish(row, folio, tools),
            webhook_token=accounts.webhook_token(vault, account.id),
            link_token="" if row.link_id is None else links.token_of(vault, row.link_id),
            tries=row.tries,
        )
        for row, account, folio in found
    ]


def _wish(row: PaymentRow, folio: FolioRow | None, tools: Tools) -> Wish:
    token = None
    if row.card_token is not None:
        token = tools.vault.unlock(row.card_token, context=f"payments|card|{row.id}")
    return Wish(
        payment_id=row.id,
        reference=row.reference,
        amount=Money(row.amount_minor, row.currency),
        description="" if folio is None else folio.title,
        return_url="",
        notify_url="",
        payer_name="" if folio is None else folio.payer_name,
        payer_email=None if folio is None else folio.payer_email,
        language="en" if folio is None else folio.language,
        card_token=token,
        card_method=row.card_method,
        device_session=row.device_session,
    )


def _addressed(desk: Desk, carried: Carried) -> Wish:
    wish = carried.wish
    return Wish(
        payment_id=wish.payment_id,
        reference=wish.reference,
        amount=wish.amount,
        description=wish.description,
        return_url=desk.return_url(carried.link_token),
        notify_url=desk.notify_url(carried.account.provider, carried.webhook_token),
        payer_name=wish.payer_name,
        payer_email=wish.payer_email,
        language=wish.language,
        expires_at=wish.expires_at,
        card_token=wish.card_token,
        card_method=wish.card_method,
        device_session=wish.device_session,
    )


def _must_begin_again(known: Seen) -> bool:
    return known.state is PaymentState.PENDING and known.pay_url is None


async def _not_begun(
    session: Session, row: PaymentRow, error: ProviderError, *, now: datetime
) -> None:
    """Surely refused: the guest is told. Perhaps done, or not yet: again, first by looking.

    While one of its tries may have charged, a payment is never told to have failed because the
    provider will not let itself be asked.
    """
    row.trouble = str(error)[:200]
    if isinstance(error, ProviderRefusedError):
        await attempts.fail(session, row, PaymentState.REJECTED, trouble=error.code)
        return
    if not isinstance(error, ProviderSilentError):
        row.undone_tries += 1
    stuck = isinstance(error, ProviderAccountError)
    if stuck:
        await matters.open_matter(session, row, MatterKind.STUCK, detail=row.trouble)
    in_doubt = row.tries > row.undone_tries and now - row.created_at < _FORGOTTEN_AFTER
    if in_doubt or (row.tries < MOST_TRIES and not stuck):
        row.due_at = now + wait_after(error, row.tries)
        await session.flush()
        return
    await attempts.fail(session, row, PaymentState.REJECTED, trouble="provider_not_reached")


async def _look_later(session: Session, row: PaymentRow, *, now: datetime) -> None:
    if row.state is not PaymentState.PENDING:
        row.step, row.due_at = Step.REST, None
    elif now - row.created_at > _FORGOTTEN_AFTER:
        await attempts.fail(session, row, PaymentState.CANCELLED, trouble="forgotten")
    else:
        row.due_at = now + look_again_after(row.tries)
    await session.flush()


async def _note_account(
    session: Session, carried: Carried, error: ProviderError | None, *, now: datetime
) -> None:
    refused = isinstance(error, ProviderRefusedError)
    await accounts.note(session, carried.account.id, now=now, error=None if refused else error)
