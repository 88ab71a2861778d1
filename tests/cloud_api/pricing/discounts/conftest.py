"""Who keeps discounts here?"""

import pytest
from fastapi import FastAPI

from cloud_api.kit.db import Database
from tests.builders import SmallHotel, build_small_hotel, client_of, found_tenant
from tests.cloud_api.pricing.discounts.stage import Desk


@pytest.fixture
def desk(house: SmallHotel) -> Desk:
    return Desk(house)


@pytest.fixture
async def other_desk(cloud_app: FastAPI, database: Database) -> Desk:
    """The desk of another organisation."""
    tenant = await found_tenant(database, client_of(cloud_app))
    return Desk(await build_small_hotel(tenant))
