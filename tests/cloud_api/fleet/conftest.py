"""Keys from a real ceremony, a clock that is told the time, and houses to talk about."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from cloud_api.courier.post import BrokerAddress
from cloud_api.courier.process import Courier, Parts
from cloud_api.fleet import service
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.keys import service as keys
from cloud_api.fleet.models import HouseRow
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.snapshots.service import Workshop
from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.kit.vault import Vault
from portero.local.broker import LocalBroker
from portero.local.ports import any_free
from protocol.keys import open_key_document
from provisioning import ceremony
from tests.cloud_api.fleet.house_on_the_wire import WireHouse
from tests.cloud_api.fleet.stage import (
    NOON,
    Bench,
    Cloud,
    Place,
    Scene,
    StartCourier,
    StartOn,
    ToldClock,
    fill_pool,
)


@pytest.fixture
def told_clock() -> ToldClock:
    return ToldClock()


@pytest.fixture
def vault() -> Vault:
    return Vault("a secret of the operator, long enough to be one")


@pytest.fixture
def key_folder(tmp_path: Path) -> Path:
    ceremony.hold(root_folder=tmp_path / "root", cloud_folder=tmp_path / "cloud", now=NOON)
    return tmp_path / "cloud"


@pytest.fixture
async def keyring(database: Database, key_folder: Path, told_clock: ToldClock) -> Keyring:
    """A folder of keys whose document is in force."""
    ring = Keyring(key_folder)
    async with database.transaction() as session:
        await keys.install(
            session, ring.document(), root_public_key=ring.root_public(), clock=told_clock
        )
    return ring


@pytest.fixture
def workshop(keyring: Keyring, vault: Vault, told_clock: ToldClock) -> Workshop:
    return Workshop(keyring.snapshots(), vault, told_clock, secrets.token_bytes)


@pytest.fixture
def scope() -> Scope:
    return Scope(uuid4(), PrincipalKind.STAFF, uuid4())


@pytest.fixture
def place(scope: Scope) -> Place:
    return Place(uuid4(), scope.organisation_id, uuid4())


@pytest.fixture
async def described(database: Database, place: Place) -> Place:
    async with database.transaction() as session:
        await service.describe_house(session, place.layout())
    return place


@pytest.fixture
async def house(database: Database, described: Place, keyring: Keyring) -> WireHouse:
    """A house whose device keys are registered."""
    house = WireHouse(described.house_id, root_public=keyring.root_public())
    house.keys = open_key_document(keyring.document(), keyring.root_public())
    async with database.transaction() as session:
        await session.execute(
            update(HouseRow)
            .where(HouseRow.house_id == described.house_id)
            .values(
                signing_key=house.signer.public_hex,
                sealing_key=house.sealing.public_hex,
                enrolled_at=NOON,
            )
        )
    return house


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    """A real broker that keeps nothing; Mosquitto where it is installed."""
    with LocalBroker(tmp_path / "broker", port=any_free()) as broker:
        yield broker


@pytest.fixture
def start_courier_on(database: Database, keyring: Keyring, vault: Vault) -> StartOn:
    """Starts a courier that also builds, on some broker; it ends with the block."""

    @asynccontextmanager
    async def start(broker: LocalBroker, name: str = "courier-1") -> AsyncIterator[Courier]:
        await fill_pool(database)
        clock = SystemClock()
        workshop = Workshop(keyring.snapshots(), vault, clock, secrets.token_bytes)
        address = BrokerAddress("127.0.0.1", broker.port, name)
        courier = Courier(Parts(database, address, Desk(keyring.live(), clock), workshop))
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(courier.run(), name=name)
            async with asyncio.timeout(10):
                await courier.connected.wait()
            try:
                yield courier
            finally:
                task.cancel()

    return start


@pytest.fixture
def start_courier(start_courier_on: StartOn, broker: LocalBroker) -> StartCourier:
    """The same on the test's own broker."""
    return partial(start_courier_on, broker)


@pytest.fixture
def cloud(database: Database, place: Place, house: WireHouse, vault: Vault, scope: Scope) -> Cloud:
    """A described house with a device, as other rooms see it."""
    return Cloud(database, place, house, vault, scope, SystemClock())


@pytest.fixture
def scene(cloud: Cloud, broker: LocalBroker) -> Scene:
    """The same on a real broker."""
    return Scene(**_fields(cloud), broker=broker)


@pytest.fixture
def bench(cloud: Cloud, workshop: Workshop, told_clock: ToldClock, keyring: Keyring) -> Bench:
    """The same with a builder and a clock that is told the time."""
    known = _fields(cloud) | {"clock": told_clock}
    return Bench(**known, workshop=workshop, keyring=keyring)


def _fields(cloud: Cloud) -> dict[str, Any]:
    return {each.name: getattr(cloud, each.name) for each in fields(cloud)}
