"""Do 64 clients who all want the same few nights ever get one of them twice?

Rooms, pairs of rooms and the whole house mixed, through HTTP on a live server with a pool smaller
than the crowd; holds are cancelled, confirmed, moved and run out meanwhile. Judged by SQL.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
import uvicorn
from fastapi import FastAPI

from cloud_api.app import create_app
from cloud_api.kit.db import Database
from cloud_api.reservations.endpoints.guests import holds_per_address
from cloud_api.settings import CloudSettings
from tests.builders import HandClock, JsonDict, build_small_hotel, found_tenant
from tests.desk import Desk, without_limit

pytestmark = [pytest.mark.storm, pytest.mark.timeout(180)]

CLIENTS = 64
NIGHTS = 12

PARTLY_TAKEN = """
SELECT count(*) FROM reservations AS r WHERE r.status IN ('held', 'confirmed')
AND (SELECT count(*) FROM occupancies AS o WHERE o.reservation_id = r.id AND o.live
     AND o.nights = daterange(r.check_in, r.check_out))
 <> (SELECT count(*) FROM reservation_units AS ru JOIN unit_spaces AS us ON us.unit_id = ru.unit_id
     WHERE ru.reservation_id = r.id)
"""
DEAD_BUT_LIVE = """
SELECT count(*) FROM reservations AS r JOIN occupancies AS o ON o.reservation_id = r.id
WHERE o.live <> (r.status IN ('held', 'pending', 'under_review', 'confirmed'))
"""
DEADLOCKS = "SELECT deadlocks AS count FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture
def crowded_app(settings: CloudSettings, clock: HandClock) -> FastAPI:
    """The application, without counting how often one address asks."""
    app = create_app(settings, clock=clock)
    app.dependency_overrides[holds_per_address] = without_limit
    return app


@pytest.fixture
async def base_url(crowded_app: FastAPI) -> AsyncIterator[str]:
    config = uvicorn.Config(
        crowded_app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="on"
    )
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(), name="crowded cloud")
        async with asyncio.timeout(10):
            while not server.started and not serving.done():  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True


@pytest.fixture
async def desk(base_url: str, database: Database, clock: HandClock) -> AsyncIterator[Desk]:
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=60) as client:
        tenant = await found_tenant(database, client)
        yield Desk(await build_small_hotel(tenant), database, clock)


def _units(desk: Desk, dice: random.Random) -> list[str]:
    kind = dice.random()
    if kind < 0.25:
        return [desk.whole]
    if kind < 0.5:
        return dice.sample(desk.rooms, 2)
    return [dice.choice(desk.rooms)]


def _dates(dice: random.Random) -> tuple[int, int]:
    first = dice.randrange(NIGHTS - 1)
    return first, min(NIGHTS, first + dice.randrange(1, 4))


async def _assert_sound(desk: Desk, answers: Counter[str]) -> None:
    assert await desk.overlaps() == 0
    for question in (PARTLY_TAKEN, DEAD_BUT_LIVE, DEADLOCKS):
        assert (await desk.sql(question))[0].count == 0, question
    assert not [each for each in answers if each.startswith("5")], answers


async def test_all_at_once_for_the_same_night_one_gets_it(desk: Desk) -> None:
    answers: Counter[str] = Counter()
    for units in ([desk.whole], [desk.rooms[0]], list(desk.rooms)):
        await desk.forget()
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(desk.ask(units, 3, 5)) for _ in range(CLIENTS)]
        this = Counter(str(each.result().status_code) for each in asked)
        assert this == {"201": 1, "409": CLIENTS - 1}
        answers += this
    await _assert_sound(desk, answers)


async def test_rooms_and_whole_house_at_once_share_no_night(desk: Desk) -> None:
    wishes = [[desk.whole], *([room] for room in desk.rooms), list(desk.rooms[:2])]
    for night in range(6):
        async with asyncio.TaskGroup() as tasks:
            asked = [
                tasks.create_task(desk.ask(wishes[n % len(wishes)], night, night + 1))
                for n in range(CLIENTS)
            ]
        codes = Counter(str(each.result().status_code) for each in asked)
        assert set(codes) == {"201", "409"}
        await _assert_sound(desk, codes)


class _Client:
    """One of the crowd: asks, and does things to what it and others got."""

    def __init__(self, desk: Desk, seed: int, got: list[JsonDict], answers: Counter[str]) -> None:
        self._desk = desk
        self._dice = random.Random(seed)  # noqa: S311 - a repeatable crowd, no secret
        self._got = got
        self._answers = answers

    async def run(self, times: int) -> None:
        for _ in range(times):
            answer = await (
                self._change() if self._got and self._dice.random() < 0.4 else self._ask()
            )
            code = "" if answer.status_code < 300 else answer.json()["code"]
            self._answers[f"{answer.status_code} {code}".strip()] += 1

    async def _ask(self) -> httpx.Response:
        first, last = _dates(self._dice)
        answer = await self._desk.ask(_units(self._desk, self._dice), first, last)
        if answer.status_code == 201:
            self._got.append(answer.json())
        return answer

    async def _change(self) -> httpx.Response:
        booking = self._dice.choice(self._got)
        action = self._dice.choice(("confirm", "cancel", "move", "cancel"))
        if action != "move":
            return await self._desk.do(booking, action)
        first, last = _dates(self._dice)
        return await self._desk.do(
            booking,
            "move",
            {
                "unit_ids": _units(self._desk, self._dice),
                "check_in": self._desk.day(first).isoformat(),
                "check_out": self._desk.day(last).isoformat(),
            },
        )


async def test_a_crowd_that_holds_confirms_cancels_and_moves_never_double_books(
    desk: Desk,
) -> None:
    got: list[JsonDict] = []
    answers: Counter[str] = Counter()
    # Some nights begin under holds that ran out, so that everybody trips over the same ones.
    for room in desk.rooms:
        await desk.run_out(await desk.hold([room], 0, NIGHTS))
    async with asyncio.TaskGroup() as tasks:
        for seed in range(CLIENTS):
            tasks.create_task(_Client(desk, seed, got, answers).run(20))
    await _assert_sound(desk, answers)
    known = {"201", "200", "409 date_overlap", "409 invalid_state", "422 invalid_guests"}
    rare = {"409 processing_or_unavailable"}
    assert set(answers) - rare <= known, answers
    assert answers["201"] >= 10
    assert answers["200"] >= 10
    [row] = await desk.sql("SELECT count(*) FROM reservations WHERE status = 'expired'")
    assert row.count == len(desk.rooms)


async def test_of_64_confirms_at_once_exactly_one_wins(desk: Desk) -> None:
    held = await desk.hold([desk.whole], 3, 5)
    async with asyncio.TaskGroup() as tasks:
        tried = [tasks.create_task(desk.do(held, "confirm")) for _ in range(CLIENTS)]
    assert Counter(each.result().status_code for each in tried) == {200: 1, 409: CLIENTS - 1}
    assert (await desk.event_names()).count("reservations.confirmed") == 1


async def test_without_the_constraint_the_same_crowd_double_books(
    desk: Desk, owner_dsn: str
) -> None:
    """What proves that the storm can fail: looking first is not enough."""
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("ALTER TABLE occupancies DROP CONSTRAINT ex_occupancies_no_overlap")
    for night in range(10):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CLIENTS):
                tasks.create_task(desk.ask([desk.whole], night, night + 1))
        if await desk.overlaps():
            break
    assert await desk.overlaps() > 0
