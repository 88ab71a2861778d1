"""Who stands at the booking desk?"""

import httpx
import pytest

from cloud_api.kit.db import Database
from tests.builders import HandClock, SmallHotel, Tenant, found_tenant
from tests.desk import Desk


@pytest.fixture
def desk(house: SmallHotel, database: Database, clock: HandClock) -> Desk:
    """The front desk of the small hotel; its day 0 is the hotel's own today."""
    return Desk(house, database, clock)


@pytest.fixture
async def stranger(database: Database, http: httpx.AsyncClient) -> Tenant:
    """The owner of another organisation."""
    return await found_tenant(database, http)
