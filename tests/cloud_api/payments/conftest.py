"""What do the tests of payments share?"""

from collections.abc import AsyncIterator

import pytest

from cloud_api.kit.db import Database
from cloud_api.kit.jobs import Tools
from cloud_api.kit.outgoing import Outgoing
from cloud_api.kit.vault import Vault
from cloud_api.payments.errands import errands_of
from cloud_api.settings import CloudSettings
from portero.simulators.kit import Stage, playing
from portero.simulators.mercadopago import MercadoPago
from tests.builders import HandClock, SmallHotel
from tests.cloud_api.payments.stage import CREDENTIALS, Till


@pytest.fixture
def vendor(clock: HandClock) -> MercadoPago:
    return MercadoPago(
        clock,
        access_token=CREDENTIALS["access_token"],
        webhook_secret=CREDENTIALS["webhook_secret"],
    )


@pytest.fixture
async def stage(vendor: MercadoPago) -> AsyncIterator[Stage]:
    async with playing(vendor.app) as stage:
        yield stage


@pytest.fixture
async def till(  # noqa: PLR0917 - fixtures
    house: SmallHotel,
    database: Database,
    settings: CloudSettings,
    clock: HandClock,
    vendor: MercadoPago,
    stage: Stage,
) -> AsyncIterator[Till]:
    tools = Tools(clock=clock, vault=Vault(settings.secret_key.get_secret_value()))
    async with Outgoing({"mercado_pago": stage.url}) as outgoing:
        errands = errands_of(outgoing, clock, public_url="http://cloud.test")
        till = Till(
            hotel=house,
            database=database,
            clock=clock,
            tools=tools,
            vendor=vendor,
            stage=stage,
            errands={each.name: each for each in errands},
        )
        body = {"provider": "mercado_pago", "label": "Ours", "credentials": CREDENTIALS}
        till.account = await house.tenant.made("/payment-accounts", body)
        await till.settings()
        yield till
