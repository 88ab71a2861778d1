"""A hotel that takes money: guests at its door, a played provider, and a worker told when to work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from cloud_api.app import create_app
from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database
from cloud_api.kit.errands import AnyErrand
from cloud_api.kit.jobs import AnyReaction
from cloud_api.kit.outgoing import Outgoing
from cloud_api.payments import service as payments
from cloud_api.payments.types import Folio
from cloud_api.reservations.endpoints.guests import holds_per_address
from cloud_api.settings import CloudSettings
from cloud_api.worker import rooms, shift
from cloud_api.worker.types import Crew
from portero.simulators.kit import Stage, playing
from portero.simulators.mercadopago import MercadoPago, Payment
from tests.builders import HandClock, JsonDict, build_small_hotel, client_of, found_tenant
from tests.cloud_api.payments.stage import CREDENTIALS, Till
from tests.desk import Desk, without_limit

# What a lease, a doubled wait or the look of a quiet hour would bring later is due now.
_TIME_PASSES = (
    "UPDATE payments SET leased_until = NULL, due_at = least(due_at, :now) WHERE step <> 'rest'",
    """UPDATE payment_refunds SET leased_until = NULL, due_at = least(due_at, :now)
    WHERE state = 'wanted'""",
    """UPDATE payment_notices SET leased_until = NULL, due_at = least(due_at, :now)
    WHERE due_at IS NOT NULL""",
    "UPDATE payment_accounts SET leased_until = NULL",
)
_ROUNDS = 4
_LOOK_SECONDS = 0.2


@dataclass
class Counter:
    """Guests book and pay here; day 0 is the hotel's today, money is PEN."""

    till: Till
    desk: Desk
    crew: Crew
    cards: int = 0

    @property
    def vendor(self) -> MercadoPago:
        """The provider, with its own books."""
        return self.till.vendor

    @property
    def stage(self) -> Stage:
        """Where the provider's faults are written."""
        return self.till.stage

    def keep_time(self) -> None:
        """The clock of this process goes to the real time, as other processes see it."""
        self.till.clock.now = SystemClock().utc_now()

    async def forgive(self) -> None:
        """Nobody has asked too often."""
        await self.till.sql("DELETE FROM throttle_slots")

    async def quote(self, room: int, first: int, last: int) -> str:
        """The token of a price for these nights."""
        body = self.desk.wish([self.desk.rooms[room]], first, last)
        del body["contact"]
        answer = await self.till.http.post("/api/v1/quotes", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    async def book(self, room: int, first: int, last: int) -> JsonDict:
        """A hold with its price and its folio."""
        await self.forgive()
        token = await self.quote(room, first, last)
        return await self.desk.hold([self.desk.rooms[room]], first, last, quote=token)

    async def folio(self, held: JsonDict) -> Folio:
        """What this booking owes."""
        async with self.till.database.transaction() as session:
            found = await payments.folio(session, UUID(held["id"]))
        assert found is not None
        return found

    async def card(self, held: JsonDict, token: str = "") -> JsonDict:
        """The guest gives a card; a worker has still to charge it."""
        await self.forgive()
        self.cards += 1
        link = await self.till.link(await self.folio(held))
        wish = {"card_token": token or f"tok_{self.cards}", "card_method": "visa"}
        answer = await self.till.pay(link, **wish)
        assert answer.status_code == 201, answer.text
        made: JsonDict = answer.json()
        return made

    async def page(self, held: JsonDict, **wish: object) -> str | None:
        """The guest chooses the provider's page; its number there, once a worker has asked for it."""
        await self.forgive()
        await self.till.pay(await self.till.link(await self.folio(held)), **wish)
        await self.till.work("payments.begin")
        rows = await self.till.sql(
            "SELECT reference FROM payments WHERE subject_id = :id", id=UUID(held["id"])
        )
        ours = {row.reference for row in rows}
        found = [each.id for each in self.vendor.preferences.values() if each.reference in ours]
        return found[-1] if found else None

    async def paid(self, held: JsonDict) -> Payment:
        """The guest pays by card, and everything follows from it."""
        before = set(self.vendor.payments)
        await self.card(held)
        await self.work()
        [number] = set(self.vendor.payments) - before
        return self.vendor.payments[number]

    async def refund(self, held: JsonDict, minor: int | None = None) -> int:
        """Staff give back so much of the latest payment; the status answered."""
        rows = await self.till.sql(
            "SELECT id FROM payments WHERE subject_id = :id AND received_minor > 0"
            " ORDER BY paid_at DESC LIMIT 1",
            id=UUID(held["id"]),
        )
        if not rows:
            return 409
        amount = {} if minor is None else {"amount": {"minor": minor, "currency": "PEN"}}
        answer = await self.till.hotel.tenant.post(
            f"/payments/{rows[0].id}/refunds", {"reason": "a test", **amount}
        )
        return answer.status_code

    async def expire(self, held: JsonDict) -> None:
        """The hold's time is over, and the clock's job has seen it."""
        await self.desk.run_out(held)
        await self.desk.hotel.tenant.post("/admin/jobs/reservations/expire-holds")

    async def time_passes(self) -> None:
        """Everything that waits for its time is due."""
        for statement in _TIME_PASSES:
            now = {"now": self.till.clock.now} if ":now" in statement else {}
            await self.till.sql(statement, **now)

    async def work(self) -> None:
        """A worker does all that is due, and what follows from it."""
        await shift.drain_until_idle(self.crew)

    async def settle(self) -> None:
        """Faults end, hours pass, books are compared: whatever can come to rest does."""
        self.stage.clear_faults()
        for _ in range(_ROUNDS):
            await self.time_passes()
            await self.work()
        await self.till.sql(
            "UPDATE payment_accounts SET reconcile_from = :since, leased_until = NULL",
            since=self.till.clock.now.replace(year=self.till.clock.now.year - 1),
        )
        await self.work()
        await self.time_passes()
        await self.work()


@dataclass(frozen=True)
class Build:
    """What a cloud is made of; a broken one lacks a guard."""

    errands: Sequence[AnyErrand] | None = None
    reactions: Sequence[AnyReaction] | None = None


@asynccontextmanager
async def a_counter(settings: CloudSettings) -> AsyncIterator[Counter]:
    """A hotel on this database, its provider on a socket, nobody at work yet."""
    clock = HandClock()
    vendor = MercadoPago(
        clock,
        access_token=CREDENTIALS["access_token"],
        webhook_secret=CREDENTIALS["webhook_secret"],
    )
    app = create_app(settings, clock=clock)
    app.dependency_overrides[holds_per_address] = without_limit
    database = Database(settings.database_dsn.get_secret_value(), name="portero-test")
    try:
        async with (
            playing(vendor.app) as stage,
            app.router.lifespan_context(app),
            client_of(app) as client,
            Outgoing({"mercado_pago": stage.url}) as outgoing,
        ):
            hotel = await build_small_hotel(await found_tenant(database, client))
            crew = rooms.crew(settings, database, outgoing, clock=clock)
            till = Till(
                hotel=hotel,
                database=database,
                clock=clock,
                tools=crew.tools,
                vendor=vendor,
                stage=stage,
                errands={e.name: e for e in crew.errands if e.name.startswith("payments.")},
            )
            body = {"provider": "mercado_pago", "label": "Ours", "credentials": CREDENTIALS}
            till.account = await hotel.tenant.made("/payment-accounts", body)
            await till.settings()
            yield Counter(till, Desk(hotel, database, clock), crew)
    finally:
        await database.close()


def broken(counter: Counter, build: Build) -> Counter:
    """The same hotel, run by another build of the worker."""
    crew = replace(
        counter.crew,
        errands=tuple(build.errands if build.errands is not None else counter.crew.errands),
        reactions=tuple(build.reactions if build.reactions is not None else counter.crew.reactions),
    )
    till = replace(counter.till, errands={each.name: each for each in crew.errands})
    return Counter(till, counter.desk, crew)


async def until_so(question: Callable[[], Awaitable[bool]], seconds: float = 45.0) -> None:
    """Ask an async function until it answers true. TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await question():  # noqa: ASYNC110 - a test looks from outside
            await asyncio.sleep(_LOOK_SECONDS)
