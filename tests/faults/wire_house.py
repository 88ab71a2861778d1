"""What becomes of a house whose messages are lost, late, repeated, altered and forged?

Time is virtual, files and signatures are real. For each delivery the model says whether the door
may open once or not at all; the motor is the judge, and looks at the disk when it moves.
"""

import asyncio
import contextlib
import random
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, override
from uuid import UUID

from edge_agent.actions.cloud_desk import CloudDesk
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.means import Means
from edge_agent.actions.move_door import MOVE_SECONDS, Tap
from edge_agent.actions.trusted_time import BUILD_FLOOR
from edge_agent.ports import Go, LockDevice, at_once
from edge_agent.store import identity
from edge_agent.store.audit import FILE
from edge_agent.store.book import BookStore
from edge_agent.store.state import StateStore
from protocol.access import Grant, Refusal, Window
from protocol.envelope import Kind, open_envelope, read_body
from protocol.facts import Via
from protocol.house import CurrentAnswer, CurrentQuery, Snapshot
from protocol.ids import AttemptId, CommandId, GrantId, HouseId
from protocol.live import LiveCommand, NonceGrant, NonceRequest
from protocol.signing import Signer
from protocol.topics import Down
from tests.edge_agent.lockd_kit import (
    CLOUD,
    NEXT_CLOUD,
    FakeClock,
    MemoryBolt,
    a_key_document,
    seed,
    settle,
    signed,
)
from tests.edge_agent.means_kit import beside
from tests.edge_agent.policy_kit import FRONT, HOUSE, a_grant, a_snapshot, named
from tests.faults.builds import SOUND, Build

GUESTS: Final = 5
LEASE: Final = timedelta(hours=72)
STRANGER = Signer.from_seed("cloud-1", seed("a stranger under the cloud's name"))
CROOK = GrantId(named("a crook"))
NEIGHBOUR = HouseId(named("another house"))
NOISE = (ValueError, KeyError, IndexError)
"""What a broken build may stumble over where the sound one refuses."""

type Act = Callable[[], Awaitable[bytes | None]]


@dataclass
class WatchedBolt(MemoryBolt):
    """Looks at the house's disk right before its motor moves."""

    disk: Path = Path()
    unrecorded: int = 0

    @override
    async def unlock(self, go: Go = at_once) -> None:
        await super().unlock(go)
        with contextlib.closing(sqlite3.connect(self.disk)) as db:
            query = "SELECT count(*) FROM attempt WHERE allowed AND outcome IS NULL"
            (found,) = db.execute(query).fetchone()
        self.unrecorded += found == 0


@dataclass
class Wish:
    """A command from afar or a tap in the house, good for one opening within ten seconds."""

    grant: GrantId
    asked_at: float
    life: int
    frame: bytes = b""
    attempt: AttemptId | None = None
    used: bool = False


@dataclass
class WireHouse:
    """One house of one build, its cloud, its guests; `violations` counts by invariant."""

    folder: Path
    dice: random.Random
    build: Build = SOUND
    clock: FakeClock = field(default_factory=FakeClock)
    violations: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        settle(self.folder)
        self.bolt = WatchedBolt(disk=self.folder / FILE)
        self.guests: dict[GrantId, Grant] = {}
        self.books: list[tuple[Snapshot, bytes]] = []
        self.revoked: set[UUID] = set()
        self.heard = 0
        self.life = 0
        self.wishes: list[Wish] = []
        self.frames: list[tuple[Down, bytes]] = []
        self.held: list[tuple[Down, bytes]] = []
        self.arrived: set[GrantId] = set()

    async def live(self, steps: int) -> None:
        """So many things happen, over several lives of the house."""
        while steps > 0:
            some = min(steps, self.dice.randrange(10, 40))
            async with asyncio.TaskGroup() as group:
                with contextlib.ExitStack() as stack:
                    self._start(stack, group)
                    await self._settle_in()
                    for _ in range(some):
                        await self._happen()
            steps -= some
            self.life += 1
            if self.dice.random() < 0.5:
                self.clock.reboot(off=timedelta(hours=self.dice.uniform(0, 20)))

    def _start(self, stack: contextlib.ExitStack, group: asyncio.TaskGroup) -> None:
        me = identity.load(self.folder)
        audit = self.build.audit(self.folder, me.house)
        shelf, state = BookStore(self.folder), StateStore(self.folder, me.mac_key)
        for store in (audit, shelf, state):
            stack.callback(store.close)
        ledger = self.build.ledger(
            house=me.house,
            root_public=me.root_public,
            house_public=me.signer.public_hex,
            shelf=shelf,
            delegations=state.delegations,
            audit=audit,
            marks=state.marks,
        )
        ledger.load()
        floor = audit.newest_at()
        time = self.build.time(self.clock, state.marks, floor=floor or BUILD_FLOOR)
        stack.callback(time.save)
        self.means = Means(
            house=me.house,
            signer=me.signer,
            sealing=me.sealing,
            mac_key=me.mac_key,
            audit=audit,
            time=time,
            ledger=ledger,
            random_bytes=self.dice.randbytes,
            new_id=self._new_id,
        )
        rooms = {FRONT: LockRoom(LockDevice(bolt=self.bolt))}

        def spawn(work: Coroutine[None, None, None], name: str) -> None:
            group.create_task(work, name=name)

        self.doors = self.build.doors(self.means, rooms, spawn)
        self.doors.close_unfinished()
        live = self.build.live(self.means, self.doors, frozenset(rooms))
        told = beside(self.means, state.marks, self.folder)
        self.desk = CloudDesk(self.means, live, software="test", beside=told)

    async def _settle_in(self) -> None:
        if not self.books:
            await self.desk.take(Down.KEYS, a_key_document())
            await self._answer_time()
            for _ in range(GUESTS):
                self._new_guest()
            await self._new_book(late=False)

    async def _happen(self) -> None:
        acts = (
            (self._command, 5),
            (self._tap, 4),
            (self._repeat, 5),
            (self._forge, 3),
            (self._change_book, 2),
            (self._deliver_held, 2),
            (self._wait, 2),
            (self._overstay, 2),
            (self._answer_time, 1),
        )
        [act] = self.dice.choices([each for each, _ in acts], [weight for _, weight in acts])
        await act()
        self.counts["steps"] += 1
        position = self.means.ledger.position
        if position is None or position.version < self.heard:
            self.violations["I5"] += 1
            self.heard = 0 if position is None else position.version

    # What people do.

    async def _command(self) -> None:
        """Asked for, answered with a nonce, sent at once, late, or years late."""
        grant = self._somebody()
        command = CommandId(self._new_id())
        names = {"house": HOUSE, "command": command, "grant": grant, "lock": FRONT, "move": "open"}
        ask = signed(Kind.NONCE_REQUEST, NonceRequest.model_validate(names))
        asked_at = self.clock.boot
        reply = await self._deliver(Down.ASK, ask, may_open=False)
        opened = open_envelope(reply or b"", Kind.NONCE_GRANT, lambda _: self._public)
        nonce = read_body(opened, NonceGrant).nonce
        if nonce is None:
            return
        frame = signed(Kind.COMMAND, LiveCommand.model_validate({**names, "nonce": nonce}))
        self.wishes.append(Wish(grant, asked_at, self.life, frame=frame))
        self._pass(self.dice.choice((0.0, 0.2, 9.0, 9.99, 10.0, 11.0, self.dice.uniform(0, 4000))))
        for _ in range(self.dice.choice((1, 1, 2, 10))):
            await self._deliver_command(frame)

    async def _tap(self) -> None:
        grant = self._somebody()
        wish = Wish(grant, self.clock.boot, self.life, attempt=AttemptId(self._new_id()))
        self.wishes.append(wish)
        for _ in range(self.dice.choice((1, 2, 5))):
            await self._press(wish)

    async def _press(self, wish: Wish) -> None:
        assert wish.attempt is not None
        deadline = min(wish.asked_at, self.clock.boot) + MOVE_SECONDS
        tap = Tap(wish.attempt, wish.grant, FRONT, "open", Via.LAN, deadline)
        await self._judged(wish, lambda: self._started(tap))

    async def _started(self, tap: Tap) -> None:
        told = self.doors.start(tap)
        if told.refusal is Refusal.TOO_MANY_OUTSTANDING:  # as if never said: nothing is on record
            self.wishes = [each for each in self.wishes if each.attempt != tap.attempt]
        await self.doors.all_ended()

    async def _overstay(self) -> None:
        """A guest taps at the last or the first second of their stay, or just beyond it."""
        book, _ = self.books[-1]
        if not book.grants:
            return
        grant = self.dice.choice(book.grants)
        edge = self.dice.choice((grant.window.starts, grant.window.ends))
        ahead = (edge - self.clock.now).total_seconds() + self.dice.choice((-2.0, -0.001, 0.0, 2.0))
        self._pass(max(0.0, ahead))
        wish = Wish(grant.id, self.clock.boot, self.life, attempt=AttemptId(self._new_id()))
        self.wishes.append(wish)
        await self._press(wish)

    # What the wire does.

    async def _repeat(self) -> None:
        """Anything ever said, again, up to ten times; a tap too."""
        for _ in range(self.dice.randrange(1, 11)):
            if self.dice.random() < 0.3 and self.wishes:
                wish = self.dice.choice(self.wishes)
                if wish.attempt is not None:
                    await self._press(wish)
                    continue
            channel, frame = self.dice.choice(self.frames)
            if channel is Down.COMMAND:
                await self._deliver_command(frame)
            else:
                await self._deliver(channel, frame, may_open=False)

    async def _forge(self) -> None:
        channel, frame = self.dice.choice(self.frames)
        _, other = self.dice.choice(self.frames)
        head, _, body = frame.partition(b"\n")
        place = self.dice.randrange(len(frame))
        bit = bytes([frame[place] ^ (1 << self.dice.randrange(8))])
        shapes = (
            frame[:place] + bit + frame[place + 1 :],
            frame[:place],
            head + b"\n" + other.partition(b"\n")[2],
            other.partition(b"\n")[0] + b"\n" + body,
            self._crooked_book(STRANGER),
            self._crooked_book(NEXT_CLOUD),
            self._crooked_book(CLOUD, house=NEIGHBOUR),
        )
        shape = self.dice.choice(shapes)
        if shape not in {each for _, each in self.frames}:
            channel = self.dice.choice((channel, Down.SNAPSHOT))
            await self._deliver(channel, shape, may_open=False)
            await self._crook_taps()

    async def _crook_taps(self) -> None:
        wish = Wish(CROOK, self.clock.boot, self.life, attempt=AttemptId(self._new_id()))
        await self._press(wish)

    async def _deliver_held(self) -> None:
        self.dice.shuffle(self.held)
        while self.held:
            await self._deliver(*self.held.pop(), may_open=False)

    # What the cloud does.

    async def _change_book(self) -> None:
        if self.dice.random() < 0.5 and len(self.guests) > 1:
            gone = self.dice.choice(sorted(self.guests))
            del self.guests[gone]
            self.revoked.add(gone)
        else:
            self._new_guest()
        await self._new_book(late=self.dice.random() < 0.3)

    async def _new_book(self, *, late: bool) -> None:
        version = len(self.books) + 1
        book = a_snapshot(
            *self.guests.values(),
            version=version,
            revoked=tuple(sorted(self.revoked)),
            issued_at=self.clock.now,
            lease_until=self.clock.now + LEASE,
        )
        frame = signed(Kind.SNAPSHOT, book)
        self.books.append((book, frame))
        if late:
            self.held.append((Down.SNAPSHOT, frame))
        else:
            await self._deliver(Down.SNAPSHOT, frame, may_open=False)

    async def _answer_time(self) -> None:
        query = open_envelope(await self.desk.query(), Kind.CURRENT_QUERY, lambda _: self._public)
        answer = CurrentAnswer(
            house=HOUSE,
            nonce=read_body(query, CurrentQuery).nonce,
            now=self.clock.now,
            position=None,
            key_document=1,
            facts_received=0,
        )
        frame = signed(Kind.CURRENT_ANSWER, answer)
        await self._deliver(Down.CURRENT, frame, may_open=False)

    def _crooked_book(self, signer: Signer, house: HouseId = HOUSE) -> bytes:
        stay = Window(starts=self.clock.now - LEASE, ends=self.clock.now + LEASE)
        book = a_snapshot(
            a_grant(CROOK, window=stay),
            version=len(self.books) + 1,
            house=house,
            issued_at=self.clock.now,
            lease_until=self.clock.now + LEASE,
        )
        return signed(Kind.SNAPSHOT, book, signer)

    def _new_guest(self) -> None:
        starts = self.clock.now + timedelta(hours=self.dice.uniform(-30, 20))
        stay = Window(starts=starts, ends=starts + timedelta(hours=self.dice.uniform(20, 120)))
        grant = GrantId(self._new_id())
        self.guests[grant] = a_grant(grant, window=stay, checked_in=self.dice.random() < 0.3)

    # Judging.

    async def _deliver_command(self, frame: bytes) -> None:
        wish = next(each for each in self.wishes if each.frame == frame)
        await self._judged(wish, lambda: self._taken(Down.COMMAND, frame))

    async def _deliver(self, channel: Down, frame: bytes, *, may_open: bool) -> bytes | None:
        before = self.bolt.opened
        reply = await self._taken(channel, frame)
        if self.bolt.opened > before and not may_open:
            self.violations["I3"] += self.bolt.opened - before
        return reply

    async def _taken(self, channel: Down, frame: bytes) -> bytes | None:
        self.counts["deliveries"] += 1
        genuine = next((book for book, each in self.books if each == frame), None)
        try:
            taken = await self.desk.take(channel.value, frame)
        except NOISE:
            return None
        await self.doors.all_ended()
        if (channel, frame) not in self.frames and (genuine or taken.flaw is None):
            self.frames.append((channel, frame))
        if genuine is not None and channel is Down.SNAPSHOT:
            self.heard = max(self.heard, genuine.version)
        return taken.reply

    async def _judged(self, wish: Wish, act: Act) -> None:
        """Do it; the door may open once, for this wish, if all is as it should be."""
        wrong = self._why_not(wish)
        before, unrecorded = self.bolt.opened, self.bolt.unrecorded
        await act()
        opened = self.bolt.opened - before
        self.counts["opened"] += opened
        self.counts["asked"] += 1
        self.violations["I6"] += self.bolt.unrecorded - unrecorded
        if opened and wrong is not None:
            self.violations[wrong] += opened
        elif opened > 1:
            self.violations["I7"] += opened - 1
        if opened:
            wish.used = True
            self.arrived.add(wish.grant)

    def _why_not(self, wish: Wish) -> str | None:
        """The invariant that an opening now would break; None when it may open."""
        late = self.clock.boot - wish.asked_at >= MOVE_SECONDS or wish.life != self.life
        if wish.used or late:
            return "I7"
        book = self.books[self.heard - 1][0]
        revoked = {each for earlier, _ in self.books[: self.heard] for each in earlier.revoked_ids}
        grant = next((each for each in book.grants if each.id == wish.grant), None)
        if wish.grant in revoked:
            return "I5"
        if grant is None:
            return "I3"
        inside = grant.window.starts <= self.clock.now < grant.window.ends
        honoured = grant.checked_in or wish.grant in self.arrived
        return None if inside and (honoured or self.clock.now < book.lease_until) else "I4"

    async def _wait(self) -> None:
        self._pass(self.dice.choice((5.0, 600.0, 3600.0 * self.dice.uniform(0, 30))))

    def _pass(self, seconds: float) -> None:
        self.clock.pass_time(timedelta(seconds=seconds))

    def _somebody(self) -> GrantId:
        known = [each.id for book, _ in self.books for each in book.grants]
        return self.dice.choice(known[-4 * GUESTS :])

    def _new_id(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)

    @property
    def _public(self) -> str:
        return self.means.signer.public_hex
