"""Does the cloud learn every fact, once it can, and can it make the house repeat itself?"""

import asyncio
from datetime import timedelta
from uuid import uuid4

from protocol.envelope import Flaw, Kind
from protocol.facts import GENESIS, Again, Alarmed, FactBatch, Receipt, fact_hash
from protocol.house import ClockState, CurrentAnswer, CurrentQuery, HouseStatus
from protocol.ids import HouseId
from protocol.keys import CloudKey, KeyUse
from tests.edge_agent.lockd_kit import (
    CLOUD,
    NEXT_CLOUD,
    Lockd,
    a_key,
    a_key_document,
    running,
    signed,
)
from tests.edge_agent.policy_kit import HOUSE, NOON, a_grant, named

SECRET = "5e" * 32


async def names(lockd: Lockd) -> list[str]:
    return [each.body.name for each in await lockd.facts() if isinstance(each.body, Alarmed)]


async def batch(lockd: Lockd, limit: int = 200) -> list[str]:
    frame = await lockd.client.facts(limit=limit)
    return [] if frame is None else list(lockd.read(frame, Kind.FACTS, FactBatch).facts)


def receipt(through: int, head: str) -> bytes:
    return signed(Kind.RECEIPT, Receipt(house=HOUSE, through=through, head=head))


async def test_facts_are_handed_out_once_until_rewound(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    first = await batch(lockd, 2)
    rest = await batch(lockd)
    assert len(first) == 2
    assert await batch(lockd) == []
    await lockd.client.rewind_facts()
    assert await batch(lockd) == [*first, *rest]


async def test_a_receipt_with_the_right_head_is_believed(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    facts = await batch(lockd)
    await lockd.take("receipt", receipt(2, fact_hash(facts[1].encode())))
    state = await lockd.client.state()
    assert (state.facts_acknowledged, state.facts_through) == (2, len(facts))
    await lockd.client.rewind_facts()
    assert await batch(lockd) == facts[2:]
    await lockd.take("receipt", receipt(0, GENESIS))
    assert (await lockd.client.state()).facts_acknowledged == 2


async def test_a_receipt_for_another_history_is_an_alarm(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    for _ in range(3):
        await lockd.take("receipt", receipt(2, "ab" * 32))
    await lockd.take("receipt", receipt(999, "ab" * 32))
    assert (await lockd.client.state()).facts_acknowledged == 0
    assert await names(lockd) == ["receipt_head_differs", "receipt_head_differs"]


async def test_a_key_that_may_not_sign_receipts_signs_none(lockd: Lockd) -> None:
    live_only = CloudKey(kid=CLOUD.kid, public_key=CLOUD.public_hex, uses=frozenset({KeyUse.LIVE}))
    await lockd.take("keys", a_key_document(live_only))
    taken = await lockd.client.take("receipt", receipt(0, GENESIS))
    assert taken.flaw is Flaw.UNKNOWN_KEY


async def test_the_cloud_can_ask_again_from_any_kept_fact(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    facts = await batch(lockd)
    await lockd.take("receipt", receipt(len(facts), fact_hash(facts[-1].encode())))
    assert await batch(lockd) == []
    await lockd.take("again", signed(Kind.AGAIN, Again(house=HOUSE, from_sequence=2)))
    assert await batch(lockd) == facts[1:]
    await lockd.take("again", signed(Kind.AGAIN, Again(house=HOUSE, from_sequence=10_000)))
    assert await batch(lockd) == []


async def test_waiting_for_facts_ends_when_there_is_one(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    while await batch(lockd):
        pass
    assert not await lockd.client.wait_for_facts(timeout_seconds=0.05)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(lockd.client.wait_for_facts(timeout_seconds=10))
        await asyncio.sleep(0.05)
        await lockd.sign_in(SECRET)
    assert waiting.result()
    assert await lockd.client.wait_for_facts(timeout_seconds=10)


async def test_status_and_question_tell_where_the_house_stands(lockd: Lockd) -> None:
    ack = await lockd.settle_in(a_grant())
    status = lockd.read(
        await lockd.client.status(online=True, session="ab" * 16), Kind.STATUS, HouseStatus
    )
    query = lockd.read(await lockd.client.query(), Kind.CURRENT_QUERY, CurrentQuery)
    assert status.position == query.position == ack.position
    assert (status.online, status.session, status.key_document) == (True, "ab" * 16, 1)
    assert status.clock is ClockState.TRUSTED
    facts = await lockd.facts()
    assert query.facts_through == len(facts)
    assert query.facts_head == fact_hash(facts[-1].to_bytes())


async def answered(lockd: Lockd, *, late: timedelta, off: timedelta = timedelta(0)) -> bytes:
    query = lockd.read(await lockd.client.query(), Kind.CURRENT_QUERY, CurrentQuery)
    lockd.clock.pass_time(late)
    answer = CurrentAnswer(
        house=HOUSE,
        nonce=query.nonce,
        now=lockd.clock.now + off,
        position=None,
        key_document=1,
        facts_received=0,
    )
    return signed(Kind.CURRENT_ANSWER, answer)


async def test_signed_time_counts_once_and_only_when_asked_for(lockd: Lockd) -> None:
    await lockd.take("keys", a_key_document())
    answer = await answered(lockd, late=timedelta(seconds=1))
    await lockd.take("current", answer)
    assert (await lockd.client.state()).clock == "trusted"
    assert (await lockd.client.take("current", answer)).flaw is Flaw.BAD_BODY


async def test_an_old_capture_of_signed_time_gives_no_time(lockd: Lockd) -> None:
    await lockd.take("keys", a_key_document())
    old = await answered(lockd, late=timedelta(0))
    lockd.task.cancel()
    await asyncio.wait({lockd.task})
    lockd.clock.reboot(off=timedelta(days=3))
    async with running(lockd.client._socket.parent, lockd.clock, lockd.hardware) as again:
        assert (await again.client.take("current", old)).flaw is Flaw.BAD_BODY
        assert (await again.client.state()).clock == "time_unknown"


async def test_an_answer_that_took_too_long_gives_no_time(lockd: Lockd) -> None:
    await lockd.take("keys", a_key_document())
    await lockd.take("current", await answered(lockd, late=timedelta(seconds=31)))
    assert (await lockd.client.state()).clock == "time_unknown"


async def test_a_cloud_whose_clock_fell_back_is_told_and_changes_nothing(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    back = await answered(lockd, late=timedelta(0), off=-timedelta(hours=1))
    await lockd.take("current", back)
    assert await names(lockd) == ["clock_witness_behind"]
    ahead = await answered(lockd, late=timedelta(0), off=timedelta(hours=1))
    await lockd.take("current", ahead)
    assert await names(lockd) == ["clock_witness_behind", "clock_moved_on"]


async def test_a_withdrawn_key_closes_the_book_until_a_new_one_comes(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    await lockd.take("keys", a_key_document(a_key(NEXT_CLOUD), version=2, issued_at=NOON))
    state = await lockd.client.state()
    assert state.version is None
    assert "book_key_withdrawn" in await names(lockd)


async def test_bodies_for_another_house_are_refused_on_every_channel(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant())
    other = HouseId(named("elsewhere"))
    frames = {
        "receipt": signed(Kind.RECEIPT, Receipt(house=other, through=0, head=GENESIS)),
        "again": signed(Kind.AGAIN, Again(house=other, from_sequence=1)),
        "current": signed(
            Kind.CURRENT_ANSWER,
            CurrentAnswer(
                house=other,
                nonce=uuid4().hex,
                now=NOON,
                position=None,
                key_document=1,
                facts_received=0,
            ),
        ),
    }
    for channel, frame in frames.items():
        taken = await lockd.client.take(channel, frame)
        assert taken.flaw is Flaw.WRONG_HOUSE, channel
