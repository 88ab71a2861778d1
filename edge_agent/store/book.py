"""Which signed book and which key document were taken last?

The exact signed bytes are kept, never their content in columns: a flipped bit is found by the
signature when it is read again. The counters of a signing key outlive the key.
"""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from edge_agent.actions.keeping import Counter, KeptSnapshot
from edge_agent.errors import StopGranting
from edge_agent.store.sqlite import Damaged, Shelf

FILE = "book.sqlite"

_MIGRATIONS = (
    """
    CREATE TABLE snapshot (
        one INTEGER PRIMARY KEY CHECK (one = 1), frame BLOB NOT NULL, kid TEXT NOT NULL,
        epoch INTEGER NOT NULL, version INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
    CREATE TABLE counter (
        kid TEXT PRIMARY KEY, epoch INTEGER NOT NULL, version INTEGER NOT NULL,
        hash TEXT NOT NULL) STRICT;
    CREATE TABLE key_document (
        one INTEGER PRIMARY KEY CHECK (one = 1), frame BLOB NOT NULL) STRICT
    """,
    "CREATE TABLE revoked (id TEXT PRIMARY KEY, kid TEXT NOT NULL) STRICT",
)

_MOST_REVOKED = 20_000
"""Four times what one snapshot can name; those named longest ago are forgotten first."""


class BookStore:
    """The BookShelf of `edge_agent.actions.keeping`, in one SQLite file."""

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder / FILE, _MIGRATIONS)
        self._require_readable()

    def snapshot(self) -> KeptSnapshot | None:
        """See BookShelf."""
        query = "SELECT frame, kid, epoch, version, hash FROM snapshot"
        return self._shelf.one(KeptSnapshot, query)

    def counters(self) -> dict[str, Counter]:
        """See BookShelf."""
        query = "SELECT kid, epoch, version, hash FROM counter"
        return dict(self._shelf.all(_counter, query))

    def revoked(self) -> dict[UUID, str]:
        """See BookShelf."""
        return dict(self._shelf.all(_tombstone, "SELECT id, kid FROM revoked"))

    def put_snapshot(self, kept: KeptSnapshot, revoked: Collection[UUID] = ()) -> None:
        """See BookShelf."""
        order = (kept.kid, kept.epoch, kept.version, kept.hash)
        with self._shelf.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?, ?, ?)", (kept.frame, *order)
            )
            db.execute("INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?)", order)
            for each in revoked:
                db.execute("INSERT OR REPLACE INTO revoked VALUES (?, ?)", (str(each), kept.kid))
            db.execute(
                "DELETE FROM revoked WHERE rowid NOT IN"
                " (SELECT rowid FROM revoked ORDER BY rowid DESC LIMIT ?)",
                (_MOST_REVOKED,),
            )

    def key_document(self) -> bytes | None:
        """See BookShelf."""
        return self._shelf.one(bytes, "SELECT frame FROM key_document")

    def put_key_document(self, frame: bytes) -> None:
        """See BookShelf."""
        with self._shelf.transaction() as db:
            db.execute("INSERT OR REPLACE INTO key_document VALUES (1, ?)", (frame,))

    def close(self) -> None:
        """Let go of the file."""
        self._shelf.close()

    def _require_readable(self) -> None:
        """All is read at every start anyway; what cannot be is fetched from the cloud again."""
        try:
            kept, counters = self.snapshot(), self.counters()
            self.key_document()
            self.revoked()
        except StopGranting as error:
            self.close()
            raise Damaged(error.reason, str(error)) from None
        counter = None if kept is None else Counter(kept.epoch, kept.version, kept.hash)
        if kept is not None and counters.get(kept.kid) != counter:
            self.close()
            raise Damaged("book_unusable", "the book and its counter disagree")


def _tombstone(revoked: str, kid: str) -> tuple[UUID, str]:
    return UUID(revoked), kid


def _counter(kid: str, epoch: int, version: int, digest: str) -> tuple[str, Counter]:
    return kid, Counter(epoch, version, digest)
