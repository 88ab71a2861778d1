"""What every channel promises, whoever its vendor is."""

import logging
from dataclasses import replace
from itertools import permutations

import pytest

from cloud_api.kit.outgoing import Outgoing
from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelBusyError,
    ChannelError,
    ChannelSilentError,
    ChannelUnreachableError,
    ForgedCallError,
    RecipientRefusedError,
)
from cloud_api.messaging.types import Call, Letter, MessageState
from portero.simulators.kit import Fault, FaultKind
from tests.cloud_api.messaging.channels.stage import PLAYS, Played

WORDS = [
    "Your key is ready: https://portero.example/k/abc",
    "مفتاحك جاهز، تفضل بالدخول",
    "¡Llegó la llave! 🗝️🏡👨‍👩‍👧 à bientôt",
    "first line\nsecond line & 100 % = done + more",
]


@pytest.mark.parametrize("words", WORDS)
async def test_a_letter_arrives_with_exactly_its_words(played: Played, words: str) -> None:
    letter = played.letter(words)
    carried = await played.channel.send(played.account, letter)
    [said] = played.said()
    assert (said.to, said.words) == (played.good, words)
    assert said.key in {letter.key, None}
    assert (carried.state, bool(carried.vendor_id)) == (MessageState.SENT, True)


async def test_nobody_there_is_refused_by_a_stable_code_and_nothing_leaves(played: Played) -> None:
    for to, code in played.refused():
        with pytest.raises(RecipientRefusedError) as refused:
            await played.channel.send(played.account, played.letter(to=to))
        assert (to, refused.value.code) == (to, code)
        assert to not in str(refused.value)
    assert played.said() == []


async def test_too_many_requests_wait_as_long_as_the_vendor_wants(played: Played) -> None:
    if not played.tells_waits:
        played.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, status=429))
    expected = played.be_busy() if played.tells_waits else 30.0
    with pytest.raises(ChannelBusyError) as busy:
        await played.channel.send(played.account, played.letter())
    assert busy.value.retry_after_seconds == expected
    assert played.said() == []


async def test_wrong_or_missing_credentials_are_for_a_person_to_mend(played: Played) -> None:
    needed = {"account_sid", "auth_token", "access_token", "phone_number_id", "bot_token"}
    needed |= {"username", "password", "from"}
    for name in needed & set(played.credentials()):
        for value in ("", "wrong", "ключ", "two\nlines", "../x?y=1#", "\x00"):
            account = played.account_of(played.credentials() | {name: value})
            with pytest.raises(ChannelAccountError):
                await played.channel.send(account, played.letter())
    assert played.said() == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.CUT_AFTER),
        Fault(FaultKind.GARBAGE_AFTER),
        Fault(FaultKind.STATUS_AFTER, status=500),
        Fault(FaultKind.STATUS_AFTER, status=502),
        Fault(FaultKind.STATUS_AFTER, status=408),
        Fault(FaultKind.STATUS_AFTER, status=200),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_an_answer_lost_after_it_was_done_is_a_silence_and_looking_is_honest(
    played: Played, fault: Fault
) -> None:
    letter = played.letter()
    played.stage.add_fault(Fault(fault.kind, path=played.path, status=fault.status))
    with pytest.raises(ChannelSilentError):
        await played.channel.send(played.account, letter)
    assert len(played.said()) == 1
    if played.can_look:
        found = await played.channel.look(played.account, letter)
        assert found is not None
        assert found.state is MessageState.SENT
    else:
        with pytest.raises(ChannelSilentError):
            await played.channel.look(played.account, letter)
    assert len(played.said()) == 1


async def test_an_answer_lost_before_it_was_done_is_a_silence_too(played: Played) -> None:
    letter = played.letter()
    played.stage.add_fault(Fault(FaultKind.CUT_BEFORE, path=played.path))
    with pytest.raises(ChannelSilentError):
        await played.channel.send(played.account, letter)
    if played.can_look:
        assert await played.channel.look(played.account, letter) is None
    else:
        with pytest.raises(ChannelSilentError):
            await played.channel.look(played.account, letter)
    assert played.said() == []


async def test_a_vendor_out_of_reach_has_surely_sent_nothing(played: Played) -> None:
    async with Outgoing({played.vendor: "http://127.0.0.1:9"}) as nowhere:
        channel = type(played.channel)(nowhere)  # type: ignore[call-arg] # every channel takes the way out
        with pytest.raises(ChannelUnreachableError):
            await channel.send(played.account, played.letter())


async def test_no_letter_is_cut_short(played: Played) -> None:
    words = "0123456789 " * 1000
    for length in (played.longest, played.longest + 1):
        letter = played.letter(words[:length].strip().ljust(length, "!"))
        if length > played.longest and not played.splits:
            with pytest.raises(ChannelAccountError):
                await played.channel.send(played.account, letter)
            assert len(played.said()) == 1
        else:
            await played.channel.send(played.account, letter)
    whole = "".join(each.words.replace(" ", "") for each in played.said())
    assert whole.startswith(words[: played.longest - 20].replace(" ", ""))


async def test_a_genuine_message_is_heard_with_its_words(calling: Played) -> None:
    for words in WORDS:
        call, sender = calling.written(words)
        [incoming] = calling.channel.hear(calling.account, call).incoming
        assert (incoming.sender, incoming.text) == (sender, words)


async def test_what_somebody_writes_can_be_stored(calling: Played) -> None:
    """PostgreSQL keeps every character but one."""
    call, _ = calling.written("a\x00b")
    assert calling.channel.hear(calling.account, call).incoming[0].text == "ab"


async def test_the_same_message_told_again_has_the_same_event_id(calling: Played) -> None:
    first, _ = calling.written("hello")
    second, _ = calling.written("hello")
    ids = [
        incoming.event_id
        for call in [first] * 20 + [second]
        for incoming in calling.channel.hear(calling.account, call).incoming
    ]
    assert (len(ids), len(set(ids))) == (21, 2)


async def test_a_forged_call_is_not_heard(calling: Played) -> None:
    call, _ = calling.written("open the door")
    assert calling.channel.hear(calling.account, call).incoming
    assert [how for how, forged in calling.forged(call) if is_heard(calling, forged)] == []


async def test_whose_vendor_does_not_call_hears_nobody() -> None:
    for play in (play for kind, play in PLAYS.items() if not kind.has_webhooks):
        async with play() as played:
            call = Call("POST", "https://portero.example/webhooks/x", {}, {}, b"{}")
            assert not is_heard(played, call)


def is_heard(played: Played, call: Call) -> bool:
    try:
        played.channel.hear(played.account, call)
    except ForgedCallError:
        return False
    return True


async def test_without_its_secret_nothing_is_heard(calling: Played) -> None:
    """Fail closed: an account half filled in trusts nobody."""
    call, _ = calling.written("open the door")
    bare = replace(call, headers={"content-type": call.headers["content-type"]})
    nobody = calling.account_of({})
    for each in (call, bare, calling.under_no_key()):
        with pytest.raises(ForgedCallError):
            calling.channel.hear(nobody, each)


async def test_statuses_in_any_order_and_twenty_times_tell_the_same(telling: Played) -> None:
    letter = telling.letter()
    carried = await telling.channel.send(telling.account, letter)
    history = telling.history(carried.vendor_id)
    expected = {(carried.vendor_id, letter.key, state) for state, _ in history}
    for order in permutations(history):
        told = [
            (state, news)
            for state, call in order * 20
            for news in telling.channel.hear(telling.account, call).news
        ]
        assert all(news.state is state for state, news in told)
        assert {(news.vendor_id, news.key, news.state) for _, news in told} == expected
        assert len({news.event_id for _, news in told}) == len(history)


async def test_no_secret_and_no_word_of_a_guest_is_in_errors_reprs_or_logs(
    played: Played, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    letter = played.letter("the code is 4711-0815")
    errors = [str(error) for error in await all_failures(played, letter)]
    assert len(errors) > 5
    seen = "\n".join([*errors, caplog.text, capsys.readouterr().err, repr(played.account)])
    seen += repr(letter) + repr(played.channel)
    secrets = {each for name, each in played.credentials().items() if name not in _NO_SECRETS}
    for secret in secrets | {"4711-0815", played.good}:
        assert secret not in seen


_NO_SECRETS = {"account_sid", "from", "phone_number_id", "username"}


async def all_failures(played: Played, letter: Letter) -> list[ChannelError]:
    faults = [
        *(Fault(FaultKind.STATUS_BEFORE, status=status) for status in (400, 401, 404, 429, 503)),
        Fault(FaultKind.CUT_AFTER),
        Fault(FaultKind.GARBAGE_AFTER),
        Fault(FaultKind.STATUS_AFTER, status=302, headers={"location": "http://127.0.0.1:9/"}),
    ]
    errors: list[ChannelError] = []
    for fault in faults:
        played.stage.add_fault(fault)
        with pytest.raises(ChannelError) as failed:
            await played.channel.send(played.account, letter)
        errors.append(failed.value)
    return errors


async def test_two_letters_of_the_same_words_are_two_letters(played: Played) -> None:
    first, second = played.letter(), played.letter()
    await played.channel.send(played.account, first)
    await played.channel.send(played.account, second)
    keys = {each.key for each in played.said()} - {None}
    assert len(played.said()) == 2
    assert keys in ({first.key, second.key}, set())


async def test_a_channel_never_asks_twice_by_itself(played: Played) -> None:
    for kind in FaultKind:
        if kind in {FaultKind.HANG_AFTER, FaultKind.HANG_BEFORE, FaultKind.LATE}:
            continue  # the same silence as a cut, twenty seconds later
        before = len(played.stage.journal)
        played.stage.add_fault(Fault(kind))
        with pytest.raises(ChannelError):
            await played.channel.send(played.account, played.letter())
        assert len(played.stage.journal) == before + 1
