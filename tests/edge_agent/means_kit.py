"""What do tests of single verbs work with? Real stores and keys, a movable clock, no socket."""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from edge_agent.actions.apply_snapshot import apply_snapshot
from edge_agent.actions.cloud_desk import Beside
from edge_agent.actions.configure import ConfigurationDesk
from edge_agent.actions.keeping import Marks
from edge_agent.actions.ledger import Ledger
from edge_agent.actions.look_hints import LookHints
from edge_agent.actions.means import Means
from edge_agent.actions.own_life import OwnLife
from edge_agent.actions.trusted_time import TrustedTime
from edge_agent.store import identity, life
from edge_agent.store.audit import AuditStore
from edge_agent.store.book import BookStore
from edge_agent.store.configuration import ConfigurationFile
from edge_agent.store.identity import Identity
from edge_agent.store.state import StateStore
from protocol.base import Wire
from protocol.envelope import Kind, open_envelope, read_body
from protocol.facts import Alarmed, Fact, FactBody
from protocol.house import SnapshotAck
from tests.edge_agent.lockd_kit import FakeClock, a_key_document, seed


@dataclass
class Desk:
    """Means on real files."""

    means: Means
    state: StateStore
    me: Identity
    clock: FakeClock
    alarms: list[Alarmed]

    def offer(self, frame: bytes) -> SnapshotAck:
        """Offer a snapshot; the house's signed word on it."""
        taken = apply_snapshot(self.means, frame)
        assert taken.reply is not None
        return self.read(taken.reply, Kind.SNAPSHOT_ACK, SnapshotAck)

    def trust_time(self) -> None:
        """As if the cloud had just answered."""
        self.means.time.witness(self.clock.now, self.clock.now)

    def take_keys(self) -> None:
        """The usual cloud's."""
        self.means.ledger.take_keys(a_key_document())

    def read[M: Wire](self, frame: bytes, kind: Kind, message: type[M]) -> M:
        opened = open_envelope(frame, kind, lambda _: self.me.signer.public_hex)
        return read_body(opened, message)

    def facts(self) -> list[FactBody]:
        texts = self.means.audit.after(0, limit=1000, max_bytes=10_000_000)
        return [Fact.from_bytes(each.encode()).body for each in texts]


def beside(means: Means, marks: Marks, folder: Path, *, trial_seconds: float = 300.0) -> Beside:
    """A new life of the device in this folder, and its configuration; no lock to look at."""
    return Beside(
        life=OwnLife(means, life.begin(folder, random_bytes=secrets.token_bytes), marks),
        configuration=ConfigurationDesk(
            means, ConfigurationFile(folder), trial_seconds=trial_seconds
        ),
        hints=LookHints(means, {}),
    )


@contextlib.contextmanager
def desk(folder: Path, clock: FakeClock) -> Iterator[Desk]:
    """Open what is in the folder, as lockd does at start."""
    me = identity.load(folder)
    audit, book = AuditStore(folder, me.house), BookStore(folder)
    state = StateStore(folder, me.mac_key)
    ledger = Ledger(
        house=me.house,
        root_public=me.root_public,
        house_public=me.signer.public_hex,
        shelf=book,
        delegations=state.delegations,
        audit=audit,
        marks=state.marks,
    )
    alarms = ledger.load()
    counter = iter(range(1_000_000))
    means = Means(
        house=me.house,
        signer=me.signer,
        sealing=me.sealing,
        mac_key=me.mac_key,
        audit=audit,
        time=TrustedTime(clock, state.marks),
        ledger=ledger,
        random_bytes=lambda size: seed(f"chance {next(counter)}")[:size],
        new_id=uuid4,
    )
    try:
        yield Desk(means, state, me, clock, alarms)
    finally:
        for store in (audit, book, state):
            store.close()
