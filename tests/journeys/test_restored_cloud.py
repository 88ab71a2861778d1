"""A cloud restored from an older backup argues with no house, and undoes no revocation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from provisioning import ceremony
from tests.journeys.cloud_half import copy_database, drop_database
from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Stay, Town

pytestmark = pytest.mark.journey


async def test_a_cloud_restored_from_a_backup_freezes_and_loses_no_revocation(
    new_town: NewTown, postgres_dsn: str, owner_dsn: str
) -> None:
    async with new_town(rooms=("Sea room", "Garden room")) as town:
        lost = await town.book("Sea room")
        thief = await town.in_house(lost)
        async with _restored_afterwards(town, postgres_dsn, owner_dsn):
            await town.host.post(f"/api/v1/grants/{lost.grant}/revocation")
            await town.delivered()
            later = await town.book("Garden room")
            held = (await town.health())["lockd"]["version"]
        await _is_frozen_and_told(town)
        assert (await town.health())["lockd"]["version"] == held
        guest = await town.in_house(later)  # the house goes on by what it knows
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        assert (await thief.tap(town.place.locks[FRONT]))["refusal"] == "revoked"

        await _begin_epoch_two(town)
        assert (await town.health())["lockd"]["epoch"] == 2
        assert (await thief.tap(town.place.locks[FRONT]))["refusal"] == "revoked"
        assert not (await town.lan_guest().sign_in(lost.lan_secret)).is_success
        assert town.house.openings(FRONT) == 1
        await _serves_a_new_booking(town, lost)
        await _forgotten_revocation_is_told(town)


@asynccontextmanager
async def _restored_afterwards(town: Town, admin_dsn: str, dsn: str) -> AsyncIterator[None]:
    """What happens inside is not in the backup that the cloud goes on with."""
    live = urlsplit(dsn).path.lstrip("/")
    backup = f"{live}_backup"
    await town.cloud.stop()
    await asyncio.to_thread(copy_database, admin_dsn, live, backup)
    try:
        await town.cloud.start()
        yield
        await town.cloud.stop()
        await asyncio.to_thread(copy_database, admin_dsn, backup, live)
    finally:
        await asyncio.to_thread(drop_database, admin_dsn, backup)
    await town.cloud.start()


async def _is_frozen_and_told(town: Town) -> None:
    """The owner and an operator see it without asking for this very house."""

    async def is_frozen() -> bool:
        return bool((await town.delivery())["frozen_reason"] == "house_ahead")

    await until(is_frozen, "the house is not shown as frozen", seconds=30)
    health = await town.person().try_get("/healthz")
    assert "1 frozen" in health.text
    houses = (await town.host.get("/api/v1/fleet/houses"))["items"]
    assert [each["delivery"]["state"] for each in houses] == ["frozen"]


async def _begin_epoch_two(town: Town) -> None:
    """Only once the root has listed it."""
    epochs = f"/api/v1/houses/{town.place.house}/epochs"
    assert (await town.host.try_post(epochs)).json()["code"] == "epoch_not_listed"
    keys = town.cloud.keys
    ceremony.sign_document(town.root_keys, keys, epochs={1, 2}, now=town.world.utc_now())
    await town.cloud.use_keys(keys)
    assert (await town.host.post(epochs))["epoch"] == 2
    await town.delivered()


async def _serves_a_new_booking(town: Town, lost: Stay) -> None:
    stay = await town.book("Garden room")
    await town.has_pin(stay)

    # Written after the restoration; the lost one was not written again beside it.
    async def is_gone() -> bool:
        return lost.pin not in {code.digits for code in town.house.doors[FRONT].codes()}

    await until(is_gone, "the lost guest's PIN is in the lock")
    guest = await town.in_house(stay)
    assert (await guest.tap(town.place.locks["Garden room"]))["outcome"] == "opened"
    assert town.house.openings("Garden room") == 1


async def _forgotten_revocation_is_told(town: Town) -> None:
    async def is_told() -> bool:
        return "revoked_grants_returned" in {each["name"] for each in await town.facts("alarm")}

    await until(is_told, "nobody is told that the restored cloud forgot a revocation")
