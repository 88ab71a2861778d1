"""A process that opens a house's stores, as an updated lockd does at its first start, and ends."""

import contextlib
import sys
from pathlib import Path

from edge_agent.store import identity
from edge_agent.store.audit import AuditStore
from edge_agent.store.book import BookStore
from edge_agent.store.state import StateStore


def main() -> None:
    """`under_way <folder>`."""
    folder = Path(sys.argv[1])
    me = identity.load(folder)
    with contextlib.ExitStack() as stack:
        for store in (
            AuditStore(folder, me.house),
            BookStore(folder),
            StateStore(folder, me.mac_key),
        ):
            stack.callback(store.close)


if __name__ == "__main__":
    main()
