"""Redvoiss alone: Chilean numbers, and everything that is only told to who asks."""

import json
from datetime import UTC, datetime

import pytest

from cloud_api.messaging.channels.redvoiss import chilean_mobile
from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelSilentError,
    RecipientRefusedError,
)
from cloud_api.messaging.types import MessageState
from portero.simulators.kit import Fault, FaultKind
from tests.cloud_api.messaging.channels.stage import PlayedRedvoiss


@pytest.mark.parametrize(
    "written",
    ["+56961234567", "56961234567", "961234567", "+56 9 6123-4567", "(+56) 9 6123 4567"],
)
def test_a_chilean_mobile_is_one_number_however_it_is_written(written: str) -> None:
    assert chilean_mobile(written) == "+56961234567"


@pytest.mark.parametrize(
    "written",
    ["", "61234567", "+56 2 2123 4567", "+5696123456", "+569612345678", "+51987654321", "x"],
)
def test_what_is_no_chilean_mobile_is_refused(written: str) -> None:
    with pytest.raises(RecipientRefusedError):
        chilean_mobile(written)


async def test_our_key_names_the_batch_and_its_only_message(redvoiss: PlayedRedvoiss) -> None:
    letter = redvoiss.letter()
    carried = await redvoiss.channel.send(redvoiss.account, letter)
    batch = redvoiss.simulator.batches[int(carried.vendor_id)]
    assert (batch.name, batch.details) == (letter.key, [(redvoiss.good, letter.key)])
    [heard] = redvoiss.stage.heard("/sendWithReply")
    assert json.loads(heard.body)["isCommercial"] is False


async def test_without_a_way_back_nobody_is_asked_for_replies(redvoiss: PlayedRedvoiss) -> None:
    account = redvoiss.account_of(redvoiss.credentials() | {"replies": "no"})
    carried = await redvoiss.channel.send(account, redvoiss.letter())
    await redvoiss.channel.poll(account, [carried.vendor_id])
    assert len(redvoiss.stage.heard("/send")) == 1
    assert redvoiss.stage.heard("/replies") == []


@pytest.mark.parametrize(
    ("status", "state", "detail"),
    [
        ("ENVIO PENDIENTE", MessageState.SENT, ""),
        ("ENVIADO", MessageState.SENT, ""),
        ("RECIBIDO", MessageState.DELIVERED, ""),
        ("FALLIDO", MessageState.FAILED, "undeliverable"),
    ],
)
async def test_who_asks_learns_the_status(
    redvoiss: PlayedRedvoiss, status: str, state: MessageState, detail: str
) -> None:
    letter = redvoiss.letter()
    carried = await redvoiss.channel.send(redvoiss.account, letter)
    redvoiss.simulator.progress(int(carried.vendor_id), status)
    told = [await redvoiss.channel.poll(redvoiss.account, [carried.vendor_id]) for _ in range(3)]
    [news] = told[0].news
    assert (news.vendor_id, news.key) == (carried.vendor_id, letter.key)
    assert (news.state, news.detail) == (state, detail)
    assert told == told[:1] * 3


async def test_a_reply_is_from_the_batchs_only_number(redvoiss: PlayedRedvoiss) -> None:
    carried = await redvoiss.channel.send(redvoiss.account, redvoiss.letter())
    redvoiss.simulator.written(int(carried.vendor_id), "¡Gracias! 😀")
    redvoiss.simulator.written(int(carried.vendor_id), "¿A qué hora?")
    told = await redvoiss.channel.poll(redvoiss.account, [carried.vendor_id])
    assert [each.text for each in told.incoming] == ["¡Gracias! 😀", "¿A qué hora?"]
    assert {each.sender for each in told.incoming} == {redvoiss.good}
    assert {each.reply_to_vendor_id for each in told.incoming} == {carried.vendor_id}
    assert len({each.event_id for each in told.incoming}) == 2
    assert told.incoming[0].happened_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


async def test_a_strange_batch_does_not_hide_the_others(redvoiss: PlayedRedvoiss) -> None:
    carried = await redvoiss.channel.send(redvoiss.account, redvoiss.letter())
    told = await redvoiss.channel.poll(redvoiss.account, ["1", carried.vendor_id])
    assert [news.vendor_id for news in told.news] == [carried.vendor_id]


async def test_what_cannot_be_a_batch_is_not_asked_for(redvoiss: PlayedRedvoiss) -> None:
    await redvoiss.channel.poll(redvoiss.account, ["../greet", "", "1/../2", "٣"])
    assert redvoiss.stage.journal == []


async def test_a_reply_to_several_people_is_nobodys(redvoiss: PlayedRedvoiss) -> None:
    """The vendor does not say who wrote it, and whoever is guessed may be another guest."""
    carried = await redvoiss.channel.send(redvoiss.account, redvoiss.letter())
    batch = redvoiss.simulator.batches[int(carried.vendor_id)]
    batch.details.append(("+56961234568", "another"))
    batch.statuses["+56961234568"] = "ENVIADO"
    redvoiss.simulator.written(batch.number, "STOP")
    told = await redvoiss.channel.poll(redvoiss.account, [carried.vendor_id])
    assert told.incoming == ()


async def test_an_empty_batch_says_nothing(redvoiss: PlayedRedvoiss) -> None:
    carried = await redvoiss.channel.send(redvoiss.account, redvoiss.letter())
    redvoiss.simulator.batches[int(carried.vendor_id)].statuses.clear()
    told = await redvoiss.channel.poll(redvoiss.account, [carried.vendor_id])
    assert (told.news, told.incoming) == ((), ())


async def test_a_bare_500_is_a_silence_whatever_its_reason(redvoiss: PlayedRedvoiss) -> None:
    redvoiss.simulator.blacklist.add(redvoiss.good)
    with pytest.raises(ChannelSilentError):
        await redvoiss.channel.send(redvoiss.account, redvoiss.letter())


async def test_an_answer_without_a_batch_means_that_none_was_made(
    redvoiss: PlayedRedvoiss,
) -> None:
    fault = Fault(FaultKind.STATUS_BEFORE, status=200, body={"batchId": None})
    redvoiss.stage.add_fault(fault)
    with pytest.raises(ChannelAccountError):
        await redvoiss.channel.send(redvoiss.account, redvoiss.letter())


async def test_statuses_that_cannot_be_read_are_no_news(redvoiss: PlayedRedvoiss) -> None:
    carried = await redvoiss.channel.send(redvoiss.account, redvoiss.letter())
    redvoiss.stage.add_fault(Fault(FaultKind.GARBAGE_AFTER, path="/status"))
    with pytest.raises(ChannelSilentError):
        await redvoiss.channel.poll(redvoiss.account, [carried.vendor_id])
