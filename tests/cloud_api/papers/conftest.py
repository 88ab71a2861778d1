"""Who wants papers: the hotel's desk, and a guest with a link."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from cloud_api.kit.db import Database
from cloud_api.settings import CloudSettings
from tests.builders import HandClock, SmallHotel
from tests.cloud_api.access.stage import Visit
from tests.desk import Desk


@pytest.fixture
def settings(settings: CloudSettings, tmp_path: Path) -> CloudSettings:
    more = {"files_folder": tmp_path / "store", "public_url": "https://casa.example"}
    return settings.model_copy(update=more)


@pytest.fixture
def desk(house: SmallHotel, database: Database, clock: HandClock) -> Desk:
    return Desk(house, database, clock)


@pytest.fixture
async def visit(cloud_app: FastAPI, desk: Desk, settings: CloudSettings) -> Visit:
    """The small hotel, described to fleet; day 0 is today there."""
    visit = Visit(cloud_app, desk, settings, desk.clock, desk.database)
    await visit.work()
    return visit
