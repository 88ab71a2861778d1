"""Each letter once for each fact, in the guest's words, with what is true then."""

import re
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from cloud_api.accounts.types import Role
from cloud_api.kit.audit import Deed
from cloud_api.reservations.jobs import complete_stays, expire_holds, remind_of_holds
from tests.builders import join
from tests.cloud_api.papers.letters.conftest import Correspondence

CONTACT = {"name": "Ana Guest", "email": "ana@example.org", "language": "en"}


def link_in(text: str) -> str:
    found = re.search(r"https://casa\.example/stay#\S+", text)
    assert found is not None, text
    return found.group()


async def replay(post: Correspondence) -> None:
    """Everything that has happened is told to all reactions again, as new events."""
    await post.visit.desk.sql(
        "INSERT INTO events_outbox (name, organisation_id, payload)"
        " SELECT name, organisation_id, payload FROM events_outbox"
        " WHERE name LIKE 'reservations.%' OR name LIKE 'papers.%' OR name LIKE 'payments.%'"
    )
    await post.visit.work()


async def test_who_books_gets_the_confirmation_with_calendar_and_a_link_that_opens(
    post: Correspondence,
) -> None:
    booked = await post.book(10, 12)
    (mail,) = post.mails()
    assert booked["code"] in str(mail["subject"])
    (file,) = mail.iter_attachments()
    assert (file.get_content_type(), file.get_filename()) == (
        "text/calendar",
        f"{booked['code']}.ics",
    )
    guest = await post.visit.sign_in(link_in(post.words(mail)))
    paper = await guest.get("/papers/confirmation")
    assert paper.headers["content-type"] == "application/pdf"


async def test_an_event_told_twice_writes_one_letter(post: Correspondence) -> None:
    booked = await post.book(10, 12)
    before = await post.names(booked)
    await replay(post)
    assert await post.names(booked) == before
    assert len(post.mails()) == 1


async def test_jobs_run_twice_call_once(post: Correspondence) -> None:
    booked = await post.book(1, 3)
    await post.tick()
    first = await post.names(booked)
    assert first.count("check_in_invitation") == 1
    await post.tick()
    await replay(post)
    assert await post.names(booked) == first


async def test_the_guest_is_written_to_in_their_language(post: Correspondence) -> None:
    await post.book(10, 12, contact=CONTACT | {"language": "es"})
    (mail,) = post.mails()
    assert "estancia" in post.words(mail)


async def test_no_secret_rests_in_clear_nor_stands_in_the_log(
    post: Correspondence, capfd: pytest.CaptureFixture[str]
) -> None:
    await post.book(10, 12)
    secret = link_in(post.words(post.mails()[0])).partition("#")[2]
    for table in ("messages", "events_outbox", "letter_calls", "messages_told", "audit_log"):
        rows = await post.visit.desk.sql(f"SELECT CAST(t AS text) AS row FROM {table} AS t")  # noqa: S608 - our own names
        assert not [row for row in rows if secret in row.row], table
        if table == "messages":
            content = await post.visit.desk.sql("SELECT content FROM messages")
            assert not [each for each in content if secret.encode() in (each.content or b"")]
    told = capfd.readouterr()
    assert secret not in told.out + told.err


async def test_of_a_cancelled_stay_only_its_end_is_told(post: Correspondence) -> None:
    booked = await post.book(1, 3)
    await post.visit.do(booked, "cancel", {"reason": "ill"})
    before = await post.names(booked)
    assert before.count("cancellation") == 1
    for hours in (1, 30, 60, 90):
        await post.visit.at(post.visit.clock.now + timedelta(hours=hours))
        await post.tick()
    assert await post.names(booked) == before
    calendar = next(
        part
        for part in post.mails()[-1].iter_attachments()
        if part.get_content_type() == "text/calendar"
    )
    assert "METHOD:CANCEL" in str(calendar.get_content())


async def test_a_hold_that_runs_out_is_told_to_be_over(post: Correspondence) -> None:
    held = await post.visit.desk.hold([post.visit.desk.rooms[0]], 5, 7, contact=CONTACT)
    await post.visit.desk.sql(
        "UPDATE reservations SET expires_at = statement_timestamp() + interval '10 minutes'"
        " WHERE id = :id",
        id=UUID(held["id"]),
    )

    for job in (remind_of_holds, remind_of_holds):
        async with post.visit.database.transaction() as session:
            await job(session, post.visit.clock)
        await post.visit.work()
    assert await post.went(held) == ["hold_expiring"]
    await post.visit.desk.run_out(held)
    async with post.visit.database.transaction() as session:
        await expire_holds(session, post.visit.clock)
    await post.visit.work()
    assert await post.went(held) == ["cancellation", "hold_expiring"]


async def test_other_dates_are_confirmed_anew_and_reminders_follow_them(
    post: Correspondence,
) -> None:
    booked = await post.book(1, 3)
    await post.tick()
    moved = {"check_in": post.visit.desk.day(20).isoformat()} | {
        "check_out": post.visit.desk.day(22).isoformat()
    }
    await post.visit.do(booked, "move", moved)
    assert (await post.names(booked)).count("confirmation") == 2
    before = await post.names(booked)
    await post.tick()
    assert await post.names(booked) == before
    await post.visit.at(post.visit.clock.now + timedelta(days=19, hours=12))
    await post.tick()
    assert (await post.names(booked)).count("check_in_invitation") == 2


async def test_another_room_for_the_same_days_is_a_rearranged_stay(post: Correspondence) -> None:
    booked = await post.book(10, 12)
    await post.visit.do(booked, "move", {"unit_ids": [post.visit.desk.rooms[1]]})
    assert await post.went(booked) == ["confirmation", "rearranged_stay"]
    words = post.words(post.mails()[-1])
    assert "Beach house, Room 1" in words
    assert "Beach house, Room 2" in words


async def test_thanks_wait_for_the_hour_at_which_the_property_writes(
    post: Correspondence,
) -> None:
    await post.decide(send_at="03:00", review_url="https://reviews.example/casa")
    booked = await post.book(0, 1)
    night = datetime.combine(post.visit.desk.day(2), time(1), ZoneInfo("America/Lima"))
    await post.visit.at(night.astimezone(UTC))
    async with post.visit.database.transaction() as session:
        await complete_stays(session, post.visit.clock)
    await post.visit.work()
    thanks = [each for each in await post.told(booked) if each["event"] == "post_stay"]
    assert len(thanks) == 1
    due = datetime.fromisoformat(thanks[0]["due_at"]).astimezone(UTC)
    # Three in the morning in Lima, as the property wants it: contact hours are for offers.
    assert (due.hour, due.minute) == (8, 0)


async def test_a_letter_that_is_switched_off_is_not_written(post: Correspondence) -> None:
    await post.decide(off=["check_in_invitation", "reminder_24h"])
    booked = await post.book(1, 3)
    await post.tick()
    assert not {"check_in_invitation", "reminder_24h"} & set(await post.names(booked))


async def test_staff_send_a_letter_again_on_record_and_not_what_is_untrue(
    post: Correspondence,
) -> None:
    booked = await post.book(10, 12)
    path = f"/reservations/{booked['id']}/letters"
    tenant = post.visit.hotel.tenant
    sent = await tenant.post(path, {"letter": "confirmation"})
    assert sent.status_code == 201, sent.text
    assert {each["event"] for each in sent.json()} == {"confirmation"}
    await post.visit.work()
    assert len(post.mails()) == 2
    refused = await tenant.post(path, {"letter": "post_stay"})
    assert (refused.status_code, refused.json()["code"]) == (409, "letter_not_true")
    deeds = [each["action"] for each in (await tenant.get("/audit")).json()["items"]]
    assert deeds.count(Deed.LETTER_SENT) == 1


async def test_who_may_only_read_sends_nothing_and_strangers_see_nothing(
    post: Correspondence,
) -> None:
    booked = await post.book(10, 12)
    visit = post.visit
    reader = await join(
        visit.database,
        visit.hotel.tenant.client,
        organisation_id=visit.hotel.organisation_id,
        role=Role.READ_ONLY,
    )
    path = f"/reservations/{booked['id']}/letters"
    assert (await reader.get(path)).status_code == 200
    assert (await reader.post(path, {"letter": "confirmation"})).status_code == 403
    settings = f"/properties/{visit.hotel.property_id}/letter-settings"
    assert (await reader.put(settings, {})).status_code == 403


async def test_settings_are_kept_and_only_letters_of_a_stay_are_in_them(
    post: Correspondence,
) -> None:
    await post.decide(welcome_days=5, off=["welcome"], check_out_at="07:30")
    path = f"/properties/{post.visit.hotel.property_id}/letter-settings"
    kept = (await post.visit.hotel.tenant.get(path)).json()
    assert (kept["welcome_days"], kept["off"], kept["check_out_at"]) == (
        5,
        ["welcome"],
        "07:30",
    )
    for wrong in ({"off": ["newsletter"]}, {"review_url": "javascript:x"}, {"welcome_days": 99}):
        assert (await post.visit.hotel.tenant.put(path, wrong)).status_code == 422
