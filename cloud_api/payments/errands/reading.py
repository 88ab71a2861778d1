"""How are webhooks acted on, and those that never came made up for?

Both read the provider's own state; what a webhook said is not used. Nothing that a provider knows
as paid is passed over: it is a payment of ours, or it is kept as money that needs a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cloud_api.kit.db import Session
from cloud_api.kit.jobs import Tools
from cloud_api.payments.accounts import repository as accounts_repository
from cloud_api.payments.accounts import service as accounts
from cloud_api.payments.attempts import repository as attempts_repository
from cloud_api.payments.attempts import service as attempts
from cloud_api.payments.errands.desk import AT_ONCE, LEASE, Desk, wait_after
from cloud_api.payments.errors import ProviderError
from cloud_api.payments.models import AccountRow, NoticeRow
from cloud_api.payments.notices import repository
from cloud_api.payments.types import Account, Seen

_MOST_HEEDINGS = 20


@dataclass(frozen=True, slots=True)
class Heeded:
    """One webhook that somebody acts on."""

    notice: NoticeRow = field(repr=False)
    account: Account


@dataclass(frozen=True, slots=True)
class Compared:
    """One account that is compared with its provider from `since` on."""

    row: AccountRow = field(repr=False)
    account: Account
    since: datetime


async def take_notices(session: Session, tools: Tools) -> list[Heeded]:
    """Those that nobody has acted on."""
    now = tools.clock.utc_now()
    notices = await repository.take(session, now=now, lease=LEASE, most=AT_ONCE)
    ids = {each.account_id for each in notices}
    rows = {each.id: each for each in await accounts_repository.of_ids(session, ids)}
    return [Heeded(each, accounts.opened(tools.vault, rows[each.account_id])) for each in notices]


async def heed(desk: Desk, carried: Heeded) -> Seen | None:
    """How the payment stands that it is about."""
    notice = carried.notice
    return await desk.provider(carried.account.provider).look(
        carried.account, reference=notice.reference, provider_id=notice.provider_id
    )


async def note_heeded(
    session: Session, carried: Heeded, result: Seen | ProviderError | None, tools: Tools
) -> None:
    """Act on what was seen."""
    now = tools.clock.utc_now()
    notice = carried.notice
    if isinstance(result, ProviderError):
        await accounts.note(session, carried.account.id, now=now, error=result)
        tired = notice.tries >= _MOST_HEEDINGS
        due_at = None if tired else now + wait_after(result, notice.tries)
        await repository.again(session, notice.id, due_at=due_at)
        return
    await accounts.note(session, carried.account.id, now=now, error=None)
    if result is not None:
        account = await accounts.row(session, notice.account_id)
        await _act(session, account, result, tools)
    await repository.heeded(session, notice.id, times=notice.times, now=now)


async def take_accounts(session: Session, tools: Tools) -> list[Compared]:
    """Those that the clock, or somebody, wants compared."""
    rows = await accounts_repository.due_to_reconcile(
        session, now=tools.clock.utc_now(), lease=LEASE, most=AT_ONCE
    )
    return [
        Compared(row, accounts.opened(tools.vault, row), row.reconcile_from)
        for row in rows
        if row.reconcile_from is not None
    ]


async def reconcile(desk: Desk, carried: Compared) -> Sequence[Seen]:
    """Everything the provider saw change since then."""
    provider = desk.provider(carried.account.provider)
    return await provider.since(carried.account, carried.since)


async def note_reconciled(
    session: Session, carried: Compared, result: Sequence[Seen] | ProviderError, tools: Tools
) -> None:
    """Make our record agree with all of it; a failure waits for the next hour."""
    now = tools.clock.utc_now()
    error = result if isinstance(result, ProviderError) else None
    await accounts.note(session, carried.row.id, now=now, error=error)
    if not isinstance(result, ProviderError):
        account = await accounts.row(session, carried.row.id)
        for seen in await _news(session, account, result):
            await _act(session, account, seen, tools)
    await accounts_repository.reconciled(session, carried.row.id, since=carried.since)


async def _news(session: Session, account: AccountRow, told: Sequence[Seen]) -> list[Seen]:
    """What differs from our record: most of what a provider lists does not."""
    ids = [each.provider_id for each in told]
    known = await attempts_repository.known(session, account.id, ids)
    return [
        each
        for each in told
        if (row := known.get(each.provider_id)) is None
        or (row.state, row.refunded_minor) != (each.state, each.refunded.minor)
        or (row.amount_minor, row.currency) != (each.amount.minor, each.amount.currency)
    ]


async def _act(session: Session, account: AccountRow, seen: Seen, tools: Tools) -> None:
    payment_id = await attempts_repository.stray_id(session, account.id, seen.provider_id)
    if payment_id is None and seen.reference:
        payment_id = await attempts_repository.id_by_reference(session, account.id, seen.reference)
    if payment_id is None:
        await attempts.keep_orphan(session, account, seen, tools.clock.utc_now())
        return
    await attempts.apply(session, payment_id, seen, tools)
