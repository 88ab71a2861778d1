"""Who stands at the door of the accounts?"""

import httpx
import pytest

from cloud_api.kit.db import Database
from tests.builders import Tenant, found_tenant


@pytest.fixture
async def owner(database: Database, http: httpx.AsyncClient) -> Tenant:
    return await found_tenant(database, http)


@pytest.fixture
async def stranger(database: Database, http: httpx.AsyncClient) -> Tenant:
    """The owner of another organisation."""
    return await found_tenant(database, http)
