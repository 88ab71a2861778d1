"""Real worker processes on a real database, and a table that shows what they did."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from cloud_api.kit.db import Database
from cloud_api.kit.events import publish
from tests.cloud_api.worker.stage import EFFECTS, BellRung

ROOT = Path(__file__).parent.parent.parent.parent


class Workers:
    """Worker processes of this test; those still there at its end are killed."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._dsn = dsn
        self.folder = folder
        self.log = folder.parent / "workers.log"
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own script
                [
                    sys.executable,
                    "-m",
                    "tests.cloud_api.worker.stage",
                    self._dsn,
                    str(self.folder),
                    *words,
                ],
                cwd=ROOT,
                stderr=log,
                stdout=log,
            )
        self.running.append(process)
        return process

    def kill_all(self) -> None:
        for process in self.running:
            process.kill()
            process.wait(timeout=10)


class Effects:
    """What the reactions wrote."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[str]:
        async with self._database.transaction() as session:
            found = await session.scalars(text("SELECT what FROM effects ORDER BY at"))
            return list(found)

    async def count(self, what: str) -> int:
        return (await self.all()).count(what)

    async def come(self, *what: str, seconds: float = 45) -> None:
        """Wait until each of these is there."""
        await until(lambda: self._has(*what), seconds=seconds)

    async def _has(self, *what: str) -> bool:
        return set(what) <= set(await self.all())


async def until(ready: Callable[[], Awaitable[bool]], *, seconds: float = 45) -> None:
    async with asyncio.timeout(seconds):
        while not await ready():  # noqa: ASYNC110 - a database has no event to wait for
            await asyncio.sleep(0.02)


@pytest.fixture
def workers(database_dsn: str, tmp_path: Path) -> Iterator[Workers]:
    folder = tmp_path / "begun"
    folder.mkdir()
    workers = Workers(database_dsn, folder)
    yield workers
    workers.kill_all()


@pytest.fixture
async def effects(owner_dsn: str, database: Database) -> Effects:
    owner = Database(owner_dsn, name="portero-test-owner")
    async with owner.transaction() as session:
        await session.execute(text(EFFECTS))
        await session.execute(text("GRANT ALL ON effects TO portero_app"))
    await owner.close()
    return Effects(database)


@pytest.fixture
def ring(database: Database) -> Callable[..., Awaitable[None]]:
    async def ring(who: str, *, seconds: float = 0, organisation_id: UUID | None = None) -> None:
        async with database.transaction() as session:
            event = BellRung(who=who, seconds=seconds)
            await publish(session, event, organisation_id=organisation_id)

    return ring
