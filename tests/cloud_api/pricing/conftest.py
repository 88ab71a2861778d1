"""Who asks for prices, and who keeps them?"""

import httpx
import pytest

from cloud_api.kit.db import Database
from tests.builders import HandClock, SmallHotel, Tenant, found_tenant
from tests.cloud_api.pricing.counter import Counter


@pytest.fixture
def counter(house: SmallHotel, http: httpx.AsyncClient, clock: HandClock) -> Counter:
    """Where the small hotel's prices are asked for and kept."""
    return Counter(house, http, clock)


@pytest.fixture
async def stranger(database: Database, http: httpx.AsyncClient) -> Tenant:
    """The owner of another organisation."""
    return await found_tenant(database, http)
