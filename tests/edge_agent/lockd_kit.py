"""What do tests need around a real lockd? Its cloud, its keys on disk, its lock and its clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from edge_agent.doorkeeper import Attempt, Refused, SignedIn
from edge_agent.errors import CalledOff, EdgeError
from edge_agent.lock_app import serve
from edge_agent.lock_socket.client import LockdClient
from edge_agent.ports import (
    BoltState,
    Go,
    Keypad,
    LockClock,
    LockDevice,
    LockLog,
    LockReading,
    at_once,
)
from edge_agent.settings import LockdSettings
from edge_agent.store import identity, locks
from edge_agent.store.identity import Identity
from edge_agent.store.locks import KeptLock
from protocol.access import Grant
from protocol.base import Wire
from protocol.envelope import Kind, open_envelope, read_body, seal
from protocol.facts import Fact, FactBatch
from protocol.home import HomeWord
from protocol.house import CurrentAnswer, CurrentQuery, Snapshot, SnapshotAck
from protocol.ids import HouseId, LockId
from protocol.keys import ROOT_KID, CloudKey, KeyDocument, KeyUse
from protocol.sealing import SealingKey
from protocol.signing import Signer
from tests.edge_agent.policy_kit import FRONT, HOUSE, NOON, ROOM, a_snapshot


def seed(name: str) -> bytes:
    """The same 32 bytes for the same name."""
    return sha256(name.encode()).digest()


ROOT = Signer.from_seed(ROOT_KID, seed("root"))
CLOUD = Signer.from_seed("cloud-1", seed("cloud-1"))
NEXT_CLOUD = Signer.from_seed("cloud-2", seed("cloud-2"))
CLOUD_BOX = SealingKey.from_bytes(seed("cloud box"))
ALL_USES = frozenset({KeyUse.SNAPSHOT, KeyUse.LIVE, KeyUse.RECEIPT})


def a_key(signer: Signer, *, epochs: frozenset[int] = frozenset({1, 2})) -> CloudKey:
    """A key that may do everything but seal."""
    return CloudKey(kid=signer.kid, public_key=signer.public_hex, uses=ALL_USES, epochs=epochs)


def a_key_document(
    *keys: CloudKey, version: int = 1, root: Signer = ROOT, issued_at: datetime = NOON
) -> bytes:
    """Signed by the root; without keys named: the usual cloud."""
    box = CloudKey(kid="box-1", public_key=CLOUD_BOX.public_hex, uses=frozenset({KeyUse.SEALING}))
    document = KeyDocument(
        version=version, issued_at=issued_at, keys=(*(keys or (a_key(CLOUD),)), box)
    )
    return seal(Kind.KEY_DOCUMENT, document.to_bytes(), root)


def signed(kind: Kind, body: Wire, signer: Signer = CLOUD) -> bytes:
    """A frame from the cloud."""
    return seal(kind, body.to_bytes(), signer)


def snapshot_frame(snapshot: Snapshot, signer: Signer = CLOUD) -> bytes:
    """A signed book."""
    return signed(Kind.SNAPSHOT, snapshot, signer)


@dataclass
class FakeClock:
    """Clocks a test can move, step and reboot."""

    now: datetime = NOON
    boot: float = 1000.0
    boot_name: str = "boot-1"

    def wall(self) -> datetime:
        return self.now

    def boot_seconds(self) -> float:
        return self.boot

    def boot_id(self) -> str:
        return self.boot_name

    def pass_time(self, span: timedelta) -> None:
        """All clocks run on."""
        self.now += span
        self.boot += span.total_seconds()

    def reboot(self, *, off: timedelta, wall: datetime | None = None) -> None:
        """Off for a while; the wall clock may come up anywhere."""
        self.now = wall or self.now + off
        self.boot = 5.0
        self.boot_name += "+"


@dataclass
class MemoryBolt:
    """A bolt on the port that counts what its motor did. `failing`: raised before or after it."""

    state: BoltState = BoltState.LOCKED
    opened: int = 0
    locked: int = 0
    fails_before: EdgeError | Exception | None = None
    fails_after: EdgeError | None = None
    connects_seconds: float = 0.0
    takes_seconds: float = 0.0
    connecting: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def unlock(self, go: Go = at_once) -> None:
        await self._act(go)
        self.opened += 1
        self.state = BoltState.UNLOCKED
        if self.fails_after is not None:
            raise self.fails_after

    async def lock(self, go: Go = at_once) -> None:
        await self._act(go)
        self.locked += 1
        self.state = BoltState.LOCKED

    async def read(self) -> LockReading:
        return LockReading(self.state, 80)

    async def _act(self, go: Go) -> None:
        self.connecting.set()
        await asyncio.sleep(self.connects_seconds)
        if not go():
            raise CalledOff("not_wanted_any_more")
        self.reached.set()
        await asyncio.sleep(self.takes_seconds)
        if self.fails_before is not None:
            raise self.fails_before


@dataclass
class Hardware:
    """The devices of one house."""

    bolts: dict[LockId, MemoryBolt] = field(
        default_factory=lambda: {FRONT: MemoryBolt(), ROOM: MemoryBolt()}
    )
    keypads: dict[LockId, Keypad] = field(default_factory=dict)
    logs: dict[LockId, LockLog] = field(default_factory=dict)
    clocks: dict[LockId, LockClock] = field(default_factory=dict)

    def open(self, kept: KeptLock) -> LockDevice:
        """What the driver registry does for real locks."""
        return LockDevice(
            bolt=self.bolts[kept.lock],
            keypad=self.keypads.get(kept.lock),
            clock=self.clocks.get(kept.lock),
            log=self.logs.get(kept.lock),
        )

    @property
    def front(self) -> MemoryBolt:
        return self.bolts[FRONT]


def settle(folder: Path, house: HouseId = HOUSE) -> Identity:
    """What provisioning leaves on disk: an identity and two locks."""
    counter = iter(range(100))
    me = identity.create(
        folder,
        house,
        ROOT.public_hex,
        random_bytes=lambda size: seed(f"house {next(counter)}")[:size],
    )
    locks.save(
        folder,
        [
            KeptLock(
                lock=each,
                driver="memory",
                address=str(each),
                key=SecretStr("{}"),
                zone="Europe/Madrid",
            )
            for each in (FRONT, ROOM)
        ],
    )
    return me


def lockd_settings(folder: Path, *, tells_home: frozenset[HomeWord] = frozenset()) -> LockdSettings:
    """All in one folder."""
    return LockdSettings(
        data=folder,
        socket=folder / "lockd.sock",
        production=False,
        upkeep_seconds=0.1,
        tells_home=tells_home,
    )


@dataclass
class Lockd:
    """A served lockd and a client of its socket."""

    client: LockdClient
    me: Identity
    clock: FakeClock
    hardware: Hardware
    task: asyncio.Task[None]

    async def take(self, channel: str, frame: bytes) -> bytes | None:
        """Hand over a frame that must be accepted."""
        taken = await self.client.take(channel, frame)
        assert taken.flaw is None, taken
        return taken.reply

    async def gain_time(self) -> None:
        """The cloud's signed answer to a fresh question."""
        query = self.read(await self.client.query(), Kind.CURRENT_QUERY, CurrentQuery)
        answer = CurrentAnswer(
            house=HOUSE,
            nonce=query.nonce,
            now=self.clock.now,
            position=None,
            key_document=1,
            facts_received=0,
        )
        await self.take("current", signed(Kind.CURRENT_ANSWER, answer))

    async def settle_in(self, *grants: Grant, version: int = 1) -> SnapshotAck:
        """Keys, trusted time and a book."""
        await self.take("keys", a_key_document())
        await self.gain_time()
        reply = await self.take("snapshot", snapshot_frame(a_snapshot(*grants, version=version)))
        assert reply is not None
        return self.read(reply, Kind.SNAPSHOT_ACK, SnapshotAck)

    async def sign_in(self, secret: str) -> str:
        """A session's token."""
        found = await self.client.sign_in(secret)
        assert isinstance(found, SignedIn), found
        return found.token

    async def open_door(self, token: str, attempt: UUID, lock: LockId = FRONT) -> Attempt | Refused:
        """Tap and wait for the end."""
        from protocol.ids import AttemptId  # noqa: PLC0415 - one use

        begun = await self.client.move(token, lock, "open", AttemptId(attempt))
        if begun.outcome is not None:
            return begun
        return await self.client.attempt(token, AttemptId(attempt), wait_seconds=5)

    def read[M: Wire](self, frame: bytes, kind: Kind, message: type[M]) -> M:
        """A frame with the house's own signature."""
        opened = open_envelope(frame, kind, lambda _: self.me.signer.public_hex)
        return read_body(opened, message)

    async def facts(self) -> list[Fact]:
        """All facts from the first unacknowledged one."""
        await self.client.rewind_facts()
        found: list[Fact] = []
        while (frame := await self.client.facts(limit=200)) is not None:
            batch = self.read(frame, Kind.FACTS, FactBatch)
            found += [Fact.from_bytes(each.encode()) for each in batch.facts]
        return found

    async def fact_kinds(self) -> list[str]:
        return [each.body.kind for each in await self.facts()]


@contextlib.asynccontextmanager
async def running(
    folder: Path,
    clock: FakeClock,
    hardware: Hardware,
    *,
    me: Identity | None = None,
    tells_home: frozenset[HomeWord] = frozenset(),
) -> AsyncIterator[Lockd]:
    """Lockd on real files and a real socket, in this process; stopped when left."""
    ready = asyncio.Event()
    known = me or identity.load(folder)
    async with asyncio.TaskGroup() as group:
        settings = lockd_settings(folder, tells_home=tells_home)
        task = group.create_task(
            serve(settings, clock=clock, open_device=hardware.open, ready=ready)
        )
        async with asyncio.timeout(10):
            waiting = group.create_task(ready.wait())
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not task.done():
            async with LockdClient(folder / "lockd.sock") as client:
                yield Lockd(client, known, clock, hardware, task)
            task.cancel()
