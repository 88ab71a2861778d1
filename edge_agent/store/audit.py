"""What happened here, in which order, so that nothing can be slipped in or lost?

Facts are kept as the exact text that was hashed. Attempts, first uses and approvals are written in
the same transaction as the facts they follow from, so the two cannot disagree. A file of its own:
rebuilding the book cannot touch it.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError
from sqlite_utils import Database

from edge_agent.actions.keeping import AttemptRecord, Counter, Head, LivingPin, Room
from edge_agent.policy.model import Time
from edge_agent.store.sqlite import Shelf
from protocol.access import Refusal, Window
from protocol.facts import (
    GENESIS,
    Acted,
    Decided,
    DelegationEnded,
    Fact,
    FactBody,
    FirstUsed,
    PinMoved,
    PinState,
    RequestDecided,
    SnapshotApplied,
    fact_hash,
)
from protocol.ids import AttemptId, CommandId, CredentialId, GrantId, HouseId, LockId
from protocol.live import Outcome

FILE = "audit.sqlite"

_MIGRATIONS = (
    """
    CREATE TABLE fact (
        sequence INTEGER PRIMARY KEY, hash TEXT NOT NULL, exact TEXT NOT NULL,
        at TEXT NOT NULL) STRICT;
    CREATE TABLE attempt (
        attempt TEXT PRIMARY KEY, command TEXT UNIQUE, "grant" TEXT NOT NULL, right TEXT NOT NULL,
        target TEXT, allowed INTEGER NOT NULL, refusal TEXT, outcome TEXT, reason TEXT,
        decided_at TEXT NOT NULL, witnessed INTEGER NOT NULL DEFAULT 0,
        sequence INTEGER NOT NULL) STRICT;
    CREATE INDEX attempt_target ON attempt (target, decided_at);
    CREATE INDEX attempt_open ON attempt (attempt) WHERE allowed AND outcome IS NULL;
    CREATE TABLE arrived ("grant" TEXT PRIMARY KEY) STRICT;
    CREATE TABLE approval (sequence INTEGER PRIMARY KEY, delegation TEXT NOT NULL) STRICT;
    CREATE TABLE applied (
        one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL,
        version INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
    CREATE TABLE receipt (
        one INTEGER PRIMARY KEY CHECK (one = 1), through INTEGER NOT NULL) STRICT;
    INSERT INTO receipt VALUES (1, 0)
    """,
    """
    CREATE TABLE received (at TEXT PRIMARY KEY, through INTEGER NOT NULL) STRICT
    """,
    """
    CREATE TABLE living_pin (
        credential TEXT NOT NULL, lock TEXT NOT NULL, mark TEXT NOT NULL, "grant" TEXT NOT NULL,
        state TEXT NOT NULL, starts TEXT NOT NULL, ends TEXT NOT NULL, box TEXT NOT NULL,
        PRIMARY KEY (credential, lock, mark)) STRICT
    """,
)
_ATTEMPT = """SELECT attempt, command, "grant", right, allowed, refusal, outcome, reason,
    decided_at, witnessed FROM attempt """


_FORGOTTEN_AT_ONCE = 2000
"""Rows deleted in one go: a few milliseconds in which nobody else is served."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many facts are kept at most, and how much of the disk stays free for what must be told.

    A busy house writes some hundred facts a day: the ceiling is years without a cloud.
    """

    most_facts: int = 1_000_000
    free_bytes: int = 8 * 1024 * 1024


class AuditStore:
    """The Audit of `edge_agent.actions.keeping`, in one SQLite file."""

    def __init__(self, folder: Path, house: HouseId, limits: Limits = Limits()) -> None:
        self.news = asyncio.Event()
        self._folder = folder
        self._limits = limits
        self._house = house
        self._shelf = Shelf(folder / FILE, _MIGRATIONS)
        newest = "SELECT sequence, hash FROM fact ORDER BY sequence DESC LIMIT 1"
        self._head = self._shelf.one(Head, newest) or Head(0, GENESIS)

    def append(self, *bodies: FactBody, time: Time) -> Head:
        """See Audit."""
        head = self._head
        with self._shelf.transaction() as db:
            for body in bodies:
                head = self._write(db, body, head, time)
        self._head = head
        self.news.set()
        return head

    def head(self) -> Head:
        """See Audit."""
        return self._head

    def hash_of(self, sequence: int) -> str | None:
        """See Audit."""
        if sequence == 0:
            return GENESIS
        return self._shelf.one(str, "SELECT hash FROM fact WHERE sequence = ?", (sequence,))

    def after(self, sequence: int, *, limit: int, max_bytes: int) -> Sequence[str]:
        """See Audit."""
        query = "SELECT exact FROM fact WHERE sequence > ? ORDER BY sequence LIMIT ?"
        texts, size = list[str](), 0
        for text in self._shelf.all(str, query, (sequence, limit)):
            size += len(text)
            if texts and size > max_bytes:
                break
            texts.append(text)
        return texts

    def oldest(self) -> int:
        """See Audit."""
        query = "SELECT sequence FROM fact ORDER BY sequence LIMIT 1"
        return self._shelf.one(int, query) or self._head.sequence + 1

    def acknowledged(self) -> int:
        """See Audit."""
        return self._shelf.one(int, "SELECT through FROM receipt") or 0

    def acknowledge(self, through: int, *, at: datetime) -> None:
        """See Audit. When it was received is kept to the hour, never as later than it was."""
        hour = _text(at.replace(minute=0, second=0, microsecond=0))
        with self._shelf.transaction() as db:
            db.execute("UPDATE receipt SET through = max(through, ?)", (through,))
            db.execute("INSERT OR IGNORE INTO received VALUES (?, 0)", (hour,))
            db.execute(
                "UPDATE received SET through = max(through, ?) WHERE at = ?", (through, hour)
            )

    def prune(self, before: datetime) -> int:
        """See Audit. Attempts and approvals go with their facts; arrivals stay."""
        query = "SELECT coalesce(max(through), 0) FROM received WHERE at < ?"
        return self._forget(self._shelf.one(int, query, (_text(before),)) or 0)

    def room(self) -> Room:
        """See Audit."""
        disk = os.statvfs(self._folder)
        return Room(
            facts_left=self._limits.most_facts - self._kept(),
            bytes_left=disk.f_bavail * disk.f_frsize - self._limits.free_bytes,
        )

    def make_room(self) -> int:
        """See Audit."""
        too_many = self._kept() - self._limits.most_facts * 9 // 10
        return self._forget(self.oldest() - 1 + too_many) if too_many > 0 else 0

    def _kept(self) -> int:
        return self._head.sequence - self.oldest() + 1

    def _forget(self, through: int) -> int:
        """Never what the cloud has not acknowledged; the newest holds the number and the chain."""
        most = self.oldest() - 1 + _FORGOTTEN_AT_ONCE
        through = min(through, self.acknowledged(), self._head.sequence - 1, most)
        with self._shelf.transaction() as db:
            db.execute("DELETE FROM attempt WHERE sequence <= ?", (through,))
            db.execute("DELETE FROM approval WHERE sequence <= ?", (through,))
            db.execute("DELETE FROM received WHERE through < ?", (through,))
            gone = db.execute("DELETE FROM fact WHERE sequence <= ?", (through,))
        return int(gone.rowcount)

    def attempt(self, attempt: AttemptId) -> AttemptRecord | None:
        """See Audit."""
        return self._shelf.one(_record, _ATTEMPT + "WHERE attempt = ?", (str(attempt),))

    def by_command(self, command: CommandId) -> AttemptRecord | None:
        """See Audit."""
        return self._shelf.one(_record, _ATTEMPT + "WHERE command = ?", (str(command),))

    def unfinished(self) -> Sequence[AttemptRecord]:
        """See Audit."""
        where = "WHERE allowed AND outcome IS NULL ORDER BY sequence"
        return self._shelf.all(_record, _ATTEMPT + where)

    def at_lock(self, lock: LockId, *, since: datetime) -> Sequence[AttemptRecord]:
        """See Audit."""
        where = "WHERE allowed AND target = ? AND decided_at >= ? ORDER BY decided_at"
        return self._shelf.all(_record, _ATTEMPT + where, (str(lock), _text(since)))

    def unresolved(self, lock: LockId) -> Sequence[AttemptRecord]:
        """See Audit."""
        where = "WHERE target = ? AND outcome = 'unknown' AND NOT witnessed ORDER BY decided_at"
        return self._shelf.all(_record, _ATTEMPT + where, (str(lock),))

    def mark_witnessed(self, attempt: AttemptId) -> None:
        """See Audit."""
        with self._shelf.transaction() as db:
            db.execute("UPDATE attempt SET witnessed = 1 WHERE attempt = ?", (str(attempt),))

    def arrived(self) -> frozenset[GrantId]:
        """See Audit."""
        return frozenset(self._shelf.all(_grant, 'SELECT "grant" FROM arrived'))

    def living_pins(self) -> Sequence[LivingPin]:
        """See Audit."""
        query = """SELECT credential, lock, "grant", mark, state, starts, ends, box
            FROM living_pin ORDER BY starts, credential"""
        return self._shelf.all(_living_pin, query)

    def delegations(self) -> Sequence[str]:
        """See Audit."""
        return self._shelf.all(str, "SELECT delegation FROM approval ORDER BY sequence")

    def newest_snapshot(self) -> Counter | None:
        """See Audit."""
        return self._shelf.one(Counter, "SELECT epoch, version, hash FROM applied")

    def newest_at(self) -> datetime | None:
        """When the newest fact was written, at the earliest."""
        query = "SELECT at FROM fact ORDER BY sequence DESC LIMIT 1"
        return self._shelf.one(datetime.fromisoformat, query)

    def first_break(self, *, after: int = 0, limit: int = -1) -> int | None:
        """The first of `limit` kept facts that does not follow from the one before it.

        None when all do. The oldest follows from what the cloud has acknowledged, for nothing else
        is ever forgotten; each is a fact of this house.
        """
        oldest = self.oldest()
        if oldest > self.acknowledged() + 1:
            return oldest
        query = (
            "SELECT sequence, hash, exact FROM fact WHERE sequence > ? ORDER BY sequence LIMIT ?"
        )
        known = self.hash_of(after) if after or oldest == 1 else None
        expected = None if known is None else Head(after, known)
        for sequence, digest, exact in self._shelf.all(_triple, query, (after, limit)):
            if not _follows(self._house, expected, sequence, digest, exact):
                return sequence
            expected = Head(sequence, digest)
        return None

    def close(self) -> None:
        """Let go of the file."""
        self._shelf.close()

    def _write(self, db: Database, body: FactBody, head: Head, time: Time) -> Head:
        fact = Fact(
            house=self._house,
            sequence=head.sequence + 1,
            previous=head.hash,
            at_earliest=time.earliest,
            at_latest=time.latest,
            body=body,
        )
        exact = fact.to_bytes()
        new = Head(fact.sequence, fact_hash(exact))
        values = (new.sequence, new.hash, exact.decode(), _text(time.earliest))
        db.execute("INSERT INTO fact VALUES (?, ?, ?, ?)", values)
        _project(db, body, new.sequence, _text(time.earliest))
        return new


def _follows(house: HouseId, before: Head | None, sequence: int, digest: str, exact: str) -> bool:
    try:
        fact = Fact.from_bytes(exact.encode(), tolerant=True)
    except ValidationError:
        return False
    chained = before is None or (fact.previous, sequence) == (before.hash, before.sequence + 1)
    itself = (fact.house, fact.sequence) == (house, sequence)
    return chained and itself and fact_hash(exact.encode()) == digest


def _project(db: Database, body: FactBody, sequence: int, at: str) -> None:
    match body:
        case Decided():
            _insert_attempt(db, body, sequence, at)
        case Acted():
            values = (body.outcome.value, body.reason, str(body.attempt))
            db.execute("UPDATE attempt SET outcome = ?, reason = ? WHERE attempt = ?", values)
        case FirstUsed():
            db.execute("INSERT OR IGNORE INTO arrived VALUES (?)", (str(body.grant),))
        case RequestDecided(delegation=str(envelope)):
            db.execute("INSERT INTO approval VALUES (?, ?)", (sequence, envelope))
        case DelegationEnded():
            # Its approval must not bring it back, should the other file be lost.
            named = (f'"id":"{body.delegation}"',)
            db.execute("DELETE FROM approval WHERE instr(delegation, ?)", named)
        case PinMoved(mark=str(mark)):
            _follow_pin(db, body, mark)
        case SnapshotApplied():
            values = (body.epoch, body.version, body.hash)  # type: ignore[assignment]
            db.execute("INSERT OR REPLACE INTO applied VALUES (1, ?, ?, ?)", values)
        case _:
            pass  # nothing follows from the others


def _follow_pin(db: Database, body: PinMoved, mark: str) -> None:
    """Kept until it is recorded as removed, however old the facts grow."""
    key = (str(body.credential), str(body.lock), mark)
    where = "credential = ? AND lock = ? AND mark = ?"
    if body.state is PinState.REMOVED:
        db.execute(f"DELETE FROM living_pin WHERE {where}", key)  # noqa: S608 - fixed
    elif body.window is not None and body.box is not None:
        life = (_text(body.window.starts), _text(body.window.ends))
        row = (*key, str(body.grant), body.state.value, *life, body.box)
        db.execute("INSERT OR REPLACE INTO living_pin VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    else:
        told = (body.state.value, *key)
        db.execute(f"UPDATE living_pin SET state = ? WHERE {where}", told)  # noqa: S608 - fixed


def _insert_attempt(db: Database, body: Decided, sequence: int, at: str) -> None:
    noun = body.right.split(":")
    columns = 'attempt, command, "grant", right, target, allowed, refusal, decided_at, sequence'
    db.execute(
        f"INSERT INTO attempt ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - fixed
        (
            str(body.attempt),
            None if body.command is None else str(body.command),
            str(body.grant),
            body.right,
            noun[2] if noun[0] == "door" else None,
            int(body.allowed),
            None if body.refusal is None else body.refusal.value,
            at,
            sequence,
        ),
    )


def _record(  # noqa: PLR0917 - the columns of a row, in order
    attempt: str,
    command: str | None,
    grant: str,
    right: str,
    allowed: int,
    refusal: str | None,
    outcome: str | None,
    reason: str | None,
    decided_at: str,
    witnessed: int,
) -> AttemptRecord:
    return AttemptRecord(
        attempt=AttemptId(UUID(attempt)),
        command=None if command is None else CommandId(UUID(command)),
        grant=_grant(grant),
        right=right,
        allowed=bool(allowed),
        refusal=None if refusal is None else Refusal(refusal),
        outcome=None if outcome is None else Outcome(outcome),
        reason=reason,
        decided_at=datetime.fromisoformat(decided_at),
        witnessed=bool(witnessed),
    )


def _living_pin(  # noqa: PLR0917 - the columns of a row, in order
    credential: str,
    lock: str,
    grant: str,
    mark: str,
    state: str,
    starts: str,
    ends: str,
    box: str,
) -> LivingPin:
    return LivingPin(
        credential=CredentialId(UUID(credential)),
        lock=LockId(UUID(lock)),
        grant=_grant(grant),
        mark=mark,
        state=PinState(state),
        window=Window(starts=datetime.fromisoformat(starts), ends=datetime.fromisoformat(ends)),
        box=box,
    )


def _grant(text: str) -> GrantId:
    return GrantId(UUID(text))


def _triple(sequence: int, digest: str, exact: str) -> tuple[int, str, str]:
    return sequence, digest, exact


def _text(moment: datetime) -> str:
    """Sorts as it reads: always UTC, always microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
