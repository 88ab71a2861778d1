"""Does every frame get to lockd, and every answer to the cloud?"""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import aiomqtt

from edge_agent.link.client import Link, Pace
from portero.local.broker import LocalBroker
from protocol.envelope import Kind
from protocol.facts import Again, FactBatch, Receipt
from protocol.house import CurrentAnswer, CurrentQuery, HouseStatus, SnapshotAck
from protocol.ids import CommandId, GrantId, HouseId, LockId
from protocol.live import CommandOutcome, LiveCommand, NonceGrant, NonceRequest, Outcome
from protocol.topics import Down, Up, up
from tests.edge_agent.courier_peer import CourierPeer
from tests.edge_agent.doorman import Doorman, a_snapshot
from tests.edge_agent.link_kit import link_to, running, until


async def test_a_snapshot_comes_down_and_its_acknowledgement_goes_up(
    link: Link, courier: CourierPeer, doorman: Doorman, house: HouseId
) -> None:
    async with running(link):
        await courier.send(Down.SNAPSHOT, Kind.SNAPSHOT, a_snapshot(house, 1), retain=True)
        ack = await courier.next(Up.ACK, Kind.SNAPSHOT_ACK, SnapshotAck, doorman.signer.public_hex)
    assert ack.position is not None
    assert ack.position.version == 1


async def test_a_snapshot_retained_before_the_house_came_is_applied_at_connect(
    link: Link, courier: CourierPeer, doorman: Doorman, house: HouseId
) -> None:
    await courier.send(Down.SNAPSHOT, Kind.SNAPSHOT, a_snapshot(house, 3), retain=True)
    async with running(link):
        await until(lambda: doorman.position is not None)
    assert doorman.position is not None
    assert doorman.position.version == 3


async def test_at_connect_the_house_says_it_is_online_and_asks_what_is_current(
    link: Link, courier: CourierPeer, doorman: Doorman
) -> None:
    key = doorman.signer.public_hex
    async with running(link):
        status = await courier.next(Up.STATUS, Kind.STATUS, HouseStatus, key)
        query = await courier.next(Up.CURRENT, Kind.CURRENT_QUERY, CurrentQuery, key)
    assert status.online
    assert query.nonce == doorman.queries[0]


async def test_it_asks_again_every_round(
    broker: LocalBroker, house: HouseId, doorman: Doorman
) -> None:
    link = link_to(broker.port, house, doorman, pace=Pace(query_seconds=0.05))
    async with running(link):
        await until(lambda: len(doorman.queries) >= 5)


async def test_an_orderly_stop_leaves_a_retained_signed_offline_status(
    link: Link, courier: CourierPeer, broker: LocalBroker, doorman: Doorman, house: HouseId
) -> None:
    async with running(link):
        pass
    assert not (await _retained_status(broker, house)).online


async def test_a_killed_agent_is_declared_offline_by_its_last_will(
    broker: LocalBroker, house: HouseId, doorman: Doorman, courier: CourierPeer
) -> None:
    link = link_to(broker.port, house, doorman)
    key = doorman.signer.public_hex
    async with running(link):
        online = await courier.next(Up.STATUS, Kind.STATUS, HouseStatus, key)
        await _take_over(broker, house)  # the broker drops us as if the line had been cut
        offline = await courier.next(Up.STATUS, Kind.STATUS, HouseStatus, key)
    assert online.online
    assert not offline.online
    assert offline.session == online.session


async def test_a_remote_command_gets_its_nonce_and_its_true_outcome(
    link: Link, courier: CourierPeer, doorman: Doorman, house: HouseId
) -> None:
    key = doorman.signer.public_hex
    command, grant, lock = CommandId(uuid4()), GrantId(uuid4()), LockId(uuid4())
    async with running(link):
        asked = NonceRequest(house=house, command=command, grant=grant, lock=lock, move="open")
        await courier.send(Down.ASK, Kind.NONCE_REQUEST, asked)
        given = await courier.next(Up.NONCE, Kind.NONCE_GRANT, NonceGrant, key)
        assert given.nonce is not None
        live = LiveCommand(
            house=house, command=command, grant=grant, lock=lock, move="open", nonce=given.nonce
        )
        await courier.send(Down.COMMAND, Kind.COMMAND, live)
        outcome = await courier.next(Up.OUTCOME, Kind.OUTCOME, CommandOutcome, key)
    assert outcome.outcome is Outcome.OPENED
    assert doorman.opened == 1


async def test_facts_go_up_as_they_happen(
    link: Link, courier: CourierPeer, doorman: Doorman
) -> None:
    key = doorman.signer.public_hex
    doorman.record("before the line")
    async with running(link):
        first = await courier.next(Up.FACTS, Kind.FACTS, FactBatch, key)
        doorman.record("while on the line")
        second = await courier.next(Up.FACTS, Kind.FACTS, FactBatch, key)
    assert '"before the line"' in first.facts[0]
    assert '"while on the line"' in second.facts[0]


async def test_facts_without_a_receipt_are_told_again_on_a_new_line(
    broker: LocalBroker, courier: CourierPeer, doorman: Doorman, house: HouseId
) -> None:
    key = doorman.signer.public_hex
    doorman.record("one")
    for _ in range(2):
        async with running(link_to(broker.port, house, doorman)):
            batch = await courier.next(Up.FACTS, Kind.FACTS, FactBatch, key)
            assert '"one"' in batch.facts[0]


async def test_a_receipt_ends_the_repeats_and_again_starts_them(
    broker: LocalBroker, courier: CourierPeer, doorman: Doorman, house: HouseId
) -> None:
    key = doorman.signer.public_hex
    doorman.record("one")
    link = link_to(broker.port, house, doorman)
    async with running(link):
        await courier.next(Up.FACTS, Kind.FACTS, FactBatch, key)
        receipt = Receipt(house=house, through=1, head="0" * 64)
        await courier.send(Down.RECEIPT, Kind.RECEIPT, receipt)
        await until(lambda: doorman.acknowledged == 1)
        await courier.send(Down.AGAIN, Kind.AGAIN, Again(house=house, from_sequence=1))
        again = await courier.next(Up.FACTS, Kind.FACTS, FactBatch, key)
    assert '"one"' in again.facts[0]


async def test_a_cloud_that_answers_but_lost_the_facts_hears_them_again_by_itself(
    broker: LocalBroker, courier: CourierPeer, doorman: Doorman, house: HouseId
) -> None:
    key = doorman.signer.public_hex
    doorman.record("one")
    link = link_to(broker.port, house, doorman, pace=Pace(query_seconds=0.2))
    async with running(link):
        await courier.next(Up.FACTS, Kind.FACTS, FactBatch, key)
        await courier.send(Down.CURRENT, Kind.CURRENT_ANSWER, _answer(house))
        await courier.next(Up.FACTS, Kind.FACTS, FactBatch, key)


async def test_a_silent_cloud_is_not_flooded_with_repeats(
    broker: LocalBroker, courier: CourierPeer, doorman: Doorman, house: HouseId
) -> None:
    doorman.record("one")
    link = link_to(broker.port, house, doorman, pace=Pace(query_seconds=0.05))
    async with running(link):
        await until(lambda: len(doorman.queries) >= 5)
    assert link.counters.sent["facts"] == 1


async def test_a_slow_command_does_not_hold_up_the_book(
    link: Link, courier: CourierPeer, doorman: Doorman, house: HouseId
) -> None:
    doorman.slow_channels["command"] = 30
    async with running(link):
        for _ in range(3):
            await courier.send_raw(Down.COMMAND, b"a command that takes its time")
        await courier.send(Down.SNAPSHOT, Kind.SNAPSHOT, a_snapshot(house, 1), retain=True)
        await until(lambda: doorman.position is not None, seconds=1)
    assert doorman.taken == ["snapshot"]


async def _retained_status(broker: LocalBroker, house: HouseId) -> HouseStatus:
    client = aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5)
    async with client, asyncio.timeout(5):
        await client.subscribe(up(house, Up.STATUS), qos=1)
        async for message in client.messages:
            return HouseStatus.from_bytes(bytes(message.payload).split(b"\n", 1)[1])
    raise AssertionError("no status")


async def _take_over(broker: LocalBroker, house: HouseId) -> None:
    thief = aiomqtt.Client(
        "127.0.0.1", broker.port, identifier=str(house), protocol=aiomqtt.ProtocolVersion.V5
    )
    async with thief:
        pass


def _answer(house: HouseId) -> CurrentAnswer:
    return CurrentAnswer(
        house=house,
        nonce="0" * 32,
        now=datetime(2030, 1, 1, tzinfo=UTC),
        position=None,
        key_document=0,
        facts_received=0,
    )


async def test_a_broker_that_is_back_before_the_cloud_is_asked_again_at_once(
    broker: LocalBroker, house: HouseId, doorman: Doorman
) -> None:
    """What an earlier connection heard answers nothing that this one asks."""
    pace = Pace(query_seconds=60, first_retry_seconds=0.02)
    link = link_to(broker.port, house, doorman, pace=pace)
    link.counters.received["current"] = 5
    async with running(link):
        await until(lambda: len(doorman.queries) >= 3)
