"""A cloud that certifies, with one house nobody has claimed yet."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from cloud_api.fleet import service
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.keys import service as keys
from cloud_api.fleet.types import HouseLayout
from cloud_api.kit.db import Database
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.settings import CloudSettings
from provisioning import authority, ceremony
from tests.builders import HandClock
from tests.provisioning.setting import Setting

BROKER = "mqtts://broker.example:8883"


@pytest.fixture
def issuer(tmp_path: Path, clock: HandClock) -> Path:
    authority.create(
        root_folder=tmp_path / "ca-root", issuer_folder=tmp_path / "issuer", now=clock.now
    )
    return tmp_path / "issuer"


@pytest.fixture
def settings(settings: CloudSettings, issuer: Path) -> CloudSettings:
    return settings.model_copy(update={"issuer_folder": issuer, "house_broker_url": BROKER})


@pytest.fixture
async def setting(
    live_cloud: str, database: Database, clock: HandClock, issuer: Path, tmp_path: Path
) -> Setting:
    ceremony.hold(
        root_folder=tmp_path / "root",
        cloud_folder=tmp_path / "cloud",
        now=datetime(2026, 11, 21, tzinfo=UTC),
    )
    ring = Keyring(tmp_path / "cloud")
    scope = Scope(uuid4(), PrincipalKind.STAFF, uuid4())
    house_id = uuid4()
    async with database.transaction() as session:
        await keys.install(
            session, ring.document(), root_public_key=ring.root_public(), clock=clock
        )
        layout = HouseLayout(house_id, scope.organisation_id, "Casa Azul", "America/Lima")
        await service.describe_house(session, layout)
    return Setting(live_cloud, database, scope, house_id, clock, ring.root_public(), issuer)
