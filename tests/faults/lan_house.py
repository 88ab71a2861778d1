"""Who stands in a house seen from its Wi-Fi? A lock, lockd and agent, each a process of its own."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from portero.local.ports import any_free
from protocol.facts import Acted, Decided
from tests.edge_agent.policy_kit import FRONT
from tests.faults.lockd_bench import SECRET, Bench, Lockd, a_bench, until

_RUN_AGENT = (
    "import asyncio; from edge_agent.app import run; from edge_agent.settings import AgentSettings;"
    "asyncio.run(run(AgentSettings()))"
)


@dataclass
class LanHouse:
    """The house's processes and its LAN address."""

    bench: Bench
    lockd: Lockd
    agent: asyncio.subprocess.Process
    port: int

    @property
    def url(self) -> str:
        """Of the LAN page."""
        return f"http://127.0.0.1:{self.port}"

    def decided(self, attempt: str) -> Decided | None:
        """The decision as it lies on the disk."""
        bodies = (fact.body for fact in self.bench.facts())
        found = (each for each in bodies if isinstance(each, Decided))
        return next((each for each in found if str(each.attempt) == attempt), None)

    def acted(self, attempt: str) -> Acted | None:
        """What became of it, as it lies on the disk."""
        bodies = (fact.body for fact in self.bench.facts())
        found = (each for each in bodies if isinstance(each, Acted))
        return next((each for each in found if str(each.attempt) == attempt), None)


class LanGuest:
    """The guest's page without a browser, reckoning the house's clock as the page does."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def press(self, *, wanted_seconds: float) -> dict[str, object]:
        """What the page would send now: one attempt, wanted for so long."""
        stay = (await self._http.get("/api/stay")).json()
        wish = {"attempt": str(uuid4()), "not_after": stay["clock"] + wanted_seconds}
        return {**wish, "move": "open"}

    async def send(self, wish: dict[str, object]) -> dict[str, object]:
        """The tap, and then what became of it."""
        begun = await self._http.post(f"/api/doors/{FRONT}/moves", json=wish)
        assert begun.status_code == httpx.codes.ACCEPTED, begun.text
        ended = await self._http.get(f"/api/attempts/{wish['attempt']}", params={"wait": "20"})
        return dict(ended.json())


@contextlib.contextmanager
def standing_still(process: asyncio.subprocess.Process) -> Iterator[None]:
    """SIGSTOP while inside; its sockets go on taking what is sent."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@contextlib.asynccontextmanager
async def a_lan_house(folder: Path) -> AsyncIterator[LanHouse]:
    """One guest's book, trusted time, no broker: the cloud is away."""
    port = any_free()
    async with (
        a_bench(folder) as bench,
        bench.lockd() as lockd,
        _agent(folder, port) as agent,
    ):
        await lockd.settle_in()
        async with httpx.AsyncClient() as http:
            await until(lambda: _well(http, port), lambda is_well: is_well)
        yield LanHouse(bench, lockd, agent, port)


@contextlib.asynccontextmanager
async def signed_in(house: LanHouse) -> AsyncIterator[LanGuest]:
    """The booker, by the LAN link."""
    async with httpx.AsyncClient(base_url=house.url, timeout=30) as http:
        answer = await http.post("/api/session", json={"secret": SECRET})
        assert answer.status_code == httpx.codes.CREATED, answer.text
        yield LanGuest(http)


@contextlib.asynccontextmanager
async def _agent(folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    (folder / "agent").mkdir()
    environment = {
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PORTERO_AGENT_DATA": str(folder / "agent"),
        "PORTERO_AGENT_LOCKD_SOCKET": str(folder / "lockd.sock"),
        "PORTERO_AGENT_MQTT_PORT": str(any_free()),
        "PORTERO_AGENT_LAN_HOST": "127.0.0.1",
        "PORTERO_AGENT_LAN_PORT": str(port),
    }
    with (folder / "agent.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _RUN_AGENT), env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _well(http: httpx.AsyncClient, port: int) -> bool:
    try:
        answer = await http.get(f"http://127.0.0.1:{port}/healthz")
    except httpx.HTTPError:
        return False
    return bool(answer.json()["lockd"]["reachable"])
