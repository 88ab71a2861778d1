"""Which deliberately broken houses must the checks find out? Each lacks one guard, by composition.

A house of the wire model is put together from these five parts. The sound one has the parts that
lockd has; every other one has a single part replaced.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import override
from uuid import UUID, uuid4

from edge_agent.actions.keeping import Counter, Head, KeptSnapshot
from edge_agent.actions.ledger import Ledger
from edge_agent.actions.live import LiveCommands, _Given
from edge_agent.actions.move_door import MoveDoor, Tap
from edge_agent.actions.trusted_time import TrustedTime
from edge_agent.doorkeeper import Attempt
from edge_agent.policy.model import Time
from edge_agent.store.audit import AuditStore
from protocol.facts import Decided, FactBody, fact_hash
from protocol.house import Snapshot
from protocol.ids import AttemptId
from protocol.live import LiveCommand, NonceRequest


class NoSignatures(Ledger):
    """Believes whatever parses."""

    @override
    def verified(self, frame: bytes) -> tuple[Snapshot, KeptSnapshot]:
        snapshot = Snapshot.from_bytes(frame.split(b"\n", 1)[1])
        order = (snapshot.epoch, snapshot.version)
        return snapshot, KeptSnapshot(frame, "cloud-1", *order, fact_hash(frame))


class AnyHouse(Ledger):
    """Takes another house's book for its own."""

    @override
    def _require_meant_for_us(self, snapshot: Snapshot, opened: object) -> None:
        return


class NoVersions(Ledger):
    """Forgets which book it had, and what was revoked."""

    @override
    def baseline(self) -> Counter | None:
        return None

    @override
    def _remembered(self) -> frozenset[UUID]:
        return frozenset()


class StandingTime(TrustedTime):
    """No end ever comes."""

    @override
    def proven(self) -> Time:
        return Time(self._anchor.earliest, self._anchor.latest)


class GuessedTime(TrustedTime):
    """Where nobody knows how late it is, takes it to be as early as it can be."""

    @override
    def now(self) -> Time:
        now = super().now()
        return Time(now.earliest, now.latest or now.earliest)


class LateAudit(AuditStore):
    """Records a decision together with what came of it."""

    _late: tuple[FactBody, ...] = ()

    @override
    def append(self, *bodies: FactBody, time: Time) -> Head:
        if any(isinstance(each, Decided) and each.allowed for each in bodies):
            self._late += bodies
            return self.head()
        late, self._late = self._late, ()
        return super().append(*late, *bodies, time=time)


class NoDedupe(MoveDoor):
    """Every wish is a new one."""

    @override
    def start(self, tap: Tap) -> Attempt:
        return super().start(replace(tap, attempt=AttemptId(uuid4()), command=None))


class ReusedNonces(LiveCommands):
    """A nonce is not spent by its use."""

    @override
    def _start(self, command: LiveCommand) -> Attempt:
        given = self._given.get(command.nonce)
        attempt = super()._start(command)
        if given is not None:
            self._given[command.nonce] = given
        return attempt


class LongNonces(LiveCommands):
    """A nonce lives for an hour."""

    @override
    def _nonce_for(self, request: NonceRequest) -> str:
        nonce = super()._nonce_for(request)
        dies = self._means.time.boot_seconds() + timedelta(hours=1).total_seconds()
        self._given[nonce] = _Given(request, dies)
        return nonce


@dataclass(frozen=True)
class Build:
    """How a house is put together; `breaks` names the invariant it cannot hold."""

    breaks: str = ""
    audit: type[AuditStore] = AuditStore
    ledger: type[Ledger] = Ledger
    time: type[TrustedTime] = TrustedTime
    doors: type[MoveDoor] = MoveDoor
    live: type[LiveCommands] = LiveCommands


SOUND = Build()
BROKEN = {
    "without signatures": Build("I3", ledger=NoSignatures),
    "without asking for which house": Build("I3", ledger=AnyHouse),
    "without the end of a stay": Build("I4", time=StandingTime),
    "with a guess at unknown time": Build("I4", time=GuessedTime),
    "without versions": Build("I5", ledger=NoVersions),
    "with the record after the motor": Build("I6", audit=LateAudit),
    "without knowing a wish again": Build("I7", doors=NoDedupe, live=ReusedNonces),
    "with nonces that live long": Build("I7", live=LongNonces),
}
