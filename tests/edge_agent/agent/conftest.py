"""A whole agent on real sockets: broker, LAN port, music server; lockd stands in at the port."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.settings import AgentSettings
from portero.local.broker import LocalBroker
from portero.local.ports import any_free
from protocol.ids import HouseId
from protocol.signing import Signer
from tests.edge_agent.agent_kit import Household, Start, started
from tests.edge_agent.doorman import CLOUD_KID


@pytest.fixture
def cloud() -> Signer:
    return Signer.from_seed(CLOUD_KID, b"\x07" * 32)


@pytest.fixture
def house() -> HouseId:
    return HouseId(uuid4())


@pytest.fixture
def household(house: HouseId, cloud: Signer) -> Household:
    return Household.of(house, cloud)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    with LocalBroker(tmp_path / "broker", port=any_free()) as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, broker: LocalBroker) -> AgentSettings:
    return AgentSettings(
        data=tmp_path,
        mqtt_port=broker.port,
        lan_host="127.0.0.1",
        lan_port=0,
        music_look_seconds=0.05,
    )


@pytest.fixture
def start() -> Start:
    return started
