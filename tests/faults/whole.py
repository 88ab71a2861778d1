"""What stands in a test of the whole system: every process of ours, real, and killable?"""

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from cloud_api.kit.clock import SystemClock
from cloud_api.migrations.runner import upgrade
from edge_agent.simulator.ttlock.control import Door
from edge_agent.simulator.ttlock.model import Movement
from edge_agent.store import audit, book
from portero.demo import house
from portero.demo.client import Caller, caller, text
from portero.demo.ground import DATABASE, Ground, Ports, Secrets, environment
from portero.demo.processes import Child, Troupe
from portero.demo.seed import ZONE, Place, log_in, seed
from portero.demo.voice import StoryError
from portero.demo.waiting import until, until_answers
from portero.local.broker import LocalBroker
from portero.local.ports import any_free
from portero.local.postgres import LocalPostgres
from portero.verbs.simulated import control_socket
from protocol.facts import Fact
from protocol.house import Snapshot
from protocol.ids import HouseId
from provisioning.ceremony import hold

SOON = 45.0
PASSWORD = "canary-owner-password-7f3a"
CLOUD_PARTS = ("cloud", "worker", "courier")


@dataclass
class Whole:
    """Database, broker, cloud, worker, courier, and one house with lockd, agent and devices."""

    ground: Ground
    troupe: Troupe
    place: Place

    @asynccontextmanager
    async def host(self) -> AsyncIterator[Caller]:
        """The owner, logged in."""
        async with self.somebody(self.ground.cloud_url) as owner:
            await log_in(owner, PASSWORD)
            yield owner

    @asynccontextmanager
    async def somebody(self, url: str) -> AsyncIterator[Caller]:
        """Nobody in particular; as a browser would come."""
        person = caller(url, origin=url)
        async with person.http:
            yield person

    def start(self, name: str) -> None:
        """One process of ours."""
        if name in CLOUD_PARTS:
            self.troupe.start(name, name)
        elif name == "lockd":
            house.start_lockd(self.ground, self.troupe)
        else:
            house.start_agent(self.ground, self.troupe)

    def kill(self, name: str) -> Child:
        """SIGKILL; it is not counted among the dead."""
        child = self.troupe.named(name)
        child.process.kill()
        child.process.wait()
        if child.process.stdin is not None:
            child.process.stdin.close()
        self.troupe.children.remove(child)
        return child

    def today(self) -> date:
        """In the house's own zone."""
        return SystemClock().utc_now().astimezone(ZoneInfo(ZONE)).date()

    async def confirmed(self, host: Caller, unit: str, *, first: int, nights: int = 1) -> str:
        """A booking of `nights` from `first` days after today; its id."""
        start = self.today() + timedelta(days=first)
        async with self.somebody(self.ground.cloud_url) as guest:
            wish = {
                "unit_ids": [self.place.units[unit]],
                "check_in": start.isoformat(),
                "check_out": (start + timedelta(days=nights)).isoformat(),
                "guests": 1,
                "channel": "web",
                "contact": {"name": "Camila", "email": "camila@demo.example", "language": "es"},
            }
            held = await guest.post("/api/v1/holds", wish)
        reservation = text(held, "id")
        payment = {"payment": {"note": "paid at the desk", "amount": None}}
        await host.post(f"/api/v1/reservations/{reservation}/confirm", payment)
        return reservation

    async def grants_of(self, host: Caller, reservation: str) -> list[dict[str, object]]:
        """What access made of a booking."""
        answer = await host.get(f"/api/v1/grants/of-reservation/{reservation}")
        grants = answer["grants"]
        assert isinstance(grants, list)
        return [dict(each) for each in grants if isinstance(each, dict)]

    async def delivered(self, host: Caller) -> None:
        """Wait until the house has proved to hold what the cloud wants."""

        async def is_so() -> bool:
            path = f"/api/v1/houses/{self.place.house}/delivery"
            return (await host.get(path)).get("state") == "delivered"

        await until(is_so, SOON, "the house did not acknowledge", troupe=self.troupe)

    async def openings(self, number: int = 1) -> list[Movement]:
        """What a motor opened for us, by the lock's own record; its local time made UTC."""
        record = Door(control_socket(self.ground.folder / "devices", number))
        return [
            each.model_copy(update={"at_local": _utc(each.at_local)})
            for each in await record.movements()
            if (each.cause, each.bolt) == ("app", "unlocked")
        ]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Look into the cloud's database as its owner."""
        with psycopg.connect(self.ground.postgres.dsn(DATABASE)) as connection:
            return list(connection.execute(query.encode()))

    def facts(self) -> list[Fact]:
        """The house's whole audit, from a copy; the chain must hold."""
        with self._copy(audit.FILE) as folder:
            store = audit.AuditStore(folder, HouseId(UUID(self.place.house)))
            with contextlib.closing(store):
                assert store.first_break() is None
                texts = store.after(0, limit=1_000_000, max_bytes=1 << 40)
        return [Fact.from_bytes(each.encode()) for each in texts]

    def book(self) -> Snapshot:
        """The book the house decides from, from a copy."""
        with self._copy(book.FILE) as folder, contextlib.closing(book.BookStore(folder)) as store:
            kept = store.snapshot()
        assert kept is not None
        return Snapshot.from_bytes(kept.frame.split(b"\n", 1)[1])

    @contextmanager
    def _copy(self, name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            for file in (self.ground.folder / "lockd").glob(f"{name}*"):
                shutil.copy(file, folder)
            yield Path(folder)


@contextmanager
def laid_out() -> Iterator[tuple[Ground, Troupe]]:
    """A folder of its own with a database, keys and a broker; nothing is left at the end."""
    with tempfile.TemporaryDirectory(prefix="pf-") as name:  # a unix socket's path must be short
        ground = _ground(Path(name))
        troupe = Troupe(ground.folder / "logs", environment(ground))
        try:
            ground.broker.start()
            yield ground, troupe
        finally:
            troupe.end_all()
            ground.close()


async def raised(ground: Ground, troupe: Troupe) -> Whole:
    """Start everything, wait until the house has its first book."""
    for part in CLOUD_PARTS:
        troupe.start(part, part)
    host = caller(ground.cloud_url)
    async with host.http:
        await until_answers(f"{ground.cloud_url}/healthz", troupe)
        await log_in(host, PASSWORD)
        whole = Whole(ground, troupe, await seed(host, ground.folder))
        await house.start(ground, troupe, host, whole.place)
        await until_answers(f"{ground.lan_url}/healthz", troupe)
        try:
            await whole.delivered(host)
        except StoryError as error:
            said = [f"{child.name}: {child.last_lines(8)}" for child in troupe.children]
            raise AssertionError(f"{error}\n" + "\n".join(said)) from None
    return whole


def _ground(folder: Path) -> Ground:
    postgres = LocalPostgres(folder / "postgres")
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}".encode())
    upgrade(postgres.dsn(DATABASE))
    now = SystemClock().utc_now()
    hold(root_folder=folder / "keys" / "root", cloud_folder=folder / "keys" / "cloud", now=now)
    ports = Ports(any_free(), any_free(), any_free(), any_free(), any_free(), ())
    kept = Secrets(secret_key="canary-secret-key-" + "9b1d" * 8, owner_password=PASSWORD)
    broker = LocalBroker(folder / "broker", port=ports.broker)
    return Ground(folder, ports, kept, postgres, broker)


def _utc(local: datetime) -> datetime:
    return local.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC).replace(tzinfo=None)
