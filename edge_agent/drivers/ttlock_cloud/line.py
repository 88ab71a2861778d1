"""How does one lock get its turn at the vendor: one thing at a time, and never for long?"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import override

from aiohttp import ClientRequest, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from pydantic import JsonValue

from edge_agent.drivers.ttlock_cloud.desk import Desk, Left
from edge_agent.drivers.ttlock_cloud.wire import Answer
from edge_agent.errors import CalledOff, DeviceBusy, DeviceUnreachable
from edge_agent.ports import BoltState, Go, at_once

_STATES = {0: BoltState.LOCKED, 1: BoltState.UNLOCKED}


@dataclass(frozen=True, slots=True)
class Timing:
    """Bounds in seconds, waiting for one's turn included.

    `move`: from the call to the vendor's answer; what is answered later is looked for, not sent
    again. `told`: from the call to knowing, after an answer was lost. `battery`: how long a told
    battery, and `clock` how long a told clock is good enough; each question costs a call of the
    month's.
    """

    move: float = 7.0
    told: float = 9.0
    read: float = 8.0
    table: float = 20.0
    battery: float = 6 * 3600.0
    clock: float = 3600.0


class Line:
    """One lock at one account."""

    def __init__(self, desk: Desk, lock_id: int, *, timing: Timing) -> None:
        self._desk = desk
        self._lock_id = lock_id
        self._timing = timing
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        """Only which lock."""
        return f"Line({self._lock_id})"

    @property
    def timing(self) -> Timing:
        """The bounds this lock is driven by."""
        return self._timing

    def vendor_now(self) -> datetime:
        """The vendor's time as well as we know it (UTC)."""
        return self._desk.now()

    @contextlib.asynccontextmanager
    async def talk(self, seconds: float, *, door: bool = False) -> AsyncIterator["Talk"]:
        """One connection for a few calls, all of them within `seconds`; DeviceBusy without a turn.

        Opened for the purpose: nothing is left open, whoever is cancelled, and a lock is asked so
        seldom that the vendor would have hung up meanwhile.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        try:
            async with asyncio.timeout_at(ends):
                await self._turn.acquire()
        except TimeoutError:
            raise DeviceBusy("waiting_for_own_turn") from None
        try:
            gate = _Gate()
            async with ClientSession(connector=gate, cookie_jar=DummyCookieJar()) as session:
                left = lambda: ends - loop.time()  # noqa: E731 - a name for the bound
                yield Talk(self._desk, session, gate, self._lock_id, left, door)
        finally:
            self._turn.release()


class _Gate(TCPConnector):
    """Asks `go` when the connection stands and the command is about to be written."""

    def __init__(self) -> None:
        super().__init__()
        self.path = ""
        self.go: Go = at_once

    @override
    async def connect(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        if req.url.path.endswith(self.path) and not self.go():
            connection.close()
            raise CalledOff("not_wanted_any_more")
        return connection


@dataclass(frozen=True, slots=True)
class Talk:
    """What can be asked while it is our turn."""

    _desk: Desk
    _session: ClientSession
    _gate: _Gate
    _lock_id: int
    _left: Left
    _door: bool

    async def read(self, path: str, **fields: int) -> Answer:
        """Ask for something; nothing changes."""
        return await self._ask(path, {k: str(v) for k, v in fields.items()}, changes=False)

    async def change(
        self, path: str, fields: dict[str, str] | None = None, *, date: datetime | None = None
    ) -> Answer:
        """Have something done. OutcomeUnknown when no answer came."""
        return await self._ask(path, fields or {}, changes=True, date=date)

    async def move(self, path: str, go: Go) -> None:
        """Have the motor move, if it is still wanted when everything else is ready."""
        self._gate.path, self._gate.go = path, go
        try:
            await self.change(path)
        finally:
            self._gate.go = at_once

    async def bolt(self) -> BoltState:
        """Where the bolt is, by way of the gateway."""
        answer = await self.read("/v3/lock/queryOpenState")
        return _STATES.get(number(answer, "state"), BoltState.UNKNOWN)

    async def _ask(
        self, path: str, fields: dict[str, str], *, changes: bool, date: datetime | None = None
    ) -> Answer:
        return await self._desk.ask(
            self._session,
            path,
            {**fields, "lockId": str(self._lock_id)},
            changes=changes,
            door=self._door,
            left=self._left,
            date=date,
        )


def number(answer: Answer, name: str) -> int:
    """A whole number of an answer; DeviceUnreachable when the answer makes no sense."""
    found = answer.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    raise DeviceUnreachable("unreadable_answer")


def rows(answer: Answer) -> list[dict[str, JsonValue]]:
    """The lines of a list; DeviceUnreachable when the answer makes no sense."""
    found = answer.get("list")
    if isinstance(found, list) and all(isinstance(each, dict) for each in found):
        return [each for each in found if isinstance(each, dict)]
    raise DeviceUnreachable("unreadable_answer")
