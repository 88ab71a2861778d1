"""Another channel when one fails, looking before sending again, and what vendors tell."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from cloud_api.kit.audit import Deed
from cloud_api.kit.clock import SystemClock
from cloud_api.messaging import service
from cloud_api.messaging.types import Attachment, MessageEvent, Recipient, Value
from cloud_api.messaging.wording.service import examples
from portero.simulators.kit import Fault, FaultKind, Stage
from portero.simulators.twilio import Callback, Twilio
from tests.cloud_api.messaging.conftest import Post, Sink
from tests.cloud_api.messaging.test_messages_once import PAID

PHONE = "+51987654321"
BY_PHONE = Recipient("Ana", phone=PHONE)
BOTH = Recipient("Ana", email="ana@example.org", phone=PHONE)


async def call(post: Post, told: Callback) -> int:
    """The vendor's call at our door."""
    url = urlsplit(told.url)
    answer = await post.tenant.client.post(
        f"{url.path}?{url.query}", content=told.body, headers=dict(told.headers)
    )
    return answer.status_code


async def sent(post: Post, texting: Twilio) -> tuple[UUID, str]:
    """One short message that has gone: its id here and there."""
    await post.has_texts(texting)
    (told,) = await post.told(PAID, to=BY_PHONE)
    await post.carry()
    return told, next(iter(texting.messages))


async def test_an_address_where_nobody_is_gives_way_to_the_next_channel(
    post: Post, sink: Sink, texting: Twilio
) -> None:
    await post.has_texts(texting)
    await post.told(PAID, to=BOTH)
    sink.at_rcpt = "550 no such user"
    await post.carry_for(seconds=20)
    # Written in the same instant, they have no first.
    by = {each["channel"]: each for each in await post.log()}
    assert (by["email"]["state"], by["email"]["reason"]) == ("failed", "refused")
    assert by["sms_twilio"]["state"] == "sent"
    assert await post.events("messaging.message_failed") == []


async def test_a_fact_told_by_several_at_once_is_one_message(post: Post) -> None:
    async with asyncio.TaskGroup() as tasks:
        told = [tasks.create_task(post.told(PAID), name="one of several") for _ in range(4)]
    assert len({each.result() for each in told}) == 1
    assert len(await post.log()) == 1


async def test_two_workers_send_each_message_once(post: Post, sink: Sink) -> None:
    for n in range(12):
        await post.told(PAID, key=f"fact {n}", to=Recipient("Ana", email=f"{n}@example.org"))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(post.carry(), name="worker")
    await post.carry()
    assert sorted(str(mail["To"]) for mail in sink.mails) == sorted(
        f"{n}@example.org" for n in range(12)
    )


async def test_who_dies_after_sending_leaves_a_message_that_is_looked_for_and_not_sent_again(
    post: Post, texting: Twilio
) -> None:
    await post.has_texts(texting)
    # Twilio's machines have the real time, and so must what was written be dated.
    post.clock.now = SystemClock().utc_now()
    (told,) = await post.told(PAID, to=BY_PHONE)
    async with post.database.transaction() as session:
        (taken,) = await post.errand.take(session, post.tools)
    await post.errand.run(taken, post.tools)
    assert len(texting.messages) == 1
    assert await post.carry() == 0
    post.clock.advance(timedelta(minutes=4))
    await post.carry()
    assert (await post.read(told))["state"] == "sent"
    assert len(texting.messages) == 1


async def test_who_dies_before_sending_leaves_a_message_that_is_sent_after_looking(
    post: Post, texting: Twilio
) -> None:
    await post.has_texts(texting)
    (told,) = await post.told(PAID, to=BY_PHONE)
    async with post.database.transaction() as session:
        await post.errand.take(session, post.tools)
    post.clock.advance(timedelta(minutes=4))
    await post.carry()
    assert (await post.read(told))["state"] == "sent"
    assert len(texting.messages) == 1


async def test_a_lost_answer_is_looked_for_and_found(
    post: Post, texting: Twilio, exchange: Stage
) -> None:
    await post.has_texts(texting)
    exchange.add_fault(Fault(FaultKind.CUT_AFTER, "/Messages.json", method="POST"))
    (told,) = await post.told(PAID, to=BY_PHONE)
    await post.carry_for(seconds=40)
    assert (await post.read(told))["state"] == "sent"
    assert len(texting.messages) == 1


async def test_who_can_be_asked_is_asked_again_when_that_answer_is_lost_too(
    post: Post, texting: Twilio, exchange: Stage
) -> None:
    await post.has_texts(texting)
    exchange.add_fault(Fault(FaultKind.CUT_AFTER, "/Messages.json", method="POST"))
    exchange.add_fault(Fault(FaultKind.CUT_AFTER, "/Messages.json", method="GET", times=2))
    (told,) = await post.told(PAID, to=BY_PHONE)
    await post.carry_for(seconds=300, step=60)
    assert (await post.read(told))["state"] == "sent"
    assert len(texting.messages) == 1
    exchange.add_fault(Fault(FaultKind.CUT_AFTER, "/Messages.json", method="POST"))
    exchange.add_fault(Fault(FaultKind.CUT_AFTER, "/Messages.json", method="GET", times=99))
    (second,) = await post.told(PAID, key="two", to=BY_PHONE)
    await post.carry_for(seconds=1200, step=60)
    assert (await post.read(second))["state"] == "unknown"
    assert len(texting.messages) == 2


async def test_a_vendor_that_is_busy_is_not_asked_before_it_said(
    post: Post, texting: Twilio, exchange: Stage
) -> None:
    await post.has_texts(texting)
    texting.busy_seconds = 30
    (told,) = await post.told(PAID, to=BY_PHONE)
    await post.carry()
    asked = len(exchange.journal)
    post.clock.advance(timedelta(seconds=29))
    await post.carry()
    assert len(exchange.journal) == asked
    texting.busy_seconds = None
    post.clock.advance(timedelta(seconds=2))
    await post.carry()
    assert (await post.read(told))["state"] == "sent"


async def test_an_account_that_must_be_mended_is_told_once_and_its_messages_wait(
    post: Post, texting: Twilio
) -> None:
    await post.has_texts(texting)
    right, texting.auth_token = texting.auth_token, "another"
    for n in range(3):
        await post.told(PAID, key=f"fact {n}", to=BY_PHONE)
    await post.carry_for(seconds=3600, step=300)
    assert {each["state"] for each in await post.log()} == {"waiting"}
    assert len(await post.events("messaging.account_troubled")) == 1
    texting.auth_token = right
    await post.carry_for(seconds=1800, step=300)
    assert {each["state"] for each in await post.log()} == {"sent"}


async def test_words_that_are_too_long_for_one_channel_do_not_stop_the_others(
    post: Post, texting: Twilio
) -> None:
    await post.has_texts(texting)
    long: dict[str, Value] = PAID | {"house_name": "x" * 2000}
    (first,) = await post.told(long, to=BY_PHONE)
    await post.carry()
    (second,) = await post.told(PAID, key="short", to=BY_PHONE)
    await post.carry()
    assert (await post.read(first))["state"] == "failed"
    assert (await post.read(second))["state"] == "sent"


async def test_a_message_that_comes_too_late_is_not_sent(post: Post, sink: Sink) -> None:
    (told,) = await post.told(PAID)
    post.clock.advance(timedelta(days=4))
    await post.carry()
    (row,) = await post.sql("SELECT state, reason FROM messages WHERE id = :id", id=told)
    assert (row.state, row.reason, sink.mails) == ("failed", "too_late", [])


async def test_what_vendors_tell_moves_a_message_on_and_never_back(
    post: Post, texting: Twilio
) -> None:
    told, sid = await sent(post, texting)
    delivered, again = texting.progress(sid, "delivered"), texting.progress(sid, "sent")
    for each in (delivered, delivered, again):
        assert await call(post, each) == 200
    shown = await post.read(told)
    assert shown["state"] == "delivered"
    assert [each["state"] for each in shown["history"]].count("delivered") == 1


async def test_a_vendor_faster_than_our_own_note_is_believed(post: Post, texting: Twilio) -> None:
    await post.has_texts(texting)
    (told,) = await post.told(PAID, to=BY_PHONE)
    async with post.database.transaction() as session:
        (taken,) = await post.errand.take(session, post.tools)
    outcome = await post.errand.run(taken, post.tools)
    assert await call(post, texting.progress(next(iter(texting.messages)), "delivered")) == 200
    async with post.database.transaction() as session:
        await post.errand.note(session, taken, outcome, post.tools)
    assert (await post.read(told))["state"] == "delivered"


async def test_news_without_our_key_before_our_own_note_is_kept_and_adopted(
    post: Post, texting: Twilio
) -> None:
    await post.has_texts(texting)
    (told,) = await post.told(PAID, to=BY_PHONE)
    async with post.database.transaction() as session:
        (taken,) = await post.errand.take(session, post.tools)
    keyless = replace(taken, letter=replace(taken.letter, key=""))
    outcome = await post.errand.run(keyless, post.tools)
    assert await call(post, texting.progress(next(iter(texting.messages)), "delivered")) == 200
    async with post.database.transaction() as session:
        await post.errand.note(session, taken, outcome, post.tools)
    assert (await post.read(told))["state"] == "delivered"
    assert await post.sql("SELECT * FROM messages_stray_news") == []


async def test_a_failure_told_after_the_sending_goes_on_by_the_next_channel(
    post: Post, texting: Twilio, sink: Sink
) -> None:
    await post.has_texts(texting)
    values = examples(MessageEvent.CHECK_OUT)
    (told,) = await post.told(values, MessageEvent.CHECK_OUT, to=BOTH)
    await post.carry()
    failed = texting.progress(next(iter(texting.messages)), "undelivered", error_code=30003)
    assert await call(post, failed) == 200
    assert await call(post, failed) == 200
    await post.carry()
    assert (await post.read(told))["state"] == "failed"
    # Written in the same instant, they have no first.
    assert {(each["channel"], each["state"]) for each in await post.log()} == {
        ("sms_twilio", "failed"),
        ("email", "sent"),
    }
    assert len(sink.mails) == 1


async def test_who_writes_stop_gets_no_more_and_who_writes_start_does(
    post: Post, texting: Twilio
) -> None:
    at = await post.has_texts(texting)
    await post.told(PAID, to=BY_PHONE)
    await post.carry()
    url = f"http://127.0.0.1:8000{at}"
    assert await call(post, texting.written(url, sender=PHONE, body=" stop. ")) == 200
    (second,) = await post.told(PAID, key="two", to=BY_PHONE)
    assert (await post.read(second))["reason"] == "channel_opted_out"
    assert await call(post, texting.written(url, sender=PHONE, body="START")) == 200
    (third,) = await post.told(PAID, key="three", to=BY_PHONE)
    assert (await post.read(third))["state"] == "waiting"
    assert len(await post.events("messaging.received")) == 2


async def test_stop_holds_for_the_client_whoever_had_the_number(
    post: Post, texting: Twilio
) -> None:
    at = await post.has_texts(texting)
    client = await post.tenant.made("/clients", {"name": "Ana"})
    ana = replace(BY_PHONE, client_id=UUID(client["id"]))
    await post.told(PAID, to=ana)
    await post.carry()
    url = f"http://127.0.0.1:8000{at}"
    assert await call(post, texting.written(url, sender=PHONE, body="BAJA")) == 200
    (second,) = await post.told(PAID, key="two", to=replace(ana, phone="+51911112222"))
    assert (await post.read(second))["reason"] == "channel_opted_out"


async def test_a_refusal_because_they_opted_out_is_remembered(post: Post, texting: Twilio) -> None:
    await post.has_texts(texting)
    texting.opted_out.add(PHONE)
    await post.told(PAID, to=BY_PHONE)
    await post.carry()
    (second,) = await post.told(PAID, key="two", to=BY_PHONE)
    assert (await post.read(second))["reason"] == "channel_opted_out"


async def test_a_file_that_is_handed_over_goes_along(post: Post, sink: Sink) -> None:
    paper = Attachment("contract.pdf", "application/pdf", b"%PDF-1.7 \xff")
    async with post.database.transaction() as session:
        await service.tell(
            session,
            post.tenant.organisation_id,
            event=MessageEvent.PAID_IN_FULL,
            to=Recipient("Ana", email="ana@example.org"),
            variables=PAID,
            key="with a paper",
            vault=post.tools.vault,
            now=post.clock.utc_now(),
            attachments=[paper],
        )
    await post.carry()
    (attached,) = sink.mails[0].iter_attachments()
    assert attached.get_filename() == "contract.pdf"
    assert attached.get_payload(decode=True) == paper.content


async def test_limits_and_ways_are_the_organisations_own(post: Post, texting: Twilio) -> None:
    await post.has_texts(texting)
    limits = (await post.tenant.get("/messaging-settings")).json()
    assert (limits["sms_per_day"], limits["sms_per_month"]) == (2, 8)
    assert (limits["email_per_week"], limits["email_per_month"]) == (1, 4)
    kept = await post.tenant.put("/messaging-settings", limits | {"sms_on": False})
    assert kept.status_code == 200, kept.text
    (told,) = await post.told(PAID, to=BY_PHONE)
    assert (await post.read(told))["reason"] == "sms_switched_off"
    wrong = await post.tenant.put("/messaging-settings", limits | {"zone": "Mars/Olympus"})
    assert wrong.status_code == 422
    ways = {"active": True, "ways": [["email"], ["sms_twilio"]]}
    routed = await post.tenant.put("/message-events/paid_in_full", ways)
    assert routed.status_code == 200, routed.text
    await post.tenant.put("/messaging-settings", limits)
    assert len(await post.told(PAID, key="both ways", to=BOTH)) == 2
    off = await post.tenant.put("/message-events/paid_in_full", ways | {"active": False})
    assert off.status_code == 200
    deeds = {each["action"] for each in (await post.tenant.get("/audit")).json()["items"]}
    assert {Deed.MESSAGING_CONFIGURED, Deed.EVENT_ROUTED} <= deeds
    (none,) = await post.told(PAID, key="off", to=BOTH)
    assert (await post.read(none))["reason"] == "event_off"
    twice = await post.tenant.put("/message-events/welcome", {"ways": [["email", "email"]]})
    assert twice.status_code == 422


async def test_the_log_is_a_sheet_and_can_be_narrowed_by_time(post: Post) -> None:
    await post.told(PAID, to=Recipient("Ana", email="=1+1@example.org"))
    sheet = await post.tenant.get("/messages.csv")
    assert sheet.headers["content-type"].startswith("text/csv")
    assert "'=1***@example.org" in sheet.text
    later = (post.clock.utc_now() + timedelta(minutes=1)).isoformat()
    assert len(await post.log(to=later)) == 1
    assert await post.log(**{"from": later}) == []


async def test_an_account_can_be_forgotten(post: Post) -> None:
    (account,) = (await post.tenant.get("/channel-accounts")).json()
    assert (await post.tenant.delete(f"/channel-accounts/{account['id']}")).status_code == 204
    assert (await post.tenant.delete(f"/channel-accounts/{account['id']}")).status_code == 404
    assert (await post.tenant.get("/channel-accounts")).json() == []
    deeds = {each["action"] for each in (await post.tenant.get("/audit")).json()["items"]}
    assert Deed.CHANNEL_ACCOUNT_REMOVED in deeds
