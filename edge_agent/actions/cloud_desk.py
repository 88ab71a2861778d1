"""What is done with each frame from the cloud, and what does the house tell it?

The CloudGate, served: opens and verifies every frame itself, answers with frames it signed.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from edge_agent.actions.apply_snapshot import apply_snapshot
from edge_agent.actions.configure import ConfigurationDesk
from edge_agent.actions.hear_time import hear_time
from edge_agent.actions.live import LiveCommands
from edge_agent.actions.look_hints import LookHints
from edge_agent.actions.means import Means
from edge_agent.actions.own_life import DISPUTED, OwnLife
from edge_agent.doorkeeper import Configuration, Taken
from protocol.envelope import EnvelopeError, Flaw, Kind
from protocol.facts import Again, Alarmed, FactBatch, Receipt
from protocol.house import CurrentAnswer, CurrentQuery, HouseStatus
from protocol.keys import KeyUse
from protocol.topics import Down

_log = structlog.get_logger("portero.lockd")

_Taker = Callable[[bytes], Awaitable[Taken]]
_LIVE: Final = frozenset({Down.ASK.value, Down.COMMAND.value})
_OUTSTANDING_QUERIES = 8
_LONGEST_ANSWER_SECONDS: Final = 30.0
_MAX_BATCH = 200
_MAX_BATCH_BYTES = 150_000
_LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Beside:
    """What the cloud tells a house beside its book: if it is it, how it is set, where to look."""

    life: OwnLife
    configuration: ConfigurationDesk
    hints: LookHints


class CloudDesk:
    """Frames from and to the cloud; see CloudGate.

    `is_disputed`: the cloud holds other facts under our numbers. Another device writes in this
    house's name, as from a copied card, and its facts came first; or the record was altered.
    """

    def __init__(self, means: Means, live: LiveCommands, *, software: str, beside: Beside) -> None:
        self._means = means
        self._beside = beside
        self._live = live
        self._software = software
        self._asked: OrderedDict[str, float] = OrderedDict()
        self._cursor = means.audit.acknowledged()
        self._complained_of = -1
        self.is_disputed = False
        self.flaws: Counter[str] = Counter()
        self._takers: dict[str, _Taker] = {
            Down.SNAPSHOT.value: self._take_snapshot,
            Down.KEYS.value: self._take_keys,
            Down.CURRENT.value: self._take_answer,
            Down.ASK.value: self._give_nonce,
            Down.COMMAND.value: self._obey,
            Down.RECEIPT.value: self._take_receipt,
            Down.AGAIN.value: self._take_again,
            Down.CONFIG.value: self._take_configuration,
            Down.LOOK.value: self._take_look,
        }

    async def take(self, channel: str, frame: bytes) -> Taken:
        """See CloudGate."""
        try:
            taken = await self._take(channel, frame)
        except EnvelopeError as error:
            taken = Taken(flaw=error.flaw, reason=error.flaw.value)
        if taken.flaw is not None:
            self.flaws[taken.flaw.value] += 1
            _log.warning("frame_refused", channel=channel, flaw=taken.flaw.value)
        return taken

    @property
    def rival(self) -> str | None:
        """The life that is this house's device by the cloud's word; None while it is ours."""
        return self._beside.life.rival

    async def configuration(self, *, running: int) -> Configuration:
        """See CloudGate."""
        return self._beside.configuration.in_force(running=running)

    async def status(self, *, online: bool, session: str) -> bytes:
        """See CloudGate."""
        means = self._means
        now = means.time.now()
        keys = means.ledger.keys
        status = HouseStatus(
            house=means.house,
            online=online,
            session=session,
            at=now.earliest,
            software=self._software,
            position=means.ledger.position,
            key_document=0 if keys is None else keys.version,
            clock=now.state,
            facts_through=means.audit.head().sequence,
            facts_acknowledged=means.audit.acknowledged(),
            life=self._beside.life.life,
        )
        return means.signed(Kind.STATUS, status)

    async def query(self) -> bytes:
        """See CloudGate."""
        means = self._means
        nonce = means.random_bytes(16).hex()
        self._asked[nonce] = means.time.boot_seconds()
        while len(self._asked) > _OUTSTANDING_QUERIES:
            self._asked.popitem(last=False)
        head, keys = means.audit.head(), means.ledger.keys
        query = CurrentQuery(
            house=means.house,
            nonce=nonce,
            position=means.ledger.position,
            key_document=0 if keys is None else keys.version,
            facts_through=head.sequence,
            facts_head=head.hash,
            life=self._beside.life.life,
            proof=self._beside.life.proof,
            configuration=self._beside.configuration.held(),
        )
        return means.signed(Kind.CURRENT_QUERY, query)

    async def facts(self, *, limit: int) -> bytes | None:
        """See CloudGate."""
        count = max(1, min(limit, _MAX_BATCH))
        texts = self._means.audit.after(self._cursor, limit=count, max_bytes=_MAX_BATCH_BYTES)
        if not texts:
            return None
        self._cursor += len(texts)
        return self._means.signed(
            Kind.FACTS, FactBatch(house=self._means.house, facts=tuple(texts))
        )

    async def rewind_facts(self) -> None:
        """See CloudGate."""
        self._cursor = self._means.audit.acknowledged()
        self._means.audit.news.set()

    async def wait_for_facts(self, *, timeout_seconds: float) -> bool:
        """See CloudGate."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + min(timeout_seconds, _LONGEST_WAIT_SECONDS)
        try:
            async with asyncio.timeout_at(ends):
                while self._cursor >= self._means.audit.head().sequence:
                    self._means.audit.news.clear()
                    await self._means.audit.news.wait()
        except TimeoutError:
            return False
        return True

    async def _take(self, channel: str, frame: bytes) -> Taken:
        if channel not in self._takers:
            raise EnvelopeError(Flaw.WRONG_KIND, "no such channel here")
        if self.rival is not None and channel in _LIVE:
            self.flaws[DISPUTED] += 1
            return Taken(reason=DISPUTED)
        return await self._takers[channel](frame)

    async def _take_snapshot(self, frame: bytes) -> Taken:
        taken = apply_snapshot(self._means, frame)
        if self.rival is None:
            return taken
        # What we hold proves nothing of the house whose device is another.
        return Taken(flaw=taken.flaw, reason=taken.reason)

    async def _give_nonce(self, frame: bytes) -> Taken:
        return Taken(reply=self._live.give_nonce(frame))

    async def _obey(self, frame: bytes) -> Taken:
        return Taken(reply=await self._live.obey(frame))

    async def _take_keys(self, frame: bytes) -> Taken:
        means = self._means
        before = means.ledger.book.snapshot
        document = means.ledger.take_keys(frame)
        if document is None:
            return Taken()
        means.time.has_passed(document.issued_at)
        if before is not None and means.ledger.book.snapshot is None:
            means.record(Alarmed(name="book_key_withdrawn", detail=f"keys {document.version}"))
        return Taken()

    async def _take_answer(self, frame: bytes) -> Taken:
        """Signed time that answers our own question: true now, give or take the way it took.

        The reply, if any, is the question once more: the cloud wants to know that we are alive.
        """
        means = self._means
        answer = means.opened(frame, Kind.CURRENT_ANSWER, CurrentAnswer, KeyUse.LIVE)
        asked = self._asked.pop(answer.nonce, None)
        if asked is None:
            raise EnvelopeError(Flaw.BAD_BODY, "an answer to no question of ours")
        took = means.time.boot_seconds() - asked
        if took <= _LONGEST_ANSWER_SECONDS:
            latest = answer.now + timedelta(seconds=took)
            hear_time(means, answer.now, latest, witness="cloud")
        if self._beside.life.heard(prove=answer.prove, rival=answer.rival):
            return Taken(reply=await self.query())
        if self.rival is not None:
            return Taken(reason=DISPUTED)
        self._beside.configuration.cloud_heard(asked_at=asked)
        return Taken()

    async def _take_configuration(self, frame: bytes) -> Taken:
        reason = self._beside.configuration.take(frame)
        if reason is not None:
            self.flaws[f"configuration_{reason}"] += 1
        return Taken(reason=reason)

    async def _take_look(self, frame: bytes) -> Taken:
        word = self._beside.hints.take(frame)
        return Taken(reason=None if word == "heard" else word)

    async def _take_receipt(self, frame: bytes) -> Taken:
        means = self._means
        receipt = means.opened(frame, Kind.RECEIPT, Receipt, KeyUse.RECEIPT)
        if means.audit.hash_of(receipt.through) == receipt.head:
            means.audit.acknowledge(receipt.through, at=means.time.proven().earliest)
            self.is_disputed = False
            return Taken()
        pruned = receipt.through < means.audit.oldest()
        self.is_disputed = self.is_disputed or not pruned
        if not pruned and self._complained_of != receipt.through:
            self._complained_of = receipt.through
            means.record(Alarmed(name="receipt_head_differs", detail=str(receipt.through)))
        return Taken()

    async def _take_again(self, frame: bytes) -> Taken:
        means = self._means
        again = means.opened(frame, Kind.AGAIN, Again, KeyUse.RECEIPT)
        oldest = means.audit.oldest()
        if again.from_sequence < oldest:
            means.record(Alarmed(name="facts_no_longer_kept", detail=str(again.from_sequence)))
        newest = means.audit.head().sequence
        self._cursor = min(max(again.from_sequence, oldest) - 1, newest)
        means.audit.news.set()
        return Taken()
