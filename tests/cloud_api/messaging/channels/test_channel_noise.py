"""Whatever a genuine vendor says, hearing it never fails: it would be said again for a week."""

import json
from functools import cache
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from cloud_api.kit.outgoing import Outgoing
from cloud_api.messaging.channels.telegram import Telegram
from cloud_api.messaging.channels.twilio import Twilio
from cloud_api.messaging.channels.whatsapp import WhatsApp
from cloud_api.messaging.types import Call, ChannelAccount, Overheard
from portero.simulators import telegram, twilio, whatsapp
from tests.cloud_api.messaging.channels.stage import STATUS_URL, call_of

# The vendors' own words where they do not belong, which random JSON would never hit.
WORDS = (
    "object entry changes field value metadata phone_number_id messages statuses contacts id type"
    " text body from timestamp errors code update_id message message_id chat date contact"
)
NAMES = st.sampled_from(WORDS.split())
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | NAMES
NOISE = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)
FIELDS = st.dictionaries(
    st.sampled_from(["MessageSid", "MessageStatus", "Body", "From", "ErrorCode", "x"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.just("delivered"),
)


@cache
def way_out() -> Outgoing:
    return Outgoing()


def heard(kind: type[Twilio | WhatsApp | Telegram], call: Call, **words: str) -> Overheard:
    channel = kind(way_out())
    return channel.hear(ChannelAccount(uuid4(), uuid4(), channel.name, words), call)


@given(NOISE)
def test_whatsapp_may_say_anything(noise: object) -> None:
    simulator = whatsapp.WhatsApp()
    number = simulator.phone_number_id
    value = {"metadata": {"phone_number_id": number}, "messages": noise, "statuses": noise}
    for told in (noise, {"object": "x", "entry": noise}, of_whatsapp(value), of_whatsapp(noise)):
        call = call_of(simulator.sign(json.dumps(told).encode()))
        heard(WhatsApp, call, app_secret=simulator.app_secret, phone_number_id=number)


def of_whatsapp(value: object) -> object:
    return {"object": "x", "entry": [{"changes": [{"field": "messages", "value": value}]}]}


@given(NOISE)
def test_telegram_may_say_anything(noise: object) -> None:
    simulator = telegram.Telegram()
    head = {"x-telegram-bot-api-secret-token": simulator.secret}
    for told in (noise, {"update_id": 1, "message": noise}):
        call = Call("POST", simulator.url, head, {}, json.dumps(told).encode())
        heard(Telegram, call, webhook_secret=simulator.secret)


@given(FIELDS)
def test_twilio_may_say_anything(fields: dict[str, str]) -> None:
    simulator = twilio.Twilio()
    call = call_of(simulator.call(STATUS_URL, fields))
    told = heard(Twilio, call, auth_token=simulator.auth_token)
    assert all(news.vendor_id for news in told.news)
