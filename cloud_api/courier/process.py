"""How is a courier put together, kept alive, and seen from outside?"""

import asyncio
import secrets
from dataclasses import dataclass

import structlog
from sqlalchemy import text

from cloud_api.courier.builder import Builder
from cloud_api.courier.downlink import Downlink
from cloud_api.courier.post import BrokerAddress, Post, PostLost, TlsFiles, connected
from cloud_api.courier.uplink import Uplink
from cloud_api.fleet.commands import service as commands
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.keys import service as keys
from cloud_api.fleet.music import service as music
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.snapshots.service import Workshop
from cloud_api.fleet.types import CHANNEL_WORK
from cloud_api.kit import logs
from cloud_api.kit.bell import Bell, listening, wait_at_most
from cloud_api.kit.clock import Clock, SystemClock
from cloud_api.kit.db import Database
from cloud_api.kit.vault import Vault
from cloud_api.settings import CloudSettings

_log = structlog.get_logger("portero.courier")

BEAT_SECONDS = 5.0
_EXPIRE_EVERY_SECONDS = 0.5
_BACK_OFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_REST_SECONDS = 1.0

_BEAT = text("""
INSERT INTO fleet_couriers (name, started_at, beat_at, connected)
VALUES (:name, clock_timestamp(), clock_timestamp(), :connected)
ON CONFLICT (name) DO UPDATE SET beat_at = clock_timestamp(), connected = :connected
""")


@dataclass(frozen=True, slots=True)
class Parts:
    """What one courier is made of; `workshop` only where it also builds snapshots."""

    database: Database
    address: BrokerAddress
    desk: Desk
    workshop: Workshop | None = None


async def run(settings: CloudSettings) -> None:
    """One courier, until cancelled. Installs the key document it finds in the key folder."""
    logs.configure(level=settings.log_level)
    database = Database(
        settings.database_dsn.get_secret_value(),
        pool_size=settings.database_pool_size,
        name=f"portero-{settings.courier_name}",
    )
    clock = SystemClock()
    keyring = Keyring(settings.key_folder or settings.data_folder / "keys")
    try:
        await install_keys(database, keyring, clock)
        await Courier(_parts(settings, database, keyring, clock)).run()
    finally:
        await database.close()


async def install_keys(database: Database, keyring: Keyring, clock: Clock) -> None:
    """Put the folder's key document in force, unless a newer one is."""
    async with database.transaction() as session:
        await keys.install(
            session, keyring.document(), root_public_key=keyring.root_public(), clock=clock
        )


class Courier:
    """Connects, carries, reconnects; everything that matters is in the database."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._uplink = Uplink(parts.database, parts.desk)
        self._downlink = Downlink(parts.database, parts.desk)
        self._beat_now = asyncio.Event()
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        parts = self._parts
        async with (
            listening(parts.database.dsn, CHANNEL_WORK) as bell,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(self._carry(bell), name="carry")
            tasks.create_task(self._expire(), name="expire")
            tasks.create_task(self._beat(), name="beat")
            if parts.workshop is not None:
                builder = Builder(
                    parts.database, parts.workshop, hand_over=self._downlink.hand_over
                )
                tasks.create_task(builder.run(bell), name="build")

    async def _carry(self, bell: Bell) -> None:
        failures = 0
        while True:
            try:
                async with connected(self._parts.address) as post:
                    failures = 0
                    await self._carry_on(post, bell)
            except* PostLost as lost:
                _log.warning("broker_lost", error=str(lost.exceptions[0]))
            self.connected.clear()
            self._beat_now.set()
            await asyncio.sleep(_back_off(failures))
            failures += 1

    async def _carry_on(self, post: Post, bell: Bell) -> None:
        _log.info("broker_connected", courier=self._parts.address.name)
        self.connected.set()
        self._beat_now.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._uplink.run(post), name="uplink")
            tasks.create_task(self._downlink.run(post, bell), name="downlink")

    async def _expire(self) -> None:
        """Commands and wishes end in time, also when no house answers."""
        while True:
            try:
                async with self._parts.database.transaction() as session:
                    await commands.expire(session)
                    await music.expire(session)
            except Exception as error:  # noqa: BLE001 - a door: one failure must not stop the rest
                _log.warning("expiry_postponed", error=type(error).__name__)
                await asyncio.sleep(_REST_SECONDS)
            await asyncio.sleep(_EXPIRE_EVERY_SECONDS)

    async def _beat(self) -> None:
        """Says for /healthz that this courier lives, and whether it has a broker."""
        while True:
            self._beat_now.clear()
            try:
                await self._beat_once()
            except Exception as error:  # noqa: BLE001 - a door: one failure must not stop the rest
                _log.warning("beat_missed", error=type(error).__name__)
            await wait_at_most(self._beat_now, BEAT_SECONDS)

    async def _beat_once(self) -> None:
        values = {"name": self._parts.address.name, "connected": self.connected.is_set()}
        async with self._parts.database.transaction() as session:
            await session.execute(_BEAT, values)


def _parts(settings: CloudSettings, database: Database, keyring: Keyring, clock: Clock) -> Parts:
    vault = Vault(settings.secret_key.get_secret_value())
    workshop = None
    if settings.courier_builds:
        workshop = Workshop(keyring.snapshots(), vault, clock, secrets.token_bytes)
    address = BrokerAddress.parse(
        settings.broker_url, name=settings.courier_name, tls=_tls_files(settings)
    )
    return Parts(database, address, Desk(keyring.live(), clock, keyring.opener()), workshop)


def _tls_files(settings: CloudSettings) -> TlsFiles | None:
    files = (settings.broker_ca, settings.broker_certificate, settings.broker_key)
    given = [each for each in files if each is not None]
    if not given:
        return None
    if len(given) < len(files):
        raise ValueError("broker_ca, broker_certificate and broker_key belong together")
    return TlsFiles(*given)


def _back_off(failures: int) -> float:
    return _BACK_OFF_SECONDS[min(failures, len(_BACK_OFF_SECONDS) - 1)]
