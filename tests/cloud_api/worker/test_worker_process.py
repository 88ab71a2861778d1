"""Does the worker of this release, with every room in it, live, stop as told, and drain?"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from cloud_api import worker
from cloud_api.jobs.registry import HEALTH_CHECKS
from cloud_api.kit.db import Database
from cloud_api.kit.events import publish
from cloud_api.kit.health import Health
from cloud_api.kit.ids import new_id
from cloud_api.properties.events import HouseChanged
from cloud_api.settings import CloudSettings
from tests.cloud_api.worker.conftest import ROOT, until

_MAIN = (
    "import asyncio; from cloud_api import worker; from cloud_api.settings import CloudSettings;"
    " asyncio.run(worker.run(CloudSettings()))"
)


async def test_it_lives_until_sigterm_and_leaves_no_heartbeat(
    settings: CloudSettings, database: Database
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _MAIN, cwd=ROOT, env=_environment(settings)
    )
    try:
        await until(lambda: _healthy(database))
        process.terminate()
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
    assert not await _healthy(database)


async def test_told_to_stop_while_its_database_is_gone_it_ends_in_order(
    settings: CloudSettings, database: Database
) -> None:
    async with _way_to(settings) as (through, cut):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _MAIN, cwd=ROOT, env=_environment(through)
        )
        try:
            await until(lambda: _healthy(database))
            await cut()
            process.terminate()
            async with asyncio.timeout(15):
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()


@asynccontextmanager
async def _way_to(
    settings: CloudSettings,
) -> AsyncIterator[tuple[CloudSettings, Callable[[], Awaitable[None]]]]:
    """The database over a line of ours, and what cuts the line for good."""
    place = urlsplit(settings.database_dsn.get_secret_value())
    socket = f"{parse_qs(place.query)['host'][0]}/.s.PGSQL.5432"
    ends = list[asyncio.StreamWriter]()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(socket)
        ends.extend((writer, far_writer))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(carry(reader, far_writer), name="up")
            tasks.create_task(carry(far_reader, writer), name="down")

    server = await asyncio.start_server(join, "127.0.0.1", 0)

    async def cut() -> None:
        server.close()
        for end in ends:
            end.transport.abort()
        await asyncio.sleep(0)

    port = server.sockets[0].getsockname()[1]
    dsn = f"postgresql://{place.username}@127.0.0.1:{port}{place.path}?sslmode=disable"
    try:
        yield settings.model_copy(update={"database_dsn": SecretStr(dsn)}), cut
    finally:
        await cut()
        await server.wait_closed()


async def test_a_reaction_of_a_real_room_that_cannot_succeed_waits_for_its_next_try(
    settings: CloudSettings, database: Database
) -> None:
    async with database.transaction() as session:
        await publish(session, HouseChanged(house_id=new_id()), organisation_id=None)
    with pytest.raises(TimeoutError):
        await worker.drain_until_idle(settings, seconds=2)
    async with database.transaction() as session:
        job = (await session.execute(text("SELECT entrypoint, attempts FROM pgqueuer"))).one()
    assert job.entrypoint == "reaction:fleet.describe_house"
    assert job.attempts >= 1


async def _healthy(database: Database) -> bool:
    return (await HEALTH_CHECKS[0].ask(database)).health is Health.HEALTHY


def _environment(settings: CloudSettings) -> dict[str, str]:
    secrets = {"database_dsn": settings.database_dsn, "secret_key": settings.secret_key}
    return {f"PORTERO_{name.upper()}": _plain(each) for name, each in secrets.items()}


def _plain(secret: SecretStr) -> str:
    return secret.get_secret_value()
