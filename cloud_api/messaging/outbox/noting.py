"""What is written down after a try, and what follows from it?"""

from datetime import datetime, timedelta

from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.jobs import Tools
from cloud_api.kit.metrics import (
    EMAIL_FAILED,
    EMAIL_SENT,
    MESSAGES_FAILED,
    MESSAGES_SENT,
    MESSAGES_UNKNOWN,
)
from cloud_api.kit.vault import Vault
from cloud_api.messaging import repository
from cloud_api.messaging.events import AccountTroubled, MessageFailed
from cloud_api.messaging.models import ChannelAccountRow, MessageRow
from cloud_api.messaging.outbox import rules, writing
from cloud_api.messaging.outbox.types import (
    Later,
    Refused,
    Telling,
    Troubled,
    Unknown,
)
from cloud_api.messaging.preferences import repository as wishes
from cloud_api.messaging.rules import RETRY, TRAITS, is_news
from cloud_api.messaging.types import (
    Carried,
    ChannelName,
    MessageState,
    Reason,
)

PAUSE = timedelta(minutes=15)


async def give_up(
    session: Session, row: MessageRow, reason: Reason, detail: str, *, now: datetime
) -> None:
    """No more tries; whoever looks after it is told."""
    row.state, row.reason, row.detail, row.lease_until = MessageState.FAILED, reason, detail, None
    await _noted(session, row, detail or reason, now=now)
    MESSAGES_FAILED.labels(row.channel, row.event).inc()
    if row.channel is ChannelName.EMAIL:
        EMAIL_FAILED.labels(row.event).inc()
    failed = MessageFailed(
        message_id=row.id,
        organisation_id=row.organisation_id,
        event=row.event,
        channel=row.channel,
        reason=reason,
        subject_id=row.subject_id,
    )
    await publish(session, failed, organisation_id=row.organisation_id)


async def sent(
    session: Session,
    vault: Vault,
    row: MessageRow,
    account: ChannelAccountRow | None,
    carried: Carried,
    *,
    now: datetime,
) -> None:
    """The vendor has it: by which of its ids, at what cost, and what it told before."""
    row.vendor_id, row.sent_at, row.lease_until = carried.vendor_id, row.sent_at or now, None
    row.cost_minor, row.cost_currency = carried.cost_minor, carried.currency
    if account is not None:
        account.succeeded_at, account.troubled_since, account.paused_until = now, None, None
        if carried.cost_minor is None:
            row.cost_minor, row.cost_currency = account.price_minor, account.price_currency
    if is_news(row.state, carried.state):
        row.state, row.detail = carried.state, carried.detail
        await _noted(session, row, carried.detail, now=now)
    if TRAITS[row.event].secret:
        row.content = None
    MESSAGES_SENT.labels(row.channel, row.event).inc()
    if row.channel is ChannelName.EMAIL:
        EMAIL_SENT.labels(row.event).inc()
    await _adopt(session, vault, row, now=now)


async def _adopt(session: Session, vault: Vault, row: MessageRow, *, now: datetime) -> None:
    """A vendor may have told how it went before we knew by which id."""
    if row.account_id is None or row.vendor_id is None:
        return
    for news in await repository.adopt_strays(session, row.account_id, row.vendor_id):
        is_new = is_news(row.state, news.state)
        if is_new:
            row.state, row.detail = news.state, news.detail
        await repository.note(
            session,
            row,
            at=now,
            source="vendor",
            event_id=news.event_id,
            state=news.state,
            detail=news.detail,
        )
        if is_new and news.state is MessageState.FAILED:
            await did_not_arrive(session, vault, row, news.detail, now=now, code=news.detail)


async def not_sent(
    session: Session,
    tools: Tools,
    row: MessageRow,
    account: ChannelAccountRow | None,
    outcome: Later | Unknown | Refused | Troubled,
    *,
    now: datetime,
) -> None:
    """It has not gone, or nobody knows: what follows from that."""
    row.detail, row.lease_until = outcome.detail, None
    if account is not None and not isinstance(outcome, Refused):
        account.failed_at, account.failure = now, outcome.detail
    match outcome:
        case Unknown():
            await nobody_knows(session, row, None, now=now)
        case Later():
            await _later(session, tools.vault, row, outcome, now=now)
        case Refused():
            await did_not_arrive(
                session, tools.vault, row, outcome.detail, now=now, code=outcome.code
            )
        case Troubled():
            row.state, row.begun, row.tries = MessageState.WAITING, False, row.tries - 1
            await _noted(session, row, outcome.detail, now=now)
            if account is not None:
                await _trouble(session, account, outcome.detail, now=now)


async def did_not_arrive(
    session: Session, vault: Vault, row: MessageRow, detail: str, *, now: datetime, code: str = ""
) -> None:
    """They will not get it by this channel: the next takes it. Who said stop is not asked again."""
    if code in rules.STOPPED:
        person, medium = row.person, row.channel.medium
        await wishes.say(session, row.organisation_id, person, medium, on=False, now=now)
    await _next(session, vault, row, Reason.REFUSED, detail, now=now)


async def nobody_knows(
    session: Session, row: MessageRow, reason: Reason | None, *, now: datetime
) -> None:
    """Perhaps it went, perhaps not, and nobody can be asked."""
    row.state, row.reason, row.lease_until = MessageState.UNKNOWN, reason, None
    row.content = None if TRAITS[row.event].secret else row.content
    MESSAGES_UNKNOWN.labels(row.channel, row.event).inc()
    await _noted(session, row, row.detail, now=now)


async def _later(
    session: Session, vault: Vault, row: MessageRow, outcome: Later, *, now: datetime
) -> None:
    wait = RETRY.wait_after(row.tries)
    if wait is None and not outcome.look:
        await _next(session, vault, row, Reason.GIVEN_UP, outcome.detail, now=now)
        return
    if wait is None:
        await nobody_knows(session, row, None, now=now)
        return
    row.state, row.begun = MessageState.WAITING, outcome.look
    row.due_at = now + max(wait, timedelta(seconds=outcome.seconds or 0))
    await _noted(session, row, outcome.detail, now=now)


async def _next(
    session: Session,
    vault: Vault,
    row: MessageRow,
    reason: Reason,
    detail: str,
    *,
    now: datetime,
) -> None:
    """It surely did not go: the next channel of its way takes it, or it is given up."""
    way = tuple(ChannelName(each) for each in row.next_channels)
    if not way or row.content is None:
        await give_up(session, row, reason, detail, now=now)
        return
    row.state, row.reason = MessageState.FAILED, reason
    await _noted(session, row, detail, now=now)
    plain = vault.unlock(row.content, context=writing.context_of(row.id))
    telling = Telling(
        organisation_id=row.organisation_id,
        event=row.event,
        key=row.key,
        to=rules.recipient_of(plain),
        values=rules.values_of(plain),
        attachments=rules.files_of(plain),
        subject_id=row.subject_id,
        zone=rules.zone_of(plain),
        not_before=now,
        useful_until=row.useful_until,
    )
    await session.flush()
    placed = await writing.place(session, vault, telling, way, now=now)
    if not placed:
        await give_up(session, row, reason, detail, now=now)
    if TRAITS[row.event].secret:
        row.content = None


async def _trouble(
    session: Session, account: ChannelAccountRow, detail: str, *, now: datetime
) -> None:
    account.paused_until = now + PAUSE
    if account.troubled_since is not None:
        return
    account.troubled_since = now
    told = AccountTroubled(
        account_id=account.id,
        organisation_id=account.organisation_id,
        channel=account.channel,
        detail=detail,
    )
    await publish(session, told, organisation_id=account.organisation_id)


async def _noted(session: Session, row: MessageRow, detail: str, *, now: datetime) -> None:
    await repository.note(session, row, at=now, source="us", detail=detail)
