"""What must be kept so that a restart forgets nothing? The shelves that actions need.

All methods are durable when they return and raise StopGranting when the disk cannot be trusted.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from edge_agent.doorkeeper import RequestState
from edge_agent.policy.model import Time
from protocol.access import Refusal, Window
from protocol.configuration import ConfigurationFate
from protocol.facts import FactBody, PinState
from protocol.ids import (
    AttemptId,
    CommandId,
    CredentialId,
    GrantId,
    LockId,
    RequestId,
)
from protocol.live import Outcome


@dataclass(frozen=True, slots=True)
class Counter:
    """The newest snapshot taken from one signing key."""

    epoch: int
    version: int
    hash: str


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """A verified snapshot: its exact frame and where it stands in order."""

    frame: bytes
    kid: str
    epoch: int
    version: int
    hash: str


class BookShelf(Protocol):
    """The signed book and the key document."""

    def snapshot(self) -> KeptSnapshot | None:
        """The snapshot stored last."""

    def counters(self) -> Mapping[str, Counter]:
        """By kid, for all keys that ever signed a stored snapshot."""

    def put_snapshot(self, kept: KeptSnapshot, revoked: Collection[UUID] = ()) -> None:
        """Snapshot, counter and what it revokes in one transaction."""

    def revoked(self) -> Mapping[UUID, str]:
        """Every id that a stored snapshot ever revoked, with the kid that said so last."""

    def key_document(self) -> bytes | None:
        """The frame stored last."""

    def put_key_document(self, frame: bytes) -> None:
        """Replace it."""


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """What the audit says of one attempt at a door. `outcome` None: allowed, end not recorded."""

    attempt: AttemptId
    command: CommandId | None
    grant: GrantId
    right: str
    allowed: bool
    refusal: Refusal | None
    outcome: Outcome | None
    reason: str | None
    decided_at: datetime
    witnessed: bool


@dataclass(frozen=True, slots=True)
class LivingPin:
    """What the record still says of a PIN that was never recorded as removed."""

    credential: CredentialId
    lock: LockId
    grant: GrantId
    mark: str
    state: PinState
    window: Window
    box: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest fact; number 0 with the genesis hash when there is none."""

    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Room:
    """How many more facts may be kept, and bytes written, until only what must be told is."""

    facts_left: int
    bytes_left: int

    @property
    def is_left(self) -> bool:
        """False: no door may open, for it could not be recorded."""
        return self.facts_left > 0 and self.bytes_left > 0


class Audit(Protocol):
    """Facts: numbered, chained, exact; what follows from them is written with them.

    `news` is set by every append and cleared by whoever waits for it.
    """

    news: asyncio.Event

    def append(self, *bodies: FactBody, time: Time) -> Head:
        """All of them, in one transaction."""

    def head(self) -> Head:
        """The newest fact."""

    def hash_of(self, sequence: int) -> str | None:
        """The hash of a kept fact; genesis for 0."""

    def after(self, sequence: int, *, limit: int, max_bytes: int) -> Sequence[str]:
        """Exact texts of the facts that follow; at least one if there is one."""

    def oldest(self) -> int:
        """The first number still kept; one more than the newest when none is."""

    def acknowledged(self) -> int:
        """Through which number the cloud holds everything."""

    def acknowledge(self, through: int, *, at: datetime) -> None:
        """Never goes back. `at`: when we heard, at the earliest."""

    def prune(self, before: datetime) -> int:
        """Forget some of the facts that were acknowledged before; how many.

        A bounded number at a time.
        """

    def room(self) -> Room:
        """How much may still be recorded."""

    def make_room(self) -> int:
        """At the ceiling, forget some of the oldest acknowledged facts, however young; how many."""

    def attempt(self, attempt: AttemptId) -> AttemptRecord | None:
        """One attempt."""

    def by_command(self, command: CommandId) -> AttemptRecord | None:
        """The attempt a live command led to."""

    def unfinished(self) -> Sequence[AttemptRecord]:
        """Allowed at a door, without an outcome."""

    def at_lock(self, lock: LockId, *, since: datetime) -> Sequence[AttemptRecord]:
        """Allowed attempts at one lock, oldest first."""

    def unresolved(self, lock: LockId) -> Sequence[AttemptRecord]:
        """Attempts at one lock whose outcome is UNKNOWN and not yet given up."""

    def mark_witnessed(self, attempt: AttemptId) -> None:
        """The lock's own log has told of it."""

    def arrived(self) -> frozenset[GrantId]:
        """Grants whose first use is on record."""

    def living_pins(self) -> Sequence[LivingPin]:
        """PINs on record that were never recorded as removed; the lock may hold them."""

    def delegations(self) -> Sequence[str]:
        """Envelopes of all approvals still on record, as text."""

    def newest_snapshot(self) -> Counter | None:
        """What the last SnapshotApplied on record says."""


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A LAN session; the token is kept as a hash only."""

    token_hash: str
    grant: GrantId
    generation: int
    expires_at: datetime


class Sessions(Protocol):
    """LAN sessions."""

    def find(self, token_hash: str) -> KeptSession | None:
        """By the hash of its token."""

    def put(self, session: KeptSession, *, keep_newest: int) -> None:
        """Add it; of its grant only the newest few stay."""

    def drop(self, token_hash: str) -> None:
        """Unknown ones are fine."""

    def sweep(self, before: datetime) -> None:
        """Forget what expired."""


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A companion's request. `name_box` opens with the house's own key."""

    request: RequestId
    parent: GrantId
    secret_hash: str
    name_box: str
    wants: tuple[str, ...]
    rights: tuple[str, ...]
    state: RequestState
    asked_at: datetime
    expires_at: datetime
    delegation: GrantId | None = None


class Requests(Protocol):
    """Companions' requests."""

    def find(self, request: RequestId) -> KeptRequest | None:
        """By id."""

    def by_secret(self, secret_hash: str) -> KeptRequest | None:
        """By the hash of the companion's secret."""

    def of_parent(self, parent: GrantId) -> Sequence[KeptRequest]:
        """Newest first, at most a hundred."""

    def put(self, request: KeptRequest) -> None:
        """Add or replace."""

    def sweep(self, before: datetime) -> None:
        """Forget requests asked before."""


class Delegations(Protocol):
    """Delegations this house signed."""

    def living(self) -> Mapping[GrantId, bytes]:
        """Signed frames of those not ended."""

    def ended(self) -> frozenset[GrantId]:
        """Those that were ended."""

    def put(self, delegation: GrantId, frame: bytes) -> None:
        """Add one; one that was ended stays ended."""

    def end(self, delegation: GrantId, reason: str) -> None:
        """For ever."""


@dataclass(frozen=True, slots=True)
class KeptPin:
    """A PIN at one lock. `fingerprint` is a keyed hash of the digits, `box` holds them sealed.

    `touched`: the lock may hold it, whatever it answered. `held`: the life it was last proven to
    have there; None while nobody knows. `ended_at`: since when it is not wanted.
    """

    credential: CredentialId
    lock: LockId
    fingerprint: str
    grant: GrantId
    starts: datetime
    ends: datetime
    box: str
    wanted: bool
    state: PinState
    reason: str | None
    tries: int
    next_try: datetime
    touched: bool = False
    held: Window | None = None
    ended_at: datetime | None = None


class Pins(Protocol):
    """PINs and how far each has come."""

    def at_lock(self, lock: LockId) -> Sequence[KeptPin]:
        """All of one lock."""

    def of_grant(self, grant: GrantId) -> Sequence[KeptPin]:
        """All of one grant."""

    def put(self, pin: KeptPin) -> None:
        """Add or replace."""

    def drop(self, pin: KeptPin) -> None:
        """Forget it."""


class Marks(Protocol):
    """Single small values by name."""

    def get(self, name: str) -> str | None:
        """The value, or None."""

    def set(self, name: str, value: str) -> None:
        """Replace it."""

    def hear(self, request: RequestId, *, until: datetime, now: datetime) -> bool:
        """True the first time; remembered until it expires."""


@dataclass(frozen=True, slots=True)
class KeptConfiguration:
    """The configuration taken last and its fate; `good`: the last under which the cloud was heard.

    Exact signed frames.
    """

    taken: bytes
    fate: ConfigurationFate
    good: bytes | None = None


class ConfigurationShelf(Protocol):
    """One configuration, durable when `save` returns. StopGranting when it cannot be."""

    def load(self) -> KeptConfiguration | None:
        """None when there is none that can be read: it is fetched from the cloud again."""

    def save(self, kept: KeptConfiguration) -> None:
        """Replace it."""
