"""What do the fuzz tests share? How hard to try, and a live cloud whose limits forget."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database
from cloud_api.settings import CloudSettings
from provisioning import authority
from provisioning.ceremony import hold
from tests.builders import SmallHotel, build_small_hotel, found_tenant
from tests.faults.figures import Scale

_FORGET_SECONDS = 0.2

# It does not bear a library of Home Assistant's client, so `make test` installs it apart where it
# may, and says what is left out where it may not.
SCHEMATHESIS = Path(".portero/schemathesis/bin/schemathesis")
collect_ignore = [] if SCHEMATHESIS.exists() else ["test_api_schema.py"]


@dataclass(frozen=True)
class Target:
    """A cloud behind a port, and somebody who owns a small hotel in it."""

    url: str
    hotel: SmallHotel


@pytest.fixture
def scale() -> Scale:
    return Scale()


@pytest.fixture
def settings(settings: CloudSettings, tmp_path: Path) -> CloudSettings:
    """With keys and an authority, so that a house can be claimed and certified."""
    keys, issuer, now = tmp_path / "keys", tmp_path / "ca", SystemClock().utc_now()
    hold(root_folder=tmp_path / "root", cloud_folder=keys, now=now)
    authority.create(root_folder=tmp_path / "ca-root", issuer_folder=issuer, now=now)
    named = {"key_folder": keys, "issuer_folder": issuer, "log_level": "ERROR"}
    return settings.model_copy(update=named)


@pytest.fixture
async def target(live_cloud: str, database: Database) -> AsyncIterator[Target]:
    """Limits are forgotten all the time: a fuzzer is one busy address."""
    async with httpx.AsyncClient(base_url=live_cloud, timeout=30) as client:
        hotel = await build_small_hotel(await found_tenant(database, client))
        async with asyncio.TaskGroup() as group:
            forgetting = group.create_task(_forget_limits(database), name="forget limits")
            yield Target(live_cloud, hotel)
            forgetting.cancel()


async def _forget_limits(database: Database) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            async with database.transaction() as session:
                await session.execute(text("DELETE FROM throttle_slots"))
            await asyncio.sleep(_FORGET_SECONDS)
