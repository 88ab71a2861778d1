"""Whatever comes up: it is counted, kept in bounds and explained, and nothing else happens."""

import asyncio
import random
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from aiomqtt import Client, ProtocolVersion
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from cloud_api.courier.post import Received
from cloud_api.courier.uplink import Uplink
from cloud_api.fleet.facts.rules import read_fact, sort_facts
from cloud_api.fleet.inbox.service import KEPT_A_MINUTE
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.types import DeliveryState
from cloud_api.kit.clock import SystemClock
from protocol.envelope import Kind, seal
from protocol.facts import GENESIS, Alarmed
from protocol.ids import HouseId
from protocol.topics import Up, up
from tests.cloud_api.fleet.house_on_the_wire import WireHouse
from tests.cloud_api.fleet.stage import Cloud, Scene, StartCourier


@pytest.fixture
def uplink(cloud: Cloud, keyring: Keyring) -> Uplink:
    return Uplink(cloud.database, Desk(keyring.live(), SystemClock(), keyring.opener()))


async def state_of(cloud: Cloud) -> object:
    """Everything a message could change, but the refused ones themselves."""
    return await cloud.value(
        "SELECT jsonb_build_array((SELECT to_jsonb(h) FROM fleet_houses h),"
        " (SELECT count(*) FROM fleet_facts), (SELECT count(*) FROM events_outbox))::text"
    )


def deep(house: WireHouse) -> bytes:
    return b"[" * 100_000


def nested_but_signed(house: WireHouse) -> bytes:
    return seal(Kind.STATUS, b'{"house":' + b"[" * 50_000, house.signer)


SHAPES: list[Callable[[WireHouse], bytes]] = [
    lambda _: b"",
    lambda _: b"\x00" * 1000,
    lambda _: b"PORTERO/1 status house-0 " + b"0" * 128 + b"\n{}",
    lambda _: b"PORTERO/9999 status x " + b"0" * 128 + b"\n{}",
    lambda house: house.status(online=True)[:-1],
    lambda house: house.status(online=True) + b" ",
    lambda house: house.status(online=True)[:200],
    lambda house: WireHouse(house.id).status(online=True),
    deep,
    nested_but_signed,
    lambda _: random.Random(7).randbytes(250_000),  # noqa: S311 - a seeded test
    lambda _: b"x" * 900_000,
]


@pytest.mark.parametrize("channel", list(Up))
async def test_no_shape_of_rubbish_changes_anything(
    channel: Up, cloud: Cloud, uplink: Uplink
) -> None:
    before = await state_of(cloud)
    for shape in SHAPES:
        assert await uplink.take(Received(up(cloud.house.id, channel), shape(cloud.house))) == ()
    assert await state_of(cloud) == before
    assert await cloud.value("SELECT sum(times) FROM fleet_bad_message_counts") == len(SHAPES)


async def test_a_message_on_another_channel_is_refused(cloud: Cloud, uplink: Uplink) -> None:
    cloud.house.record(Alarmed(name="x"))
    said = {
        Up.STATUS: cloud.house.status(online=True),
        Up.CURRENT: cloud.house.query("0" * 32),
        Up.FACTS: cloud.house.batch(1, 1),
    }
    before = await state_of(cloud)
    tries = [(channel, frame) for own, frame in said.items() for channel in Up if channel != own]
    for channel, frame in tries:
        assert await uplink.take(Received(up(cloud.house.id, channel), frame)) == ()
    assert await state_of(cloud) == before
    flaws = await cloud.value("SELECT jsonb_object_agg(flaw, times) FROM fleet_bad_message_counts")
    assert flaws == {"wrong_kind": len(tries)}


async def test_a_flood_is_counted_in_full_and_kept_in_part(cloud: Cloud, uplink: Uplink) -> None:
    for _ in range(3 * KEPT_A_MINUTE):
        await uplink.take(Received(up(cloud.house.id, Up.FACTS), b"rubbish" * 1000))
    assert await cloud.value("SELECT count(*) FROM fleet_bad_messages") == KEPT_A_MINUTE
    assert await cloud.value("SELECT times FROM fleet_bad_message_counts") == 3 * KEPT_A_MINUTE
    assert await cloud.value("SELECT max(length(head)) FROM fleet_bad_messages") == 128


async def test_strangers_share_one_part_whatever_houses_they_invent(
    cloud: Cloud, uplink: Uplink
) -> None:
    for _ in range(3 * KEPT_A_MINUTE):
        await uplink.take(Received(up(HouseId(uuid4()), Up.FACTS), b"rubbish"))
    assert await cloud.value("SELECT count(*) FROM fleet_bad_messages") == KEPT_A_MINUTE
    assert await cloud.value("SELECT sum(times) FROM fleet_bad_message_counts") == 60


async def test_a_flood_refused_side_by_side_is_kept_in_part_all_the_same(
    cloud: Cloud, uplink: Uplink
) -> None:
    async with asyncio.TaskGroup() as tasks:
        for number in range(3 * KEPT_A_MINUTE):
            channel = list(Up)[number % len(Up)]
            rubbish = Received(up(HouseId(uuid4()), channel), b"rubbish")
            tasks.create_task(uplink.take(rubbish), name=f"rubbish {number}")
    assert await cloud.value("SELECT count(*) FROM fleet_bad_messages") == KEPT_A_MINUTE


@pytest.mark.parametrize(
    "topic",
    ["portero/x/up/status", "portero/../up/status", "$SYS/x", "portero/\x00/up/ack", "a" * 60_000],
)
async def test_strange_topics_are_refused(topic: str, cloud: Cloud, uplink: Uplink) -> None:
    before = await state_of(cloud)
    assert await uplink.take(Received(topic, b"{}")) == ()
    assert await state_of(cloud) == before
    assert await cloud.value("SELECT flaw FROM fleet_bad_messages") == "malformed"


@settings(max_examples=100, deadline=None)
@given(order=st.lists(st.integers(min_value=0, max_value=5), min_size=1, max_size=12))
def test_any_order_with_repeats_ends_in_the_same_facts(order: list[int]) -> None:
    """The pure half; the database's half is in test_facts."""
    house = WireHouse(UUID(int=5))
    for number in range(6):
        house.record(Alarmed(name=f"n{number}"))
    read = [read_fact(each, house.id, tolerant=False) for each in house.facts]
    through, head = 0, GENESIS
    for index in [*order, *range(6)]:
        sorted_ = sort_facts(read[index : index + 2], through=through, head=head)
        if sorted_.fresh:
            assert sorted_.fresh[0].sequence == through + 1
            through, head = sorted_.fresh[-1].sequence, sorted_.fresh[-1].hash
    assert (through, head) == (6, read[-1].hash)


async def test_rubbish_on_the_wire_does_not_stop_the_courier(
    scene: Scene, start_courier: StartCourier
) -> None:
    async with start_courier():
        outsider = Client(
            "127.0.0.1", scene.broker.port, identifier="outsider", protocol=ProtocolVersion.V5
        )
        async with outsider:
            for shape in SHAPES:
                for channel in Up:
                    topic = up(scene.house.id, channel)
                    await outsider.publish(topic, shape(scene.house), qos=1)
        async with scene.house.online(scene.broker.port):
            await scene.desire(scene.grant())
            await scene.until(DeliveryState.DELIVERED, seconds=15)
    async with scene.database.transaction() as session:
        total = await session.scalar(text("SELECT sum(times) FROM fleet_bad_message_counts"))
    # An empty payload to a retained topic only clears it; the rest arrives.
    assert total >= len(SHAPES) * len(Up) - len(Up)
