"""A hotel with a guest who was there, and everything they left behind."""

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
    return settings.model_copy(update={"files_folder": tmp_path / "store"})


@pytest.fixture
async def visit(
    cloud_app: FastAPI,
    house: SmallHotel,
    database: Database,
    settings: CloudSettings,
    clock: HandClock,
) -> Visit:
    """The small hotel, described to fleet; day 0 is today there."""
    visit = Visit(cloud_app, Desk(house, database, clock), settings, clock, database)
    await visit.work()
    return visit
