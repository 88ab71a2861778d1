"""WhatsApp alone: the handshake, people without a number, templates, and calls of many parts."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelBusyError,
    ChannelSilentError,
    ForgedCallError,
)
from cloud_api.messaging.types import Call, MessageState
from portero.simulators.kit import Fault, FaultKind
from tests.cloud_api.messaging.channels.stage import PlayedWhatsApp, call_of

USER_ID = "PE.13491208655302741918"


def handshake(**altered: str) -> Call:
    query = {
        "hub.mode": "subscribe",
        "hub.verify_token": "whatsapp-verify-token",
        "hub.challenge": "1158201444",
    }
    return Call("GET", "https://portero.example/w", {}, query | altered, b"")


async def test_a_handshake_gives_the_challenge_back_as_plain_text(
    whatsapp: PlayedWhatsApp,
) -> None:
    heard = whatsapp.channel.hear(whatsapp.account, handshake())
    assert (heard.answer, heard.answer_type) == ("1158201444", "text/plain")


@pytest.mark.parametrize(
    "altered",
    [{"hub.verify_token": "other"}, {"hub.verify_token": ""}, {"hub.mode": "unsubscribe"}],
)
async def test_a_handshake_with_another_token_or_mode_is_refused(
    whatsapp: PlayedWhatsApp, altered: dict[str, str]
) -> None:
    with pytest.raises(ForgedCallError):
        whatsapp.channel.hear(whatsapp.account, handshake(**altered))


async def test_an_account_without_a_verify_token_shakes_no_hands(whatsapp: PlayedWhatsApp) -> None:
    with pytest.raises(ForgedCallError):
        whatsapp.channel.hear(whatsapp.account_of({}), handshake(**{"hub.verify_token": ""}))


async def test_who_hides_their_number_is_heard_and_answered_by_user_id(
    whatsapp: PlayedWhatsApp,
) -> None:
    whatsapp.simulator.usernames["+51955555555"] = USER_ID
    call = call_of(whatsapp.simulator.written("+51955555555", "is the house free?"))
    [incoming] = whatsapp.channel.hear(whatsapp.account, call).incoming
    assert (incoming.sender, incoming.phone) == (USER_ID, None)
    letter = whatsapp.letter(to=incoming.sender)
    carried = await whatsapp.channel.send(whatsapp.account, letter)
    [heard] = whatsapp.stage.heard("/messages")
    order = json.loads(heard.body)
    assert order["recipient"] == USER_ID
    assert "to" not in order
    told = call_of(whatsapp.simulator.progress(carried.vendor_id, "read"))
    [news] = whatsapp.channel.hear(whatsapp.account, told).news
    assert (news.key, news.state) == (letter.key, MessageState.READ)


async def test_who_shows_both_is_known_by_user_id_and_keeps_the_number(
    whatsapp: PlayedWhatsApp,
) -> None:
    contact: dict[str, object] = {"wa_id": "51955555555", "user_id": USER_ID}
    message: dict[str, object] = {"id": "wamid.1", "from": "51955555555", "type": "text"}
    message["text"] = {"body": "hello"}
    call = call_of(whatsapp.simulator.deliver(contacts=[contact], messages=[message]))
    [incoming] = whatsapp.channel.hear(whatsapp.account, call).incoming
    assert (incoming.sender, incoming.phone) == (USER_ID, "+51955555555")


async def test_a_day_after_the_guests_last_word_only_a_template_goes(
    whatsapp: PlayedWhatsApp,
) -> None:
    late = whatsapp.simulator.now() - timedelta(hours=25)
    whatsapp.simulator.written_at[whatsapp.good] = late
    whatsapp.simulator.templates["key_ready"] = 3
    with pytest.raises(ChannelAccountError, match="template_needed"):
        await whatsapp.channel.send(whatsapp.account, whatsapp.letter())
    letter = replace(
        whatsapp.letter(),
        template="key_ready",
        language="pt-BR",
        variables=("Casa\n  Aurora", "30 Nov,\t15:00", ""),
    )
    carried = await whatsapp.channel.send(whatsapp.account, letter)
    sent = whatsapp.simulator.messages[carried.vendor_id]
    assert (sent.template, sent.parameters) == ("key_ready", ("Casa Aurora", "30 Nov, 15:00", "-"))


async def test_the_missing_template_may_also_be_told_afterwards(whatsapp: PlayedWhatsApp) -> None:
    carried = await whatsapp.channel.send(whatsapp.account, whatsapp.letter())
    call = call_of(whatsapp.simulator.progress(carried.vendor_id, "failed", error=131047))
    [news] = whatsapp.channel.hear(whatsapp.account, call).news
    assert (news.state, news.detail) == (MessageState.FAILED, "template_needed")


async def test_a_template_that_is_not_approved_is_for_a_person(whatsapp: PlayedWhatsApp) -> None:
    letter = replace(whatsapp.letter(), template="nobody_approved_me")
    with pytest.raises(ChannelAccountError, match="132001"):
        await whatsapp.channel.send(whatsapp.account, letter)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (190, ChannelAccountError),
        (368, ChannelAccountError),
        (131031, ChannelAccountError),
        (131048, ChannelAccountError),
        (131000, ChannelSilentError),
        (131056, ChannelBusyError),
    ],
)
async def test_each_code_is_told_apart_by_what_has_to_be_done(
    whatsapp: PlayedWhatsApp, code: int, error: type[Exception]
) -> None:
    whatsapp.simulator.fails_with = code
    with pytest.raises(error):
        await whatsapp.channel.send(whatsapp.account, whatsapp.letter())


async def test_the_pair_limit_waits_six_seconds(whatsapp: PlayedWhatsApp) -> None:
    whatsapp.simulator.fails_with = 131056
    with pytest.raises(ChannelBusyError) as busy:
        await whatsapp.channel.send(whatsapp.account, whatsapp.letter())
    assert busy.value.retry_after_seconds == 6


async def test_one_call_of_many_parts_loses_none_of_those_that_are_known(
    whatsapp: PlayedWhatsApp,
) -> None:
    first = await whatsapp.channel.send(whatsapp.account, whatsapp.letter("one"))
    second = await whatsapp.channel.send(whatsapp.account, whatsapp.letter("two"))
    statuses = [
        whatsapp.simulator.status(first.vendor_id, "delivered"),
        {"id": 7, "something": "new"},
        whatsapp.simulator.status(second.vendor_id, "warped"),
        whatsapp.simulator.status(second.vendor_id, "delivered"),
    ]
    whole = json.loads(whatsapp.simulator.deliver(statuses=statuses).body)
    strange = {"field": "account_update", "value": {"event": "x"}}
    whole["entry"] = [
        {"id": "1", "changes": [strange, *whole["entry"][0]["changes"]]},
        {"id": "2"},
        *json.loads(whatsapp.simulator.written("+51900000001", "hello").body)["entry"],
    ]
    call = call_of(whatsapp.simulator.sign(json.dumps(whole).encode()))
    heard = whatsapp.channel.hear(whatsapp.account, call)
    assert [news.vendor_id for news in heard.news] == [first.vendor_id, second.vendor_id]
    assert [incoming.text for incoming in heard.incoming] == ["hello"]


async def test_what_is_told_of_another_number_of_the_same_application_is_not_ours(
    whatsapp: PlayedWhatsApp,
) -> None:
    call = call_of(whatsapp.simulator.written("+51987654321", "hello"))
    other = json.loads(call.body)
    other["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    signed = call_of(whatsapp.simulator.sign(json.dumps(other).encode()))
    assert whatsapp.channel.hear(whatsapp.account, signed).incoming == ()


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"type": "button", "button": {"payload": "yes", "text": "Yes, please"}}, "Yes, please"),
        (
            {
                "type": "interactive",
                "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Pool"}},
            },
            "Pool",
        ),
        ({"type": "image", "image": {"id": "1", "caption": "the meter"}}, "the meter"),
        ({"type": "audio", "audio": {"id": "1", "voice": True}}, "[audio]"),
        ({"type": "reaction", "reaction": {"emoji": "👍", "message_id": "x"}}, "👍"),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, "[unsupported]"),
        ({"type": "a kind of next year"}, "[a kind of next year]"),
    ],
)
async def test_whatever_a_guest_sends_is_heard_somehow(
    whatsapp: PlayedWhatsApp, message: dict[str, object], text: str
) -> None:
    call = call_of(whatsapp.simulator.deliver_message("+51987654321", message))
    [incoming] = whatsapp.channel.hear(whatsapp.account, call).incoming
    assert incoming.text == text


async def test_an_answer_names_the_message_it_answers(whatsapp: PlayedWhatsApp) -> None:
    carried = await whatsapp.channel.send(whatsapp.account, whatsapp.letter())
    told = whatsapp.simulator.written("+51987654321", "thanks", reply_to=carried.vendor_id)
    [incoming] = whatsapp.channel.hear(whatsapp.account, call_of(told)).incoming
    assert incoming.reply_to_vendor_id == carried.vendor_id


async def test_no_preview_opens_the_guests_secret_link(whatsapp: PlayedWhatsApp) -> None:
    await whatsapp.channel.send(whatsapp.account, whatsapp.letter("https://portero.example/k/s"))
    [heard] = whatsapp.stage.heard("/messages")
    assert json.loads(heard.body)["text"]["preview_url"] is False


async def test_signed_nonsense_is_nothing(whatsapp: PlayedWhatsApp) -> None:
    for body in (b"", b"[]", b"{}", b'{"object":"x","entry":7}', b"\xff"):
        heard = whatsapp.channel.hear(whatsapp.account, call_of(whatsapp.simulator.sign(body)))
        assert (heard.news, heard.incoming) == ((), ())


async def test_a_broken_gateway_is_a_silence(whatsapp: PlayedWhatsApp) -> None:
    whatsapp.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, status=503))
    with pytest.raises(ChannelSilentError):
        await whatsapp.channel.send(whatsapp.account, whatsapp.letter())
