"""What does the lock still know after its battery was changed, or its process killed?

One SQLite file; each change is one transaction, so a kill leaves the state before or after it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from edge_agent.simulator.ttlock.model import (
    Bolt,
    Cause,
    CodeKind,
    Movement,
    Record,
    RecordType,
    StoredCode,
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS codes (
    digits TEXT PRIMARY KEY, kind INTEGER NOT NULL, starts TEXT NOT NULL, ends TEXT) STRICT;
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, at TEXT NOT NULL,
    battery INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS movements (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,
    bolt TEXT NOT NULL, cause TEXT NOT NULL) STRICT;
"""


def read_movements(state_file: Path) -> tuple[Movement, ...]:
    """All movements in a state file, even while its lock's process is dead."""
    connection = sqlite3.connect(f"file:{state_file}?mode=ro", uri=True)
    try:
        return _movements(connection)
    finally:
        connection.close()


class Memory:
    """The lock's persistent memory. Not shared between two running locks."""

    def __init__(self, state_file: Path) -> None:
        self._db = sqlite3.connect(state_file, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")  # survives a killed process; power is not ours
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Make what is done inside one transaction."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def fact(self, name: str) -> str | None:
        """A remembered single value."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """Set a single value."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def codes(self) -> tuple[StoredCode, ...]:
        """The code table in order of digits."""
        rows = self._db.execute("SELECT digits, kind, starts, ends FROM codes ORDER BY digits")
        return tuple(
            StoredCode(
                digits=digits,
                kind=CodeKind(kind),
                starts_local=datetime.fromisoformat(starts),
                ends_local=None if ends is None else datetime.fromisoformat(ends),
            )
            for digits, kind, starts, ends in rows
        )

    def put_code(self, code: StoredCode) -> None:
        """Add a code, or change the dates of the same digits."""
        ends = None if code.ends_local is None else code.ends_local.isoformat()
        row = (code.digits, int(code.kind), code.starts_local.isoformat(), ends)
        self._db.execute("INSERT OR REPLACE INTO codes VALUES (?, ?, ?, ?)", row)

    def drop_codes(self, digits: str | None = None) -> int:
        """Remove one code, or all; how many went."""
        if digits is None:
            return self._db.execute("DELETE FROM codes").rowcount
        return self._db.execute("DELETE FROM codes WHERE digits = ?", (digits,)).rowcount

    def add_record(self, kind: RecordType, at: datetime, battery: int, payload: bytes) -> None:
        """Append to the lock's own log."""
        self._db.execute(
            "INSERT INTO records (kind, at, battery, payload) VALUES (?, ?, ?, ?)",
            (int(kind), at.isoformat(), battery, payload),
        )

    def record_from(self, number: int) -> Record | None:
        """The first record with this number or a higher one."""
        row = self._db.execute(
            "SELECT number, kind, at, battery, payload FROM records"
            " WHERE number >= ? ORDER BY number LIMIT 1",
            (number,),
        ).fetchone()
        if row is None:
            return None
        found, kind, at, battery, payload = row
        return Record(
            number=found,
            kind=RecordType(kind),
            at_local=datetime.fromisoformat(at),
            battery=battery,
            payload=payload,
        )

    def add_movement(self, at: datetime, bolt: Bolt, cause: Cause) -> None:
        """Note that the motor moved the bolt."""
        self._db.execute(
            "INSERT INTO movements (at, bolt, cause) VALUES (?, ?, ?)",
            (at.isoformat(), bolt, cause),
        )

    def movements(self) -> tuple[Movement, ...]:
        """Every movement there ever was, oldest first."""
        return _movements(self._db)


def _movements(connection: sqlite3.Connection) -> tuple[Movement, ...]:
    rows = connection.execute("SELECT sequence, at, bolt, cause FROM movements ORDER BY sequence")
    return tuple(
        Movement(sequence=number, at_local=datetime.fromisoformat(at), bolt=bolt, cause=cause)
        for number, at, bolt, cause in rows
    )
