"""A cloud whose disk is gone comes back by its own commands; what houses acknowledged comes back too."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from provisioning import ceremony
from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Town

pytestmark = pytest.mark.journey


async def test_a_cloud_without_a_disk_is_brought_back_and_no_revocation_is_undone(
    new_town: NewTown, postgres_dsn: str, owner_dsn: str, tmp_path: Path
) -> None:
    async with new_town(rooms=("Sea room", "Garden room")) as town:
        operator = Operator(town, owner_dsn, tmp_path)
        lost, kept = await town.book("Sea room"), await town.book("Garden room")
        thief, guest = await town.in_house(lost), await town.in_house(kept)
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        await operator.backs_up()

        await town.host.post(f"/api/v1/grants/{lost.grant}/revocation")
        await town.delivered()
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        taps = await _acts(town, at_least=2)

        await town.cloud.stop()
        await asyncio.to_thread(_lose, postgres_dsn, owner_dsn)
        told = await operator.runs("restore", "cloud", str(operator.file), "--key", operator.key)
        assert "1 houses are frozen" in told
        await town.cloud.start()
        assert (await town.host.try_get("/api/v1/houses")).status_code == 401  # logged out
        town.host = await town.log_in()
        assert (await town.delivery())["frozen_reason"] in {"restored", "house_ahead"}

        await _goes_on(town, operator)
        assert (await thief.tap(town.place.locks[FRONT]))["refusal"] == "revoked"
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
        # What the house had been receipted for, and the cloud then forgot, is there again.
        assert (await _acts(town, at_least=len(taps) + 1))[: len(taps)] == taps
        assert town.house.openings(FRONT) == 3


class Operator:
    """Somebody at the cloud's machine, with its settings and the `portero` command."""

    def __init__(self, town: Town, owner_dsn: str, folder: Path) -> None:
        cloud = town.cloud.settings
        self.file, self.key = folder / "cloud.age", str(folder / "backup.key")
        self._settings = {
            "PORTERO_DATABASE_DSN": owner_dsn,
            "PORTERO_DATABASE_OWNER_DSN": owner_dsn,
            "PORTERO_SECRET_KEY": cloud.secret_key.get_secret_value(),
        }

    async def backs_up(self) -> None:
        """While the cloud runs, and tries at once whether it would come back."""
        recipient = (await self.runs("backup", "key", self.key)).split()[-1]
        await self.runs("backup", "cloud", str(self.file), "--recipient", recipient)
        tried = await self.runs("verify-restore", str(self.file), "--key", self.key)
        assert "WRONG" not in tried
        assert "this backup comes back" in tried

    async def runs(self, *words: str) -> str:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "portero", *words],
            env={"PATH": os.environ["PATH"], **self._settings},  # noqa: TID251 - a child's
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


async def _goes_on(town: Town, operator: Operator) -> None:
    """Only once the house was heard and the root has listed the epoch."""

    async def is_heard() -> bool:
        return "has not listed epoch 2" in await operator.runs("restore", "go-on")

    await until(is_heard, "the house was not heard after the restoration", seconds=60)
    keys = town.cloud.keys
    ceremony.sign_document(town.root_keys, keys, epochs={1, 2}, now=town.world.utc_now())
    await town.cloud.use_keys(keys)
    assert "goes on in epoch 2" in await operator.runs("restore", "go-on")
    await town.delivered()
    assert (await town.health())["lockd"]["epoch"] == 2


async def _acts(town: Town, *, at_least: int) -> list[object]:
    """What doors did, as the cloud has it, once it has so many."""
    acts: list[object] = []

    async def are_there() -> bool:
        acts[:] = await town.facts("acted")
        return len(acts) >= at_least

    await until(are_there, f"the cloud does not have {at_least} acts of the house", seconds=60)
    return acts


def _lose(admin_dsn: str, dsn: str) -> None:
    """The disk is gone; an empty one is there."""
    name = sql.Identifier(urlsplit(dsn).path.lstrip("/"))
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
