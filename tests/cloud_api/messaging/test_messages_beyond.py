"""Vendors who are asked, files that go along, slow servers, and what is known of one person."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from cloud_api.kit.db import Session
from cloud_api.kit.errands import Errand
from cloud_api.kit.outgoing import Outgoing
from cloud_api.messaging.channels.email import EmailChannel, keep_private
from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelBusyError,
    ChannelError,
    ChannelSilentError,
    ChannelUnreachableError,
    RecipientRefusedError,
)
from cloud_api.messaging.jobs import errands
from cloud_api.messaging.people import service as people
from cloud_api.messaging.service import tell
from cloud_api.messaging.types import (
    Attachment,
    ChannelAccount,
    ChannelName,
    FileRef,
    Letter,
    MessageEvent,
    Recipient,
)
from portero.simulators.kit import playing
from portero.simulators.redvoiss import Redvoiss
from tests.cloud_api.messaging.conftest import Post, Sink
from tests.cloud_api.messaging.test_messages_once import PAID

CHILE = "+56961234567"
LETTER = Letter(uuid4(), "key", "ana@example.org", "Hello", "Hello")


def account_at(port: int) -> ChannelAccount:
    credentials = {
        "host": "127.0.0.1",
        "port": str(port),
        "security": "plain",
        "from_address": "hello@casa.example",
    }
    return ChannelAccount(uuid4(), uuid4(), ChannelName.EMAIL, credentials)


@dataclass
class Shelf:
    """Keeps one file, once it is there."""

    content: bytes | None = None

    async def read(self, _organisation_id: UUID, file: FileRef) -> Attachment:
        if self.content is None:
            raise LookupError
        return Attachment(file.name, file.media_type, self.content)


async def told_about(
    session: Session, post: Post, *, to: Recipient, key: str, file: FileRef | None = None
) -> UUID:
    (told,) = await tell(
        session,
        post.tenant.organisation_id,
        event=MessageEvent.PAID_IN_FULL,
        to=to,
        variables=PAID,
        key=key,
        vault=post.tools.vault,
        now=post.clock.utc_now(),
        attachments=[] if file is None else [file],
    )
    return told


async def test_a_vendor_who_does_not_call_is_asked_for_statuses_and_replies(post: Post) -> None:
    vendor = Redvoiss()
    credentials = {"username": vendor.username, "password": vendor.password}
    body = {"channel": "sms_redvoiss", "credentials": credentials}
    assert (await post.tenant.put("/channel-accounts", body)).status_code == 200
    async with playing(vendor.app) as stage, Outgoing({"redvoiss": stage.url}) as outgoing:
        carry, ask = errands(outgoing, public_url="http://127.0.0.1:8000")
        (told,) = await post.told(PAID, to=Recipient("Ana", phone=CHILE))
        assert await ask.round(post.database.transaction, post.tools) == 0
        await carry.round(post.database.transaction, post.tools)
        batch = next(iter(vendor.batches))
        vendor.progress(batch, "RECIBIDO")
        vendor.written(batch, "STOP")
        post.clock.advance(timedelta(minutes=2))
        assert await ask.round(post.database.transaction, post.tools) == 1
        assert await ask.round(post.database.transaction, post.tools) == 0
        assert (await post.read(told))["state"] == "replied"
        post.clock.advance(timedelta(minutes=2))
        assert await ask.round(post.database.transaction, post.tools) == 1
    (event,) = await post.events("messaging.received")
    assert event["channel"] == "sms_redvoiss"
    (second,) = await post.told(PAID, key="two", to=Recipient("Ana", phone=CHILE))
    assert (await post.read(second))["reason"] == "channel_opted_out"


async def test_a_stored_file_goes_along_and_the_mail_waits_until_it_can_be_read(
    post: Post, sink: Sink
) -> None:
    shelf, paper = Shelf(), FileRef(uuid4(), "contract.pdf", "application/pdf")
    async with Outgoing() as outgoing:
        carry, _ = errands(outgoing, public_url="http://127.0.0.1:8000", files=shelf)
        assert isinstance(carry, Errand)
        async with post.database.transaction() as session:
            told = await told_about(
                session, post, to=Recipient("Ana", email="a@example.org"), key="paper", file=paper
            )
        await carry.round(post.database.transaction, post.tools)
        assert (await post.read(told))["state"] == "waiting"
        shelf.content = b"%PDF-1.7"
        post.clock.advance(timedelta(minutes=1))
        await carry.round(post.database.transaction, post.tools)
    (attached,) = sink.mails[0].iter_attachments()
    assert attached.get_payload(decode=True) == b"%PDF-1.7"


async def test_a_server_slower_than_we_wait_after_the_text_leaves_nobody_knowing(
    sink: Sink,
) -> None:
    class Slow(Sink):
        async def handle_DATA(self, *given: object) -> str:  # noqa: N802 - aiosmtpd's name
            del given
            await asyncio.sleep(2)
            return "250 late"

    from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - the one slow server

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Slow(), loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(ChannelSilentError):
        await EmailChannel(step_seconds=0.5).send(account_at(port), LETTER)
    server.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("550 5.1.1 no such mailbox", RecipientRefusedError),
        ("554 5.7.1 relaying denied", ChannelAccountError),
        ("452 4.2.2 mailbox full", ChannelBusyError),
    ],
)
async def test_a_servers_no_is_of_the_mailbox_of_the_account_or_of_this_moment(
    sink: Sink, answer: str, error: type[ChannelError]
) -> None:
    sink.at_rcpt = answer
    with pytest.raises(error):
        await EmailChannel().send(account_at(sink.port), LETTER)
    assert sink.mails == []


@pytest.mark.parametrize("to", ["ana", "a b@example.org", "ana@example.org\nBcc: x@y.example"])
async def test_an_address_that_is_none_is_not_offered_to_the_server(sink: Sink, to: str) -> None:
    with pytest.raises(RecipientRefusedError):
        await EmailChannel().send(account_at(sink.port), replace(LETTER, to=to))
    assert sink.mails == []


async def test_a_password_is_not_sent_without_encryption_to_another_machine(sink: Sink) -> None:
    with pytest.raises(ChannelAccountError):
        keep_private("mail.example.org", "plain")
    with pytest.raises(ChannelUnreachableError):
        await EmailChannel(step_seconds=2).send(account_at(1), LETTER)
    assert sink.mails == []


async def test_a_message_whose_words_do_not_open_does_not_hold_up_the_others(
    post: Post, sink: Sink
) -> None:
    (broken,) = await post.told(PAID, key="broken")
    await post.told(PAID, key="whole")
    async with post.database.transaction() as session:
        statement = text("UPDATE messages SET content = '\\x0102' WHERE id = :id")
        await session.execute(statement, {"id": broken})
    await post.carry()
    await post.carry()
    assert len(sink.mails) == 1
    shown = await post.read(broken)
    assert (shown["state"], shown["reason"]) == ("failed", "given_up")


async def test_a_person_is_told_their_messages_and_forgotten(post: Post, sink: Sink) -> None:
    client = UUID((await post.tenant.made("/clients", {"name": "Ana"}))["id"])
    ana = Recipient("Ana", email="ana@example.org", client_id=client)
    await post.told(PAID, to=ana)
    await post.carry()
    await post.told(PAID, to=ana, key="waits")
    mine = post.tenant.organisation_id
    async with post.database.transaction() as session:
        told = await people.export_person(session, post.tools.vault, mine, client, [])
    assert isinstance(told, dict)
    assert isinstance(told["told"], list)
    first = told["told"][0]
    assert isinstance(first, dict)
    assert first["to"] == "ana@example.org"
    assert "$123.45" in str(first["text"])
    for _ in range(2):
        async with post.database.transaction() as session:
            await people.erase_person(session, mine, client, [])
    await post.carry()
    assert len(sink.mails) == 1
    rows = await post.sql("SELECT content, to_masked, to_hash, client_id, state FROM messages")
    assert {(each.content, each.to_masked, each.to_hash, each.client_id) for each in rows} == {
        (None, "", None, None)
    }
    assert sorted(each.state for each in rows) == ["blocked", "sent"]
