"""A courier may die at any moment; everything that matters is in the database."""

import asyncio
import gc
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from cloud_api.courier.post import BrokerAddress
from cloud_api.fleet import service
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.types import DeliveryState
from cloud_api.kit.bell import Bell
from portero.local.broker import LocalBroker, mosquitto_path
from portero.local.ports import any_free
from protocol.facts import Alarmed
from protocol.topics import Up
from tests.cloud_api.fleet.stage import Cloud, Scene, StartCourier, StartOn, fill_pool

SECRET = "a secret of the operator, long enough to be one"


@asynccontextmanager
async def courier_process(
    scene: Scene, key_folder: Path, log: Path, *, name: str = "courier-1"
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The real command's inside, in a process of its own."""
    environment = os.environ | {  # noqa: TID251 - a child's environment
        "PORTERO_DATABASE_DSN": scene.database.dsn,
        "PORTERO_SECRET_KEY": SECRET,
        "PORTERO_KEY_FOLDER": str(key_folder),
        "PORTERO_BROKER_URL": f"mqtt://127.0.0.1:{scene.broker.port}",
        "PORTERO_COURIER_NAME": name,
    }
    code = (
        "import asyncio; from cloud_api.courier import run;"
        " from cloud_api.settings import CloudSettings; asyncio.run(run(CloudSettings()))"
    )
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, env=environment, stderr=output, stdout=output
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def test_killed_at_any_moment_it_converges_and_opens_once(
    scene: Scene, keyring: Keyring, key_folder: Path, tmp_path: Path
) -> None:
    chance = random.Random(11)  # noqa: S311 - a seeded test
    log = tmp_path / "courier.log"
    async with scene.house.online(scene.broker.port):
        for _ in range(6):
            async with courier_process(scene, key_folder, log) as process:
                await asyncio.sleep(1.0)
                await scene.desire(scene.grant())
                scene.house.record(Alarmed(name="test"))
                await scene.house.send_facts()
                await command(scene)
                await asyncio.sleep(chance.random() * 0.05)
                process.send_signal(signal.SIGKILL)
        async with courier_process(scene, key_folder, log):
            await scene.until(DeliveryState.DELIVERED, seconds=15)
            await scene.house.ask()
            await scene.house.send_facts()
            await scene.house.until(lambda: scene.house.receipt == 6, seconds=10)
    assert await scene.value("SELECT count(*) = max(version) FROM fleet_snapshots")
    assert scene.house.book is not None
    assert len(scene.house.book.grants) == 6
    opened = [each.command for each in scene.house.opened]
    assert len(opened) == len(set(opened))
    assert await scene.value("SELECT count(*) FROM fleet_facts") == 6
    assert scene.house.flaws == []


async def command(scene: Scene) -> None:
    async with scene.database.transaction() as session:
        await service.door_command(
            session,
            house_id=scene.place.house_id,
            grant_id=uuid4(),
            lock_id=scene.place.lock,
            move="open",
            within_seconds=3,
        )


async def test_its_log_holds_no_secret(
    scene: Scene, keyring: Keyring, key_folder: Path, tmp_path: Path
) -> None:
    log = tmp_path / "courier.log"
    grant = scene.place.grant(starts=scene.grant().starts, pin="918273", name="Zebedee")
    async with (
        courier_process(scene, key_folder, log),
        scene.house.online(scene.broker.port),
    ):
        await scene.desire(grant)
        await scene.until(DeliveryState.DELIVERED, seconds=10)
        await command(scene)
        await scene.until_value("SELECT state FROM fleet_commands", "done")
    written, seeds = read(log), seeds_in(key_folder)
    assert "snapshot_built" in written
    for canary in ("918273", "Zebedee", SECRET, *seeds):
        assert canary not in written


def read(file: Path) -> str:
    return file.read_text()


def seeds_in(folder: Path) -> list[str]:
    return [read(path).split()[1] for path in folder.glob("*.key")]


async def test_a_lost_notification_connection_costs_a_moment(
    scene: Scene, start_courier: StartCourier, owner_dsn: str
) -> None:
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.until(DeliveryState.DELIVERED)
        admin = await asyncpg.connect(owner_dsn)
        killed = await admin.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'portero-fleet_work' AND datname = current_database()"
        )
        await admin.close()
        assert killed == 1
        await scene.desire(scene.grant())
        await scene.until(DeliveryState.DELIVERED, seconds=10)


# A killed connection is found dead by the collector: here, not in some other test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_the_database_away_for_a_moment_is_waited_for(
    scene: Scene, start_courier: StartCourier, owner_dsn: str
) -> None:
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.until(DeliveryState.DELIVERED)
        admin = await asyncpg.connect(owner_dsn)
        for _ in range(5):
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await scene.house.ask()
            await asyncio.sleep(0.1)
        await admin.close()
        await scene.database.engine.dispose()
        await scene.desire(scene.grant())
        await scene.until(DeliveryState.DELIVERED, seconds=10)
        await fill_pool(scene.database)
    gc.collect()


@pytest.fixture(params=["mosquitto", "embedded"])
def either_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalBroker]:
    """Both brokers we promise to work with."""
    if request.param == "mosquitto" and mosquitto_path() is None:
        pytest.fail("install mosquitto: both brokers are promised")
    with LocalBroker(tmp_path / "either", port=any_free(), kind=request.param) as broker:
        yield broker


def on(cloud: Cloud, broker: LocalBroker) -> Scene:
    return Scene(
        cloud.database, cloud.place, cloud.house, cloud.vault, cloud.scope, cloud.clock, broker
    )


async def test_either_broker_carries_everything(
    cloud: Cloud, start_courier_on: StartOn, either_broker: LocalBroker
) -> None:
    scene = on(cloud, either_broker)
    async with start_courier_on(either_broker), scene.house.online(either_broker.port):
        await scene.desire(scene.grant())
        await scene.until(DeliveryState.DELIVERED, seconds=10)
        scene.house.record(Alarmed(name="test"))
        await scene.house.send_facts()
        await scene.house.until(lambda: scene.house.receipt == 1)
        await command(scene)
        await scene.until_value("SELECT outcome FROM fleet_commands", "opened")


async def test_when_one_of_two_couriers_goes_the_other_hears_all(
    cloud: Cloud, start_courier_on: StartOn, either_broker: LocalBroker
) -> None:
    scene = on(cloud, either_broker)
    async with start_courier_on(either_broker, "courier-2"), scene.house.online(either_broker.port):
        async with start_courier_on(either_broker, "courier-1"):
            await scene.desire(scene.grant())
            await scene.until(DeliveryState.DELIVERED, seconds=10)
        for number in range(1, 21):
            scene.house.record(Alarmed(name="test"))
            await scene.house.say(Up.FACTS, scene.house.batch(number, number))
        await scene.house.until(lambda: scene.house.receipt == 20)
        assert scene.house.agains == []


@pytest.mark.parametrize(
    "url", ["http://x:1", "mqtt://", "mqtts://broker:8883", "mqtt://user:pass@broker:1883"]
)
def test_an_address_that_cannot_be_meant_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="mqtt"):
        BrokerAddress.parse(url, name="courier-1")


async def test_a_bell_that_hears_nothing_looks_by_itself() -> None:
    bell = Bell()
    async with asyncio.timeout(2):
        rings = 0
        async for _ in bell.rings("word", within_seconds=0.5):
            rings += 1
    assert rings >= 4


async def test_a_bell_rings_for_its_word_and_its_kind_alone() -> None:
    bell = Bell()
    with bell.waiter("command 1") as one, bell.waiter("command") as kind:
        bell.ring("music 1")
        assert not one.is_set()
        assert not kind.is_set()
        bell.ring("command 2")
        assert not one.is_set()
        assert kind.is_set()
        bell.ring("command 1")
        assert one.is_set()
