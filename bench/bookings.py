"""How many holds and confirmations a second, beside the same statements and nothing else?"""

import itertools
import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from bench import hotel
from bench.booking_floor import Recordings
from bench.children import Children, until_answers
from bench.figures import Pair, Report
from bench.hotel import Databases, Hotel, in_process
from bench.recorder import Recorded, Template, Value, listening
from bench.rounds import Ask, Plan, in_turns
from bench.wire import Address, Wire, wires
from cloud_api.kit.clock import SystemClock
from portero.local.ports import any_free

CONNECTIONS = 8
CROWD = 32
ROOMS = 50
QUIET_ROOMS = 30
"""Rooms booked in peace; the crowd fights for the others."""
NIGHTS = 1000
_HOLDS_AN_ADDRESS = 20


@dataclass(slots=True)
class Guest:
    """Somebody new each time: dates, contact, address and keys nobody had before."""

    rooms: tuple[UUID, ...]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def wish(self) -> tuple[int, bytes]:
        """The next free room and night."""
        number = next(self.numbers)
        return number, self.wish_for(number, number % QUIET_ROOMS, number // QUIET_ROOMS)

    def wish_for(self, number: int, room: int, night: int) -> bytes:
        """This room, that many nights from tomorrow."""
        first = SystemClock().utc_now().date() + timedelta(days=night + 2)
        body = {
            "unit_ids": [str(self.rooms[room])],
            "check_in": first.isoformat(),
            "check_out": (first + timedelta(days=1)).isoformat(),
            "guests": 1,
            "contact": contact(number),
        }
        return json.dumps(body).encode()


def contact(number: int) -> dict[str, str]:
    """A person with a mail address and a phone of their own."""
    return {
        "name": "Ana Guest",
        "email": f"ana{number:08d}@example.org",
        "phone": f"+51 9{number:08d}",
    }


def address(number: int) -> str:
    """Few holds come from one address, as in life; a reverse proxy tells it."""
    block = number // _HOLDS_AN_ADDRESS
    return f"10.{block >> 16 & 255}.{block >> 8 & 255}.{block & 255}"


async def run(folder: Path, *, quick: bool) -> Report:
    """Free dates, then dates that everybody wants."""
    plan = Plan.of(quick=quick)
    databases = Databases(folder)
    try:
        with Children(folder / "logs") as children:
            return await _run(folder, databases, children, plan)
    finally:
        databases.close()


async def _run(folder: Path, databases: Databases, children: Children, plan: Plan) -> Report:
    dsn = databases.make("ours")
    databases.wake_workers("ours")
    async with in_process(dsn) as (app, client):
        place = await hotel.build(client, rooms=ROOMS)
        client.headers["authorization"] = f"Bearer {place.key}"
        recordings = await _listen(app, client, place)
    recording = folder / "recording.pickle"
    recording.write_bytes(pickle.dumps(recordings))
    floor_dsn = databases.make("floor", like="ours")

    ours, floor = Address("127.0.0.1", any_free()), Address("127.0.0.1", any_free())
    cloud = children.start("cloud", "portero", "cloud", extra=hotel.environment(dsn, ours.port))
    thin = children.start(
        "booking-floor", "bench.booking_floor", str(recording), floor_dsn, str(floor.port)
    )
    await until_answers(ours, cloud)
    await until_answers(floor, thin)
    report = Report("bookings")
    report.pairs.append(await _free_dates(place, floor, ours, plan))
    report.pairs.append(await _contended(place, floor, ours, plan))
    return report


async def _free_dates(place: Hotel, floor: Address, ours: Address, plan: Plan) -> Pair:
    async with wires(floor, CONNECTIONS) as thin, wires(ours, CONNECTIONS) as real:
        sides = []
        for side in (thin, real):
            guest = Guest(place.units, itertools.count(1000))
            sides.append([_hold_and_confirm(each, guest, place.key) for each in side])
        pair = Pair(f"hold+confirm, free dates, {CONNECTIONS} conn.")
        return await in_turns(pair, sides[0], sides[1], plan)


async def _contended(place: Hotel, floor: Address, ours: Address, plan: Plan) -> Pair:
    async with wires(floor, CROWD) as thin, wires(ours, CROWD) as real:
        sides = []
        for side in (thin, real):
            guest = Guest(place.units, itertools.count(50_000_000))
            sides.append([_storm(each, guest) for each in side])
        pair = Pair(f"hold, same night and room, {CROWD} conn.")
        return await in_turns(pair, sides[0], sides[1], plan)


def _hold_and_confirm(wire: Wire, guest: Guest, key: str) -> Ask:
    async def ask() -> None:
        number, body = guest.wish()
        headers = {"idempotency-key": uuid4().hex, "x-forwarded-for": address(number)}
        held = await wire.ask("POST", "/api/v1/holds", body, headers)
        assert held.status == 201, held.body
        found = json.loads(held.body)["id"]
        headers = {"idempotency-key": uuid4().hex, "authorization": f"Bearer {key}"}
        done = await wire.ask("POST", f"/api/v1/reservations/{found}/confirm", b"", headers)
        assert done.status == 200, done.body

    return ask


def _storm(wire: Wire, guest: Guest) -> Ask:
    """Each connection walks the same nights of one room; of each night one gets it."""
    prizes = itertools.count()

    async def ask() -> None:
        number, prize = next(guest.numbers), next(prizes)
        body = guest.wish_for(number, QUIET_ROOMS + prize // NIGHTS, prize % NIGHTS)
        headers = {"idempotency-key": uuid4().hex, "x-forwarded-for": address(number)}
        answer = await wire.ask("POST", "/api/v1/holds", body, headers)
        assert answer.status in {201, 409}, answer.body

    return ask


async def _listen(app: FastAPI, client: httpx.AsyncClient, place: Hotel) -> Recordings:
    guest = Guest(place.units)
    # The first time more is asked: types, when the key was last used.
    await _heard_confirm(app, client, await _heard(app, client, guest.wish()[1]), place)
    held = await _heard(app, client, guest.wish()[1])
    confirmed = await _heard_confirm(app, client, held, place)
    body = guest.wish()[1]
    await _heard(app, client, body)
    refused = await _heard(app, client, body)
    assert (held.status, refused.status, confirmed.status) == (201, 409, 200)
    return Recordings(*(_template(each, place) for each in (held, refused, confirmed)))


async def _heard(app: FastAPI, client: httpx.AsyncClient, body: bytes) -> Recorded:
    key = uuid4().hex
    with listening(hotel.stage_of(app).database.engine.sync_engine) as recorded:
        answer = await client.post(
            "/api/v1/holds", content=body, headers={"idempotency-key": key, **_JSON}
        )
    recorded.answer, recorded.status = answer.text, answer.status_code
    recorded.names = {**_names(json.loads(body)), key: "key"}
    if answer.status_code == 201:
        made = answer.json()
        recorded.names |= {UUID(made["id"]): "reservation", made["code"]: "code"}
    return recorded


async def _heard_confirm(
    app: FastAPI, client: httpx.AsyncClient, held: Recorded, place: Hotel
) -> Recorded:
    key = uuid4().hex
    made = json.loads(held.answer)
    with listening(hotel.stage_of(app).database.engine.sync_engine) as recorded:
        answer = await client.post(
            f"/api/v1/reservations/{made['id']}/confirm",
            headers={"idempotency-key": key, "authorization": f"Bearer {place.key}"},
        )
    recorded.answer, recorded.status = answer.text, answer.status_code
    client_id = UUID(answer.json()["client_id"])
    recorded.names = {**held.names, key: "key", client_id: "client"}
    return recorded


def _names(body: dict[str, object]) -> dict[Value, str]:
    person, units = body["contact"], body["unit_ids"]
    assert isinstance(person, dict)
    assert isinstance(units, list)
    return {
        UUID(units[0]): "unit",
        date.fromisoformat(str(body["check_in"])): "check_in",
        date.fromisoformat(str(body["check_out"])): "check_out",
        person["email"]: "email",
        person["phone"]: "phone",
        person["phone"].replace(" ", ""): "e164",
    }


def _template(recorded: Recorded, place: Hotel) -> Template:
    names = dict(zip(place.spaces, itertools.repeat("space"), strict=False))
    used = {each for step in recorded.steps for each in _flat(step.values)}
    recorded.names |= {space: name for space, name in names.items() if space in used}
    return Template(recorded, place.constants)


def _flat(values: object) -> Iterator[Value]:
    if isinstance(values, list | tuple):
        for each in values:
            yield from _flat(each)
    else:
        yield values


_JSON = {"content-type": "application/json"}
