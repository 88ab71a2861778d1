"""Is this row, bit for bit, the one that this house wrote?

SQLite checks its structure, not its content: a bit that flips inside a value goes unseen and may
turn one grant, date or state into another. So each row carries a keyed seal over its table's name
and all its values. Whoever reads a row checks it; at start all rows are looked through.
"""

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlite_utils import Database

from edge_agent.store.sqlite import UNSOUND, Shelf, Value

_SEAL_BYTES = 16


class Altered(ValueError):  # noqa: N818 - named for what happened
    """The seal does not fit the values."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One table whose last column is `seal`; its other `columns` are named in one line."""

    table: str
    columns: str

    @property
    def select(self) -> str:
        """All columns, to be followed by WHERE or ORDER BY."""
        return f"SELECT {self._names()}, seal FROM {self.table} "  # noqa: S608 - fixed words

    def insert(self, how: str = "INSERT") -> str:
        """One row; `how` may be INSERT OR REPLACE and the like."""
        marks = ", ".join("?" * (len(self.columns.split()) + 1))
        return f"{how} INTO {self.table} ({self._names()}, seal) VALUES ({marks})"

    def _names(self) -> str:
        return ", ".join(f'"{each}"' for each in self.columns.split())


class Seals:
    """Seals and checks rows with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sealed(self, rows: Rows, values: Sequence[Value]) -> tuple[Value, ...]:
        """The values with their seal, as `Rows.insert` takes them."""
        return (*values, self._seal(rows.table, values))

    def checked[T](self, rows: Rows, make: Callable[..., T]) -> Callable[..., T]:
        """`make` for rows of `Rows.select`. Altered when the seal does not fit."""

        def read(*row: Value) -> T:
            if not self._fits(rows.table, row):
                raise Altered(rows.table)
            return make(*row[:-1])

        return read

    def look_through(self, shelf: Shelf, rows: Rows) -> int:
        """Seal what an earlier version wrote, drop what was altered; how many were dropped."""
        with shelf.transaction() as db:
            ids = [each for (each,) in db.execute(f"SELECT rowid FROM {rows.table}")]  # noqa: S608 - fixed words
            dropped = [each for each in ids if not self._is_sound(db, rows, each)]
            for each in dropped:
                db.execute(f"DELETE FROM {rows.table} WHERE rowid = ?", (each,))  # noqa: S608 - fixed words
        return len(dropped)

    def _is_sound(self, db: Database, rows: Rows, rowid: int) -> bool:
        try:
            row = db.execute(rows.select + "WHERE rowid = ?", (rowid,)).fetchone()
        except UNSOUND:  # no longer text
            return False
        if row is not None and row[-1] == "":  # written before rows had seals
            update = f"UPDATE {rows.table} SET seal = ? WHERE rowid = ?"  # noqa: S608 - fixed words
            db.execute(update, (self._seal(rows.table, row[:-1]), rowid))
            return True
        return row is not None and self._fits(rows.table, row)

    def _fits(self, table: str, row: Sequence[Value]) -> bool:
        seal = row[-1]
        return isinstance(seal, str) and hmac.compare_digest(
            seal.encode(), self._seal(table, row[:-1]).encode()
        )

    def _seal(self, table: str, values: Sequence[Value]) -> str:
        said = [each.hex() if isinstance(each, bytes) else each for each in values]
        text = json.dumps([table, *said])
        return hmac.digest(self._key, text.encode(), sha256)[:_SEAL_BYTES].hex()
