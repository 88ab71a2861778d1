"""Whom do the tests of providers talk to?"""

from collections.abc import AsyncIterator

import pytest

from tests.builders import HandClock
from tests.cloud_api.payments.providers.desks import DESKS, Desk


@pytest.fixture(params=list(DESKS), ids=str)
async def desk(request: pytest.FixtureRequest, clock: HandClock) -> AsyncIterator[Desk]:
    """Behind the desk of each vendor, one after the other."""
    async with DESKS[request.param](clock) as desk:
        yield desk
