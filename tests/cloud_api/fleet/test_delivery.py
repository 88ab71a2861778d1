"""A change reaches the house by itself, and counts as delivered only by the house's own word."""

import asyncio
from uuid import UUID

from aiomqtt import Client, ProtocolVersion

from cloud_api.fleet.types import DeliveryState
from protocol.topics import Down, Up, down, up
from tests.cloud_api.fleet.house_on_the_wire import WireHouse
from tests.cloud_api.fleet.stage import Scene, StartCourier


async def test_a_desired_grant_is_delivered_by_the_houses_word(
    scene: Scene, start_courier: StartCourier
) -> None:
    async with start_courier(), scene.house.online(scene.broker.port):
        grant = scene.grant()
        await scene.desire(grant)
        delivery = await scene.until(DeliveryState.DELIVERED)
        assert scene.house.book is not None
        assert [each.id for each in scene.house.book.grants] == [grant.id]
        assert delivery.acknowledged == scene.house.position
        assert delivery.online
    told = (await scene.events("fleet.snapshot_delivered"))[-1]
    assert scene.house.position is not None
    assert told["version"] == scene.house.position.version
    assert scene.house.flaws == []


async def test_without_the_houses_word_nothing_is_delivered(
    scene: Scene, start_courier: StartCourier
) -> None:
    scene.house.knobs.silent.add(Up.ACK)
    await scene.desire(scene.grant())
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.house.until(lambda: scene.house.book is not None)
        await scene.until_value(
            "SELECT count(*) FROM fleet_snapshots WHERE published_at IS NOT NULL", 1
        )
        assert (await scene.delivery()).state is DeliveryState.PENDING
        # The lost acknowledgement is made good by the next question.
        await scene.house.ask()
        await scene.until(DeliveryState.DELIVERED)


async def test_a_house_that_was_away_catches_up_when_it_comes(
    scene: Scene, start_courier: StartCourier
) -> None:
    async with start_courier():
        grant = scene.grant()
        await scene.desire(grant, scene.grant())
        await scene.until_value("SELECT version FROM fleet_houses", 1)
        await scene.withdraw(grant.id)
        await scene.until_value("SELECT dirty FROM fleet_houses", False)
        pending = await scene.delivery()
        assert pending.revocation_worst_case is not None
        async with scene.house.online(scene.broker.port):
            delivery = await scene.until(DeliveryState.DELIVERED)
            assert delivery.revocation_worst_case is None
            assert scene.house.book is not None
            assert scene.house.book.revoked_ids == (grant.id,)


async def test_everything_said_twice_changes_nothing(
    scene: Scene, start_courier: StartCourier
) -> None:
    scene.house.knobs.twice = True
    await scene.desire(scene.grant())
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.until(DeliveryState.DELIVERED)
        for _ in range(20):
            await scene.house.ask()
        await scene.house.until(lambda: len(scene.house.answers) > 20)
    assert len(await scene.events("fleet.snapshot_delivered")) == 1
    assert scene.house.book is not None
    assert scene.house.book.version == 1


async def test_two_couriers_do_no_harm(scene: Scene, start_courier: StartCourier) -> None:
    async with (
        start_courier("courier-1"),
        start_courier("courier-2"),
        scene.house.online(scene.broker.port),
    ):
        for _ in range(10):
            await scene.desire(scene.grant())
        await scene.until(DeliveryState.DELIVERED)
        assert await scene.value("SELECT count(*) = max(version) FROM fleet_snapshots")
        await scene.until_value("SELECT count(*) FROM fleet_couriers WHERE connected", 2)
    assert len(scene.house.book.grants if scene.house.book else ()) == 10
    assert scene.house.flaws == []


async def test_a_wiped_broker_is_filled_again_from_the_database(
    scene: Scene, start_courier: StartCourier
) -> None:
    async with start_courier() as courier:
        await scene.desire(scene.grant())
        await scene.until_value(
            "SELECT count(*) > 0 FROM fleet_snapshots WHERE published_at IS NOT NULL", wanted=True
        )
        scene.broker.stop()
        await asyncio.sleep(0.3)
        assert not courier.connected.is_set()
        scene.broker.start()
        async with scene.house.online(scene.broker.port):
            await scene.until(DeliveryState.DELIVERED, seconds=15)


async def test_a_house_that_lost_its_book_gets_it_again(
    scene: Scene, start_courier: StartCourier
) -> None:
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.desire(scene.grant())
        await scene.until(DeliveryState.DELIVERED)
        async with _outsider(scene) as outsider:
            # Somebody wipes what the broker keeps.
            for channel in (Down.SNAPSHOT, Down.KEYS):
                await outsider.publish(down(scene.house.id, channel), b"", qos=1, retain=True)
        scene.house.book = scene.house.position = scene.house.keys = None
        await scene.house.ask()
        await scene.house.until(lambda: scene.house.book is not None)


async def test_a_planted_snapshot_is_answered_with_the_true_one(
    scene: Scene, start_courier: StartCourier
) -> None:
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.desire(scene.grant())
        await scene.until(DeliveryState.DELIVERED)
        frame = scene.house.heard[-1][1]
        forged = frame[:-20] + b"x" + frame[-19:]
        async with _outsider(scene) as outsider:
            await outsider.publish(down(scene.house.id, Down.SNAPSHOT), forged, qos=1, retain=True)
        await scene.house.until(lambda: "snapshot:bad_signature" in scene.house.flaws)
        assert (await scene.delivery()).state is DeliveryState.DELIVERED


async def test_another_houses_word_counts_for_nothing(
    scene: Scene, start_courier: StartCourier
) -> None:
    scene.house.knobs.silent |= {Up.ACK, Up.CURRENT, Up.STATUS}
    stranger = WireHouse(scene.house.id)
    await scene.desire(scene.grant())
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.house.until(lambda: scene.house.book is not None)
        stranger.position = scene.house.position
        async with _outsider(scene) as outsider:
            await outsider.publish(up(scene.house.id, Up.CURRENT), stranger.query("0" * 32), qos=1)
            await scene.until_value("SELECT count(*) FROM fleet_bad_messages", 1)
    assert (await scene.delivery()).state is DeliveryState.PENDING
    assert await scene.value("SELECT flaw FROM fleet_bad_messages") == "bad_signature"


async def test_a_dead_house_is_seen_by_its_last_will(
    scene: Scene, start_courier: StartCourier
) -> None:
    async with start_courier():
        async with scene.house.online(scene.broker.port):
            await scene.until_value("SELECT online FROM fleet_houses", True)
            early = scene.house.status(online=True)
            client = scene.house._client
            assert client is not None
            socket = client._client.socket()
            assert socket is not None
            will = scene.house.status(online=False)
            await scene.house.say(Up.STATUS, will, retain=True)
            await scene.until_value("SELECT online FROM fleet_houses", False)
            # A replay of what was said before the end does not bring it back.
            await scene.house.say(Up.STATUS, early, retain=True)
            await scene.house.ask()
            await scene.house.until(lambda: len(scene.house.answers) > 1)
        assert await scene.value("SELECT online FROM fleet_houses") is False


def holds(house: WireHouse, grant: UUID) -> bool:
    return house.book is not None and any(each.id == grant for each in house.book.grants)


def _outsider(scene: Scene) -> Client:
    return Client(
        "127.0.0.1", scene.broker.port, identifier="outsider", protocol=ProtocolVersion.V5
    )
