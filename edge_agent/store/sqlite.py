"""Can this SQLite file be trusted, and does a commit survive a power cut?

WAL with synchronous=FULL: measured, every weaker setting loses acknowledged commits at a cut. One
connection a file. Any error of the disk or the file is final for this process: it must stop,
restart and check again.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from edge_agent.errors import StopGranting

Value = str | int | float | bytes | None

_WANTED = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}


# SQLite quotes a damaged schema in its errors, and then these cannot be decoded.
UNSOUND = (sqlite3.Error, UnicodeError)


class Damaged(StopGranting):
    """The file is not a sound database; a caller that can live without it may set it aside."""


class Shelf:
    """One SQLite file with one writer.

    Every method raises StopGranting when the file cannot be read or written; from then on always.
    """

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        self._name = path.stem
        self._broken: str | None = None
        with ExitStack() as failing:
            self._db = _checked(path, migrations, failing)
            failing.pop_all()

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """All or nothing, durable when left."""
        with self._guarded(), self._db.atomic():
            yield self._db

    def all[T](self, make: Callable[..., T], query: str, values: Sequence[Value] = ()) -> list[T]:
        """What a query finds, each row made into a value."""
        with self._guarded(ValueError, TypeError):
            return [make(*row) for row in self._db.execute(query, values)]

    def one[T](self, make: Callable[..., T], query: str, values: Sequence[Value] = ()) -> T | None:
        """The first thing a query finds."""
        with self._guarded(ValueError, TypeError):
            row = self._db.execute(query, values).fetchone()
            return None if row is None else make(*row)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _guarded(self, *garbled: type[Exception]) -> Iterator[None]:
        if self._broken is not None:
            raise StopGranting(f"{self._name}_broken", self._broken)
        try:
            yield
        except UNSOUND as error:
            self._broken = str(error)
            raise StopGranting(f"{self._name}_broken", self._broken) from None
        except garbled as error:  # a bit flipped in a value; its text may be private
            self._broken = f"a value is no longer what was written: {type(error).__name__}"
            raise StopGranting(f"{self._name}_broken", self._broken) from None


def set_aside(path: Path) -> None:
    """Move a damaged database out of the way, kept for whoever wants to look."""
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.replace(path.with_name(f"{path.name}.damaged{suffix}"))


def _checked(path: Path, migrations: Sequence[str], failing: ExitStack) -> Database:
    """Open and check; whatever fails, `failing` closes the connection again."""
    try:
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
        failing.callback(connection.close)
        db = _prepared(connection)
        _require_settings(db)
        _require_sound(db)
        _migrate(db, migrations)
        _require_schema(db, migrations)
    except UNSOUND as error:
        raise Damaged(f"{path.stem}_unusable", str(error)) from None
    except OSError as error:
        raise StopGranting(f"{path.stem}_unusable", str(error.strerror)) from None
    return db


def _prepared(connection: sqlite3.Connection) -> Database:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    return Database(connection, execute_plugins=False, recursive_triggers=False)


def _require_settings(db: Database) -> None:
    for name, wanted in _WANTED.items():
        (found,) = db.execute(f"PRAGMA {name}").fetchone()
        if found != wanted:
            raise StopGranting("pragma_not_set", f"{name} is {found}, not {wanted}")


def _require_sound(db: Database) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(str(verdict))


def _migrate(db: Database, migrations: Sequence[str]) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise StopGranting("schema_too_new", f"{version}, this code knows {len(migrations)}")
    for number in range(version, len(migrations)):
        with db.atomic():
            for statement in migrations[number].split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number + 1}")


def _require_schema(db: Database, migrations: Sequence[str]) -> None:
    """A bit may flip in the schema's own text, which no check of SQLite's looks at."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        wanted = Database(connection, execute_plugins=False, recursive_triggers=False)
        _migrate(wanted, migrations)
        if _schema(db) != _schema(wanted):
            raise sqlite3.DatabaseError("the schema is not the one that was written")


def _schema(db: Database) -> set[tuple[object, ...]]:
    return set(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))
