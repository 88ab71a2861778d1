"""How long from a guest's tap to the driver, beside one durable row behind bare aiohttp?"""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bench.children import Children, until_answers
from bench.figures import Lap, Pair, Report, Single, Subject
from bench.house import Running, running
from bench.instant_bolt import calls_in
from bench.rounds import Plan
from bench.wire import Address, Wire, wires
from edge_agent.clock import Clock, SystemClock
from portero.demo.waiting import until
from portero.local.ports import any_free
from protocol.ids import AttemptId

SIDE_BY_SIDE = 8
MOVES_A_GRANT = 25
"""One grant may move doors 30 times a minute; more guests are needed to ask more often."""

_PAUSE_SECONDS = 0.02
"""Between two taps: the outcome of the last one is on record, its facts are on their way."""

_LINE = b'{"a call":"about as long as lockd\'s smallest"}\n'

type Question = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Knock:
    """One side's way of asking for the door, and where its driver notes when it was called."""

    path: str
    calls: Path
    cookies: Iterator[str]
    clock: Clock

    async def ask(self, wire: Wire) -> str:
        """One tap; returns when the decision is durable. The attempt's id."""
        attempt = str(uuid4())
        headers = {"cookie": f"portero_stay={next(self.cookies)}"}
        until = self.clock.boot_seconds() + 10  # a page reckons it from what the stay told
        body = json.dumps({"attempt": attempt, "not_after": until}).encode()
        answer = await wire.ask("POST", self.path, body, headers)
        assert answer.status == 202, answer.body
        assert json.loads(answer.body)["outcome"] is None, answer.body
        return attempt

    async def until_called(self, times: int) -> list[float]:
        """The driver's moments, once there are so many."""

        async def all_there() -> bool:
            return len(calls_in(self.calls)) >= times

        await until(all_there, 10.0, "the driver was not called")
        return calls_in(self.calls)


async def run(folder: Path, *, quick: bool) -> Report:
    """One tap at a time, eight at once, and the socket between the two processes by itself."""
    plan = Plan.of(quick=quick)
    laps = plan.rounds + 1
    taps = laps * plan.times * 4
    with Children(folder / "logs") as children:
        async with running(folder, children, grants=taps // MOVES_A_GRANT + 1) as house:
            floor = Address("127.0.0.1", any_free())
            calls = folder / "floor-calls"
            words = (str(folder / "floor.sqlite"), str(calls), str(floor.port))
            thin = children.start("door-floor", "bench.door_floor", *words)
            echo = folder / "echo.sock"
            children.start("echo", "bench.door_floor", "--echo", str(echo))
            await until_answers(floor, thin)
            path = f"/api/doors/{house.house.lock}/moves"
            mine = itertools.cycle(house.tokens)
            clock = SystemClock()
            sides = (Knock(path, calls, mine, clock), Knock(path, house.house.calls, mine, clock))
            addresses = (floor, house.house.lan)
            return await _measure(house, sides, addresses, echo, plan)


async def _measure(
    house: Running,
    sides: tuple[Knock, Knock],
    addresses: tuple[Address, Address],
    echo: Path,
    plan: Plan,
) -> Report:
    report = Report("doors")
    driver = Pair("tap → driver called, 1 in flight", is_paced=True)
    answer = Pair("tap → durable, answered, 1", is_paced=True)
    crowd = Pair(f"tap → durable, answered, {SIDE_BY_SIDE}")
    for turn in range(plan.rounds + 1):
        for place, (knock, address) in enumerate(zip(sides, addresses, strict=True)):
            to_driver, to_answer = await _one_by_one(knock, address, plan.times)
            many = await _at_once(knock, address, plan.times)
            if turn:  # the first lap warms up
                for pair, lap in ((driver, to_driver), (answer, to_answer), (crowd, many)):
                    _side(pair, place).append(lap)
    empty, tap = await _crossing(house, echo, plan)
    report.pairs += [driver, answer, crowd, empty]
    at_socket = tap.percentile(50)
    report.singles.append(Single("tap at lockd's socket, nothing before it, p50", "ms", at_socket))
    before = answer.ours.percentile(50) - at_socket
    report.singles.append(Single("agent and LAN before it, p50", "ms", before))
    return report


def _side(pair: Pair, place: int) -> list[Lap]:
    return (pair.ours if place else pair.floor).laps


async def _one_by_one(knock: Knock, address: Address, times: int) -> tuple[Lap, Lap]:
    starts, answered = list[float](), list[float]()
    before = _calls_so_far(knock)
    async with wires(address, 1) as (wire,):
        began = time.perf_counter()
        for _ in range(times):
            starts.append(time.perf_counter())
            await knock.ask(wire)
            answered.append(time.perf_counter() - starts[-1])
            await asyncio.sleep(_PAUSE_SECONDS)
        seconds = time.perf_counter() - began
    called = (await knock.until_called(before + times))[before:]
    driven = [moment - start for start, moment in zip(starts, called, strict=True)]
    return Lap(seconds, driven), Lap(seconds, answered)


async def _at_once(knock: Knock, address: Address, times: int) -> Lap:
    before = _calls_so_far(knock)
    found = list[float]()
    async with wires(address, SIDE_BY_SIDE) as lines:
        left = iter(range(times))

        async def keep_asking(wire: Wire) -> None:
            for _ in left:
                start = time.perf_counter()
                await knock.ask(wire)
                found.append(time.perf_counter() - start)

        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for wire in lines:
                tasks.create_task(keep_asking(wire), name="guest")
        seconds = time.perf_counter() - began
    await knock.until_called(before + times)
    return Lap(seconds, found)


def _calls_so_far(knock: Knock) -> int:
    return len(calls_in(knock.calls)) if knock.calls.exists() else 0


async def _crossing(house: Running, echo: Path, plan: Plan) -> tuple[Pair, Subject]:
    """The unix socket: an empty call beside a bare line; and a tap without the agent before it."""
    async with echoing(echo) as bare:
        empty = Pair("an empty call over lockd's socket", is_paced=True)
        tap = Subject()
        tokens = itertools.cycle(house.tokens)

        async def call() -> None:
            await house.client.wait_for_facts(timeout_seconds=0)

        async def move() -> None:
            attempt = AttemptId(uuid4())
            found = await house.client.move(next(tokens), house.house.lock, "open", attempt)
            assert found.refusal is None, found

        for _ in range(plan.rounds):
            empty.floor.laps.append(await _repeated(bare, plan.times))
            empty.ours.laps.append(await _repeated(call, plan.times))
            tap.laps.append(await _repeated(move, plan.times))
        return empty, tap


@asynccontextmanager
async def echoing(path: Path) -> AsyncIterator[Question]:
    """Send a line, get it back."""
    reader, writer = await asyncio.open_unix_connection(path)

    async def ask() -> None:
        writer.write(_LINE)
        assert await reader.readline() == _LINE

    try:
        yield ask
    finally:
        writer.close()


async def _repeated(ask: Question, times: int) -> Lap:
    found = list[float]()
    began = time.perf_counter()
    for _ in range(times):
        start = time.perf_counter()
        await ask()
        found.append(time.perf_counter() - start)
        await asyncio.sleep(_PAUSE_SECONDS)
    return Lap(time.perf_counter() - began, found)
