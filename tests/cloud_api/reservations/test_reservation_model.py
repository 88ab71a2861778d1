"""Does the real thing, on real PostgreSQL, agree step by step with a plain list of bookings?"""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cloud_api.app import create_app
from cloud_api.kit.db import Database
from cloud_api.reservations.endpoints.guests import holds_per_address
from cloud_api.settings import CloudSettings
from tests.builders import HandClock, JsonDict, build_small_hotel, client_of, found_tenant
from tests.desk import Desk, without_limit

DAYS = 9
WHOLE = (0, 1, 2, 3)
LIVE = ("held", "pending", "under_review", "confirmed")
NEXT = {
    ("held", "submit"): "pending",
    ("pending", "review"): "under_review",
    ("held", "confirm"): "confirmed",
    ("pending", "confirm"): "confirmed",
    ("under_review", "confirm"): "confirmed",
    ("held", "reject"): "rejected",
    ("pending", "reject"): "rejected",
    ("under_review", "reject"): "rejected",
    **{(status, "cancel"): "cancelled" for status in LIVE},
}


@dataclass
class Known:
    """One booking as the oracle believes it to be."""

    answer: JsonDict
    rooms: tuple[int, ...]
    first: int
    last: int
    status: str = "held"
    ran_out: bool = False
    extended: bool = False

    @property
    def blocks(self) -> bool:
        return self.status in LIVE and not self.ran_out

    def meets(self, rooms: tuple[int, ...], first: int, last: int) -> bool:
        return bool(set(self.rooms) & set(rooms)) and self.first < last and first < self.last


class Stage:
    """The application on one database in a thread of its own, driven from code that is not async."""

    def __init__(self, settings: CloudSettings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._ready: Future[Desk] = Future()
        self._over = asyncio.Event()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._live(),))
        self._thread.start()
        self.desk = self._ready.result(timeout=20)

    def run[T](self, awaited: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(awaited, self._loop).result(timeout=20)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(timeout=20)
        self._loop.close()

    async def _live(self) -> None:
        clock = HandClock()
        app = create_app(self._settings, clock=clock)
        app.dependency_overrides[holds_per_address] = without_limit
        database = Database(self._settings.database_dsn.get_secret_value(), pool_size=2)
        try:
            async with app.router.lifespan_context(app), client_of(app) as client:
                hotel = await build_small_hotel(await found_tenant(database, client))
                self._ready.set_result(Desk(hotel, database, clock))
                await self._over.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise
        finally:
            await database.close()


@pytest.fixture
def stage(settings: CloudSettings) -> Iterator[Stage]:
    opened = Stage(settings)
    yield opened
    opened.close()


ROOMS = st.one_of(
    st.just(WHOLE),
    st.lists(st.integers(0, 3), min_size=1, max_size=2, unique=True).map(tuple),
)
FIRST = st.integers(0, DAYS - 1)
LENGTH = st.integers(1, 4)
PICK = st.integers(0, 10**6)


class Bookings(RuleBasedStateMachine):
    """Every rule predicts the answer from the list alone, then looks."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.desk = self.stage.desk
        self.known: list[Known] = []
        self.stage.run(self.desk.forget())

    @rule(rooms=ROOMS, first=FIRST, length=LENGTH)
    def hold(self, rooms: tuple[int, ...], first: int, length: int) -> None:
        last = first + length
        answer = self.stage.run(self.desk.ask(self._units(rooms), first, last))
        if self._free(rooms, first, last):
            assert answer.status_code == 201, answer.text
            self._expire_met(rooms, first, last)
            self.known.append(Known(answer.json(), rooms, first, last))
        else:
            assert answer.json()["code"] == "date_overlap"

    @rule(rooms=ROOMS, first=FIRST, length=LENGTH)
    def block(self, rooms: tuple[int, ...], first: int, length: int) -> None:
        last = first + length
        body = self.desk.wish(self._units(rooms), first, last, kind="owner")
        wanted = {key: body[key] for key in ("unit_ids", "check_in", "check_out", "kind")}
        answer = self.stage.run(self.desk.hotel.tenant.post("/blocks", wanted))
        if self._free(rooms, first, last):
            assert answer.status_code == 201, answer.text
            self._expire_met(rooms, first, last)
            self.known.append(Known(answer.json(), rooms, first, last, "confirmed"))
        else:
            assert answer.json()["code"] == "date_overlap"

    @precondition(lambda self: self.known)
    @rule(pick=PICK, action=st.sampled_from(("confirm", "cancel", "submit", "review", "reject")))
    def act(self, pick: int, action: str) -> None:
        booking = self._pick(pick)
        answer = self.stage.run(self.desk.do(booking.answer, action))
        target = NEXT.get((booking.status, action))
        if self._refused_as_expired(booking, action):
            assert answer.json()["code"] == "expired", answer.text
        elif target is None:
            assert answer.json()["code"] == "invalid_state", answer.text
        else:
            assert answer.json()["status"] == target, answer.text
            booking.status = target

    @precondition(lambda self: self.known)
    @rule(pick=PICK)
    def extend_hold(self, pick: int) -> None:
        booking = self._pick(pick)
        answer = self.stage.run(self.desk.do(booking.answer, "extend-hold"))
        if self._refused_as_expired(booking, "extend-hold"):
            assert answer.json()["code"] == "expired", answer.text
        elif booking.status != "held" or booking.extended:
            assert answer.json()["code"] == "invalid_state", answer.text
        else:
            assert answer.status_code == 200, answer.text
            booking.extended = True

    @precondition(lambda self: self.known)
    @rule(pick=PICK, rooms=ROOMS, first=FIRST, length=LENGTH)
    def move(self, pick: int, rooms: tuple[int, ...], first: int, length: int) -> None:
        self._move(self._pick(pick), rooms, first, first + length)

    @precondition(lambda self: self.known)
    @rule(pick=PICK, by=st.sampled_from((-1, 1, 2)))
    def stay_longer_or_shorter(self, pick: int, by: int) -> None:
        booking = self._pick(pick)
        if booking.last + by > booking.first:
            self._move(booking, booking.rooms, booking.first, booking.last + by)

    @precondition(lambda self: any(each.status == "held" for each in self.known))
    @rule(pick=PICK)
    def time_runs_out(self, pick: int) -> None:
        held = [each for each in self.known if each.status == "held"]
        booking = held[pick % len(held)]
        self.stage.run(self.desk.run_out(booking.answer))
        booking.ran_out = True

    @rule()
    def expire(self) -> None:
        report = self.stage.run(
            self.desk.hotel.tenant.post("/admin/jobs/reservations/expire-holds")
        ).json()
        due = [each for each in self.known if each.status == "held" and each.ran_out]
        changed = {change["reservation_id"] for change in report["changes"]}
        assert changed == {each.answer["id"] for each in due}
        for each in due:
            each.status = "expired"

    @invariant()
    def the_database_agrees(self) -> None:
        rows = self.stage.run(
            self.desk.sql("SELECT id, status, check_in, check_out FROM reservations")
        )
        assert {row.id: (row.status, row.check_in, row.check_out) for row in rows} == {
            UUID(each.answer["id"]): (
                each.status,
                self.desk.day(each.first),
                self.desk.day(each.last),
            )
            for each in self.known
        }
        taken = self.stage.run(
            self.desk.sql(
                "SELECT space_id, lower(nights) AS f, upper(nights) AS l FROM occupancies WHERE live"
            )
        )
        spaces = self.desk.hotel.room_spaces
        assert sorted((row.space_id, row.f, row.l) for row in taken) == sorted(
            (spaces[room], self.desk.day(each.first), self.desk.day(each.last))
            for each in self.known
            if each.status in LIVE
            for room in each.rooms
        )
        assert self.stage.run(self.desk.overlaps()) == 0

    def _move(self, booking: Known, rooms: tuple[int, ...], first: int, last: int) -> None:
        change = {
            "unit_ids": self._units(rooms),
            "check_in": self.desk.day(first).isoformat(),
            "check_out": self.desk.day(last).isoformat(),
        }
        answer = self.stage.run(self.desk.do(booking.answer, "move", change))
        if self._refused_as_expired(booking, "move"):
            assert answer.json()["code"] == "expired", answer.text
        elif booking.status not in LIVE:
            assert answer.json()["code"] == "invalid_state", answer.text
        elif self._free(rooms, first, last, but=booking):
            assert answer.status_code == 200, answer.text
            self._expire_met(rooms, first, last, but=booking)
            booking.rooms, booking.first, booking.last = rooms, first, last
        else:
            assert answer.json()["code"] == "date_overlap", answer.text

    def _refused_as_expired(self, booking: Known, action: str) -> bool:
        """A hold that ran out is expired by whoever touches it with an action the table knows."""
        if booking.status == "expired":
            return True
        known = action in {"move", "extend-hold"} or (booking.status, action) in NEXT
        if booking.status == "held" and booking.ran_out and known:
            booking.status = "expired"
            return True
        return False

    def _pick(self, pick: int) -> Known:
        return self.known[pick % len(self.known)]

    def _units(self, rooms: tuple[int, ...]) -> list[str]:
        return [self.desk.whole] if rooms == WHOLE else [self.desk.rooms[room] for room in rooms]

    def _free(
        self, rooms: tuple[int, ...], first: int, last: int, *, but: Known | None = None
    ) -> bool:
        return not any(
            each.blocks and each.meets(rooms, first, last) for each in self.known if each is not but
        )

    def _expire_met(
        self, rooms: tuple[int, ...], first: int, last: int, *, but: Known | None = None
    ) -> None:
        for each in self.known:
            stale = each.status == "held" and each.ran_out and each is not but
            if stale and each.meets(rooms, first, last):
                each.status = "expired"


@pytest.mark.timeout(300)
def test_bookings_agree_with_a_plain_list_of_them(stage: Stage) -> None:
    machine = type("Told", (Bookings,), {"stage": stage})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
