"""Are all of lockd's stores open, and what had to be set aside for that?"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import StopGranting
from edge_agent.store import book, state
from edge_agent.store.audit import AuditStore, Limits
from edge_agent.store.book import BookStore
from edge_agent.store.identity import Identity
from edge_agent.store.sqlite import Damaged, set_aside
from edge_agent.store.state import StateStore
from protocol.facts import Alarmed

AUDIT_BEGAN = "audit_began"
"""The mark of a house that has a record."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Open; `alarms` tell what was not as it should be."""

    book: BookStore
    audit: AuditStore
    state: StateStore
    alarms: tuple[Alarmed, ...]


@contextlib.contextmanager
def opened(folder: Path, me: Identity, limits: Limits, alarms: list[Alarmed]) -> Iterator[Stores]:
    """Book and state heal themselves, from the cloud and the audit; the audit must be sound."""
    with contextlib.ExitStack() as stack:
        audit = AuditStore(folder, me.house, limits)
        stack.callback(audit.close)
        kept = _healed(lambda: StateStore(folder, me.mac_key), folder / state.FILE, alarms)
        stack.callback(kept.close)
        for table, count in kept.dropped.items():
            alarms.append(Alarmed(name="state_rows_dropped", detail=f"{count} of {table}"))
        if kept.marks.get(AUDIT_BEGAN) is not None and audit.head().sequence == 0:
            raise StopGranting("audit_missing")
        grants = _healed(lambda: BookStore(folder), folder / book.FILE, alarms)
        stack.callback(grants.close)
        yield Stores(grants, audit, kept, tuple(alarms))


def _healed[Store](make: Callable[[], Store], path: Path, alarms: list[Alarmed]) -> Store:
    try:
        return make()
    except Damaged as error:
        set_aside(path)
        alarms.append(Alarmed(name="store_set_aside", detail=f"{path.name}: {error}"[:500]))
        return make()
