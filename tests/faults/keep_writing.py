"""A process that keeps facts and books as lockd does, and says after each how many it has kept."""

import sys
from datetime import timedelta
from pathlib import Path

from edge_agent.actions.keeping import KeptSnapshot
from edge_agent.store.audit import AuditStore
from edge_agent.store.book import BookStore
from protocol.facts import Alarmed, fact_hash
from tests.edge_agent.policy_kit import HOUSE, NOON, at


def frame(version: int) -> bytes:
    """The same bytes for the same version; larger than a page."""
    return f"book {version} ".encode() * 600


def main() -> None:
    """`keep_writing <folder> <count> [careless]`; careless: as SQLite writes when nobody asks."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    audit, book = AuditStore(folder, HOUSE), BookStore(folder)
    if sys.argv[3:] == ["careless"]:
        for store in (audit, book):
            store._shelf._db.execute("PRAGMA synchronous=NORMAL")
    for number in range(1, count + 1):
        audit.append(Alarmed(name=f"n{number}"), time=at(NOON + timedelta(seconds=number)))
        exact = frame(number)
        book.put_snapshot(KeptSnapshot(exact, "cloud-1", 1, number, fact_hash(exact)))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    audit.close()
    book.close()


if __name__ == "__main__":
    main()
