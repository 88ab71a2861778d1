"""What do the tests of demand share?"""

from collections.abc import AsyncIterator

import pytest

from cloud_api.kit.db import Database
from cloud_api.kit.jobs import Tools
from cloud_api.kit.outgoing import Outgoing
from cloud_api.kit.vault import Vault
from cloud_api.pricing.demand.errands import errands_of
from cloud_api.settings import CloudSettings
from portero.simulators.kit import Stage, playing
from portero.simulators.ticketmaster import Ticketmaster
from tests.builders import HandClock, SmallHotel
from tests.cloud_api.pricing.demand.stage import KEY, Town


@pytest.fixture
def vendor(clock: HandClock) -> Ticketmaster:
    return Ticketmaster(clock, {KEY})


@pytest.fixture
async def stage(vendor: Ticketmaster) -> AsyncIterator[Stage]:
    async with playing(vendor.app) as stage:
        yield stage


@pytest.fixture
async def town(  # noqa: PLR0917 - fixtures
    house: SmallHotel,
    database: Database,
    settings: CloudSettings,
    clock: HandClock,
    vendor: Ticketmaster,
    stage: Stage,
) -> AsyncIterator[Town]:
    tools = Tools(clock=clock, vault=Vault(settings.secret_key.get_secret_value()))
    await house.tenant.put("/demand/account", {"api_key": KEY})
    body = {"city": "Manchester", "country": "GB", "property_ids": [str(house.property_id)]}
    place = await house.tenant.made("/demand/places", body)
    async with Outgoing({"ticketmaster": stage.url}) as outgoing:
        (errand,) = errands_of(outgoing)
        yield Town(house, database, clock, tools, vendor, stage, errand, place)
