"""Does a real Home Assistant find the house by itself, and show what it is told?"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.doorkeeper import HouseNews, StayNews
from edge_agent.settings import AgentSettings
from portero.local.broker import LocalBroker
from portero.local.ports import any_free
from protocol.home import HomeWord
from protocol.ids import GrantId, HouseId
from protocol.signing import Signer
from tests.edge_agent.agent_kit import Household, started
from tests.edge_agent.doorman import CLOUD_KID
from tests.real.real_home import RealHome

UNTIL = datetime(2026, 12, 1, 11, tzinfo=UTC)
STAY = StayNews(stay=GrantId(uuid4()), first_name="Ana", ends=UNTIL, pool_heating=True, points=7)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    with LocalBroker(tmp_path_factory.mktemp("broker"), port=any_free()) as broker:
        yield broker


@pytest.fixture
async def household(home: RealHome, broker: LocalBroker) -> Household:
    await asyncio.to_thread(home.join_broker, broker.port)
    cloud = Signer.from_seed(CLOUD_KID, b"\x07" * 32)
    return Household.of(HouseId(uuid4()), cloud)


async def shows(home: RealHome, entity: str, wanted: str) -> None:
    def there() -> bool:
        try:
            return home.state(entity) == wanted
        except KeyError:
            return False

    await asyncio.to_thread(home.until, there, f"{entity} is {wanted}")


async def is_gone(home: RealHome, entity: str) -> None:
    def away() -> bool:
        try:
            home.state(entity)
        except KeyError:
            return True
        return False

    await asyncio.to_thread(home.until, away, f"{entity} is gone")


@pytest.mark.timeout(120)
async def test_the_house_is_a_device_there(
    home: RealHome, household: Household, broker: LocalBroker, tmp_path: Path
) -> None:
    settings = AgentSettings(
        data=tmp_path,
        mqtt_port=broker.port,
        lan_host="127.0.0.1",
        lan_port=0,
        home_mqtt_host="127.0.0.1",
        home_mqtt_port=broker.port,
        home_mqtt_seconds=0.2,
    )
    tells = (HomeWord.FIRST_NAME, HomeWord.POINTS, HomeWord.POOL_HEATING, HomeWord.TIMES)
    household.news_answer = HouseNews(is_certain=True, tells=tells)
    async with started(settings, household):
        await shows(home, "binary_sensor.portero_stay_active", "off")
        await shows(home, "sensor.portero_guest", "unknown")
        household.news_answer = HouseNews(is_certain=True, tells=tells, stays=(STAY,))
        await shows(home, "binary_sensor.portero_stay_active", "on")
        await shows(home, "binary_sensor.portero_cloud_link", "on")
        await shows(home, "binary_sensor.portero_pool_heating_bought", "on")
        await shows(home, "sensor.portero_stay_until", UNTIL.isoformat())
        await shows(home, "sensor.portero_guest", "Ana")
        await shows(home, "sensor.portero_points", "7")
        await is_gone(home, "sensor.portero_level")  # not named, not there
        assert home.state("event.portero_stay").startswith("20")  # when it last happened
        household.news_answer = HouseNews(is_certain=False, tells=())
        await shows(home, "binary_sensor.portero_stay_active", "unknown")
    await shows(home, "binary_sensor.portero_stay_active", "unavailable")
    gone = settings.model_copy(update={"home_mqtt_withdraw": True})
    async with started(gone, household):
        await is_gone(home, "binary_sensor.portero_stay_active")
