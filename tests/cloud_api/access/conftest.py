"""A hotel whose bookings become grants."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from cloud_api.kit.db import Database
from cloud_api.settings import CloudSettings
from portero.local.broker import LocalBroker
from portero.local.ports import any_free
from tests.builders import HandClock, SmallHotel
from tests.cloud_api.access.stage import Visit
from tests.cloud_api.access.wire import Wire, lay
from tests.desk import Desk


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


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    """A real broker that keeps nothing; Mosquitto where it is installed."""
    with LocalBroker(tmp_path / "broker", port=any_free()) as broker:
        yield broker


@pytest.fixture
async def wire(visit: Visit, broker: LocalBroker, tmp_path: Path) -> Wire:
    """The hotel with a device; its stays begin at midnight, so that today's guest is in."""
    at = f"/houses/{visit.hotel.house_id}"
    hours = {"check_in_from": "00:00", "check_out_until": "00:00"}
    changed = await visit.hotel.tenant.patch(at, hours)
    assert changed.status_code == 200, changed.text
    await visit.work()
    return await lay(visit, broker, tmp_path)
