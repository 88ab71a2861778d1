"""Which gate holds a message back, and how each event reads."""

from datetime import UTC, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.messaging.rules import (
    TRAITS,
    Caps,
    Wishes,
    caps_on,
    exceeded,
    goes_at,
    is_news,
    may_be_met,
    merged,
    refused,
)
from cloud_api.messaging.types import Medium, MessageEvent, MessageState, PreferenceType, Reason
from cloud_api.messaging.wording import shelf
from cloud_api.messaging.wording.errors import MissingVariablesError, UnknownVariablesError
from cloud_api.messaging.wording.rules import checked, flaws_of, write
from cloud_api.messaging.wording.service import examples
from cloud_api.messaging.wording.types import Words

LIMA = ZoneInfo("America/Lima")
OFFER = TRAITS[MessageEvent.PROMOTION]
REMINDER = TRAITS[MessageEvent.REMINDER_24H]


def at(hour: int, day: int = 2) -> datetime:
    return datetime(2030, 12, day, hour, tzinfo=LIMA)


@pytest.mark.parametrize("event", list(MessageEvent))
@pytest.mark.parametrize("medium", list(Medium))
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_event_reads_with_exactly_its_variables(
    event: MessageEvent, medium: Medium, language: str
) -> None:
    words = shelf.shipped(event, medium, language)
    assert words is not None
    assert not flaws_of(event, words).refused
    written = write(words, event, examples(event), language=language, zone="UTC")
    assert "{" not in written.body + written.subject + (written.html or "")
    if medium is Medium.EMAIL:
        assert flaws_of(event, words).unused == ()


def test_a_caller_must_give_all_words_and_no_others() -> None:
    with pytest.raises(MissingVariablesError):
        checked(MessageEvent.OTP, {"code": "1"})
    with pytest.raises(UnknownVariablesError):
        checked(MessageEvent.TEST, {"sender_name": "x", "other": "y"})


def test_a_template_that_names_unknown_words_or_does_more_is_refused() -> None:
    assert flaws_of(MessageEvent.TEST, Words("{{ pin }}")).unknown == ("pin",)
    for bad in ("{% for x in sender_name %}{% endfor %}", "{{ sender_name.upper() }}", "{{"):
        assert flaws_of(MessageEvent.TEST, Words(bad)).syntax is not None


def test_the_switch_comes_first_then_the_channel_then_the_kind() -> None:
    nothing = Wishes(
        dict.fromkeys(Medium, False), dict.fromkeys(PreferenceType, False), time(9), time(20)
    )
    off, on = Caps(sms_on=False), Caps()
    assert refused(OFFER, Medium.SMS, nothing, off) is Reason.SMS_SWITCHED_OFF
    assert refused(OFFER, Medium.SMS, nothing, on) is Reason.CHANNEL_OPTED_OUT
    kinds = Wishes({}, dict.fromkeys(PreferenceType, False))
    assert refused(OFFER, Medium.SMS, kinds, on) is Reason.TYPE_OPTED_OUT
    assert refused(TRAITS[MessageEvent.OTP], Medium.EMAIL, nothing, on) is None


def test_offers_wait_for_the_contact_hours_and_reminders_do_not() -> None:
    assert goes_at(OFFER, Wishes(), at(8)) == at(9)
    assert goes_at(OFFER, Wishes(), at(9)) == at(9)
    assert goes_at(OFFER, Wishes(), at(20)) == at(9, day=3)
    assert goes_at(REMINDER, Wishes(), at(3)) == at(3)


@pytest.mark.parametrize(
    ("begins", "ends", "now", "goes"),
    [
        (time(22), time(2), at(23), at(23)),
        (time(22), time(2), at(1), at(1)),
        (time(22), time(2), at(12), at(22)),
        (time(9), time(0), at(23), at(23)),
        (time(9), time(0), at(3), at(9)),
        (time(9), time(9), at(3), at(3)),
    ],
)
def test_contact_hours_may_cross_midnight_and_from_an_hour_to_itself_is_always(
    begins: time, ends: time, now: datetime, goes: datetime
) -> None:
    assert goes_at(OFFER, Wishes(hours_from=begins, hours_until=ends), now) == goes


@given(st.times(), st.times(), st.times())
def test_whenever_an_offer_goes_is_within_the_contact_hours(
    begins: time, ends: time, now: time
) -> None:
    wishes = Wishes(hours_from=begins, hours_until=ends)
    goes = goes_at(OFFER, wishes, datetime.combine(at(1).date(), now, UTC))
    assert may_be_met(wishes, goes.time())
    assert goes_at(OFFER, wishes, goes) == goes


@pytest.mark.parametrize(
    ("event", "waits"),
    [
        (MessageEvent.NEWSLETTER, True),
        (MessageEvent.PROMOTION, True),
        (MessageEvent.BIRTHDAY, True),
        (MessageEvent.REACTIVATION, False),
        (MessageEvent.POST_STAY, False),
        (MessageEvent.CONFIRMATION, False),
        (MessageEvent.REMINDER_24H, False),
    ],
)
def test_contact_hours_are_for_newsletters_offers_and_birthdays_alone(
    event: MessageEvent, *, waits: bool
) -> None:
    assert (goes_at(TRAITS[event], Wishes(), at(3)) != at(3)) is waits


@pytest.mark.parametrize(
    "event", [MessageEvent.CONFIRMATION, MessageEvent.REMINDER_24H, MessageEvent.POST_STAY]
)
def test_confirmations_reminders_and_surveys_know_no_limits(event: MessageEvent) -> None:
    for medium in Medium:
        assert caps_on(TRAITS[event], medium, Caps(), at(12)) == ()


def test_a_no_under_any_name_of_a_person_is_a_no() -> None:
    client, address = Wishes({Medium.SMS: True}), Wishes({Medium.SMS: False})
    assert merged([client, address]).media[Medium.SMS] is False
    assert merged([client, Wishes()]).media[Medium.SMS] is True
    assert merged([Wishes(), Wishes(hours_from=time(10))]).hours_from == time(10)


@pytest.mark.parametrize("event", [each for each in MessageEvent if TRAITS[each].limited])
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_short_message_nobody_needs_says_how_to_stop_them(
    event: MessageEvent, language: str
) -> None:
    words = shelf.shipped(event, Medium.SMS, language)
    assert words is not None
    assert "STOP" in words.body


def test_two_short_messages_a_day_and_eight_a_month_one_mail_a_week_from_monday() -> None:
    day, month = caps_on(OFFER, Medium.SMS, Caps(), at(12))
    assert (day.most, day.since, day.until) == (2, at(0), at(0, day=3))
    assert (month.most, month.since) == (8, at(0, day=1))
    week, mails = caps_on(OFFER, Medium.EMAIL, Caps(), at(12, day=8))
    assert (week.most, week.since.weekday(), week.since.day, mails.most) == (1, 0, 2, 4)
    assert exceeded((day, month), (1, 8)) is Reason.MONTHLY_LIMIT
    assert exceeded((day, month), (2, 8)) is Reason.DAILY_LIMIT
    assert exceeded((day, month), (1, 7)) is None
    assert caps_on(REMINDER, Medium.SMS, Caps(), at(12)) == ()


def test_delivered_never_goes_back_to_sent() -> None:
    order = [MessageState.SENT, MessageState.FAILED, MessageState.DELIVERED, MessageState.READ]
    for earlier, later in pairwise(order):
        assert is_news(earlier, later)
        assert not is_news(later, earlier)
        assert not is_news(MessageState.BLOCKED, later)
