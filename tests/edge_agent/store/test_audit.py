"""Can a record be lost, altered, slipped in or forgotten too early?"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.errors import StopGranting
from edge_agent.store.audit import FILE, AuditStore, Limits
from protocol.access import Refusal, Role
from protocol.facts import (
    GENESIS,
    Acted,
    Alarmed,
    Decided,
    Fact,
    FirstUsed,
    RequestDecided,
    SnapshotApplied,
    Via,
    fact_hash,
)
from protocol.house import ClockState
from protocol.ids import AttemptId, CommandId, RequestId
from protocol.live import Outcome
from tests.edge_agent.policy_kit import BOOKER, FRONT, HOUSE, NOON, ROOM, at, named

ATTEMPT = AttemptId(named("attempt"))
COMMAND = CommandId(named("command"))


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[AuditStore]:
    store = AuditStore(tmp_path, HOUSE)
    yield store
    store.close()


def decided(attempt: AttemptId = ATTEMPT, *, allowed: bool = True) -> Decided:
    return Decided(
        attempt=attempt,
        grant=BOOKER,
        role=Role.GUEST,
        right=f"door:open:{FRONT}",
        via=Via.REMOTE,
        command=COMMAND if attempt == ATTEMPT else None,
        allowed=allowed,
        refusal=None if allowed else Refusal.ENDED,
        clock=ClockState.TRUSTED,
    )


def fill(audit: AuditStore, count: int) -> None:
    for number in range(count):
        audit.append(Alarmed(name=f"n{number}"), time=at(NOON + timedelta(days=number)))


def test_facts_are_numbered_and_chained(audit: AuditStore) -> None:
    assert (audit.head().sequence, audit.head().hash, audit.oldest()) == (0, GENESIS, 1)
    fill(audit, 3)
    previous = GENESIS
    for number, text in enumerate(audit.after(0, limit=10, max_bytes=10_000), start=1):
        fact = Fact.from_bytes(text.encode())
        assert (fact.sequence, fact.previous, fact.house) == (number, previous, HOUSE)
        previous = fact_hash(text.encode())
    assert audit.head().hash == previous == audit.hash_of(3)
    assert audit.first_break() is None


def test_the_next_process_goes_on_where_this_one_stopped(tmp_path: Path) -> None:
    first = AuditStore(tmp_path, HOUSE)
    fill(first, 2)
    head = first.head()
    first.close()
    second = AuditStore(tmp_path, HOUSE)
    assert second.head() == head
    assert second.newest_at() == NOON + timedelta(days=1)
    fill(second, 1)
    assert second.first_break() is None
    second.close()


def test_facts_of_one_moment_are_written_together_or_not_at_all(audit: AuditStore) -> None:
    audit.append(decided(), time=at(NOON))
    with pytest.raises(StopGranting, match="UNIQUE"):
        audit.append(Alarmed(name="first"), decided(), time=at(NOON))
    assert audit.head().sequence == 1


def test_an_attempt_is_known_by_its_id_and_its_command(audit: AuditStore) -> None:
    audit.append(decided(), time=at(NOON))
    (open_one,) = audit.unfinished()
    assert open_one.attempt == ATTEMPT
    found = audit.by_command(COMMAND)
    assert found == audit.attempt(ATTEMPT)
    assert found is not None
    assert (found.outcome, found.allowed, found.decided_at) == (None, True, NOON)
    audit.append(Acted(attempt=ATTEMPT, lock=FRONT, outcome=Outcome.UNKNOWN), time=at(NOON))
    assert audit.unfinished() == []
    assert [each.attempt for each in audit.unresolved(FRONT)] == [ATTEMPT]
    assert [each.attempt for each in audit.at_lock(FRONT, since=NOON)] == [ATTEMPT]
    assert audit.at_lock(ROOM, since=NOON) == []
    audit.mark_witnessed(ATTEMPT)
    assert audit.unresolved(FRONT) == []


def test_a_refused_attempt_is_not_unfinished(audit: AuditStore) -> None:
    audit.append(decided(allowed=False), time=at(NOON))
    assert audit.unfinished() == []
    found = audit.attempt(ATTEMPT)
    assert found is not None
    assert found.refusal is Refusal.ENDED


def test_what_follows_from_facts_is_remembered(audit: AuditStore) -> None:
    audit.append(
        FirstUsed(grant=BOOKER),
        SnapshotApplied(epoch=1, version=7, hash="ab" * 32),
        RequestDecided(
            request=RequestId(named("r")), approved=True, by=BOOKER, delegation="signed"
        ),
        RequestDecided(request=RequestId(named("s")), approved=False, by=BOOKER),
        time=at(NOON),
    )
    assert audit.arrived() == {BOOKER}
    newest = audit.newest_snapshot()
    assert newest is not None
    assert (newest.epoch, newest.version, newest.hash) == (1, 7, "ab" * 32)
    assert audit.delegations() == ["signed"]


def test_batches_are_bounded_by_count_and_size(audit: AuditStore) -> None:
    fill(audit, 5)
    assert len(audit.after(0, limit=2, max_bytes=10_000)) == 2
    assert len(audit.after(3, limit=9, max_bytes=10_000)) == 2
    assert len(audit.after(0, limit=9, max_bytes=1)) == 1
    assert audit.after(5, limit=9, max_bytes=1) == []


def test_receipts_never_go_back(audit: AuditStore) -> None:
    fill(audit, 3)
    audit.acknowledge(2, at=NOON)
    audit.acknowledge(1, at=NOON)
    assert audit.acknowledged() == 2


def test_only_what_was_acknowledged_long_ago_is_forgotten(audit: AuditStore) -> None:
    fill(audit, 6)
    audit.append(FirstUsed(grant=BOOKER), decided(), time=at(NOON))
    long = NOON + timedelta(days=300)
    assert audit.prune(long) == 0
    audit.acknowledge(4, at=NOON + timedelta(days=20))
    audit.acknowledge(5, at=NOON + timedelta(days=30))
    assert audit.prune(NOON + timedelta(days=20)) == 0
    assert audit.prune(NOON + timedelta(days=21)) == 4
    assert audit.oldest() == 5
    assert audit.prune(NOON + timedelta(days=21)) == 0
    assert audit.prune(NOON + timedelta(days=31)) == 1
    assert audit.attempt(ATTEMPT) is not None
    audit.acknowledge(8, at=NOON + timedelta(days=31))
    assert audit.prune(long) == 2
    assert (audit.oldest(), audit.head().sequence) == (8, 8)
    assert audit.arrived() == {BOOKER}
    fill(audit, 1)
    assert audit.first_break() is None


def test_numbers_go_on_although_all_facts_are_gone(tmp_path: Path) -> None:
    first = AuditStore(tmp_path, HOUSE)
    fill(first, 3)
    head = first.head()
    first.acknowledge(3, at=NOON)
    first.prune(NOON + timedelta(days=1))
    first.close()
    second = AuditStore(tmp_path, HOUSE)
    assert second.head() == head
    second.close()


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE fact SET exact = replace(exact, 'n2', 'n9') WHERE sequence = 3",
        "UPDATE fact SET hash = 'x' WHERE sequence = 3",
        "DELETE FROM fact WHERE sequence = 3",
        "UPDATE fact SET exact = (SELECT exact FROM fact WHERE sequence = 2) WHERE sequence = 3",
    ],
)
def test_tampering_is_found(tmp_path: Path, audit: AuditStore, tamper: str) -> None:
    fill(audit, 5)
    other = sqlite3.connect(tmp_path / FILE)
    with other:
        other.execute(tamper)
    other.close()
    assert audit.first_break() in {3, 4}


SMALL = Limits(most_facts=20, free_bytes=0)


def test_at_the_ceiling_only_the_oldest_acknowledged_facts_go(tmp_path: Path) -> None:
    with closing(AuditStore(tmp_path, HOUSE, SMALL)) as audit:
        fill(audit, 20)
        assert not audit.room().is_left
        assert audit.make_room() == 0
        audit.acknowledge(1, at=NOON)
        assert audit.make_room() == 1
        assert audit.room().facts_left == 1
        fill(audit, 1)
        audit.acknowledge(15, at=NOON)
        assert audit.make_room() == 2
        assert (audit.oldest(), audit.room().facts_left) == (4, 2)
        assert audit.make_room() == 0
        assert audit.first_break() is None


@pytest.mark.parametrize("acknowledged", [0, 3, 12])
def test_a_ceiling_far_exceeded_never_costs_an_unacknowledged_fact(
    tmp_path: Path, acknowledged: int
) -> None:
    with closing(AuditStore(tmp_path, HOUSE, SMALL)) as audit:
        fill(audit, 60)
        audit.acknowledge(acknowledged, at=NOON)
        audit.make_room()
        audit.prune(NOON + timedelta(days=900))
        assert audit.oldest() == acknowledged + 1
        assert audit.after(acknowledged, limit=100, max_bytes=100_000)[0].find("n") > 0
        assert not audit.room().is_left


def test_a_receipt_of_the_hour_that_lies_forgets_nothing_unacknowledged(
    tmp_path: Path, audit: AuditStore
) -> None:
    """A bit flipped in when what was received."""
    fill(audit, 9)
    audit.acknowledge(2, at=NOON)
    with closing(sqlite3.connect(tmp_path / FILE)) as other, other:
        other.execute("UPDATE received SET through = 8")
    assert audit.prune(NOON + timedelta(days=900)) == 2
    assert audit.oldest() == 3


def test_a_disk_almost_full_leaves_no_room(tmp_path: Path) -> None:
    with closing(AuditStore(tmp_path, HOUSE, Limits(free_bytes=1 << 60))) as audit:
        assert audit.room().bytes_left < 0
        assert not audit.room().is_left


@pytest.mark.parametrize("slice_", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("gone", [0, 3])
def test_looked_at_in_slices_every_break_is_found(tmp_path: Path, slice_: int, gone: int) -> None:
    """Also a hole between two slices, and after the oldest were forgotten."""
    with closing(AuditStore(tmp_path, HOUSE)) as audit:
        fill(audit, 12)
        audit.acknowledge(gone, at=NOON)
        audit.prune(NOON + timedelta(days=900))
        assert sliced(audit, slice_) is None
        for number in range(gone + 1, 12):
            with closing(sqlite3.connect(tmp_path / FILE)) as other, other:
                row = other.execute("SELECT * FROM fact WHERE sequence = ?", (number,)).fetchone()
                other.execute("DELETE FROM fact WHERE sequence = ?", (number,))
            assert sliced(audit, slice_) in {number, number + 1}
            with closing(sqlite3.connect(tmp_path / FILE)) as other, other:
                other.execute("INSERT INTO fact VALUES (?, ?, ?, ?)", row)


def sliced(audit: AuditStore, limit: int) -> int | None:
    after = max(0, audit.oldest() - 1)
    while after < audit.head().sequence:
        if (broken := audit.first_break(after=after, limit=limit)) is not None:
            return broken
        after += limit
    return None
