"""How does a waiting message go out, at most once, whoever dies in between?

`take` marks messages as begun and commits; `run` asks the channel, and looks first where a sending
was begun before and nobody noted its end; `note` writes what became of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.jobs import Tools
from cloud_api.kit.vault import Vault, VaultError
from cloud_api.messaging import repository
from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelBusyError,
    ChannelError,
    ChannelSilentError,
    RecipientRefusedError,
)
from cloud_api.messaging.lines.service import opened
from cloud_api.messaging.models import ChannelAccountRow
from cloud_api.messaging.outbox import noting, rules, writing
from cloud_api.messaging.outbox.types import (
    Later,
    Outcome,
    Refused,
    Sending,
    Sent,
    Troubled,
    Unknown,
)
from cloud_api.messaging.ports import Channel, FileReader
from cloud_api.messaging.rules import LOOK_AFTER, TRAITS
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
            if row.begun:
                await noting.nobody_knows(session, row, Reason.TOO_LATE, now=now)
            else:
                await noting.give_up(session, row, Reason.TOO_LATE, "", now=now)
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
                return _unseen(error, sending)
            if found is not None:
                return _found(found)
        return await self._send(channel, sending)

    async def note(
        self, session: Session, sending: Sending, outcome: Outcome, tools: Tools
    ) -> None:
        """Write what became of it; an outcome of a lease that is over changes nothing wrongly."""
        now = tools.clock.utc_now()
        row = await repository.lock(session, sending.message_id)
        if row is None:
            return
        # Locked: of several that meet the same trouble at once, one tells it.
        trouble = isinstance(outcome, Troubled)
        account = await repository.account(session, sending.account.id, lock=trouble)
        if isinstance(outcome, Sent):
            await noting.sent(session, tools.vault, row, account, outcome.carried, now=now)
        elif row.state is MessageState.SENDING and row.tries == sending.tries:
            await noting.not_sent(session, tools, row, account, outcome, now=now)

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
        if account is None:
            return None
        plain = _plain(tools.vault, message_id, row["content"])
        if plain is None:
            await _lost(session, message_id, again=bool(row["again"]), now=tools.clock.utc_now())
            return None
        written_at = row["created_at"]
        assert isinstance(written_at, datetime)  # noqa: S101 - its column's type
        letter = self._letter(
            tools, message_id, event, plain, account, str(row["language"]), written_at
        )
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
        written_at: datetime,
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
            written_at=written_at,
            attachments=tuple(e for e in rules.files_of(plain) if isinstance(e, Attachment)),
            template=written.template,
            variables=written.variables,
            status_url=f"{api}/webhooks/messages/{account.channel}/{token}",
            unsubscribe_url=unsubscribe,
        )


def _plain(vault: Vault, message_id: UUID, cell: object) -> str | None:
    """A message's words; None where they were erased, or do not open any more."""
    try:
        return (
            vault.unlock(cell, context=writing.context_of(message_id))
            if isinstance(cell, bytes)
            else None
        )
    except VaultError:
        return None


async def _lost(session: Session, message_id: UUID, *, again: bool, now: datetime) -> None:
    """Without its words a message can neither go nor be looked for; the others do not wait."""
    row = await repository.lock(session, message_id)
    if row is None:
        return
    if again:
        await noting.nobody_knows(session, row, Reason.GIVEN_UP, now=now)
    else:
        await noting.give_up(session, row, Reason.GIVEN_UP, "its words are lost", now=now)


def _found(carried: Carried) -> Outcome:
    """The vendor had it; that it did not arrive is as if it had been refused."""
    if carried.state is MessageState.FAILED:
        return Refused(carried.detail, code=carried.detail)
    return Sent(carried)


def _unseen(error: ChannelError, sending: Sending) -> Outcome:
    """What a failed look says: nothing is sent before a look has answered."""
    match error:
        case ChannelSilentError() if rules.may_be_asked_again(
            sending.account.channel, tries=sending.tries
        ):
            return Later(str(error), look=True)
        case ChannelSilentError():
            return Unknown(str(error))
        case ChannelBusyError():
            return Later(str(error), look=True, seconds=error.retry_after_seconds)
        case ChannelAccountError():
            return Later(str(error), look=True, seconds=noting.PAUSE.total_seconds())
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
            return Refused(f"{error.code}: {error}", code=error.code)
        case ChannelAccountError() if rules.is_of_the_words(str(error)):
            return Refused(str(error))
        case ChannelAccountError():
            return Troubled(str(error))
        case _:
            return Later(str(error))
