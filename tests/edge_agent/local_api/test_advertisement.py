"""Can a phone on the network find the house?"""

import asyncio
import gc
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from edge_agent.local_api.advertisement import SERVICE, Advertisement, advertised

HOUSE = UUID("0f3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d")
LOOPBACK = ["127.0.0.1"]


async def test_the_page_is_found_by_its_service_and_gone_after_the_end() -> None:
    told = Advertisement(HOUSE, 8480, "portero.local", addresses=("127.0.0.1",))
    seeker = AsyncZeroconf(interfaces=LOOPBACK)
    try:
        async with advertised(told, interfaces=LOOPBACK):
            found = AsyncServiceInfo(SERVICE, f"portero-0f3b1c2d4e5f.{SERVICE}")
            assert await found.async_request(seeker.zeroconf, 5000)
            assert found.port == 8480
            assert found.server == "portero.local."
            assert found.parsed_addresses() == ["127.0.0.1"]
            assert found.decoded_properties == {"v": "1", "house": "0f3b1c2d4e5f", "path": "/"}
        await asyncio.sleep(1.2)  # a goodbye takes effect after a second
        gone = AsyncServiceInfo(SERVICE, f"portero-0f3b1c2d4e5f.{SERVICE}")
        assert not await gone.async_request(seeker.zeroconf, 500)
    finally:
        await seeker.async_close()


# zeroconf forgets its listening socket when an interface is not to be had
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_network_that_is_not_there_does_not_stop_the_house() -> None:
    told = Advertisement(HOUSE, 8480, "portero.local")
    with capture_logs() as logs:
        async with advertised(told, interfaces=["203.0.113.1"]):
            gc.collect()
    assert [each["event"] for each in logs] == ["not_advertised"]
