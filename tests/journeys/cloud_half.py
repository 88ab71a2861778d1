"""How does the cloud's half of a journey run: HTTP, worker, couriers, on a real database?"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import uvicorn
from psycopg import sql
from pydantic import SecretStr

from cloud_api.app import create_app
from cloud_api.courier.post import BrokerAddress
from cloud_api.courier.process import Courier, Parts, install_keys
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.snapshots.service import Workshop
from cloud_api.kit.db import Database
from cloud_api.kit.outgoing import Outgoing
from cloud_api.kit.vault import Vault
from cloud_api.settings import CloudSettings
from cloud_api.worker import rooms, shift
from portero.local.ports import any_free
from tests.journeys.stage import Stage
from tests.journeys.world import World

OWNER, PASSWORD = "owner@journeys.example", "a long journey, on foot"
_SECRET = "the cloud of this journey, and of no other one"
_START_SECONDS = 15.0


@dataclass
class CloudHalf:
    """The cloud's processes as tasks; `keys` is the ceremony's folder for them.

    `vendors` says where simulators stand in for those outside, by name.
    """

    stage: Stage
    world: World
    dsn: str
    broker_port: int
    keys: Path
    port: int = field(default_factory=any_free)
    vendors: Mapping[str, str] = field(default_factory=dict)
    _stop_work: asyncio.Event = field(default_factory=asyncio.Event)
    _server: uvicorn.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> CloudSettings:
        return CloudSettings(
            environment="development",
            database_dsn=SecretStr(self.dsn),
            secret_key=SecretStr(_SECRET),
            log_level="WARNING",
            public_url=self.url,
            vendor_urls=dict(self.vendors),
            owner_email=OWNER,
            owner_password=SecretStr(PASSWORD),
            key_folder=self.keys,
            data_folder=self.keys.parent / "cloud-data",
        )

    async def start(self) -> None:
        await self.start_http()
        self.start_worker()
        await self.start_courier()

    async def stop(self) -> None:
        """All of it, so that no connection to the database is left."""
        for name in [name for name in self.stage.parts if name.startswith("courier")]:
            await self.stage.stop(name)
        self._stop_work.set()
        await self.stage.ended("worker")
        if self._server is not None:
            self._server.should_exit = True
        await self.stage.ended("http")

    async def start_http(self) -> None:
        self._server = uvicorn.Server(
            uvicorn.Config(
                create_app(self.settings, clock=self.world),
                host="127.0.0.1",
                port=self.port,
                log_config=None,
                access_log=False,
                lifespan="on",
                timeout_graceful_shutdown=2,
            )
        )
        self.stage.start("http", self._server.serve())
        async with asyncio.timeout(_START_SECONDS):
            while not self._server.started:  # noqa: ASYNC110 - uvicorn has no event
                await asyncio.sleep(0.01)

    def start_worker(self) -> None:
        self._stop_work = asyncio.Event()
        self.stage.start("worker", self._work(self._stop_work))

    async def start_courier(self, name: str = "courier-1") -> Courier:
        """A courier that also builds, connected; keys in the folder are put in force."""
        courier = asyncio.get_running_loop().create_future()
        self.stage.start(name, self._carry(name, courier))
        async with asyncio.timeout(_START_SECONDS):
            made: Courier = await courier
            await made.connected.wait()
        return made

    async def use_keys(self, folder: Path) -> None:
        """The courier starts anew with this folder and puts its document in force."""
        await self.stage.stop("courier-1")
        self.keys = folder
        await self.start_courier()

    async def _work(self, stop: asyncio.Event) -> None:
        async with AsyncExitStack() as stack:
            database = self._database(stack, "worker")
            outgoing = await stack.enter_async_context(Outgoing(self.vendors))
            crew = rooms.crew(self.settings, database, outgoing, clock=self.world)
            await shift.work(crew, stop)

    async def _carry(self, name: str, made: "asyncio.Future[Courier]") -> None:
        keyring = Keyring(self.keys)
        async with AsyncExitStack() as stack:
            database = self._database(stack, name)
            await install_keys(database, keyring, self.world)
            workshop = Workshop(
                keyring.snapshots(), Vault(_SECRET), self.world, secrets.token_bytes
            )
            desk = Desk(keyring.live(), self.world, keyring.opener())
            address = BrokerAddress("127.0.0.1", self.broker_port, name)
            courier = Courier(Parts(database, address, desk, workshop))
            made.set_result(courier)
            await courier.run()

    def _database(self, stack: AsyncExitStack, name: str) -> Database:
        database = Database(self.dsn, name=f"portero-{name}")
        stack.push_async_callback(database.close)
        return database


def copy_database(admin_dsn: str, source: str, target: str) -> None:
    """An exact copy, as a backup or its restoration; `target` is replaced. Nobody may be using them."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        names = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {target} WITH (FORCE)").format(**names))
        connection.execute(sql.SQL("CREATE DATABASE {target} TEMPLATE {source}").format(**names))


def drop_database(admin_dsn: str, name: str) -> None:
    """Remove a backup."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
