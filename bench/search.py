"""What does it cost to search and to quote among many houses, beside the same statements alone?"""

import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import FastAPI

from bench import hotel, village
from bench.bookings import address
from bench.children import Children, until_answers
from bench.figures import Note, Pair, Report, Single
from bench.hotel import Databases, in_process
from bench.recorder import BEGIN, COMMIT, ROLLBACK, Recorded, Step, listening
from bench.rounds import Ask, Plan, in_turns
from bench.village import Village
from bench.wire import Address, Wire, wires
from cloud_api.kit.clock import SystemClock
from portero.local.ports import any_free

HOUSES = (1, 100, 1000)
QUICK_HOUSES = (1, 20)
PAGE = 50
_PLAN = Plan(rounds=5, seconds=1.0, times=0)
_MARK = {BEGIN, COMMIT, ROLLBACK}
_OF_NIGHTS = "FROM occupancies"

type Connection = asyncpg.Connection[asyncpg.Record]


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of question: what it is called, how it is asked, what must come back."""

    name: str
    method: str
    path: str
    body: bytes = b""
    status: int = 200


async def run(folder: Path, *, quick: bool) -> Report:
    """Searches by page, searches of what is free by price, and quotes; few houses and many."""
    databases = Databases(folder)
    try:
        with Children(folder / "logs") as children:
            return await _run(databases, children, quick=quick)
    finally:
        databases.close()


async def _run(databases: Databases, children: Children, *, quick: bool) -> Report:
    dsn, owner = databases.make("ours"), databases.owner_dsn("ours")
    plan, report = Plan.of(quick=True) if quick else _PLAN, Report("search")
    async with in_process(dsn) as (app, client):
        villages = [
            await village.build(client, owner, houses=each)
            for each in (QUICK_HOUSES if quick else HOUSES)
        ]
        village.settle(owner)
        heard = [(each, await _heard(app, client, _questions(each))) for each in villages]
    ours = Address("127.0.0.1", any_free())
    cloud = children.start("cloud", "portero", "cloud", extra=hotel.environment(dsn, ours.port))
    await until_answers(ours, cloud)
    numbers = itertools.count(20)
    async with wires(ours, 1) as [wire], _bare(dsn) as bare:
        for each, recordings in heard:
            for asked, recorded in recordings:
                floor, real = _again(bare, recorded), _ask(wire, asked, numbers)
                report.pairs.append(await in_turns(Pair(asked.name), [floor], [real], plan))
            report.singles.append(_a_house(report.pairs[-2], each))
            report.notes.append(await _plan_of(bare, each, recordings[0][1]))
    return report


def _questions(place: Village) -> list[Asked]:
    """Dates in the second year, of which some houses are free and some are not."""
    first = SystemClock().utc_now().date() + timedelta(days=400)
    last = first + timedelta(days=2)
    dates = f"check_in={first}&check_out={last}&guests=2"
    at = f"/api/v1/availability/search?property_id={place.property_id}&{dates}&limit={PAGE}"
    words = f"{place.houses:,} house{'s' if place.houses > 1 else ''}"
    return [
        Asked(f"search, a page by name, {words}", "GET", at),
        Asked(f"search, free and cheapest first, {words}", "GET", f"{at}&free=true&sort=price"),
        Asked(f"quote, {words}", "POST", "/api/v1/quotes", _wish(place, first, last), 201),
    ]


def _wish(place: Village, first: date, last: date) -> bytes:
    wish = {
        "unit_ids": [str(place.unit_id)],
        "check_in": first.isoformat(),
        "check_out": last.isoformat(),
        "guests": 2,
    }
    return json.dumps(wish).encode()


async def _heard(
    app: FastAPI, client: httpx.AsyncClient, questions: Sequence[Asked]
) -> list[tuple[Asked, Recorded]]:
    """Which statements each question sends; asked once before, for what only the first asks."""
    found = []
    for asked in questions:
        await _once(client, asked)
        with listening(hotel.stage_of(app).database.engine.sync_engine) as recorded:
            recorded.answer = await _once(client, asked)
        found.append((asked, recorded))
    return found


async def _once(client: httpx.AsyncClient, asked: Asked) -> str:
    headers = {"content-type": "application/json"}
    answer = await client.request(asked.method, asked.path, content=asked.body, headers=headers)
    assert answer.status_code == asked.status, answer.text
    return answer.text


def _ask(wire: Wire, asked: Asked, numbers: "itertools.count[int]") -> Ask:
    async def ask() -> None:
        headers = {"x-forwarded-for": address(next(numbers))}
        answer = await wire.ask(asked.method, asked.path, asked.body, headers)
        assert answer.status == asked.status, answer.body

    return ask


def _again(bare: Connection, recorded: Recorded) -> Ask:
    """The same statements in the same transactions, without HTTP, rules or JSON."""

    async def ask() -> None:
        for step in recorded.steps:
            if step.sql in _MARK:
                await bare.execute(step.sql)
            else:
                await bare.fetch(step.sql, *_fresh(step))

    return ask


def _fresh(step: Step) -> Sequence[object]:
    """A quote's id is new each time."""
    if "INSERT INTO pricing_quotes" not in step.sql:
        return step.values
    [*ids] = [value for value in step.values if isinstance(value, UUID)]
    return [uuid4() if ids and value is ids[0] else value for value in step.values]


def _a_house(pair: Pair, place: Village) -> Single:
    """Of the search that looks at every house."""
    name = f"microseconds a house, free and cheapest first, {place.houses:,}"
    ours, floor = (each.percentile(50) * 1000 / place.houses for each in (pair.ours, pair.floor))
    return Single(name, "us", ours, floor)


async def _plan_of(bare: Connection, place: Village, recorded: Recorded) -> Note:
    """Which indexes PostgreSQL takes to know what is taken."""
    [step] = [each for each in recorded.steps if _OF_NIGHTS in each.sql]
    told = await bare.fetchval(f"EXPLAIN (FORMAT JSON) {step.sql}", *step.values)
    nodes = sorted(set(_nodes(json.loads(told)[0]["Plan"])))
    return Note(f"how taken nights are found, {place.houses:,} houses", "; ".join(nodes))


def _nodes(node: dict[str, Any]) -> list[str]:
    below = [each for part in node.get("Plans", []) for each in _nodes(part)]
    if "Index Name" in node:
        return [f"{node['Node Type']} {node['Index Name']}", *below]
    if "Relation Name" in node and node["Node Type"] == "Seq Scan":
        return [f"Seq Scan {node['Relation Name']}", *below]
    return below


@asynccontextmanager
async def _bare(dsn: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()
