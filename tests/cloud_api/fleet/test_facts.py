"""No fact is lost, doubled, slipped in or altered on its way to the cloud."""

from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import text

from cloud_api.courier.post import Received
from cloud_api.courier.uplink import Uplink
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.ports import Desk
from cloud_api.kit.clock import SystemClock
from protocol.access import name_context
from protocol.envelope import Kind
from protocol.facts import Alarmed, FactBatch, Requested, Started
from protocol.ids import GrantId, RequestId
from protocol.sealing import seal_for
from protocol.topics import Down, Up, up
from tests.cloud_api.fleet.house_on_the_wire import WireHouse, utc_now
from tests.cloud_api.fleet.stage import Scene, StartCourier


@pytest.fixture
def uplink(scene: Scene, keyring: Keyring) -> Uplink:
    """The courier's way in, without a broker: what it would publish is what it answers."""
    desk = Desk(keyring.live(), SystemClock(), keyring.opener())
    return Uplink(scene.database, desk)


def facts(house: WireHouse, first: int, last: int) -> Received:
    return Received(up(house.id, Up.FACTS), house.batch(first, last))


async def deliver(uplink: Uplink, house: WireHouse, received: Received) -> list[Down]:
    """Hand over, and give the house the answers."""
    letters = await uplink.take(received)
    for letter in letters:
        if letter.channel is Down.RECEIPT:
            await house.take_receipt(letter.frame)
    return [letter.channel for letter in letters]


def record(house: WireHouse, count: int) -> None:
    for number in range(count):
        house.record(Alarmed(name="test", detail=f"number {number}"))


async def test_facts_are_kept_receipted_and_told_in_order(
    scene: Scene, start_courier: StartCourier
) -> None:
    record(scene.house, 450)
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.house.send_facts()
        await scene.house.until(lambda: scene.house.receipt == 450, seconds=15)
    told = [event["sequence"] for event in await scene.events("fleet.house_fact_received")]
    assert told == list(range(1, 451))
    assert await scene.value("SELECT count(*) FROM fleet_facts") == 450
    assert scene.house.flaws == []


async def test_what_is_kept_is_exactly_what_the_house_wrote(scene: Scene, uplink: Uplink) -> None:
    exact = scene.house.record(Started(boot="b-1", software="1.2.3"))
    await deliver(uplink, scene.house, facts(scene.house, 1, 1))
    assert await scene.value("SELECT exact FROM fleet_facts") == exact


async def test_twenty_times_the_same_batch_is_one_batch(scene: Scene, uplink: Uplink) -> None:
    record(scene.house, 5)
    for _ in range(20):
        assert await deliver(uplink, scene.house, facts(scene.house, 1, 5)) == [Down.RECEIPT]
    assert scene.house.receipt == 5
    assert len(await scene.events("fleet.house_fact_received")) == 5


async def test_overlapping_batches_add_only_what_is_new(scene: Scene, uplink: Uplink) -> None:
    record(scene.house, 6)
    for first, last in ((1, 3), (2, 5), (1, 6)):
        await deliver(uplink, scene.house, facts(scene.house, first, last))
    assert scene.house.receipt == 6
    assert len(await scene.events("fleet.house_fact_received")) == 6


async def test_a_gap_is_asked_for_and_never_jumped(scene: Scene, uplink: Uplink) -> None:
    record(scene.house, 6)
    assert await deliver(uplink, scene.house, facts(scene.house, 4, 6)) == [
        Down.RECEIPT,
        Down.AGAIN,
    ]
    assert scene.house.receipt == 0
    await deliver(uplink, scene.house, facts(scene.house, 1, 6))
    assert scene.house.receipt == 6


async def test_a_lost_batch_is_asked_for_over_the_wire(
    scene: Scene, start_courier: StartCourier
) -> None:
    record(scene.house, 10)
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.house.say(Up.FACTS, scene.house.batch(6, 10))
        await scene.house.until(lambda: scene.house.receipt == 10)
        assert scene.house.agains == [1]


async def test_a_rewritten_past_is_an_alarm_and_changes_nothing(
    scene: Scene, uplink: Uplink
) -> None:
    record(scene.house, 3)
    await deliver(uplink, scene.house, facts(scene.house, 1, 3))
    forger = WireHouse(scene.house.id)
    forger.signer = scene.house.signer
    forger.record(Alarmed(name="other", detail="another past"))
    assert await deliver(uplink, scene.house, facts(forger, 1, 1)) == []
    assert len(await scene.events("fleet.facts_forked")) == 1
    record(forger, 3)
    await deliver(uplink, scene.house, facts(forger, 4, 4))
    assert await scene.value("SELECT count(*) FROM fleet_facts") == 3
    assert len(await scene.events("fleet.house_fact_received")) == 3


async def test_every_altered_byte_is_refused(scene: Scene, uplink: Uplink) -> None:
    record(scene.house, 1)
    frame = scene.house.batch(1, 1)
    for place in range(0, len(frame), 7):
        altered = frame[:place] + bytes([frame[place] ^ 1]) + frame[place + 1 :]
        assert await uplink.take(Received(up(scene.house.id, Up.FACTS), altered)) == ()
    assert await scene.value("SELECT count(*) FROM fleet_facts") == 0
    assert await scene.value("SELECT sum(times) FROM fleet_bad_message_counts") == len(
        range(0, len(frame), 7)
    )


async def test_another_houses_facts_are_refused(scene: Scene, uplink: Uplink) -> None:
    other = WireHouse(uuid4())
    other.signer = scene.house.signer
    record(other, 1)
    assert await uplink.take(Received(up(scene.house.id, Up.FACTS), other.batch(1, 1))) == ()
    assert await scene.value("SELECT flaw FROM fleet_bad_messages") == "wrong_house"


async def test_a_fact_of_a_newer_house_is_kept_unread(scene: Scene, uplink: Uplink) -> None:
    known = scene.house.record(Started(boot="b", software="9"))
    strange = known.replace('"kind":"started"', '"kind":"levitated"')
    assert strange != known
    scene.house.facts[-1] = strange
    record(scene.house, 1)
    await deliver(uplink, scene.house, facts(scene.house, 1, 2))
    first, second = await scene.events("fleet.house_fact_received")
    assert (first["kind"], first["understood"]) == ("levitated", False)
    assert (second["kind"], second["understood"]) == ("alarm", True)


async def test_a_companions_name_is_opened_for_the_cloud(
    scene: Scene, uplink: Uplink, keyring: Keyring
) -> None:
    request = uuid4()
    box = seal_for(
        keyring.opener().public_hex,
        b"Grace",
        context=name_context(scene.house.id, request),
        ephemeral_seed=b"7" * 32,
    )
    scene.house.record(
        Requested(
            request=RequestId(request),
            parent=GrantId(uuid4()),
            rights=("music:control",),
            name_box=box,
            expires_at=utc_now(),
        )
    )
    await deliver(uplink, scene.house, facts(scene.house, 1, 1))
    assert (await scene.events("fleet.house_fact_received"))[0]["asker"] == "Grace"


async def test_nul_in_a_fact_breaks_nothing(scene: Scene, uplink: Uplink) -> None:
    scene.house.record(Alarmed(name="nul", detail="\x00"))
    assert await uplink.take(facts(scene.house, 1, 1)) == ()
    assert await scene.value("SELECT flaw FROM fleet_bad_messages") == "bad_body"


async def test_a_cloud_restored_from_an_old_backup_asks_for_what_it_lost(
    scene: Scene, start_courier: StartCourier
) -> None:
    record(scene.house, 8)
    async with start_courier():
        async with scene.house.online(scene.broker.port):
            await scene.house.send_facts()
            await scene.house.until(lambda: scene.house.receipt == 8)
        async with scene.database.transaction() as session:
            await session.execute(text("DELETE FROM fleet_facts WHERE sequence > 3"))
            head = await session.scalar(text("SELECT hash FROM fleet_facts WHERE sequence = 3"))
            await session.execute(
                text("UPDATE fleet_houses SET facts_through = 3, facts_head = :head"),
                {"head": head},
            )
        async with scene.house.online(scene.broker.port):
            await scene.until_value("SELECT facts_through FROM fleet_houses", 8)
    assert scene.house.agains == [4]
    async with scene.database.transaction() as session:
        rows = (
            await session.execute(text("SELECT hash, exact FROM fleet_facts ORDER BY sequence"))
        ).all()
    assert all(first.hash in second.exact for first, second in pairwise(rows))


async def test_an_empty_or_huge_batch_is_refused(scene: Scene, uplink: Uplink) -> None:
    empty = FactBatch.model_construct(house=scene.house.id, facts=())
    await uplink.take(Received(up(scene.house.id, Up.FACTS), scene.house.seal(Kind.FACTS, empty)))
    await uplink.take(Received(up(scene.house.id, Up.FACTS), b"x" * 300_000))
    async with scene.database.transaction() as session:
        flaws = set(await session.scalars(text("SELECT flaw FROM fleet_bad_messages")))
    assert flaws == {"bad_body", "too_large"}
