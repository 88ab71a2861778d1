"""A broker, a house on it, and the courier at the other end."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.link.client import Link
from portero.local.broker import BrokerKind, LocalBroker
from portero.local.ports import any_free
from protocol.ids import HouseId
from protocol.signing import Signer
from tests.edge_agent.courier_peer import CourierPeer, courier_at
from tests.edge_agent.doorman import CLOUD_KID, Doorman
from tests.edge_agent.link_kit import link_to


@pytest.fixture
def house() -> HouseId:
    return HouseId(uuid4())


@pytest.fixture
def cloud() -> Signer:
    return Signer.from_seed(CLOUD_KID, b"\x07" * 32)


@pytest.fixture
def doorman(house: HouseId, cloud: Signer) -> Doorman:
    return Doorman.of(house, cloud)


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalBroker]:
    kind: BrokerKind = request.param
    with LocalBroker(tmp_path / "broker", port=any_free(), kind=kind) as running:
        yield running


@pytest.fixture
async def courier(broker: LocalBroker, house: HouseId, cloud: Signer) -> AsyncIterator[CourierPeer]:
    async with courier_at(broker.port, house, cloud) as peer:
        yield peer


@pytest.fixture
def link(broker: LocalBroker, house: HouseId, doorman: Doorman) -> Link:
    return link_to(broker.port, house, doorman)
