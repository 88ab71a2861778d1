"""Twilio alone: its signatures, its list, its prices and its words for what went wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_api.messaging.errors import ChannelSilentError, ForgedCallError
from cloud_api.messaging.types import Call, MessageState
from portero.simulators.kit import Fault, FaultKind
from tests.cloud_api.messaging.channels.stage import STATUS_URL, PlayedTwilio, call_of

# The worked example of Twilio's own documents, and the same under SHA-256 by its own library.
EXAMPLE = (
    b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234"
    b"&From=%2B14158675309&To=%2B18005551212"
)
EXAMPLE_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
SHA1 = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
SHA256 = "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="


def example(signature: str, **headers: str) -> Call:
    head = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
    return Call("POST", EXAMPLE_URL, head | headers, {}, EXAMPLE)


async def test_the_documented_example_is_genuine(twilio: PlayedTwilio) -> None:
    account = twilio.account_of({"auth_token": "12345"})
    twilio.channel.hear(account, example(SHA1))
    with pytest.raises(ForgedCallError):
        twilio.channel.hear(twilio.account_of({"auth_token": "12346"}), example(SHA1))


async def test_a_webhook_rule_signs_with_sha256_under_the_shared_key(twilio: PlayedTwilio) -> None:
    account = twilio.account_of({"auth_token": "other", "shared_key_secret": "12345"})
    settings = "x-twilio-webhooks-signature-settings"
    call = example(SHA256, **{settings: "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"})
    twilio.channel.hear(account, call)
    for altered in ("key=1,algorithm=HMAC_SHA1", "key=1,algorithm=HMAC_MD5", "key=1"):
        with pytest.raises(ForgedCallError):
            twilio.channel.hear(
                account, replace(call, headers=dict(call.headers) | {settings: altered})
            )


async def test_the_simulator_signs_with_a_shared_key_as_well(twilio: PlayedTwilio) -> None:
    twilio.simulator.shared_key = "shared"
    call, _ = twilio.written("hello")
    account = twilio.account_of(twilio.credentials() | {"shared_key_secret": "shared"})
    assert twilio.channel.hear(account, call).incoming[0].text == "hello"


@pytest.mark.parametrize(
    ("signed", "seen"),
    [
        ("https://portero.example/hook?a=1", "https://portero.example:443/hook?a=1"),
        ("https://portero.example:443/hook?a=1", "https://portero.example/hook?a=1"),
        ("http://portero.example:80/hook", "http://portero.example/hook"),
        ("https://portero.example/hook", "https://portero.example:8443/hook"),
    ],
)
async def test_the_address_is_signed_with_or_without_its_port(
    twilio: PlayedTwilio, signed: str, seen: str
) -> None:
    call = call_of(twilio.simulator.written(signed, sender="+51987654321", body="hello"))
    assert twilio.channel.hear(twilio.account, replace(call, url=seen)).incoming


async def test_a_field_said_twice_is_signed_once(twilio: PlayedTwilio) -> None:
    call, _ = twilio.written("hello")
    doubled = replace(call, body=call.body + b"&Body=hello")
    assert twilio.channel.hear(twilio.account, doubled).incoming


async def test_a_json_body_is_bound_by_its_hash_in_the_address(twilio: PlayedTwilio) -> None:
    call = call_of(twilio.simulator.call_json(STATUS_URL, b'{"a": 1}'))
    twilio.channel.hear(twilio.account, call)
    with pytest.raises(ForgedCallError):
        twilio.channel.hear(twilio.account, replace(call, body=b'{"a":1}'))


async def test_whoever_writes_gets_no_answer_from_twilio_itself(twilio: PlayedTwilio) -> None:
    call, _ = twilio.written("hello")
    heard = twilio.channel.hear(twilio.account, call)
    assert heard.answer is not None
    assert heard.answer.endswith("<Response/>")
    assert heard.answer_type == "application/xml"


@pytest.mark.parametrize(
    ("code", "detail"),
    [(30003, "undeliverable"), (30004, "blocked"), (21610, "opted_out"), (30034, "30034")],
)
async def test_a_failed_delivery_says_why(twilio: PlayedTwilio, code: int, detail: str) -> None:
    carried = await twilio.channel.send(twilio.account, twilio.letter())
    call = call_of(twilio.simulator.progress(carried.vendor_id, "undelivered", error_code=code))
    [news] = twilio.channel.hear(twilio.account, call).news
    assert (news.state, news.detail) == (MessageState.FAILED, detail)


async def test_segments_are_told_at_once_and_the_price_when_there_is_one(
    twilio: PlayedTwilio,
) -> None:
    letter = twilio.letter("x" * 100)
    carried = await twilio.channel.send(twilio.account, letter)
    assert (carried.detail, carried.cost_minor) == ("segments=2", None)
    twilio.simulator.progress(carried.vendor_id, "sent", price="-0.01500")
    found = await twilio.channel.look(twilio.account, letter)
    assert found is not None
    assert (found.cost_minor, found.currency) == (2, "USD")


async def test_a_letter_of_yesterday_is_not_the_one_looked_for(twilio: PlayedTwilio) -> None:
    letter = twilio.letter()
    carried = await twilio.channel.send(twilio.account, letter)
    assert await twilio.channel.look(twilio.account, letter) == carried
    twilio.simulator.age(carried.vendor_id, timedelta(hours=25))
    assert await twilio.channel.look(twilio.account, letter) is None


async def test_the_same_words_from_before_the_letter_was_written_are_another(
    twilio: PlayedTwilio,
) -> None:
    """Staff may have the very same message sent again."""
    first = await twilio.channel.send(twilio.account, twilio.letter())
    again = replace(twilio.letter(), written_at=twilio.simulator.now())
    twilio.simulator.age(first.vendor_id, timedelta(minutes=5))
    assert await twilio.channel.look(twilio.account, again) is None
    second = await twilio.channel.send(twilio.account, again)
    assert await twilio.channel.look(twilio.account, again) == second
    late = replace(again, written_at=twilio.simulator.now() - timedelta(days=3))
    twilio.simulator.age(first.vendor_id, timedelta(days=9))
    twilio.simulator.age(second.vendor_id, timedelta(days=2))
    assert await twilio.channel.look(twilio.account, late) == second


async def test_other_words_other_numbers_and_what_guests_wrote_are_not_the_letter(
    twilio: PlayedTwilio,
) -> None:
    letter = twilio.letter()
    carried = await twilio.channel.send(twilio.account, twilio.letter("something else"))
    await twilio.channel.send(twilio.account, twilio.letter(to="+51911222333"))
    twilio.simulator.messages[carried.vendor_id].body = letter.body
    twilio.simulator.messages[carried.vendor_id].direction = "inbound"
    assert await twilio.channel.look(twilio.account, letter) is None


async def test_a_trial_accounts_prefix_does_not_hide_the_letter(twilio: PlayedTwilio) -> None:
    letter = twilio.letter()
    carried = await twilio.channel.send(twilio.account, letter)
    text = twilio.simulator.messages[carried.vendor_id]
    text.body = f"Sent from your Twilio trial account - {text.body}"
    found = await twilio.channel.look(twilio.account, letter)
    assert found is not None


async def test_a_list_that_cannot_be_read_is_no_proof_that_nothing_was_sent(
    twilio: PlayedTwilio,
) -> None:
    letter = twilio.letter()
    for fault in (
        Fault(FaultKind.GARBAGE_AFTER),
        Fault(FaultKind.STATUS_AFTER, status=200, body={"messages": None}),
        Fault(FaultKind.STATUS_AFTER, status=503, body={"code": 20503}),
    ):
        twilio.stage.add_fault(fault)
        with pytest.raises(ChannelSilentError):
            await twilio.channel.look(twilio.account, letter)


async def test_a_messaging_service_takes_the_place_of_a_number(twilio: PlayedTwilio) -> None:
    account = twilio.account_of(twilio.credentials() | {"messaging_service_sid": "MG" + "1" * 32})
    await twilio.channel.send(account, twilio.letter())
    [heard] = twilio.stage.heard("/Messages.json", method="POST")
    assert b"MessagingServiceSid=MG1" in heard.body
    assert b"From=" not in heard.body


async def test_the_callback_keeps_its_own_query_and_names_the_letter(twilio: PlayedTwilio) -> None:
    letter = replace(twilio.letter(), key="a key/with &")
    await twilio.channel.send(twilio.account, letter)
    [text] = twilio.simulator.messages.values()
    assert text.callback == f"{STATUS_URL}&key=a+key%2Fwith+%26"
    call = call_of(twilio.simulator.progress(text.sid, "delivered"))
    assert twilio.channel.hear(twilio.account, call).news[0].key == letter.key


async def test_a_picture_without_a_word_is_heard_as_one(twilio: PlayedTwilio) -> None:
    told = twilio.simulator.written(STATUS_URL, sender="+51987654321", body="", NumMedia="1")
    [incoming] = twilio.channel.hear(twilio.account, call_of(told)).incoming
    assert incoming.text == "[media]"
