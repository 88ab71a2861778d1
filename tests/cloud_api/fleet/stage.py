"""The people and places the fleet tests talk about."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from cloud_api.courier.process import Courier
from cloud_api.fleet import service
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.snapshots import service as snapshots
from cloud_api.fleet.snapshots.service import Workshop, build
from cloud_api.fleet.snapshots.types import Built, Idle
from cloud_api.fleet.types import Delivery, DeliveryState, DesiredGrant, DesiredPin, HouseLayout
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Database
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from portero.local.broker import LocalBroker
from protocol.access import Role
from protocol.devices import Door
from protocol.envelope import Kind, open_envelope, read_body
from protocol.house import Snapshot
from protocol.ids import LockId
from protocol.keys import KeyUse, open_key_document
from protocol.music import MusicRules
from tests.cloud_api.fleet.house_on_the_wire import WireHouse

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class ToldClock:
    """A clock that stands still until it is told otherwise."""

    now: datetime = NOON

    def utc_now(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - NOON).total_seconds()

    def forward(self, step: timedelta) -> None:
        self.now += step


@dataclass(frozen=True)
class Place:
    """A house of the caller's organisation, with one front door."""

    house_id: UUID
    organisation_id: UUID
    lock: UUID

    def layout(self, *, lease_seconds: int = 72 * 3600, name: str = "Casa Azul") -> HouseLayout:
        return HouseLayout(
            house_id=self.house_id,
            organisation_id=self.organisation_id,
            name=name,
            zone="America/Lima",
            doors=(Door(lock=LockId(self.lock), name="Front door"),),
            lease_seconds=lease_seconds,
            music_rules=MusicRules(ceiling=60),
        )

    def grant(
        self,
        *,
        starts: datetime = NOON,
        nights: float = 2,
        pin: str | None = "482913",
        name: str | None = "Ada",
        parent: UUID | None = None,
        grant_id: UUID | None = None,
        generation: int = 1,
        checked_in: bool = False,
    ) -> DesiredGrant:
        ends = starts + timedelta(days=nights)
        pins = () if pin is None else (DesiredPin(uuid4(), self.lock, starts, ends, pin),)
        return DesiredGrant(
            id=grant_id or uuid4(),
            house_id=self.house_id,
            organisation_id=self.organisation_id,
            role=Role.GUEST,
            starts=starts,
            ends=ends,
            rights=(f"door:open:{self.lock}", "access:approve"),
            parent=parent,
            generation=generation,
            checked_in=checked_in,
            name=name,
            pins=pins,
        )


type StartCourier = Callable[..., AbstractAsyncContextManager[Courier]]
type StartOn = Callable[..., AbstractAsyncContextManager[Courier]]


@dataclass(frozen=True)
class Cloud:
    """What other rooms do to fleet, each in a transaction of its own."""

    database: Database
    place: Place
    house: WireHouse
    vault: Vault
    scope: Scope
    clock: Clock

    async def desire(self, *grants: DesiredGrant) -> None:
        async with self.database.transaction() as session:
            await service.desire(session, grants, vault=self.vault)

    async def withdraw(self, *grant_ids: UUID) -> None:
        async with self.database.transaction() as session:
            await service.withdraw(
                session, house_id=self.place.house_id, grant_ids=grant_ids, clock=self.clock
            )

    async def delivery(self) -> Delivery:
        async with self.database.transaction() as session:
            return await service.delivery(
                session, self.scope, self.place.house_id, clock=self.clock
            )

    async def value(self, sql: str, **values: object) -> object:
        """One value of one row."""
        async with self.database.transaction() as session:
            found: object = await session.scalar(text(sql), values)
        return found

    async def events(self, name: str) -> list[dict[str, object]]:
        """Payloads of the events of this name, in order."""
        async with self.database.transaction() as session:
            rows = await session.scalars(
                text("SELECT payload FROM events_outbox WHERE name = :name ORDER BY id"),
                {"name": name},
            )
            return list(rows)


@dataclass(frozen=True)
class Bench(Cloud):
    """A builder and a clock that is told the time; no broker."""

    clock: ToldClock
    workshop: Workshop
    keyring: Keyring

    async def build(self) -> Built | Idle:
        async with self.database.transaction() as session:
            return await build(session, self.place.house_id, self.workshop)

    async def newest(self) -> Snapshot:
        """The head as a house would read it."""
        async with self.database.transaction() as session:
            stored = await snapshots.head(session, self.place.house_id)
        assert stored is not None
        document = open_key_document(self.keyring.document(), self.keyring.root_public())
        opened = open_envelope(
            stored.frame, Kind.SNAPSHOT, lambda kid: document.key_for(kid, KeyUse.SNAPSHOT)
        )
        return read_body(opened, Snapshot)


@dataclass(frozen=True)
class Scene(Cloud):
    """A house on a real broker, seen from the cloud."""

    broker: LocalBroker

    def grant(self) -> DesiredGrant:
        """A grant that holds now."""
        return self.place.grant(starts=self.clock.utc_now() - timedelta(hours=1))

    async def until(self, state: DeliveryState, *, seconds: float = 5) -> Delivery:
        """Wait until the cloud believes this."""
        async with asyncio.timeout(seconds):
            while (delivery := await self.delivery()).state is not state:  # noqa: ASYNC110 - rows have no event
                await asyncio.sleep(0.01)
        return delivery

    async def until_value(self, sql: str, wanted: object, *, seconds: float = 5) -> None:
        """Wait until the query answers this."""
        async with asyncio.timeout(seconds):
            while await self.value(sql) != wanted:  # noqa: ASYNC110 - rows have no event
                await asyncio.sleep(0.01)


async def fill_pool(database: Database) -> None:
    """Open every connection of the pool now.

    A courier that is stopped while the pool makes a new connection would leave that one to the
    garbage collector, whose warning then fails some other test.
    """
    async with AsyncExitStack() as stack:
        for _ in range(database.engine.pool.size()):  # type: ignore[attr-defined]  # a queue pool
            session = await stack.enter_async_context(database.transaction())
            await session.execute(text("SELECT 1"))
