"""A house as far as the wire shows it: real keys, real MQTT, the strictness of lockd.

It keeps its book and its facts in memory, refuses what lockd would refuse, and can be told to be
slow, silent or wrong.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from socket import IPPROTO_TCP, TCP_NODELAY
from uuid import UUID, uuid4

import aiomqtt

from protocol.access import Refusal
from protocol.base import Wire
from protocol.envelope import EnvelopeError, Flaw, Kind, open_envelope, read_body, seal
from protocol.facts import GENESIS, Again, Fact, FactBatch, FactBody, Receipt, fact_hash
from protocol.house import (
    AckResult,
    ClockState,
    CurrentAnswer,
    CurrentQuery,
    HouseIdentity,
    HouseStatus,
    Position,
    Snapshot,
    SnapshotAck,
    house_kid,
)
from protocol.ids import AttemptId, HouseId
from protocol.keys import KeyDocument, KeyUse, open_key_document
from protocol.live import CommandOutcome, LiveCommand, NonceGrant, NonceRequest, Outcome
from protocol.music import MusicAnswer, MusicRequest, MusicResult, PlayerView
from protocol.sealing import SealingKey
from protocol.signing import Signer
from protocol.topics import Down, Up, all_down, parse_down, up


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the house's own clock


@dataclass
class Knobs:
    """How the house misbehaves."""

    silent: set[Up] = field(default_factory=set)
    """Channels on which nothing is said."""
    refuse_nonce: Refusal | None = None
    outcome: Outcome = Outcome.OPENED
    twice: bool = False
    """Everything is said twice."""


class WireHouse:
    """One house's keys, book and facts."""

    def __init__(self, house_id: UUID, *, root_public: str = "") -> None:
        self.id = HouseId(house_id)
        seed = secrets.token_bytes(32)
        self.signer = Signer.from_seed(house_kid(house_id), seed)
        self.sealing = SealingKey.from_bytes(secrets.token_bytes(32))
        self.root_public = root_public
        self.keys: KeyDocument | None = None
        self.book: Snapshot | None = None
        self.position: Position | None = None
        self.facts: list[str] = []
        self.receipt = 0
        self.knobs = Knobs()
        self.opened: list[LiveCommand] = []
        self.flaws: list[str] = []
        self.answers: list[CurrentAnswer] = []
        self.agains: list[int] = []
        self.heard: list[tuple[Down, bytes]] = []
        self.session = secrets.token_hex(16)
        self._nonces: dict[str, NonceRequest] = {}
        self._asked: set[str] = set()
        self._client: aiomqtt.Client | None = None
        self.changed = asyncio.Event()

    @property
    def identity(self) -> HouseIdentity:
        return HouseIdentity(
            house=self.id,
            signing_key=self.signer.public_hex,
            sealing_key=self.sealing.public_hex,
            software="wire-house",
        )

    @asynccontextmanager
    async def online(self, port: int) -> AsyncIterator["WireHouse"]:
        """Connected: status said, current asked, everything answered until the end."""
        self.session = secrets.token_hex(16)
        will = aiomqtt.Will(up(self.id, Up.STATUS), self.status(online=False), 1, retain=True)
        client = aiomqtt.Client(
            "127.0.0.1",
            port,
            identifier=f"house-{self.id}",
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            will=will,
            socket_options=((IPPROTO_TCP, TCP_NODELAY, 1),),
        )
        async with client, asyncio.TaskGroup() as tasks:
            self._client = client
            await client.subscribe(all_down(self.id), qos=1)
            await self.say(Up.STATUS, self.status(online=True), retain=True)
            await self.ask()
            listening = tasks.create_task(self._listen(client), name="house")
            try:
                yield self
            finally:
                listening.cancel()
                self._client = None

    async def say(self, channel: Up, frame: bytes, *, retain: bool = False) -> None:
        """Publish a frame, unless the knobs forbid it."""
        if self._client is None or channel in self.knobs.silent:
            return
        for _ in range(2 if self.knobs.twice else 1):
            await self._client.publish(up(self.id, channel), frame, qos=1, retain=retain)

    def seal(self, kind: Kind, message: Wire) -> bytes:
        return seal(kind, message.to_bytes(), self.signer)

    def seal_claim(self) -> str:
        """The proof a device shows at its claim."""
        return self.seal(Kind.CLAIM, self.identity).decode()

    def status(self, *, online: bool, at: datetime | None = None) -> bytes:
        message = HouseStatus(
            house=self.id,
            online=online,
            session=self.session,
            at=at or utc_now(),
            position=self.position,
            clock=ClockState.TRUSTED,
            facts_through=len(self.facts),
            facts_acknowledged=self.receipt,
            key_document=0 if self.keys is None else self.keys.version,
        )
        return self.seal(Kind.STATUS, message)

    async def ask(self) -> None:
        """What is current?"""
        nonce = secrets.token_hex(16)
        self._asked.add(nonce)
        await self.say(Up.CURRENT, self.query(nonce))

    def query(self, nonce: str) -> bytes:
        head = fact_hash(self.facts[-1].encode()) if self.facts else None
        message = CurrentQuery(
            house=self.id,
            nonce=nonce,
            position=self.position,
            key_document=0 if self.keys is None else self.keys.version,
            facts_through=len(self.facts),
            facts_head=head,
        )
        return self.seal(Kind.CURRENT_QUERY, message)

    def record(self, body: FactBody) -> str:
        """Append a fact to the chain; answers its exact text."""
        previous = fact_hash(self.facts[-1].encode()) if self.facts else GENESIS
        fact = Fact(
            house=self.id,
            sequence=len(self.facts) + 1,
            previous=previous,
            at_earliest=utc_now(),
            at_latest=utc_now(),
            body=body,
        )
        self.facts.append(fact.to_bytes().decode())
        return self.facts[-1]

    def batch(self, first: int, last: int) -> bytes:
        """Facts number first to last, signed."""
        message = FactBatch(house=self.id, facts=tuple(self.facts[first - 1 : last]))
        return self.seal(Kind.FACTS, message)

    async def send_facts(self, first: int | None = None) -> None:
        start = first or self.receipt + 1
        for begin in range(start, len(self.facts) + 1, 200):
            await self.say(Up.FACTS, self.batch(begin, begin + 199))

    async def until(self, claim: Callable[[], bool], *, seconds: float = 5) -> None:
        """Wait until something the house knows has become true."""
        async with asyncio.timeout(seconds):
            while not claim():
                self.changed.clear()
                await self.changed.wait()

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            channel = parse_down(str(message.topic), self.id)
            if channel is None:
                raise AssertionError(f"foreign topic {message.topic}")
            frame = bytes(message.payload)
            self.heard.append((channel, frame))
            try:
                await self.take(channel, frame)
            except EnvelopeError as error:
                self.flaws.append(f"{channel}:{error.flaw}")
            self.changed.set()

    async def take(self, channel: Down, frame: bytes) -> None:
        """One frame from the cloud."""
        takers: dict[Down, Callable[[bytes], Awaitable[None]]] = {
            Down.KEYS: self._take_keys,
            Down.SNAPSHOT: self._take_snapshot,
            Down.CURRENT: self._take_answer,
            Down.ASK: self._give_nonce,
            Down.COMMAND: self._obey,
            Down.MUSIC: self._play,
            Down.RECEIPT: self.take_receipt,
            Down.AGAIN: self._say_again,
        }
        await takers[channel](frame)

    async def _take_keys(self, frame: bytes) -> None:
        document = open_key_document(frame, self.root_public)
        if self.keys is None or document.version > self.keys.version:
            self.keys = document

    async def _say_again(self, frame: bytes) -> None:
        again = self._read(frame, Kind.AGAIN, Again, KeyUse.RECEIPT)
        self.agains.append(again.from_sequence)
        await self.send_facts(again.from_sequence)

    def _read[M: Wire](self, frame: bytes, kind: Kind, message: type[M], use: KeyUse) -> M:
        document = self.keys
        opened = open_envelope(
            frame, kind, lambda kid: None if document is None else document.key_for(kid, use)
        )
        body = read_body(opened, message)
        if getattr(body, "house", None) != self.id:
            raise EnvelopeError(Flaw.WRONG_HOUSE)
        return body

    async def _take_snapshot(self, frame: bytes) -> None:
        if self.keys is None:
            return  # the key document comes retained too, perhaps later: ask again
        digest = sha256(frame).hexdigest()
        snapshot = self._read(frame, Kind.SNAPSHOT, Snapshot, KeyUse.SNAPSHOT)
        kid = frame.split(b" ", 3)[2].decode()
        result, reason = self._judge(snapshot, digest, kid)
        if result is AckResult.APPLIED:
            self.book = snapshot
            self.position = Position(epoch=snapshot.epoch, version=snapshot.version, hash=digest)
        ack = SnapshotAck(
            house=self.id,
            result=result,
            offered_hash=digest,
            position=self.position,
            reason=reason,
            at=utc_now(),
        )
        await self.say(Up.ACK, self.seal(Kind.SNAPSHOT_ACK, ack))

    def _judge(self, snapshot: Snapshot, digest: str, kid: str) -> tuple[AckResult, str | None]:
        if self.keys is None or not self.keys.allows_epoch(kid, snapshot.epoch):
            return AckResult.REFUSED, "epoch_not_listed"
        if self.position is None:
            return AckResult.APPLIED, None
        held = (self.position.epoch, self.position.version)
        offered = (snapshot.epoch, snapshot.version)
        if offered == held:
            same = digest == self.position.hash
            return (AckResult.ALREADY_APPLIED, None) if same else (AckResult.REFUSED, "other")
        return (AckResult.APPLIED, None) if offered > held else (AckResult.REFUSED, "older")

    async def _take_answer(self, frame: bytes) -> None:
        answer = self._read(frame, Kind.CURRENT_ANSWER, CurrentAnswer, KeyUse.LIVE)
        if answer.nonce not in self._asked:
            self.flaws.append("current:nonce")
            return
        self._asked.remove(answer.nonce)
        self.answers.append(answer)

    async def _give_nonce(self, frame: bytes) -> None:
        request = self._read(frame, Kind.NONCE_REQUEST, NonceRequest, KeyUse.LIVE)
        refusal = self.knobs.refuse_nonce
        nonce = None if refusal else secrets.token_hex(16)
        if nonce is not None:
            self._nonces[nonce] = request
        grant = NonceGrant(house=self.id, command=request.command, nonce=nonce, refusal=refusal)
        await self.say(Up.NONCE, self.seal(Kind.NONCE_GRANT, grant))

    async def _obey(self, frame: bytes) -> None:
        command = self._read(frame, Kind.COMMAND, LiveCommand, KeyUse.LIVE)
        bound = self._nonces.pop(command.nonce, None)
        if bound is None or (bound.command, bound.grant, bound.lock, bound.move) != (
            command.command,
            command.grant,
            command.lock,
            command.move,
        ):
            self.flaws.append("command:nonce")
            return
        self.opened.append(command)
        outcome = CommandOutcome(
            house=self.id,
            command=command.command,
            attempt=AttemptId(uuid4()),
            outcome=self.knobs.outcome,
            at=utc_now(),
        )
        await self.say(Up.OUTCOME, self.seal(Kind.OUTCOME, outcome))

    async def _play(self, frame: bytes) -> None:
        request = self._read(frame, Kind.MUSIC_REQUEST, MusicRequest, KeyUse.LIVE)
        late = request.expires_at <= utc_now()
        answer = MusicAnswer(
            house=self.id,
            request=request.request,
            result=MusicResult.EXPIRED if late else MusicResult.DONE,
            players=tuple(
                PlayerView(player=each.player, name=each.name, state="not_connected")
                for each in (self.book.players if self.book else ())
            ),
        )
        await self.say(Up.MUSIC, self.seal(Kind.MUSIC_ANSWER, answer))

    async def take_receipt(self, frame: bytes) -> None:
        receipt = self._read(frame, Kind.RECEIPT, Receipt, KeyUse.RECEIPT)
        if receipt.through == 0 or receipt.through > len(self.facts):
            return
        if fact_hash(self.facts[receipt.through - 1].encode()) != receipt.head:
            self.flaws.append("receipt:head")
            return
        self.receipt = max(self.receipt, receipt.through)
