"""How do fault tests run real lockd processes against a lock of another process, and read both?

The oracle is the lock's own record of its bolt. The audit is read from a copy of its files, so
that looking heals nothing.
"""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from cloud_api.kit.clock import SystemClock
from edge_agent.errors import EdgeError
from edge_agent.lock_socket.client import LockdClient
from edge_agent.simulator.ttlock.control import Door
from edge_agent.simulator.ttlock.model import Movement
from edge_agent.store import identity, locks
from edge_agent.store.audit import FILE, AuditStore
from edge_agent.store.identity import Identity
from edge_agent.store.locks import KeptLock
from protocol.access import Window
from protocol.envelope import Kind, open_envelope, read_body
from protocol.facts import Fact
from protocol.house import CurrentAnswer, CurrentQuery, SnapshotAck
from tests.edge_agent.lockd_kit import ROOT, a_key_document, signed, snapshot_frame
from tests.edge_agent.policy_kit import FRONT, HOUSE, a_grant, a_snapshot

SECRET = "5e" * 32
CLOCK = SystemClock()
_UP_SECONDS = 30.0


@dataclass
class Lockd:
    """One lockd process and a client of its socket."""

    process: asyncio.subprocess.Process
    client: LockdClient
    me: Identity
    up_after: float

    async def trust_time(self) -> None:
        """The cloud's signed answer to a fresh question."""
        opened = open_envelope(
            await self.client.query(), Kind.CURRENT_QUERY, lambda _: self.me.signer.public_hex
        )
        answer = CurrentAnswer(
            house=HOUSE,
            nonce=read_body(opened, CurrentQuery).nonce,
            now=CLOCK.utc_now(),
            position=None,
            key_document=1,
            facts_received=0,
        )
        await self.client.take("current", signed(Kind.CURRENT_ANSWER, answer))

    async def give_book(self, version: int, *, revoked: tuple[UUID, ...] = ()) -> SnapshotAck:
        """Offer one version of the book; what the house signed for it."""
        taken = await self.client.take("snapshot", book_frame(version, revoked=revoked))
        assert taken.reply is not None, taken
        opened = open_envelope(taken.reply, Kind.SNAPSHOT_ACK, lambda _: self.me.signer.public_hex)
        return read_body(opened, SnapshotAck)

    async def settle_in(self, version: int = 1) -> str:
        """Keys, time, a book; a session's token."""
        issued = CLOCK.utc_now() - timedelta(days=1)
        await self.client.take("keys", a_key_document(issued_at=issued))
        await self.trust_time()
        await self.give_book(version)
        return await self.sign_in()

    async def sign_in(self) -> str:
        """A session's token."""
        token: str = getattr(await self.client.sign_in(SECRET), "token", "")
        assert token
        return token

    async def ends_within(self, seconds: float) -> int | None:
        """Its exit code; None when it lives on."""
        try:
            async with asyncio.timeout(seconds):
                return await self.process.wait()
        except TimeoutError:
            return None

    async def kill(self) -> None:
        """SIGKILL, and until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


@dataclass
class Bench:
    """One lock process, and lockd processes that come and go."""

    folder: Path
    me: Identity
    door: Door

    @property
    def data(self) -> Path:
        """Lockd's own folder."""
        return self.folder / "lockd"

    @contextlib.asynccontextmanager
    async def lockd(self, *command: str) -> AsyncIterator[Lockd]:
        """A lockd that answers; killed when left. `command` goes before the interpreter."""
        began = CLOCK.monotonic()
        process = await self.spawn(*command)
        try:
            async with LockdClient(self.folder / "lockd.sock") as client:
                await until(client.state)
                yield Lockd(process, client, self.me, CLOCK.monotonic() - began)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def spawn(self, *command: str) -> asyncio.subprocess.Process:
        """Start lockd, whatever becomes of it."""
        (self.folder / "lockd.sock").unlink(missing_ok=True)
        with (self.folder / "lockd.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *command,
                sys.executable,
                *("-m", "edge_agent.lock_app"),
                env=self._environment(),
                stdout=log,
                stderr=log,
            )

    def facts(self) -> list[Fact]:
        """The whole audit as it lies on the disk; the chain must hold."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for file in self.data.glob(f"{FILE}*"):
            shutil.copy(file, copy)
        with contextlib.closing(AuditStore(copy, HOUSE)) as audit:
            assert audit.first_break() is None
            texts = audit.after(0, limit=1_000_000, max_bytes=1 << 40)
            assert len(texts) == audit.head().sequence
        return [Fact.from_bytes(each.encode()) for each in texts]

    async def openings(self) -> list[Movement]:
        """What the motor opened for us, by the lock's own record."""
        return [
            each
            for each in await self.door.movements()
            if (each.cause, each.bolt) == ("app", "unlocked")
        ]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PORTERO_LOCKD_DATA": str(self.data),
            "PORTERO_LOCKD_SOCKET": str(self.folder / "lockd.sock"),
            "PORTERO_LOCKD_PRODUCTION": "false",
            "PORTERO_LOCKD_BLUETOOTH": "simulated",
            "PORTERO_LOCKD_SIMULATED_AIR": str(self.folder / "air"),
            "PORTERO_LOCKD_LOOK_AFTER_SECONDS": "3600",
        }


async def until[T](ask: Callable[[], Awaitable[T]], good: Callable[[T], bool] | None = None) -> T:
    """Ask until there is an answer, and a good one."""
    async with asyncio.timeout(_UP_SECONDS):
        while True:
            with contextlib.suppress(EdgeError, OSError):
                answer = await ask()
                if good is None or good(answer):
                    return answer
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def a_bench(folder: Path) -> AsyncIterator[Bench]:
    """A paired lock in its own process, and a house provisioned for it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "edge_agent.simulator.ttlock"),
        *("--state", str(folder / "lock.db"), "--key-file", str(folder / "key.json")),
        *("--socket", str(folder / "air"), "--control", str(folder / "control")),
    )
    try:
        door = Door(folder / "control")
        await until(door.snapshot)
        yield Bench(folder, _provisioned(folder), door)
    finally:
        process.terminate()
        await process.wait()


def book_frame(version: int, *, revoked: tuple[UUID, ...] = ()) -> bytes:
    """The same bytes for the same version: one guest, in the house from an hour ago."""
    today = _hour(CLOCK.utc_now())
    grant = a_grant(
        window=Window(starts=today - timedelta(hours=1), ends=today + timedelta(days=2)),
        secret=SECRET,
    )
    book = a_snapshot(
        *(() if revoked else (grant,)),
        version=version,
        revoked=revoked,
        issued_at=today - timedelta(minutes=1),
        lease_until=today + timedelta(hours=72),
        zone="UTC",
    )
    return snapshot_frame(book)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _provisioned(folder: Path) -> Identity:
    key = (folder / "key.json").read_text()
    me = identity.create(folder / "lockd", HOUSE, ROOT.public_hex, random_bytes=secrets.token_bytes)
    front = KeptLock(
        lock=FRONT,
        driver="ttlock_ble",
        address=str(json.loads(key)["lockMac"]),
        key=SecretStr(key),
        zone="UTC",
    )
    locks.save(folder / "lockd", [front])
    return me
