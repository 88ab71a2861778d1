"""How does a waiting message go out, at most once, whoever dies in between?

`take` marks messages as begun and commits; `run` asks the channel, and looks first where a sending
was begun before and nobody noted its end; `note` writes what became of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

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
from cloud_api.messaging import repository
from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelBusyError,
    ChannelError,
    ChannelSilentError,
    RecipientRefusedError,
)
from cloud_api.messaging.events import AccountTroubled, MessageFailed
from cloud_api.messaging.lines.service import opened
from cloud_api.messaging.models import ChannelAccountRow, MessageRow
from cloud_api.messaging.outbox import rules, writing
from cloud_api.messaging.outbox.types import (
    Later,
    Outcome,
    Refused,
    Sending,
    Sent,
    Telling,
    Troubled,
    Unknown,
)
from cloud_api.messaging.ports import Channel, FileReader
from cloud_api.messaging.rules import LOOK_AFTER, RETRY, TRAITS, is_news
from cloud_api.messaging.types import (
    Attachment,
    Carried,
    ChannelName,
    FileRef,
    Letter,
    MessageEvent,
    MessageState,
    Reason,
)
from cloud_api.messaging.wording import shelf
from cloud_api.messaging.wording.rules import laid_out

BATCH = 10
# Longer than a look and a send together can last.
LEASE = timedelta(minutes=3)
PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Outbox:
    """The errand's three steps, with the channels it sends by and where vendors may call us."""

    channels: Mapping[ChannelName, Channel]
    public_url: str
    files: FileReader | None = None

    async def take(self, session: Session, tools: Tools) -> Sequence[Sending]:
        """What is due, marked as begun."""
        now = tools.clock.utc_now()
        for row in await repository.overdue(session, now=now, most=BATCH):
            await give_up(session, row, Reason.TOO_LATE, "", now=now)
        rows = await repository.take_due(session, now=now, lease=now + LEASE, most=BATCH)
        taken = [await self._sending(session, tools, row) for row in rows]
        return [each for each in taken if each is not None]

    async def run(self, sending: Sending, tools: Tools) -> Outcome:
        """Ask the channel; every answer and silence as an outcome."""
        del tools
        channel = self.channels.get(sending.account.channel)
        if channel is None:
            return Troubled("this release has no such channel")
        if sending.again:
            try:
                found = await channel.look(sending.account, sending.letter)
            except ChannelError as error:
                return _unseen(error)
            if found is not None:
                return Sent(found)
        return await self._send(channel, sending)

    async def note(
        self, session: Session, sending: Sending, outcome: Outcome, tools: Tools
    ) -> None:
        """Write what became of it; an outcome of a lease that is over changes nothing wrongly."""
        now = tools.clock.utc_now()
        row = await repository.lock(session, sending.message_id)
        if row is None:
            return
        account = await repository.account(session, sending.account.id)
        if isinstance(outcome, Sent):
            await _sent(session, row, account, outcome.carried, now=now)
        elif row.state is MessageState.SENDING and row.tries == sending.tries:
            await _not_sent(session, tools, row, account, outcome, now=now)

    async def _send(self, channel: Channel, sending: Sending) -> Outcome:
        try:
            files = [await self._read(sending, each) for each in sending.files]
        except Exception as error:  # noqa: BLE001 - whatever keeps files: nothing was sent yet
            return Later(f"file: {type(error).__name__}")
        letter = replace(sending.letter, attachments=(*sending.letter.attachments, *files))
        try:
            return Sent(await channel.send(sending.account, letter))
        except ChannelError as error:
            return _unsent(error)

    async def _read(self, sending: Sending, file: FileRef) -> Attachment:
        if self.files is None:
            raise LookupError("nobody keeps files")
        return await self.files.read(sending.account.organisation_id, file)

    async def _sending(
        self, session: Session, tools: Tools, row: dict[str, object]
    ) -> Sending | None:
        message_id, event = UUID(str(row["id"])), MessageEvent(str(row["event"]))
        account = await repository.account(session, UUID(str(row["account_id"])))
        cell = row["content"]
        if account is None or not isinstance(cell, bytes):
            return None
        plain = tools.vault.unlock(cell, context=writing.context_of(message_id))
        letter = self._letter(tools, message_id, event, plain, account, str(row["language"]))
        return Sending(
            message_id=message_id,
            event=event,
            tries=int(str(row["tries"])),
            again=bool(row["again"]),
            account=opened(account, tools.vault),
            letter=letter,
            files=tuple(each for each in rules.files_of(plain) if isinstance(each, FileRef)),
        )

    def _letter(  # noqa: PLR0917 - what a row and its cell hold
        self,
        tools: Tools,
        message_id: UUID,
        event: MessageEvent,
        plain: str,
        account: ChannelAccountRow,
        language: str,
    ) -> Letter:
        written, api = rules.written_of(plain), f"{self.public_url}/api/v1"
        spare = "" if TRAITS[event].transactional else writing.spare_token(tools.vault, message_id)
        unsubscribe = f"{api}/unsubscribe/{spare}" if spare else ""
        if account.channel is ChannelName.EMAIL:
            written = laid_out(
                shelf.layout(), written, language=language, unsubscribe_url=unsubscribe
            )
        token = tools.vault.link_secret(f"channel-account/{account.id}").hex()
        return Letter(
            message_id=message_id,
            key=message_id.hex,
            to=rules.address_of(plain),
            body=written.body,
            subject=written.subject,
            html=written.html,
            language=language,
            attachments=tuple(e for e in rules.files_of(plain) if isinstance(e, Attachment)),
            template=written.template,
            variables=written.variables,
            status_url=f"{api}/webhooks/messages/{account.channel}/{token}",
            unsubscribe_url=unsubscribe,
        )


def _unseen(error: ChannelError) -> Outcome:
    """What a failed look says: nothing is sent before a look has answered."""
    match error:
        case ChannelSilentError():
            return Unknown(str(error))
        case ChannelBusyError():
            return Later(str(error), look=True, seconds=error.retry_after_seconds)
        case ChannelAccountError():
            return Later(str(error), look=True, seconds=PAUSE.total_seconds())
        case _:
            return Later(str(error), look=True)


def _unsent(error: ChannelError) -> Outcome:
    """What a failed sending says."""
    match error:
        case ChannelSilentError():
            return Later(str(error), look=True, seconds=LOOK_AFTER.total_seconds())
        case ChannelBusyError():
            return Later(str(error), seconds=error.retry_after_seconds)
        case RecipientRefusedError():
            return Refused(f"{error.code}: {error}")
        case ChannelAccountError():
            return Troubled(str(error))
        case _:
            return Later(str(error))


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


async def _sent(
    session: Session,
    row: MessageRow,
    account: ChannelAccountRow | None,
    carried: Carried,
    *,
    now: datetime,
) -> None:
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
    await _adopt(session, row, now=now)


async def _adopt(session: Session, row: MessageRow, *, now: datetime) -> None:
    """A vendor may have told how it went before we knew by which id."""
    if row.account_id is None or row.vendor_id is None:
        return
    for news in await repository.adopt_strays(session, row.account_id, row.vendor_id):
        if is_news(row.state, news.state):
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


async def _not_sent(
    session: Session,
    tools: Tools,
    row: MessageRow,
    account: ChannelAccountRow | None,
    outcome: Later | Unknown | Refused | Troubled,
    *,
    now: datetime,
) -> None:
    row.detail, row.lease_until = outcome.detail, None
    if account is not None and not isinstance(outcome, Refused):
        account.failed_at, account.failure = now, outcome.detail
    match outcome:
        case Unknown():
            row.state = MessageState.UNKNOWN
            row.content = None if TRAITS[row.event].secret else row.content
            MESSAGES_UNKNOWN.labels(row.channel, row.event).inc()
            await _noted(session, row, outcome.detail, now=now)
        case Later():
            await _later(session, tools, row, outcome, now=now)
        case Refused():
            await _next(session, tools, row, outcome.reason, outcome.detail, now=now)
        case Troubled():
            row.state, row.begun, row.tries = MessageState.WAITING, False, row.tries - 1
            await _noted(session, row, outcome.detail, now=now)
            if account is not None:
                await _trouble(session, account, outcome.detail, now=now)


async def _later(
    session: Session, tools: Tools, row: MessageRow, outcome: Later, *, now: datetime
) -> None:
    wait = RETRY.wait_after(row.tries)
    if wait is None and not outcome.look:
        await _next(session, tools, row, Reason.GIVEN_UP, outcome.detail, now=now)
        return
    if wait is None:
        row.state = MessageState.UNKNOWN
    else:
        row.state, row.begun = MessageState.WAITING, outcome.look
        row.due_at = now + max(wait, timedelta(seconds=outcome.seconds or 0))
    await _noted(session, row, outcome.detail, now=now)


async def _next(
    session: Session,
    tools: Tools,
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
    plain = tools.vault.unlock(row.content, context=writing.context_of(row.id))
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
    await writing.place(session, tools.vault, telling, way, now=now)
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
