"""Somebody is told each fact once, whatever happens on the way."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from cloud_api.kit.money import Money
from cloud_api.messaging.reactions import OfBooking, stop_all
from cloud_api.messaging.types import MessageEvent, Recipient, Value
from tests.cloud_api.messaging.conftest import Post, Sink

PAID: dict[str, Value] = {
    "guest_name": "Ana",
    "house_name": "Casa <Mar>",
    "code": "K7",
    "total": Money(12_345, "USD"),
}
NOTICE: dict[str, Value] = {"guest_name": "Ana", "headline": "Spring", "text": "Come"}


async def test_a_message_goes_out_once_with_text_and_page(post: Post, sink: Sink) -> None:
    (first,) = await post.told(PAID)
    assert await post.told(PAID) == (first,)
    await post.carry()
    assert await post.carry() == 0
    (mail,) = sink.mails
    assert mail["To"] == "ana@example.org"
    plain, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert page is not None
    assert "$123.45" in plain.get_content()
    assert "Casa &lt;Mar&gt;" in page.get_content()
    assert "List-Unsubscribe" not in mail
    shown = await post.read(first)
    assert (shown["state"], shown["to_masked"]) == ("sent", "an***@example.org")
    assert [each["state"] for each in shown["history"]] == ["waiting", "sent"]


async def test_a_crash_before_the_note_leaves_unknown_and_no_second_mail(
    post: Post, sink: Sink
) -> None:
    (told,) = await post.told(PAID)
    async with post.database.transaction() as session:
        (taken,) = await post.errand.take(session, post.tools)
    await post.errand.run(taken, post.tools)
    post.clock.advance(timedelta(minutes=4))
    await post.carry()
    assert len(sink.mails) == 1
    assert (await post.read(told))["state"] == "unknown"
    again = await post.tenant.post(f"/messages/{told}/resend")
    assert again.status_code == 201, again.text
    await post.carry()
    assert (await post.read(UUID(again.json()["id"])))["state"] == "sent"
    assert len({mail["Message-ID"] for mail in sink.mails}) == 2


async def test_a_crash_before_the_taking_commits_loses_nothing(post: Post, sink: Sink) -> None:
    await post.told(PAID)
    try:
        async with post.database.transaction() as session:
            await post.errand.take(session, post.tools)
            raise ConnectionError  # noqa: TRY301 - the process dies here
    except ConnectionError:
        pass
    await post.carry()
    assert len(sink.mails) == 1


async def test_a_server_that_falls_silent_after_the_text_leaves_unknown(
    post: Post, sink: Sink
) -> None:
    (told,) = await post.told(PAID)
    sink.drops = True
    await post.carry()
    post.clock.advance(timedelta(minutes=1))
    await post.carry()
    assert len(sink.mails) == 1
    assert (await post.read(told))["state"] == "unknown"


async def test_a_busy_server_is_asked_again_later(post: Post, sink: Sink) -> None:
    (told,) = await post.told(PAID)
    sink.at_rcpt = "451 greylisted"
    await post.carry()
    assert (await post.read(told))["state"] == "waiting"
    assert await post.carry() == 0
    sink.at_rcpt = "250 OK"
    post.clock.advance(timedelta(minutes=2))
    await post.carry()
    assert (await post.read(told))["state"] == "sent"


async def test_an_address_nobody_has_ends_the_message(post: Post, sink: Sink) -> None:
    (told,) = await post.told(PAID)
    sink.at_rcpt = "550 no such user"
    await post.carry()
    shown = await post.read(told)
    assert (shown["state"], shown["reason"]) == ("failed", "refused")
    names = await post.sql("SELECT name FROM events_outbox WHERE name LIKE 'messaging.%'")
    assert [row.name for row in names] == ["messaging.message_failed"]


async def test_a_code_is_nowhere_in_clear_and_erased_once_sent(post: Post, sink: Sink) -> None:
    values: dict[str, Value] = {"code": "918273", "sender_name": "Casa", "minutes": 10}
    (told,) = await post.told(values, MessageEvent.OTP)
    rows = await post.sql("SELECT m::text AS all_of_it FROM messages AS m")
    assert "918273" not in rows[0].all_of_it
    await post.carry()
    assert "918273" in str(sink.mails[0].get_body(("plain",)))
    assert (await post.sql("SELECT content FROM messages"))[0].content is None
    gone = await post.tenant.post(f"/messages/{told}/resend")
    assert (gone.status_code, gone.json()["code"]) == (409, "message_text_gone")


async def test_without_any_channel_it_is_written_down_why_nothing_went(post: Post) -> None:
    (told,) = await post.told(PAID, to=Recipient("Ana"))
    shown = await post.read(told)
    assert (shown["state"], shown["reason"]) == ("blocked", "no_channel")


async def test_offers_carry_a_link_to_be_spared_that_works(post: Post, sink: Sink) -> None:
    await post.told(NOTICE, MessageEvent.PROMOTION)
    post.clock.advance(timedelta(days=1))
    await post.carry()
    link = sink.mails[0]["List-Unsubscribe"].strip("<>")
    path = link.removeprefix("https://portero.example")
    assert (await post.tenant.client.get(path)).status_code == 200
    assert (await post.tenant.client.post(path)).status_code == 200
    assert (await post.tenant.client.post(path[:-1] + "x")).status_code == 422
    (second,) = await post.told(NOTICE, MessageEvent.PROMOTION, key="later")
    rows = await post.sql("SELECT reason FROM messages WHERE id = :id", id=second)
    assert rows[0].reason == "type_opted_out"


async def test_a_second_offer_in_the_same_week_is_blocked(post: Post) -> None:
    await post.told(NOTICE, MessageEvent.NEWSLETTER, key="one")
    (second,) = await post.told(NOTICE, MessageEvent.NEWSLETTER, key="two")
    assert (await post.read(second))["reason"] == "weekly_limit"
    (paid,) = await post.told(PAID, key="three")
    assert (await post.read(paid))["state"] == "waiting"


async def test_a_test_message_can_be_sent_and_no_credential_is_shown(
    post: Post, sink: Sink
) -> None:
    (account,) = (await post.tenant.get("/channel-accounts")).json()
    assert account["credentials"]["from_address"] == "***le"
    tried = await post.tenant.post(
        f"/channel-accounts/{account['id']}/test", {"to": "me@example.org", "language": "es"}
    )
    assert tried.status_code == 201, tried.text
    await post.carry()
    assert sink.mails[0]["Subject"] == "Una prueba de Portero"


async def test_what_waits_of_a_cancelled_stay_is_not_sent(post: Post, sink: Sink) -> None:
    (told,) = await post.told(PAID)
    subject = uuid4()
    async with post.database.transaction() as session:
        values = {"id": told, "subject": subject}
        await session.execute(
            text("UPDATE messages SET subject_id = :subject, event = 'welcome' WHERE id = :id"),
            values,
        )
        booking = OfBooking(reservation_id=subject, organisation_id=post.tenant.organisation_id)
        await stop_all(session, booking, post.tools)
    await post.carry()
    assert sink.mails == []
    assert (await post.read(told))["reason"] == "withdrawn"
