"""What does lockd look like from the agent's side of the port?

A strict stand-in on the same Protocols: frames are opened and signed with real keys, the book only
moves forward, facts are numbered and chained. `away` makes it unreachable, `slow_seconds` slow.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Self
from uuid import UUID, uuid4

from edge_agent.doorkeeper import (
    Configuration,
    HouseNews,
    HouseState,
    MusicHandBack,
    MusicPermit,
    PlayerRights,
    Taken,
    ThingPermit,
)
from edge_agent.errors import DeviceUnreachable
from protocol.access import Refusal
from protocol.configuration import HouseSettings
from protocol.envelope import EnvelopeError, Kind, Opened, open_envelope, read_body, seal
from protocol.facts import GENESIS, Again, Alarmed, Fact, FactBatch, Receipt, fact_hash
from protocol.home import HomeVerb
from protocol.house import (
    AckResult,
    CurrentAnswer,
    CurrentQuery,
    HouseStatus,
    Position,
    Snapshot,
    SnapshotAck,
    house_kid,
)
from protocol.ids import AttemptId, HouseId, PlayerId
from protocol.live import CommandOutcome, LiveCommand, NonceGrant, NonceRequest, Outcome
from protocol.music import MusicAnswer, MusicRequest, MusicRules
from protocol.signing import Signer

CLOUD_KID = "cloud-1"
_NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass
class Doorman:
    """CloudGate, MusicGate, HomeGate and StateGate of one house, in this process."""

    house: HouseId
    cloud_key: str
    signer: Signer
    position: Position | None = None
    knows_keys: bool = True
    away: bool = False
    slow_seconds: float = 0.0
    slow_channels: dict[str, float] = field(default_factory=dict)
    permit_answer: MusicPermit = field(
        default_factory=lambda: MusicPermit(
            allowed=False, grant=None, refusal=Refusal.NO_SUCH_RIGHT
        )
    )
    hand_back: MusicHandBack = field(
        default_factory=lambda: MusicHandBack(began=(), ended=(), players={})
    )
    asked_permits: list[tuple[str, PlayerId | None]] = field(default_factory=list)
    thing_answer: ThingPermit = field(
        default_factory=lambda: ThingPermit(
            allowed=False, grant=None, refusal=Refusal.NO_SUCH_RIGHT
        )
    )
    configured: Configuration = field(
        default_factory=lambda: Configuration(version=0, settings=HouseSettings())
    )
    running: list[int] = field(default_factory=list)
    news_answer: HouseNews = field(default_factory=lambda: HouseNews(is_certain=False, tells=()))
    asked_things: list[HomeVerb] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    opened: int = 0
    acknowledged: int = 0
    _cursor: int = 0
    _facts: list[bytes] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _nonces: dict[str, NonceRequest] = field(default_factory=dict)

    @classmethod
    def of(cls, house: HouseId, cloud: Signer) -> Self:
        """A house with a key of its own that trusts this cloud key."""
        seed = sha256(house.bytes).digest()
        return cls(house, cloud.public_hex, Signer.from_seed(house_kid(house), seed))

    def record(self, detail: str) -> None:
        """One more fact for the cloud."""
        previous = fact_hash(self._facts[-1]) if self._facts else GENESIS
        fact = Fact(
            house=self.house,
            sequence=len(self._facts) + 1,
            previous=previous,
            at_earliest=_now(),
            at_latest=_now(),
            body=Alarmed(name="test", detail=detail),
        )
        self._facts.append(fact.to_bytes())
        self._news.set()

    async def take(self, channel: str, frame: bytes) -> Taken:
        await self._answer_late()
        await asyncio.sleep(self.slow_channels.get(channel, 0))
        try:
            reply = await self._take(channel, frame)
        except EnvelopeError as error:
            return Taken(flaw=error.flaw, reason=str(error))
        self.taken.append(channel)
        return Taken(reply=reply)

    async def status(self, *, online: bool, session: str) -> bytes:
        await self._answer_late()
        return self._seal(
            Kind.STATUS,
            HouseStatus(
                house=self.house,
                online=online,
                session=session,
                at=_now(),
                position=self.position,
                facts_through=len(self._facts),
                facts_acknowledged=self.acknowledged,
            ).to_bytes(),
        )

    async def query(self) -> bytes:
        await self._answer_late()
        nonce = uuid4().hex
        self.queries.append(nonce)
        body = CurrentQuery(
            house=self.house,
            nonce=nonce,
            position=self.position,
            key_document=0,
            facts_through=len(self._facts),
        )
        return self._seal(Kind.CURRENT_QUERY, body.to_bytes())

    async def configuration(self, *, running: int) -> Configuration:
        self.running.append(running)
        return self.configured

    async def facts(self, *, limit: int) -> bytes | None:
        await self._answer_late()
        batch = self._facts[self._cursor : self._cursor + limit]
        if not batch:
            self._news.clear()
            return None
        self._cursor += len(batch)
        body = FactBatch(house=self.house, facts=tuple(each.decode() for each in batch))
        return self._seal(Kind.FACTS, body.to_bytes())

    async def rewind_facts(self) -> None:
        await self._answer_late()
        self._cursor = self.acknowledged
        self._news.set()

    async def wait_for_facts(self, *, timeout_seconds: float) -> bool:
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def state(self) -> HouseState:
        await self._answer_late()
        return HouseState(
            house=self.house,
            clock="trusted",
            earliest=_NOON,
            latest=_NOON,
            epoch=self.position.epoch if self.position else None,
            version=self.position.version if self.position else None,
            facts_through=len(self._facts),
            facts_acknowledged=self.acknowledged,
            flaws={},
            rules=MusicRules(),
        )

    async def permit(self, token: str, verb: str, player: PlayerId | None) -> MusicPermit:
        await self._answer_late()
        if not token:
            return MusicPermit(allowed=False, grant=None, refusal=Refusal.NOT_SIGNED_IN)
        self.asked_permits.append((verb, player))
        return self.permit_answer

    async def permit_thing(self, token: str, ask: HomeVerb) -> ThingPermit:
        await self._answer_late()
        if not token:
            return ThingPermit(allowed=False, grant=None, refusal=Refusal.NOT_SIGNED_IN)
        self.asked_things.append(ask)
        return self.thing_answer

    async def news(self) -> HouseNews:
        await self._answer_late()
        return self.news_answer

    async def permit_relayed(self, frame: bytes) -> tuple[MusicPermit, bytes | None] | Taken:
        await self._answer_late()
        try:
            opened = open_envelope(frame, Kind.MUSIC_REQUEST, self._key)
            request = read_body(opened, MusicRequest)
        except EnvelopeError as error:
            return Taken(flaw=error.flaw, reason=str(error))
        self.asked_permits.append((request.ask.verb, getattr(request.ask, "player", None)))
        return self.permit_answer, opened.body

    async def sign_music_answer(self, body: bytes) -> bytes:
        MusicAnswer.from_bytes(body)
        return self._seal(Kind.MUSIC_ANSWER, body)

    async def stays(self) -> MusicHandBack:
        await self._answer_late()
        return self.hand_back

    async def stays_heard(self, *, began: tuple[UUID, ...], ended: tuple[UUID, ...]) -> None:
        await self._answer_late()
        left = MusicHandBack(
            began=tuple(each for each in self.hand_back.began if each not in began),
            ended=tuple(each for each in self.hand_back.ended if each not in ended),
            players=self.hand_back.players,
        )
        self.hand_back = left

    async def _take(self, channel: str, frame: bytes) -> bytes | None:
        match channel:
            case "snapshot":
                return self._apply(frame)
            case "ask":
                return self._give_nonce(self._opened(frame, Kind.NONCE_REQUEST))
            case "command":
                return await self._command(self._opened(frame, Kind.COMMAND))
            case "receipt":
                receipt = read_body(self._opened(frame, Kind.RECEIPT), Receipt)
                self.acknowledged = max(self.acknowledged, receipt.through)
            case "again":
                self._cursor = read_body(self._opened(frame, Kind.AGAIN), Again).from_sequence - 1
                self._news.set()
            case "current":
                read_body(self._opened(frame, Kind.CURRENT_ANSWER), CurrentAnswer)
            case "keys":
                self._opened(frame, Kind.KEY_DOCUMENT)
                self.knows_keys = True
            case _:
                raise AssertionError(channel)
        return None

    def _apply(self, frame: bytes) -> bytes:
        snapshot = read_body(self._opened(frame, Kind.SNAPSHOT), Snapshot)
        digest = sha256(frame).hexdigest()
        held = (self.position.epoch, self.position.version) if self.position else (0, 0)
        offered = (snapshot.epoch, snapshot.version)
        result = AckResult.REFUSED
        if offered > held:
            self.position = Position(epoch=offered[0], version=offered[1], hash=digest)
            result = AckResult.APPLIED
        elif self.position and self.position.hash == digest:
            result = AckResult.ALREADY_APPLIED
        ack = SnapshotAck(
            house=self.house,
            result=result,
            offered_hash=digest,
            position=self.position,
            at=_now(),
        )
        return self._seal(Kind.SNAPSHOT_ACK, ack.to_bytes())

    def _give_nonce(self, opened: Opened) -> bytes:
        request = read_body(opened, NonceRequest)
        nonce = uuid4().hex
        self._nonces[nonce] = request
        grant = NonceGrant(house=self.house, command=request.command, nonce=nonce)
        return self._seal(Kind.NONCE_GRANT, grant.to_bytes())

    async def _command(self, opened: Opened) -> bytes:
        command = read_body(opened, LiveCommand)
        known = self._nonces.pop(command.nonce, None)
        outcome = Outcome.OPENED if known else Outcome.REFUSED
        self.opened += known is not None
        body = CommandOutcome(
            house=self.house,
            command=command.command,
            attempt=AttemptId(uuid4()),
            outcome=outcome,
            at=_now(),
        )
        return self._seal(Kind.OUTCOME, body.to_bytes())

    def _opened(self, frame: bytes, kind: Kind) -> Opened:
        return open_envelope(frame, kind, self._key)

    def _key(self, kid: str) -> str | None:
        known = kid == "root" or (kid == CLOUD_KID and self.knows_keys)
        return self.cloud_key if known else None

    def _seal(self, kind: Kind, body: bytes) -> bytes:
        return seal(kind, body, self.signer)

    async def _answer_late(self) -> None:
        if self.away:
            raise DeviceUnreachable("lockd_unreachable")
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)


def speaker(player: PlayerId, name: str, *, at_server: str) -> PlayerRights:
    """A player this person may use in every way."""
    return PlayerRights(
        player=player,
        name=name,
        speaker=at_server,
        may_control=True,
        may_set_volume=True,
        may_queue=True,
    )


def a_snapshot(house: HouseId, version: int, *, epoch: int = 1) -> Snapshot:
    """An empty book of one version."""
    return Snapshot(
        house=house,
        epoch=epoch,
        version=version,
        issued_at=_now(),
        lease_until=_now() + timedelta(hours=72),
        zone="Europe/Madrid",
        grants=(),
    )


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the stand-in's own clock
