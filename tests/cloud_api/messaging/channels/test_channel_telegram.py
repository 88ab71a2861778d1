"""Telegram alone: long letters in parts, and who may be believed about a number."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.messaging.channels.post import utf16_length
from cloud_api.messaging.channels.telegram import split
from cloud_api.messaging.errors import ChannelSilentError, RecipientRefusedError
from portero.simulators.kit import Fault, FaultKind
from tests.cloud_api.messaging.channels.stage import PlayedTelegram, call_of

LETTERS = st.text(alphabet=st.sampled_from("ab \n🗝é"), min_size=1, max_size=400)


@given(LETTERS, st.integers(min_value=2, max_value=50))
def test_parts_are_short_enough_and_together_the_letter(text: str, most: int) -> None:
    parts = split(text, most=most)
    assert all(utf16_length(part) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_letter_is_cut_between_lines_before_words_before_letters() -> None:
    assert split("one two\nthree four", most=12) == ["one two", "three four"]
    assert split("one two three", most=9) == ["one two", "three"]
    assert split("🗝🗝🗝", most=5) == ["🗝🗝", "🗝"]
    assert split("short") == ["short"]


async def test_a_long_letter_arrives_whole_and_in_order(telegram: PlayedTelegram) -> None:
    lines = [f"{number}: مرحبا 🏡" for number in range(900)]
    carried = await telegram.channel.send(telegram.account, telegram.letter("\n".join(lines)))
    said = [line for each in telegram.said() for line in each.words.split("\n")]
    assert said == lines
    assert carried.detail == f"parts={len(telegram.said())}"
    assert len(telegram.said()) > 1


@pytest.mark.parametrize("status", [429, 403, 500])
async def test_a_letter_that_breaks_off_is_unknown_and_not_begun_again(
    telegram: PlayedTelegram, status: int
) -> None:
    """The first part is with the guest: "surely not sent" would send it twice."""
    await telegram.channel.send(telegram.account, telegram.letter("before"))
    body = {"ok": False, "error_code": status, "description": "x"}
    telegram.stage.add_fault(Fault(FaultKind.LATE))
    telegram.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, status=status, body=body))
    with pytest.raises(ChannelSilentError, match="part 2 of 2"):
        await telegram.channel.send(telegram.account, telegram.letter("word " * 1000))
    assert len(telegram.said()) == 2


async def test_an_address_that_is_no_chat_is_not_even_asked_for(telegram: PlayedTelegram) -> None:
    for to in ("", "abc", "47 11", "-", "@x", "4711\n"):
        letter = replace(telegram.letter(), to=to)
        with pytest.raises(RecipientRefusedError):
            await telegram.channel.send(telegram.account, letter)
    assert telegram.stage.journal == []


async def test_no_preview_opens_the_guests_secret_link(telegram: PlayedTelegram) -> None:
    await telegram.channel.send(telegram.account, telegram.letter("https://portero.example/k/s"))
    assert [each.preview for each in telegram.simulator.messages] == [False]


async def test_a_number_is_believed_of_its_own_owner_alone(telegram: PlayedTelegram) -> None:
    for owner, expected in ((4711, "+51987654321"), (8, None), (None, None)):
        contact: dict[str, object] = {"phone_number": "51987654321", "first_name": "A"}
        if owner is not None:
            contact["user_id"] = owner
        call = call_of(telegram.simulator.written(4711, "", contact=contact))
        [incoming] = telegram.channel.hear(telegram.account, call).incoming
        assert (incoming.phone, incoming.text) == (expected, "[other]")


async def test_an_answer_names_the_message_it_answers(telegram: PlayedTelegram) -> None:
    carried = await telegram.channel.send(telegram.account, telegram.letter())
    earlier = {"message_id": telegram.simulator.messages[0].message_id}
    call = call_of(telegram.simulator.written(4711, "thanks", reply_to_message=earlier))
    [incoming] = telegram.channel.hear(telegram.account, call).incoming
    assert incoming.reply_to_vendor_id == carried.vendor_id


async def test_updates_of_other_kinds_and_nonsense_are_nothing(telegram: PlayedTelegram) -> None:
    call = call_of(telegram.simulator.update(my_chat_member={"chat": {"id": 4711}}))
    assert telegram.channel.hear(telegram.account, call).incoming == ()
    for body in (b"", b"[]", b"\xff", json.dumps({"message": {}}).encode()):
        odd = type(call)(call.method, call.url, call.headers, call.query, body)
        assert telegram.channel.hear(telegram.account, odd).incoming == ()
