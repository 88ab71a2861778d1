"""A4: a worker dies between the provider's act, our commit and what follows: one charge, equal books.

A real worker process is killed by the kernel at the moment named, with the provider, whose own books
are the judge, in this process. What a lease would bring three minutes later is made due at once.
"""

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cloud_api.settings import CloudSettings
from portero.demo.processes import Troupe
from portero.local.ports import any_free
from portero.simulators.kit import Fault, FaultKind
from tests.builders import JsonDict
from tests.faults.books import wrong
from tests.faults.cash import Counter, until_so
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

NAME = "worker"


def environment(settings: CloudSettings, counter: Counter, folder: Path) -> dict[str, str]:
    """What the worker reads: this test's database and provider."""
    inherited = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - children need PATH and HOME
        if not name.startswith("PORTERO_")
    }
    return inherited | {
        "PORTERO_ENVIRONMENT": "development",
        "PORTERO_DATABASE_DSN": settings.database_dsn.get_secret_value(),
        "PORTERO_SECRET_KEY": settings.secret_key.get_secret_value(),
        "PORTERO_PORT": str(any_free()),
        "PORTERO_DATA_FOLDER": str(folder / "data"),
        "PORTERO_PUBLIC_URL": "http://cloud.test",
        "PORTERO_VENDOR_URLS": json.dumps({"mercado_pago": counter.stage.url}),
    }


class Shift:
    """One worker after the other."""

    def __init__(self, counter: Counter, troupe: Troupe) -> None:
        self.counter, self._troupe = counter, troupe

    def start(self) -> None:
        """Somebody begins to work."""
        self._troupe.start(NAME, "worker")

    async def kill(self) -> None:
        """SIGKILL."""
        child = self._troupe.named(NAME)
        child.process.kill()
        await asyncio.to_thread(child.process.wait)
        if child.process.stdin is not None:
            child.process.stdin.close()
        self._troupe.children.remove(child)

    async def works(self) -> None:
        """Until a worker of this shift has shown that it lives."""

        async def beats() -> bool:
            self.counter.keep_time()
            assert not self._troupe.dead(), self._troupe.named(NAME).last_lines()
            rows = await self.counter.till.sql("SELECT count(*) AS n FROM workers")
            return bool(rows[0].n)

        await self.counter.till.sql("DELETE FROM workers")
        await until_so(beats)


@asynccontextmanager
async def a_shift(settings: CloudSettings, counter: Counter, folder: Path) -> AsyncIterator[Shift]:
    """The first worker works; none is left at the end."""
    troupe = Troupe(folder / "logs", environment(settings, counter, folder))
    shift = Shift(counter, troupe)
    try:
        shift.start()
        await shift.works()
        yield shift
    finally:
        troupe.end_all()


async def has_charged(counter: Counter, held: JsonDict, _dice: random.Random) -> None:
    """The provider has the money and has not answered."""
    before = len(counter.vendor.captured)
    counter.stage.add_fault(Fault(FaultKind.HANG_AFTER, "/v1/payments", "POST"))
    await counter.card(held)

    async def charged() -> bool:
        return len(counter.vendor.captured) > before

    await until_so(charged)


async def has_written(counter: Counter, held: JsonDict, _dice: random.Random) -> None:
    """The payment is on record; what follows from it may not be."""
    await counter.card(held)

    async def written() -> bool:
        rows = await counter.till.sql(
            "SELECT 1 FROM payments WHERE state = 'paid' AND subject_id = CAST(:id AS uuid)",
            id=held["id"],
        )
        return bool(rows)

    await until_so(written)


async def any_moment(counter: Counter, held: JsonDict, dice: random.Random) -> None:
    """Somewhere in a card's payment."""
    await counter.card(held)
    await asyncio.sleep(dice.uniform(0, 0.3))


async def has_heard(counter: Counter, held: JsonDict, dice: random.Random) -> None:
    """A notice of a paid page has come in, and is perhaps read."""
    await counter.forgive()
    await counter.till.pay(await counter.till.link(await counter.folio(held)))

    async def has_page() -> bool:
        return any(each.title == held["code"] for each in counter.vendor.preferences.values())

    await until_so(has_page)
    [page] = [each for each in counter.vendor.preferences.values() if each.title == held["code"]]
    payment = counter.vendor.pay(page.id)
    assert await counter.till.bring(counter.vendor.notice(payment)) == [200]
    await asyncio.sleep(dice.uniform(0, 0.2))


async def has_given_back(counter: Counter, held: JsonDict, dice: random.Random) -> None:
    """The provider has given back and has not answered."""
    await has_written(counter, held, dice)
    before = sum(len(each.refunds) for each in counter.vendor.payments.values())
    counter.stage.add_fault(Fault(FaultKind.HANG_AFTER, "/refunds", "POST"))
    assert await counter.refund(held, 100) == 201

    async def went() -> bool:
        return sum(len(each.refunds) for each in counter.vendor.payments.values()) > before

    await until_so(went)


type Moment = Callable[[Counter, JsonDict, random.Random], Awaitable[None]]
MOMENTS: tuple[Moment, ...] = (has_charged, has_written, any_moment, has_heard, has_given_back)


async def comes_to_rest(counter: Counter, held: JsonDict) -> list[str]:
    """What the next worker leaves wrong; it has half a minute."""
    found = list[str]()

    async def right() -> bool:
        counter.keep_time()
        await counter.time_passes()
        await counter.till.sql(
            "SELECT pg_notify('portero_errands', name) FROM (VALUES"
            " ('payments.begin'), ('payments.look'), ('payments.refund'), ('payments.heed')) n(name)"
        )
        found[:] = await wrong(counter)
        rows = await counter.till.sql("SELECT 1 FROM payment_refunds WHERE state = 'wanted'")
        status = await counter.desk.status(held)
        if status != "confirmed" or rows:
            found.append(f"{status}, {len(rows)} refunds wait")
        return not found

    try:
        await until_so(right, 60.0)
    except TimeoutError:
        return found
    return []


async def test_whenever_a_worker_dies_a_guest_is_charged_once_and_booked(
    counter: Counter, settings: CloudSettings, scale: Scale, tmp_path: Path
) -> None:
    figure, dice = Figure("A4 worker SIGKILL while money moves", scale.seed), scale.dice("A4")
    async with a_shift(settings, counter, tmp_path) as shift:
        for number in scale.tries(len(MOMENTS), 250):
            moment = MOMENTS[number % len(MOMENTS)]
            counter.keep_time()
            held = await counter.book(number % 4, 30 + number // 4, 31 + number // 4)
            await moment(counter, held, dice)
            await shift.kill()
            counter.stage.clear_faults()
            began = CLOCK.monotonic()
            shift.start()
            await shift.works()
            found = await comes_to_rest(counter, held)
            figure.took(CLOCK.monotonic() - began)
            figure.tried += 1
            figure.note(moment.__name__.replace("_", " "))
            figure.violations += len(found)
            assert found == [], f"{moment.__name__}, try {number}, seed {scale.seed}"
    figure.publish(scale)
