"""How long from a confirmed booking to a key in the house, and to the cloud's knowing it?"""

import asyncio
import itertools
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from bench import observer
from bench.bookings import contact
from bench.children import Children, until_answers
from bench.figures import Lap, Pair, Report, Single
from bench.observer import Observer, Seen
from bench.rounds import Plan
from bench.wire import Address, Wire, wires
from cloud_api.kit.clock import SystemClock
from portero.demo import house as demo_house
from portero.demo.client import Caller, caller, text
from portero.demo.ground import DATABASE, Ground, environment, prepare
from portero.demo.processes import Troupe
from portero.demo.seed import Place, log_in, seed
from portero.demo.waiting import until
from portero.demo.waiting import until_answers as until_url_answers
from portero.local.ports import any_free
from protocol.ids import HouseId

AT_ONCE = 8
ROOMS = 20
_NIGHTS = 20
_SETTLE_SECONDS = 1.0
_EXACT = json.dumps({"grant": "." * 600}).encode()


@dataclass(slots=True)
class Desk:
    """Both sides, and the bookings that wait to be confirmed."""

    watcher: Observer
    floor: Address
    ours: Address
    token: str
    units: Sequence[str]
    numbers: Iterator[int] = field(default_factory=itertools.count)
    stretches: dict[str, list[float]] = field(default_factory=dict)

    def note(self, start: float, answered: float, seen: Seen) -> None:
        """Where our time goes: from the request to four moments along the way."""
        published, kept = seen.published or seen.in_cloud_at, seen.in_house or seen.in_cloud_at
        for words, moment in (
            ("the confirmation is answered", answered),
            ("the snapshot is on the broker", published),
            ("the house's word is on the broker", kept),
            ("the cloud knows", seen.in_cloud_at),
        ):
            self.stretches.setdefault(words, []).append((moment - start) * 1000)

    @property
    def headers(self) -> dict[str, str]:
        """Of a member of staff, with a fresh key."""
        return {"authorization": f"Bearer {self.token}", "idempotency-key": uuid4().hex}

    async def held(self, wire: Wire) -> str:
        """A booking's id, held and not yet confirmed; nights are used again once given back."""
        number = next(self.numbers)
        night = number // len(self.units) % _NIGHTS
        first = SystemClock().utc_now().date() + timedelta(days=night + 1)
        body = {
            "unit_ids": [self.units[number % len(self.units)]],
            "check_in": first.isoformat(),
            "check_out": (first + timedelta(days=1)).isoformat(),
            "guests": 1,
            "contact": contact(number),
        }
        answer = await wire.ask(
            "POST", "/api/v1/reservations", json.dumps(body).encode(), self.headers
        )
        assert answer.status == 201, answer.body
        return str(json.loads(answer.body)["id"])

    async def give(self, wire: Wire) -> str:
        """The floor's confirmation."""
        grant = str(uuid4())
        self.watcher.expect(grant)
        answer = await wire.ask("POST", f"/grants/{grant}", _EXACT)
        assert answer.status == 200, answer.body
        return grant

    async def confirm(self, wire: Wire, booking: str) -> str:
        """Ours."""
        self.watcher.expect(booking)
        path = f"/api/v1/reservations/{booking}/confirm"
        answer = await wire.ask("POST", path, b"", self.headers)
        assert answer.status == 200, answer.body
        return booking

    async def cancel(self, wire: Wire, booking: str) -> None:
        """Give the nights back; the book stays as small as a real house's."""
        path = f"/api/v1/reservations/{booking}/cancel"
        answer = await wire.ask("POST", path, b"", self.headers)
        assert answer.status == 200, answer.body


async def run(folder: Path, *, quick: bool) -> Report:
    """One grant at a time, then eight at once."""
    plan = Plan(1, 0, 4) if quick else Plan(6, 0, 24)
    now = SystemClock().utc_now()
    ground = await asyncio.to_thread(prepare, folder, fresh=True, now=now)
    troupe = Troupe(ground.folder / "logs", environment(ground))
    try:
        with Children(ground.folder / "logs") as children:
            return await _run(ground, troupe, children, plan)
    finally:
        await asyncio.to_thread(troupe.end_all)
        await asyncio.to_thread(ground.close)


async def _run(ground: Ground, troupe: Troupe, children: Children, plan: Plan) -> Report:
    host, place, units = await _raise(ground, troupe)
    owner_dsn = ground.postgres.dsn(DATABASE)
    await asyncio.to_thread(observer.prepare, owner_dsn)
    floor = await _start_floor(ground, owner_dsn, children)
    ours = Address("127.0.0.1", ground.ports.cloud)
    house = HouseId(place.house_id)
    async with observer.watching(owner_dsn, ground.ports.broker, house) as watcher:
        token = host.headers["authorization"].removeprefix("Bearer ")
        return await _measure(Desk(watcher, floor, ours, token, units), plan)


async def _raise(ground: Ground, troupe: Troupe) -> tuple[Caller, Place, list[str]]:
    """The cloud's three processes, a claimed house with its two, and rooms to sell."""
    for name in ("cloud", "worker", "courier"):
        troupe.start(name, name)
    host = caller(ground.cloud_url)
    await until_url_answers(f"{ground.cloud_url}/healthz", troupe)
    await log_in(host, ground.secrets.owner_password)
    place = await seed(host, ground.folder)
    units = [await _room(host, place, number) for number in range(ROOMS)]
    await demo_house.start(ground, troupe, host, place)

    async def holds_a_book() -> bool:
        found = await host.get(f"/api/v1/houses/{place.house}/delivery")
        return found.get("state") == "delivered"

    await until(holds_a_book, 60.0, "the house did not get its first book", troupe=troupe)
    return host, place, units


async def _room(host: Caller, place: Place, number: int) -> str:
    at = f"/api/v1/houses/{place.house}"
    space = text(await host.post(f"{at}/spaces", {"name": f"Room {number}"}), "id")
    body: dict[str, object] = {
        "name": f"Room {number}",
        "capacity": 2,
        "space_ids": [space],
        "base_price": {"minor": 9_000, "currency": "PEN"},
    }
    return text(await host.post(f"{at}/units", body), "id")


async def _start_floor(ground: Ground, dsn: str, children: Children) -> Address:
    port, broker = any_free(), str(ground.ports.broker)
    kept = str(ground.folder / "thin.sqlite")
    children.start("grant-floor-house", "bench.grant_floor", "house", kept, broker)
    cloud = children.start(
        "grant-floor-cloud", "bench.grant_floor", "cloud", dsn, broker, str(port)
    )
    address = Address("127.0.0.1", port)
    await until_answers(address, cloud)
    return address


async def _measure(desk: Desk, plan: Plan) -> Report:
    report = Report("grants")
    for at_once in (1, AT_ONCE):
        words = "one at a time" if at_once == 1 else f"{at_once} in flight"
        house = Pair(f"confirm → kept in the house, {words}", is_paced=at_once == 1)
        cloud = Pair(f"confirm → known in the cloud, {words}", is_paced=at_once == 1)
        for turn in range(plan.rounds + 1):
            thin = await _lap(desk, [""] * plan.times, at_once)
            real = await _our_lap(desk, plan.times, at_once)
            if turn:  # the first lap warms up
                for pair, which in ((house, 0), (cloud, 1)):
                    pair.floor.laps.append(thin[which])
                    pair.ours.laps.append(real[which])
        report.pairs += [house, cloud]
        for moment, found in desk.stretches.items():
            name = f"{words}: until {moment}, p50"
            report.singles.append(Single(name, "ms", statistics.median(found)))
        desk.stretches.clear()
    return report


async def _our_lap(desk: Desk, times: int, at_once: int) -> tuple[Lap, Lap]:
    """Bookings are held before and cancelled after; neither counts."""
    async with wires(desk.ours, 1) as (wire,):
        bookings = [await desk.held(wire) for _ in range(times)]
    await asyncio.sleep(_SETTLE_SECONDS)
    found = await _lap(desk, bookings, at_once)
    async with wires(desk.ours, 1) as (wire,):
        for booking in bookings:
            await desk.cancel(wire, booking)
    await asyncio.sleep(_SETTLE_SECONDS)
    return found


async def _lap(desk: Desk, bookings: list[str], at_once: int) -> tuple[Lap, Lap]:
    """Each wire confirms and waits until the cloud knows, then the next. Floor: no bookings."""
    kept, known = list[float](), list[float]()
    left = iter(bookings)

    async def keep_confirming(wire: Wire) -> None:
        for booking in left:
            start = time.perf_counter()
            stay = await (desk.confirm(wire, booking) if booking else desk.give(wire))
            answered = time.perf_counter()
            seen = await desk.watcher.arrived(stay)
            if booking:
                desk.note(start, answered, seen)
            known.append(seen.in_cloud_at - start)
            kept.append((seen.in_house or seen.in_cloud_at) - start)

    # Fresh ones: uvicorn hangs up on those that were idle for five seconds.
    async with wires(desk.ours if any(bookings) else desk.floor, at_once) as lines:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for wire in lines:
                tasks.create_task(keep_confirming(wire), name="confirm")
        seconds = time.perf_counter() - began
    return Lap(seconds, kept), Lap(seconds, known)
