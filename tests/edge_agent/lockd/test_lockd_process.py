"""Does lockd as a process, on the real driver and a simulated lock, survive being killed?

The oracle is the lock's own record of its bolt, kept by another process.
"""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from edge_agent.doorkeeper import Attempt, StayView
from edge_agent.errors import DeviceUnreachable, EdgeError
from edge_agent.lock_socket.client import LockdClient
from edge_agent.simulator.ttlock.control import Door
from edge_agent.simulator.ttlock.model import Fault, FaultKind, Op
from edge_agent.store import identity, locks
from edge_agent.store.audit import AuditStore
from edge_agent.store.identity import Identity
from edge_agent.store.locks import KeptLock
from protocol.access import Window
from protocol.envelope import Kind, open_envelope, read_body
from protocol.facts import Acted, Decided, Fact, FactBody, FirstUsed, Started
from protocol.house import CurrentAnswer, CurrentQuery
from protocol.ids import AttemptId
from protocol.live import Outcome
from tests.edge_agent.lockd_kit import ROOT, a_key_document, signed, snapshot_frame
from tests.edge_agent.policy_kit import FRONT, HOUSE, a_grant, a_snapshot

pytestmark = pytest.mark.journey

SECRET = "5e" * 32
ZONE = "Europe/Madrid"


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the process under test runs on real time


async def until[T](ask: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
    """Ask until the answer is good; lockd may be starting."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(EdgeError, OSError):
                answer = await ask()
                if good(answer):
                    return answer
            await asyncio.sleep(0.05)


@dataclass
class RealHouse:
    """One lock process, and lockd processes that come and go."""

    folder: Path
    me: Identity
    door: Door

    @contextlib.asynccontextmanager
    async def lockd(self) -> AsyncIterator["RunningLockd"]:
        environment = {
            "PATH": os.defpath,
            "PORTERO_LOCKD_DATA": str(self.folder / "lockd"),
            "PORTERO_LOCKD_SOCKET": str(self.folder / "lockd.sock"),
            "PORTERO_LOCKD_PRODUCTION": "false",
            "PORTERO_LOCKD_BLUETOOTH": "simulated",
            "PORTERO_LOCKD_SIMULATED_AIR": str(self.folder / "air"),
            "PORTERO_LOCKD_LOOK_AFTER_SECONDS": "3600",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "edge_agent.lock_app",
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            async with LockdClient(self.folder / "lockd.sock") as client:
                await until(client.state, lambda _: True)
                yield RunningLockd(self, process, client)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def facts(self) -> list[FactBody]:
        """The whole audit, read from its file and checked."""
        audit = AuditStore(self.folder / "lockd", HOUSE)
        try:
            assert audit.first_break() is None
            texts = audit.after(0, limit=100_000, max_bytes=100_000_000)
            return [Fact.from_bytes(each.encode()).body for each in texts]
        finally:
            audit.close()

    async def openings(self) -> int:
        """How often the motor opened, by the lock's own record."""
        return sum(
            1
            for each in await self.door.movements()
            if each.cause == "app" and each.bolt == "unlocked"
        )


@dataclass
class RunningLockd:
    """A lockd process and a client of its socket."""

    house: RealHouse
    process: asyncio.subprocess.Process
    client: LockdClient

    async def settle_in(self) -> str:
        """Keys, time, a book; a session's token."""
        await self.client.take("keys", a_key_document(issued_at=now() - timedelta(days=1)))
        await self.gain_time()
        window = Window(starts=now() - timedelta(hours=1), ends=now() + timedelta(days=2))
        book = a_snapshot(
            a_grant(window=window, secret=SECRET),
            issued_at=now() - timedelta(minutes=1),
            lease_until=now() + timedelta(hours=72),
        )
        await self.client.take("snapshot", snapshot_frame(book))
        return await self.sign_in()

    async def sign_in(self) -> str:
        session = await self.client.sign_in(SECRET)
        token: str = getattr(session, "token", "")
        assert token, session
        return token

    async def gain_time(self) -> None:
        opened = open_envelope(
            await self.client.query(), Kind.CURRENT_QUERY, lambda _: self.house.me.signer.public_hex
        )
        answer = CurrentAnswer(
            house=HOUSE,
            nonce=read_body(opened, CurrentQuery).nonce,
            now=now(),
            position=None,
            key_document=1,
            facts_received=0,
        )
        taken = await self.client.take("current", signed(Kind.CURRENT_ANSWER, answer))
        assert taken.flaw is None

    async def quiet(self, token: str) -> None:
        """Until the first look after the lock is over, so that the next command is ours."""
        await until(lambda: self.client.view(token), _bolt_is_known)
        await asyncio.sleep(3.5)

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


def _bolt_is_known(view: object) -> bool:
    return isinstance(view, StayView) and view.doors[0].bolt != "unknown"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RealHouse]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "edge_agent.simulator.ttlock"),
        *("--state", str(tmp_path / "lock.db"), "--key-file", str(tmp_path / "key.json")),
        *("--socket", str(tmp_path / "air"), "--control", str(tmp_path / "control")),
        *("--zone", ZONE),
    )
    try:
        async with asyncio.timeout(20):
            while not ((tmp_path / "air").exists() and (tmp_path / "control").exists()):  # noqa: ASYNC110 - another process makes them
                await asyncio.sleep(0.05)
        yield _settled(tmp_path)
    finally:
        process.terminate()
        await process.wait()


def _settled(folder: Path) -> RealHouse:
    key = (folder / "key.json").read_text()
    me = identity.create(folder / "lockd", HOUSE, ROOT.public_hex, random_bytes=secrets.token_bytes)
    front = KeptLock(
        lock=FRONT,
        driver="ttlock_ble",
        address=str(json.loads(key)["lockMac"]),
        key=SecretStr(key),
        zone=ZONE,
    )
    locks.save(folder / "lockd", [front])
    return RealHouse(folder, me, Door(folder / "control"))


async def opened(lockd: RunningLockd, token: str, attempt: AttemptId) -> Attempt:
    begun = await lockd.client.move(token, FRONT, "open", attempt)
    if begun.outcome is not None:
        return begun
    found = await lockd.client.attempt(token, attempt, wait_seconds=15)
    assert isinstance(found, Attempt), found
    return found


async def test_a_real_driver_opens_a_lock_of_another_process(house: RealHouse) -> None:
    async with house.lockd() as lockd:
        token = await lockd.settle_in()
        told = await opened(lockd, token, AttemptId(uuid4()))
        assert (told.outcome, told.reason) == (Outcome.OPENED, None)
        assert await house.openings() == 1
        lockd.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(lockd.process.wait(), 15) == 0
    kinds = [each.kind for each in house.facts()]
    assert kinds.index("decided") < kinds.index("acted") < kinds.index("first_used")


async def test_killed_before_the_motor_it_did_not_open_and_the_record_says_so(
    house: RealHouse,
) -> None:
    async with house.lockd() as lockd:
        token = await lockd.settle_in()
        await lockd.quiet(token)
        await house.door.add_fault(Fault(kind=FaultKind.LATE_REPLY, on=Op.CHECK_USER, seconds=3))
        attempt = AttemptId(uuid4())
        begun = await lockd.client.move(token, FRONT, "open", attempt)
        assert begun.outcome is None
        await asyncio.sleep(1.5)
        await lockd.kill()
    assert [each.attempt for each in house.facts() if isinstance(each, Decided)] == [attempt]
    assert not any(isinstance(each, Acted) for each in house.facts())
    async with house.lockd() as again:
        assert (await again.client.state()).clock == "trusted"
        told = await opened(again, token, attempt)
        assert (told.outcome, told.reason) == (Outcome.UNKNOWN, "restarted")
        assert await house.openings() == 0
    assert sum(isinstance(each, Started) for each in house.facts()) == 2


async def test_killed_after_the_motor_the_locks_log_tells_the_truth(house: RealHouse) -> None:
    async with house.lockd() as lockd:
        token = await lockd.settle_in()
        await lockd.quiet(token)
        await house.door.add_fault(Fault(kind=FaultKind.LATE_REPLY, on=Op.UNLOCK, seconds=3))
        attempt = AttemptId(uuid4())
        await lockd.client.move(token, FRONT, "open", attempt)
        await until(house.openings, lambda count: count == 1)
        await lockd.kill()
    async with house.lockd() as again:
        await until(
            lambda: again.client.attempt(token, attempt, wait_seconds=0),
            lambda told: isinstance(told, Attempt) and told.outcome is Outcome.OPENED,
        )
    assert await house.openings() == 1
    acted = [each for each in house.facts() if isinstance(each, Acted)]
    assert [(each.outcome, each.reason) for each in acted] == [
        (Outcome.UNKNOWN, "restarted"),
        (Outcome.OPENED, "lock_log"),
    ]
    assert sum(isinstance(each, FirstUsed) for each in house.facts()) == 1


async def test_killed_at_any_moment_the_motor_never_moves_unrecorded_or_twice(
    house: RealHouse,
) -> None:
    """Taps and kills at random moments; the same attempt is tried again after each restart."""
    chance = secrets.SystemRandom(0)
    asked: list[AttemptId] = []
    async with house.lockd() as lockd:
        token = await lockd.settle_in()
    for _ in range(8):
        attempt = AttemptId(uuid4())
        asked.append(attempt)
        async with house.lockd() as lockd:
            with contextlib.suppress(EdgeError):
                await lockd.client.move(token, FRONT, "open", attempt)
            await asyncio.sleep(chance.uniform(0, 1.6))
            await lockd.kill()
        async with house.lockd() as lockd:
            with contextlib.suppress(DeviceUnreachable):
                await lockd.client.move(token, FRONT, "open", attempt)
    async with house.lockd() as lockd:
        await lockd.client.state()
    facts = house.facts()
    decided = [each.attempt for each in facts if isinstance(each, Decided)]
    ended = {each.attempt for each in facts if isinstance(each, Acted)}
    assert sorted(decided) == sorted(set(decided)) == sorted(asked)
    assert ended == set(asked)
    assert await house.openings() <= len(asked)
