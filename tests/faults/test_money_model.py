"""D9: does the cloud, on real PostgreSQL and with a provider that fails, agree with a plain model?

The model is a list of bookings: their nights, their price, what the provider took and gave back.
After each step everybody comes to rest, then the database and the provider's books are asked.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from cloud_api.settings import CloudSettings
from portero.simulators.kit import Fault, FaultKind
from tests.builders import JsonDict
from tests.cloud_api.payments.test_payment_once import killed
from tests.faults.books import wrong
from tests.faults.cash import Counter, a_counter
from tests.faults.figures import Figure, Scale

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

NIGHTS = 12
FAR = 60
ANSWER_SECONDS = 120
FAULTS = (None, FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER, FaultKind.STATUS_AFTER)
DEATHS = (None, "take", "run", "note")
PICK = st.integers(0, 10**6)


@dataclass
class Known:
    """One booking, as the model believes it to be; money in minor units."""

    held: JsonDict
    room: int
    first: int
    last: int
    status: str = "held"
    rests: int = 0
    numbers: list[int] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.held["id"])

    @property
    def lives(self) -> bool:
        return self.status in {"held", "confirmed"}

    def meets(self, room: int, first: int, last: int) -> bool:
        return self.lives and self.room == room and self.first < last and first < self.last


class Loop:
    """A counter in a thread of its own, driven from code that is not async."""

    def __init__(self, settings: CloudSettings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._ready: Future[Counter] = Future()
        self._over = asyncio.Event()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._live(),))
        self._thread.start()
        self.counter = self._ready.result(ANSWER_SECONDS)

    def run[T](self, awaited: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(awaited, self._loop).result(ANSWER_SECONDS)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(ANSWER_SECONDS)
        self._loop.close()

    async def _live(self) -> None:
        try:
            async with a_counter(self._settings) as counter:
                self._ready.set_result(counter)
                await self._over.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise


class Money(RuleBasedStateMachine):
    """Guests and staff at one counter; each example has nights of its own."""

    loop: Loop
    figure: Figure

    def __init__(self) -> None:
        super().__init__()
        self.counter = self.loop.counter
        self.known: list[Known] = []
        self.loop.run(self._empty())

    async def _empty(self) -> None:
        """Former bookings give their nights back by the front door; their money stays on record."""
        for row in await self.counter.till.sql(
            "SELECT id FROM reservations WHERE status IN ('held', 'confirmed')"
        ):
            await self.counter.desk.do({"id": str(row.id)}, "cancel")
        await self.counter.settle()

    @rule(room=st.integers(0, 3), first=st.integers(0, NIGHTS - 1), length=st.integers(1, 3))
    def hold(self, room: int, first: int, length: int) -> None:
        last = first + length
        if any(each.meets(room, first, last) for each in self.known):
            desk = self.counter.desk
            answer = self.loop.run(desk.ask([desk.rooms[room]], FAR + first, FAR + last))
            assert answer.json()["code"] == "date_overlap"
            return
        held = self.loop.run(self.counter.book(room, FAR + first, FAR + last))
        self.known.append(Known(held, room, first, last))

    @precondition(lambda self: any(each.status == "held" for each in self.known))
    @rule(
        pick=PICK,
        fault=st.sampled_from(FAULTS),
        times=st.integers(1, 3),
        death=st.sampled_from(DEATHS),
        ends=st.booleans(),
    )
    def pay(
        self, pick: int, fault: FaultKind | None, times: int, death: str | None, *, ends: bool
    ) -> None:
        """By card; the provider may fail, a worker may die, the hold may end meanwhile."""
        booking = self._pick(pick, "held")
        before = set(self.counter.vendor.payments)
        self.loop.run(self._pay(booking, fault, times, death, ends=ends))
        came = set(self.counter.vendor.payments) - before
        assert len(came) == 1, f"{len(came)} charges for one wish"
        booking.numbers += came
        booking.rests += sum(self._minor(each) for each in came)
        # Late or not: its nights are still nobody else's, so enough money makes it certain.
        booking.status = "confirmed"

    async def _pay(
        self, booking: Known, fault: FaultKind | None, times: int, death: str | None, *, ends: bool
    ) -> None:
        if fault is not None:
            self.counter.stage.add_fault(Fault(fault, "/v1/payments", "POST", times))
        await self.counter.card(booking.held)
        if death is not None:
            await killed(self.counter.till, "payments.begin", death)
        if ends:
            await self.counter.expire(booking.held)
        await self.counter.settle()

    @precondition(lambda self: any(each.status == "held" for each in self.known))
    @rule(pick=PICK)
    def time_runs_out(self, pick: int) -> None:
        booking = self._pick(pick, "held")
        self.loop.run(self.counter.expire(booking.held))
        self.loop.run(self.counter.settle())
        booking.status = "expired"

    @precondition(lambda self: any(each.lives for each in self.known))
    @rule(pick=PICK, fault=st.sampled_from(FAULTS))
    def cancel(self, pick: int, fault: FaultKind | None) -> None:
        """What the policy says goes back, once; the rest is the fee."""
        booking = self._pick(pick, "held", "confirmed")
        if fault is not None:
            self.counter.stage.add_fault(Fault(fault, "/refunds", "POST", 2))
        self.loop.run(self.counter.desk.done(booking.held, "cancel"))
        self.loop.run(self.counter.work())
        self.loop.run(self.counter.settle())
        booking.status = "cancelled"

    @precondition(lambda self: any(each.status == "confirmed" for each in self.known))
    @rule(pick=PICK, minor=st.integers(1, 3_000), fault=st.sampled_from(FAULTS))
    def refund(self, pick: int, minor: int, fault: FaultKind | None) -> None:
        """Staff give back a part; the booking stands."""
        booking = self._pick(pick, "confirmed")
        if fault is not None:
            self.counter.stage.add_fault(Fault(fault, "/refunds", "POST", 2))
        status = self.loop.run(self.counter.refund(booking.held, minor))
        assert status == (201 if minor <= booking.rests else 409)
        self.loop.run(self.counter.settle())
        booking.rests -= minor if status == 201 else 0

    @precondition(lambda self: any(each.lives for each in self.known))
    @rule(pick=PICK, room=st.integers(0, 3), by=st.integers(-3, 3))
    def move(self, pick: int, room: int, by: int) -> None:
        """To another room or other nights, if nobody has them."""
        booking = self._pick(pick, "held", "confirmed")
        first, last = booking.first + by, booking.last + by
        others = [each for each in self.known if each is not booking]
        is_free = not any(each.meets(room, first, last) for each in others)
        desk = self.counter.desk
        body = {
            "unit_ids": [desk.rooms[room]],
            "check_in": desk.day(FAR + first).isoformat(),
            "check_out": desk.day(FAR + last).isoformat(),
        }
        answer = self.loop.run(desk.do(booking.held, "move", body))
        if is_free:
            assert answer.status_code == 200, answer.text
            booking.room, booking.first, booking.last = room, first, last
        else:
            assert answer.json()["code"] == "date_overlap"

    @invariant()
    def books_and_nights_agree(self) -> None:
        self.figure.tried += 1
        found = self.loop.run(self._wrong())
        self.figure.violations += len(found)
        assert found == []

    async def _wrong(self) -> list[str]:
        found = await wrong(self.counter)
        rows = await self.counter.till.sql("SELECT id::text, status FROM reservations")
        told = {row.id: row.status for row in rows}
        for each in self.known:
            if told[each.id] != each.status:
                found.append(f"{each.held['code']} is {told[each.id]}, not {each.status}")
            if each.status == "confirmed" and self._rests_of(each) != each.rests:
                found.append(f"{each.held['code']}: {self._rests_of(each)} rests, not {each.rests}")
        return found

    def _rests_of(self, booking: Known) -> int:
        """By the provider's books."""
        mine = [self.counter.vendor.payments[number] for number in booking.numbers]
        return sum(int((each.amount - each.refunded) * 100) for each in mine)

    def _pick(self, pick: int, *statuses: str) -> Known:
        fitting = [each for each in self.known if each.status in statuses]
        return fitting[pick % len(fitting)]

    def _minor(self, number: int) -> int:
        return int(self.counter.vendor.payments[number].amount * 100)


@pytest.fixture
def loop(settings: CloudSettings) -> Iterator[Loop]:
    opened = Loop(settings)
    yield opened
    opened.close()


def test_bookings_and_money_agree_with_a_plain_model(loop: Loop, scale: Scale) -> None:
    figure = Figure("D9 hold, pay, cancel, move, refund, faults", scale.seed)
    for number in scale.tries(1, 2_000):
        machine = type("Told", (Money,), {"loop": loop, "figure": figure})
        run_machine(
            seed(scale.seed + number)(machine),
            settings=settings(
                max_examples=scale.times(4, 10),
                stateful_step_count=scale.times(8, 25),
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    figure.publish(scale)
    assert figure.violations == 0
