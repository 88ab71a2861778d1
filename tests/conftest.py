"""What do all tests share? A real PostgreSQL, the real application, and no way out of the machine.

`PORTERO_TEST_DSN` (libpq URL of a superuser or owner who may create databases) selects a real
server; without it an embedded one is started once for everybody on this machine.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import httpx
import psycopg
import pytest
import structlog
import uvicorn
from fastapi import FastAPI
from filelock import FileLock
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg import sql
from pydantic import SecretStr
from pytest_socket import socket_allow_hosts

from cloud_api.app import create_app
from cloud_api.kit.db import Database
from cloud_api.migrations.runner import app_dsn, upgrade
from cloud_api.settings import CloudSettings
from portero.local.postgres import LocalPostgres
from tests.builders import HandClock, SmallHotel, build_small_hotel, client_of, found_tenant

# A busy machine makes any example slow; a test that hangs is pytest-timeout's to end.
hypothesis_settings.register_profile(
    "portero", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("portero")

_SHARED = Path(tempfile.gettempdir()) / f"portero-tests-{os.getuid()}"
_CLOUD = Path(__file__).parent.parent / "cloud_api"


def pytest_runtest_setup() -> None:
    """A test may speak to this machine only."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    """Logs go where this test looks for them, whatever an earlier one arranged."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The server all tests of this machine share, as somebody who may create databases."""
    given = os.environ.get("PORTERO_TEST_DSN")  # noqa: TID251 - the tests' own switch
    if given:
        yield given
        return
    _SHARED.mkdir(mode=0o700, exist_ok=True)
    with FileLock(_SHARED / "start.lock", timeout=60):
        server = _start()
    yield server.dsn()
    with FileLock(_SHARED / "start.lock", timeout=60):
        server.close()


@pytest.fixture(scope="session")
def template_database(postgres_dsn: str) -> str:
    """A migrated, empty database to copy; made once for each state of the migrations."""
    name = f"portero_template_{_schema_hash()}"
    _SHARED.mkdir(mode=0o700, exist_ok=True)
    with FileLock(_SHARED / "template.lock", timeout=120):
        if not _exists(postgres_dsn, name):
            half_made = f"{name}_new"
            _drop(postgres_dsn, half_made)
            _admin(postgres_dsn, "CREATE DATABASE {}", half_made)
            upgrade(_with_database(postgres_dsn, half_made))
            _admin(postgres_dsn, "ALTER DATABASE {} RENAME TO {}", half_made, name)
    return name


@pytest.fixture
def owner_dsn(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """A fresh migrated database of this test's own, as its owner."""
    name = f"portero_test_{uuid4().hex}"
    _admin(postgres_dsn, "CREATE DATABASE {} TEMPLATE {}", name, template_database)
    yield _with_database(postgres_dsn, name)
    _drop(postgres_dsn, name)


@pytest.fixture
def database_dsn(owner_dsn: str) -> str:
    """The same fresh database, as the role the processes run as."""
    return app_dsn(owner_dsn)


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """A pool on this test's database."""
    database = Database(database_dsn, name="portero-test")
    yield database
    await database.close()


@pytest.fixture
def settings(database_dsn: str, tmp_path: Path) -> CloudSettings:
    """The settings of this test's cloud."""
    return CloudSettings(
        environment="development",
        data_folder=tmp_path / "cloud",
        database_dsn=SecretStr(database_dsn),
        secret_key=SecretStr("a secret of this test only, long enough"),
        log_level="WARNING",
    )


@pytest.fixture
def clock() -> HandClock:
    """A clock the test moves; it starts at the real time, so the database's clock agrees."""
    return HandClock()


@pytest.fixture
async def cloud_app(settings: CloudSettings, clock: HandClock) -> AsyncIterator[FastAPI]:
    """The whole application inside its lifespan, without a socket."""
    app = create_app(settings, clock=clock)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def http(cloud_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client nobody has logged in; see `tests.builders` for one that is."""
    async with client_of(cloud_app) as client:
        yield client


@pytest.fixture
async def house(cloud_app: FastAPI, database: Database) -> AsyncIterator[SmallHotel]:
    """An owner logged in, one house with four rooms behind one front door, and the whole house."""
    async with client_of(cloud_app) as client:
        tenant = await found_tenant(database, client)
        yield await build_small_hotel(tenant)


@pytest.fixture
async def live_cloud(settings: CloudSettings, clock: HandClock) -> AsyncIterator[str]:
    """The application behind a real loopback port, as its base URL."""
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings, clock=clock),
            host="127.0.0.1",
            port=0,
            log_config=None,
            access_log=False,
            lifespan="on",
        )
    )
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(), name="live cloud")
        async with asyncio.timeout(60):
            while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True


def _start() -> LocalPostgres:
    fresh = not (_SHARED / "tuned").exists()
    server = LocalPostgres(_SHARED / "postgres")
    if fresh:
        # Nothing here must survive a power cut, and many workers connect at once.
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            for setting in (
                "max_connections = 400",
                "fsync = off",
                "full_page_writes = off",
                "synchronous_commit = off",
            ):
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        server.close()
        server = LocalPostgres(_SHARED / "postgres")
        (_SHARED / "tuned").touch()
    return server


def _schema_hash() -> str:
    digest = hashlib.sha256()
    for file in sorted((_CLOUD / "migrations").rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _with_database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


def _exists(dsn: str, name: str) -> bool:
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None


def _admin(dsn: str, statement: str, *names: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        command = sql.SQL(statement).format(*(sql.Identifier(each) for each in names))
        connection.execute(command)


def _drop(dsn: str, name: str) -> None:
    _admin(dsn, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
