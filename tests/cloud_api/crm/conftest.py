"""A hotel whose guests collect points."""

import pytest

from cloud_api.kit.db import Database
from cloud_api.kit.jobs import Tools
from cloud_api.kit.vault import Vault
from cloud_api.settings import CloudSettings
from tests.builders import HandClock, SmallHotel
from tests.cloud_api.crm.stage import SETTINGS, Club
from tests.desk import Desk


@pytest.fixture
async def club(
    house: SmallHotel, database: Database, clock: HandClock, settings: CloudSettings
) -> Club:
    """Points are in use: five per cent, ten for who brought the guest, a year."""
    desk = Desk(house, database, clock)
    answer = await house.tenant.put("/loyalty-settings", SETTINGS)
    assert answer.status_code == 200, answer.text
    vault = Vault(settings.secret_key.get_secret_value())
    return Club(desk, Tools(clock=clock, vault=vault))
