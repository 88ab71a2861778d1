"""A cloud restored from a backup never argues with a house that knows more."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from cloud_api.fleet import service
from cloud_api.fleet.errors import EpochNotListedError, NotFrozenError
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.keys import service as keys
from cloud_api.fleet.types import DeliveryState
from cloud_api.kit.clock import SystemClock
from provisioning import ceremony
from tests.cloud_api.fleet.stage import Scene, StartCourier


async def restore_backup(scene: Scene) -> None:
    """The cloud forgets everything after version 1."""
    async with scene.database.transaction() as session:
        await session.execute(text("DELETE FROM fleet_snapshots WHERE version > 1"))
        first = await session.scalar(text("SELECT hash FROM fleet_snapshots"))
        await session.execute(
            text(
                "UPDATE fleet_houses SET version = 1, head_hash = :hash, acked_version = 1,"
                " acked_hash = :hash, dirty = false"
            ),
            {"hash": first},
        )


async def list_epoch_two(scene: Scene, keyring: Keyring, tmp_path: Path) -> None:
    """The root speaks."""
    ceremony.sign_document(
        tmp_path / "root", tmp_path / "cloud", epochs={1, 2}, now=datetime(2026, 11, 21, tzinfo=UTC)
    )
    async with scene.database.transaction() as session:
        await keys.install(
            session,
            keyring.document(),
            root_public_key=keyring.root_public(),
            clock=SystemClock(),
        )


async def test_a_house_ahead_freezes_and_a_new_epoch_frees_it(
    scene: Scene, start_courier: StartCourier, keyring: Keyring, tmp_path: Path
) -> None:
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.until(DeliveryState.DELIVERED)
        for _ in range(3):
            await scene.desire(scene.grant())
            await scene.until(DeliveryState.DELIVERED)
        held = scene.house.position
        await restore_backup(scene)
        await scene.house.ask()
        frozen = await scene.until(DeliveryState.FROZEN)
        assert frozen.frozen_reason == "house_ahead"
        # Whatever is desired now is not published under a number the house has seen.
        await scene.desire(scene.grant())
        await scene.house.ask()
        await scene.house.until(lambda: len(scene.house.answers) >= 2)
        assert scene.house.position == held
        assert scene.house.answers[-1].position is None
        with pytest.raises(EpochNotListedError):
            await begin_epoch(scene)
        await list_epoch_two(scene, keyring, tmp_path)
        await scene.house.until(
            lambda: scene.house.keys is not None and scene.house.keys.version == 2
        )
        assert await begin_epoch(scene) == 2
        delivery = await scene.until(DeliveryState.DELIVERED)
    assert delivery.acknowledged is not None
    assert (delivery.acknowledged.epoch, delivery.acknowledged.version) == (2, 1)
    assert len(await scene.events("fleet.house_frozen")) == 1


async def begin_epoch(scene: Scene) -> int:
    async with scene.database.transaction() as session:
        return await service.begin_epoch(session, scene.scope, scene.place.house_id)


async def test_a_restored_cloud_that_reused_numbers_is_found_out(
    scene: Scene, start_courier: StartCourier
) -> None:
    async with start_courier():
        async with scene.house.online(scene.broker.port):
            await scene.until(DeliveryState.DELIVERED)
            await scene.desire(scene.grant())
            await scene.until(DeliveryState.DELIVERED)
        await restore_backup(scene)
        for _ in range(3):
            await scene.desire(scene.grant())
            await scene.until_value("SELECT dirty FROM fleet_houses", False)
        async with scene.house.online(scene.broker.port):
            frozen = await scene.until(DeliveryState.FROZEN)
    assert frozen.frozen_reason == "house_diverged"


async def test_a_healthy_house_gets_no_new_epoch(scene: Scene) -> None:
    with pytest.raises(NotFrozenError):
        await begin_epoch(scene)


async def test_another_root_is_refused(scene: Scene, tmp_path: Path) -> None:
    ceremony.hold(
        root_folder=tmp_path / "r2",
        cloud_folder=tmp_path / "c2",
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    ring = Keyring(tmp_path / "c2")
    with pytest.raises(Exception, match="another root"):
        async with scene.database.transaction() as session:
            await keys.install(
                session, ring.document(), root_public_key=ring.root_public(), clock=SystemClock()
            )
