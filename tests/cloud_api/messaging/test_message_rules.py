"""Which gate holds a message back, and how each event reads."""

from datetime import datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from cloud_api.messaging.rules import (
    TRAITS,
    Caps,
    Wishes,
    caps_on,
    exceeded,
    goes_at,
    is_news,
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
