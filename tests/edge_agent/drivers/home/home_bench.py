"""The lock contract's bench for a lock behind Home Assistant."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

# Loaded here, so that no test's time is spent on importing the library.
import edge_agent.drivers.home_assistant.client  # noqa: F401
from edge_agent.clock import SystemClock
from edge_agent.drivers.home_assistant import LockTiming, open_home_lock
from edge_agent.ports import LockDevice
from edge_agent.simulator.home.faults import Fault, FaultKind, Pace
from edge_agent.simulator.home.server import HomeServer
from edge_agent.simulator.home.world import Bolt

TOKEN = "planted-home-token-4711"
DOOR = "lock.front_door"
GATE = "lock.garden_gate"

STEADY = LockTiming(move=5.0, told=6.0)
"""For what comes to an end by itself."""
HASTY = LockTiming(move=1.0, told=1.5, grace=0.3)
"""For what never comes."""


@dataclass
class HomeBench:
    """The driver's port and the server on the wire."""

    device: LockDevice
    server: HomeServer

    silence_is_proof = False

    @property
    def bolt(self) -> Bolt:
        return self.server.stage.world.bolts[DOOR]

    def unlocks(self) -> int:
        return self.bolt.moved.count("unlock")

    def jam(self) -> None:
        self.bolt.stuck = True

    def vanish(self) -> None:
        self.server.stage.set_online(DOOR, online=False)

    def lose_next_answer(self, *, acted: bool) -> None:
        kind = FaultKind.LOST_REPLY if acted else FaultKind.IGNORED
        self.server.faults.add(Fault(kind=kind, command="lock.unlock", times=1))

    def find_every_answer(self) -> None:
        self.server.faults.clear()

    def fill_code_table(self) -> None:
        raise NotImplementedError

    def press(self, digits: str) -> bool:
        raise NotImplementedError

    def set_clock(self, local: datetime) -> None:
        raise NotImplementedError

    def settable(self) -> datetime:
        raise NotImplementedError

    def plant(self, digits: str) -> None:
        raise NotImplementedError


def home_lock(
    url: str,
    *,
    entity: str = DOOR,
    token: str = TOKEN,
    timing: LockTiming = STEADY,
    **more: str,
) -> LockDevice:
    """The driver on a lock of that server."""
    key = SecretStr(json.dumps({"url": url, "token": token, **more}))
    return open_home_lock(address=entity, key=key, timing=timing)


def home_server(**pace: float | bool) -> HomeServer:
    """A quick server."""
    return HomeServer(
        token=TOKEN, now=SystemClock().wall, pace=Pace.model_validate({"motor": 0.02, **pace})
    )


@asynccontextmanager
async def home_bench(_folder: Path) -> AsyncIterator[HomeBench]:
    """A server with a lock, and the driver in front of it."""
    async with home_server() as server:
        timing = LockTiming(move=2.5, told=3.0)
        yield HomeBench(home_lock(server.url, timing=timing), server)
