"""How much memory do a house's two processes hold, and how soon after a start do they decide?"""

import asyncio
import contextlib
import itertools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

from bench.children import Children, end, inherited, memory, together, until_answers
from bench.figures import Report, Single
from bench.house import House, Running, running
from bench.wire import Wire, wires
from edge_agent.clock import SystemClock
from edge_agent.errors import DeviceUnreachable
from edge_agent.lock_socket.client import LockdClient
from portero.local.broker import LocalBroker
from protocol.ids import AttemptId

FLOOR = ("-c", "import aiohttp, pydantic, cryptography")
# What lockd's drivers stand on; nothing of ours.
ALL_LIBRARIES = (
    "-c",
    "import aiohttp, bleak, cryptography, homeassistant_api, pydantic, sqlite_utils, ttlock_ble",
)
_SERVERS = {
    "PORTERO_AGENT_MUSIC_URL": "http://127.0.0.1:9",
    "PORTERO_AGENT_HOME_URL": "http://127.0.0.1:9",
    "PORTERO_AGENT_HOME_TOKEN": "nobody's",
}
_LOADED_SECONDS = 5.0
UNLOCKS = 1000
MOVES_A_GRANT = 25
_ASK_AGAIN_SECONDS = 0.005
_START_SECONDS = 60.0
_CLOCK = SystemClock()


async def run(folder: Path, *, quick: bool) -> Report:
    """Memory after the start and after a thousand unlocks; then starts, again and again."""
    unlocks, starts = (20, 1) if quick else (UNLOCKS, 7)
    report = Report("edge")
    with Children(folder / "logs") as children:
        async with running(folder, children, grants=unlocks // MOVES_A_GRANT + 1) as house:
            await asyncio.sleep(1.0)
            report.singles += _weigh(house, "after start")
            await _unlock(house, unlocks)
            report.singles += _weigh(house, f"after {unlocks} unlocks")
            end(house.agent)
            end(house.lockd)
            known, tokens = house.house, house.tokens
        report.singles += await _starts(known, tokens, children, starts)
        report.singles += await _with_all_drivers(known, tokens, children, starts)
    return report


def _weigh(house: Running, when: str) -> list[Single]:
    found = list[Single]()
    for name, process in (("lockd", house.lockd), ("agent", house.agent)):
        resident, private = memory(process)
        found.append(Single(f"{name}, resident, {when}", "MiB", resident, _bare_memory()))
        found.append(Single(f"{name}, its own alone, {when}", "MiB", private))
    return found


def _bare_memory() -> float:
    """What an interpreter weighs that has imported the three libraries and done nothing."""
    code = f"{FLOOR[1]}; print(open('/proc/self/smaps_rollup').read())"
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=inherited()
    )
    line = next(each for each in done.stdout.splitlines() if each.startswith("Rss:"))
    return int(line.split()[1]) / 1024


async def _unlock(house: Running, times: int) -> None:
    tokens = itertools.cycle(house.tokens)
    async with wires(house.house.lan, 1) as (wire,):
        for _ in range(times):
            token = next(tokens)
            attempt = await _tap(wire, house.house, token)
            ended = await wire.ask(
                "GET",
                f"/api/attempts/{attempt}?wait=5",
                headers={"cookie": f"portero_stay={token}"},
            )
            assert json.loads(ended.body)["outcome"] == "opened", ended.body


async def _tap(wire: Wire, house: House, token: str) -> str:
    attempt = str(uuid4())
    answer = await wire.ask(
        "POST",
        f"/api/doors/{house.lock}/moves",
        json.dumps({"attempt": attempt, "not_after": _CLOCK.boot_seconds() + 10}).encode(),
        {"cookie": f"portero_stay={token}"},
    )
    assert answer.status == 202, answer.body
    return attempt


async def _with_all_drivers(
    house: House, tokens: tuple[str, ...], children: Children, times: int
) -> list[Single]:
    """Every lock's and every speaker's driver loaded, their servers not there."""
    bare, decided, weights = list[float](), list[float](), list[float]()
    with LocalBroker(house.folder / "broker", port=house.broker_port):
        for turn in range(times):
            bare.append(await asyncio.to_thread(_bare_start, ALL_LIBRARIES))
            token = tokens[turn % len(tokens)]
            began = time.perf_counter()
            lockd = house.start_lockd(children, "all")
            async with LockdClient(house.socket) as client, asyncio.timeout(_START_SECONDS):
                await _first_decision(client, house, token)
            decided.append(time.perf_counter() - began)
            agent = house.start_agent(children, **_SERVERS)
            await until_answers(house.lan, agent)
            await asyncio.sleep(_LOADED_SECONDS)
            weights.append(together(lockd, agent))
            for process in (lockd, agent):
                await asyncio.to_thread(end, process)
    return [
        Single("both together, all drivers, shared pages once", "MiB", statistics.median(weights)),
        Single(
            "start → lockd's first decision, all drivers",
            "s",
            statistics.median(decided),
            statistics.median(bare),
        ),
    ]


async def _starts(
    house: House, tokens: tuple[str, ...], children: Children, times: int
) -> list[Single]:
    bare, decided, answered = list[float](), list[float](), list[float]()
    with LocalBroker(house.folder / "broker", port=house.broker_port):
        for turn in range(times):
            bare.append(await asyncio.to_thread(_bare_start))
            token = tokens[turn % len(tokens)]
            until_decided, until_answered = await _one_start(house, token, children)
            decided.append(until_decided)
            answered.append(until_answered)
    floor = statistics.median(bare)
    return [
        Single("start → lockd's first decision", "s", statistics.median(decided), floor),
        Single("start → first decision through the LAN", "s", statistics.median(answered), floor),
    ]


def _bare_start(floor: tuple[str, str] = FLOOR) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *floor], check=True, env=inherited())  # noqa: S603 - as above
    return time.perf_counter() - began


async def _one_start(house: House, token: str, children: Children) -> tuple[float, float]:
    """Lockd by itself; then both at once, as after a power cut."""
    began = time.perf_counter()
    lockd = house.start_lockd(children)
    async with LockdClient(house.socket) as client, asyncio.timeout(_START_SECONDS):
        await _first_decision(client, house, token)
    decided = time.perf_counter() - began
    await asyncio.to_thread(end, lockd)
    began = time.perf_counter()
    both = (house.start_lockd(children), house.start_agent(children))
    await until_answers(house.lan, both[1])
    async with wires(house.lan, 1) as (wire,):
        await _tap(wire, house, token)
    answered = time.perf_counter() - began
    for process in both:
        await asyncio.to_thread(end, process)
    return decided, answered


async def _first_decision(client: LockdClient, house: House, token: str) -> None:
    while True:
        with contextlib.suppress(DeviceUnreachable):
            found = await client.move(token, house.lock, "open", AttemptId(uuid4()))
            assert found.refusal is None, found
            return
        await asyncio.sleep(_ASK_AGAIN_SECONDS)
