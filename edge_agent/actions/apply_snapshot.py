"""Is this snapshot the next book of this house, and what follows from taking it?

Verified wholly, then stored, then used; each offer is answered with a signed word, also a refusal.
"""

from dataclasses import dataclass
from hashlib import sha256

from edge_agent.actions.keeping import KeptSnapshot
from edge_agent.actions.means import Means
from edge_agent.doorkeeper import Taken
from edge_agent.policy.decide import alive
from edge_agent.policy.model import Book
from edge_agent.policy.windows import is_past
from protocol.access import Delegation, Refusal
from protocol.envelope import EnvelopeError, Kind
from protocol.facts import Alarmed, DelegationEnded, FactBody, SnapshotApplied
from protocol.house import AckResult, Snapshot, SnapshotAck

_FORKED = "previous_mismatch"
_NAMED = 10


@dataclass(frozen=True, slots=True)
class _Judged:
    result: AckResult
    reason: str | None = None
    alarm: str | None = None


def apply_snapshot(means: Means, frame: bytes) -> Taken:
    """Take a snapshot or refuse it; the reply is the signed acknowledgement."""
    try:
        snapshot, kept = means.ledger.verified(frame)
    except EnvelopeError as error:
        reply = _ack(means, frame, AckResult.REFUSED, error.flaw.value)
        return Taken(reply=reply, flaw=error.flaw, reason=error.flaw.value)
    judged = _judge(means, snapshot, kept)
    alarms = () if judged.alarm is None else (Alarmed(name=judged.alarm, detail=_order(kept)),)
    if judged.result is AckResult.APPLIED:
        _take(means, snapshot, kept, alarms)
    elif alarms:
        means.record(*alarms)
    return Taken(reply=_ack(means, frame, judged.result, judged.reason), reason=judged.reason)


def record_if_missed(means: Means) -> None:
    """After a cut between storing and recording, record what is in force."""
    position, recorded = means.ledger.position, means.audit.newest_snapshot()
    if position is not None and (recorded is None or recorded.hash != position.hash):
        means.record(
            SnapshotApplied(epoch=position.epoch, version=position.version, hash=position.hash)
        )


def end_dead_delegations(means: Means) -> None:
    """Delegations whose parent or time is over, or which the cloud took over, end for good."""
    for delegation, reason in _dead(means):
        means.record(DelegationEnded(delegation=delegation.id, reason=reason))
        means.ledger.end_delegation(delegation.id, reason)


def _judge(means: Means, snapshot: Snapshot, kept: KeptSnapshot) -> _Judged:
    position, baseline = means.ledger.position, means.ledger.baseline()
    if position is not None and position.hash == kept.hash:
        return _Judged(AckResult.ALREADY_APPLIED)
    offered = (kept.epoch, kept.version)
    newest = (0, 0) if baseline is None else (baseline.epoch, baseline.version)
    if offered < newest:
        return _Judged(AckResult.REFUSED, "older")
    if baseline is not None and offered == newest and kept.hash != baseline.hash:
        return _Judged(AckResult.REFUSED, "same_version_other_hash", "snapshot_forked")
    follows = position is not None and offered == (position.epoch, position.version + 1)
    if follows and position is not None and snapshot.previous_hash != position.hash:
        return _Judged(AckResult.APPLIED, _FORKED, "snapshot_history_differs")
    return _Judged(AckResult.APPLIED)


def _take(
    means: Means, snapshot: Snapshot, kept: KeptSnapshot, alarms: tuple[FactBody, ...]
) -> None:
    returned = _returned(means.ledger.book, snapshot)
    means.ledger.store(snapshot, kept)
    means.time.has_passed(snapshot.issued_at)
    applied = SnapshotApplied(epoch=kept.epoch, version=kept.version, hash=kept.hash)
    means.record(applied, *alarms, *returned)
    end_dead_delegations(means)


def _returned(before: Book, snapshot: Snapshot) -> tuple[FactBody, ...]:
    """A cloud that forgot a revocation offers the grant anew: it stays revoked, and is told."""
    offered = {each.id for each in snapshot.grants} - before.grants.keys()
    forgotten = sorted(map(str, (offered & before.revoked) - set(snapshot.revoked_ids)))
    if not forgotten:
        return ()
    named = ", ".join(forgotten[:_NAMED])
    return (Alarmed(name="revoked_grants_returned", detail=f"{len(forgotten)}: {named}"),)


def _dead(means: Means) -> list[tuple[Delegation, str]]:
    book = means.ledger.book
    if book.snapshot is None:
        return []
    now = means.time.proven()  # an end for good does not rest on supposed time
    dead = []
    for each in book.delegations.values():
        reason = _why_dead(book, each, alive(book, each.id, now))
        if reason is None and is_past(each.window, now):
            reason = Refusal.ENDED.value
        if reason is not None:
            dead.append((each, reason))
    return dead


def _why_dead(book: Book, delegation: Delegation, refusal: Refusal | None) -> str | None:
    if delegation.id in book.grants:
        return "adopted"
    final = {Refusal.REVOKED, Refusal.PARENT_ENDED, Refusal.ENDED, Refusal.TOO_MANY_DELEGATIONS}
    return refusal.value if refusal in final else None


def _order(kept: KeptSnapshot) -> str:
    return f"{kept.kid} {kept.epoch}.{kept.version}"


def _ack(means: Means, frame: bytes, result: AckResult, reason: str | None) -> bytes:
    ack = SnapshotAck(
        house=means.house,
        result=result,
        offered_hash=sha256(frame).hexdigest(),
        position=means.ledger.position,
        reason=reason,
        at=means.time.now().earliest,
    )
    return means.signed(Kind.SNAPSHOT_ACK, ack)
