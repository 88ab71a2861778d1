"""What does the house believe right now: which keys, which book, which delegations?

Nothing is believed because it was stored: at start every signature is checked again.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

from edge_agent.actions.keeping import (
    Audit,
    BookShelf,
    Counter,
    Delegations,
    KeptSnapshot,
    Marks,
)
from edge_agent.policy.model import Book
from protocol.access import Delegation
from protocol.envelope import (
    EnvelopeError,
    Flaw,
    Kind,
    Opened,
    open_envelope,
    read_body,
)
from protocol.facts import Alarmed, fact_hash
from protocol.house import Position, Snapshot
from protocol.ids import GrantId, HouseId
from protocol.keys import KeyDocument, KeyUse, open_key_document
from protocol.version import not_understood

_UNKNOWN_KID = "?"
_NEWEST_KEYS = "newest_key_document"


class Ledger:
    """Keys, book and delegations, verified and in memory."""

    def __init__(
        self,
        *,
        house: HouseId,
        root_public: str,
        house_public: str,
        shelf: BookShelf,
        delegations: Delegations,
        audit: Audit,
        marks: Marks,
    ) -> None:
        self._house = house
        self._root_public = root_public
        self._house_public = house_public
        self._shelf = shelf
        self._delegations = delegations
        self._audit = audit
        self._marks = marks
        self.keys: KeyDocument | None = None
        self.book = Book()
        self.position: Position | None = None
        self._readers = list[Callable[[], None]]()

    def load(self) -> list[Alarmed]:
        """Verify all that is stored; what does not hold is not used, and told."""
        alarms = [*self._load_keys(), *self._load_snapshot(), *self._load_delegations()]
        self.book = replace(self.book, arrived=self._audit.arrived())
        return alarms

    def key_for(self, kid: str, use: KeyUse) -> str | None:
        """The public key of a kid that may do that now."""
        return None if self.keys is None else self.keys.key_for(kid, use)

    def verified(self, frame: bytes) -> tuple[Snapshot, KeptSnapshot]:
        """A snapshot somebody entitled signed for this house. Raises EnvelopeError."""
        opened = open_envelope(frame, Kind.SNAPSHOT, lambda kid: self.key_for(kid, KeyUse.SNAPSHOT))
        snapshot = read_body(opened, Snapshot)
        self._require_meant_for_us(snapshot, opened)
        order = (snapshot.epoch, snapshot.version)
        return snapshot, KeptSnapshot(frame, opened.kid, *order, fact_hash(frame))

    def baseline(self) -> Counter | None:
        """The newest snapshot taken from any key that may still sign.

        A key the root has withdrawn no longer counts: its numbers may have been forged far ahead.
        """
        counters = dict(self._shelf.counters())
        recorded = self._audit.newest_snapshot()
        if recorded is not None and all(each.hash != recorded.hash for each in counters.values()):
            counters[_UNKNOWN_KID] = recorded  # the book was lost; the record remembers
        valid = [
            each
            for kid, each in counters.items()
            if kid == _UNKNOWN_KID or self.key_for(kid, KeyUse.SNAPSHOT) is not None
        ]
        return max(valid, key=lambda each: (each.epoch, each.version), default=None)

    def store(self, snapshot: Snapshot, kept: KeptSnapshot) -> None:
        """Store a verified snapshot, then decide by it."""
        self._shelf.put_snapshot(kept, snapshot.revoked_ids)
        self._use(snapshot, kept)
        for tell in self._readers:
            tell()

    def take_keys(self, frame: bytes) -> KeyDocument | None:
        """Believe a newer key document; None when it is not newer. Raises EnvelopeError.

        Newer than any this house ever believed, also when the file that held it is lost. The book
        is checked again: one signed by a withdrawn key is no longer used.
        """
        document = open_key_document(frame, self._root_public)
        if self.keys is not None and document.version <= self.keys.version:
            return None
        if document.version < self._newest_keys():
            return None
        self._marks.set(_NEWEST_KEYS, str(document.version))
        self._shelf.put_key_document(frame)
        self.keys = document
        self._load_snapshot()
        return document

    def add_delegation(self, delegation: Delegation, frame: bytes) -> None:
        """One that this house has just signed."""
        self._delegations.put(delegation.id, frame)
        self._set_delegations({**self.book.delegations, delegation.id: delegation})

    def end_delegation(self, delegation: GrantId, reason: str) -> None:
        """It will not come back."""
        self._delegations.end(delegation, reason)
        rest = {key: each for key, each in self.book.delegations.items() if key != delegation}
        self._set_delegations(rest)

    def on_new_book(self, tell: Callable[[], None]) -> None:
        """Call `tell` after each new book."""
        self._readers.append(tell)

    def has_arrived(self, grant: GrantId) -> None:
        """Its first use is on record."""
        self.book = replace(self.book, arrived=self.book.arrived | {grant})

    def read_delegation(self, frame: bytes) -> Delegation:
        """A delegation with our own signature. Raises EnvelopeError."""
        opened = open_envelope(frame, Kind.DELEGATION, lambda _kid: self._house_public)
        return read_body(opened, Delegation)

    def _use(self, snapshot: Snapshot, kept: KeptSnapshot) -> None:
        self.position = Position(epoch=kept.epoch, version=kept.version, hash=kept.hash)
        self.book = Book.of(
            snapshot,
            delegations=self.book.delegations,
            arrived=self.book.arrived,
            remembered=self._remembered(),
        )

    def _remembered(self) -> frozenset[UUID]:
        """Revoked by any snapshot before, unless only a key said so that may sign no more."""
        said = self._shelf.revoked().items()
        return frozenset(id_ for id_, kid in said if self.key_for(kid, KeyUse.SNAPSHOT) is not None)

    def _set_delegations(self, delegations: Mapping[GrantId, Delegation]) -> None:
        self.book = replace(self.book, delegations=MappingProxyType(dict(delegations)))

    def _load_keys(self) -> list[Alarmed]:
        frame = self._shelf.key_document()
        if frame is not None:
            try:
                document = open_key_document(frame, self._root_public)
            except EnvelopeError as error:
                return [Alarmed(name="stored_keys_refused", detail=error.flaw.value)]
            if document.version < self._newest_keys():
                return [Alarmed(name="stored_keys_refused", detail=f"older: {document.version}")]
            self.keys = document
            self._marks.set(_NEWEST_KEYS, str(document.version))
        return []

    def _newest_keys(self) -> int:
        """Kept apart from the book: who can put back an old book must not put back old keys."""
        said = self._marks.get(_NEWEST_KEYS)
        return int(said) if said is not None and said.isdecimal() else 0

    def _load_snapshot(self) -> list[Alarmed]:
        kept = self._shelf.snapshot()
        if kept is None:
            return []
        try:
            snapshot, again = self.verified(kept.frame)
        except EnvelopeError as error:
            self.position = None
            self.book = Book.of(None, delegations=self.book.delegations, arrived=self.book.arrived)
            return [Alarmed(name="stored_book_refused", detail=error.flaw.value)]
        self._use(snapshot, again)
        return []

    def _load_delegations(self) -> list[Alarmed]:
        ended = self._delegations.ended()
        frames = dict(self._delegations.living())
        alarms, living = list[Alarmed](), dict[GrantId, Delegation]()
        recorded = [text.encode() for text in self._audit.delegations()]
        for frame in [*frames.values(), *recorded]:
            try:
                delegation = self.read_delegation(frame)
            except EnvelopeError as error:
                alarms.append(Alarmed(name="stored_delegation_refused", detail=error.flaw.value))
                continue
            if delegation.id in ended:
                continue
            living[delegation.id] = delegation
            if delegation.id not in frames:
                self._delegations.put(delegation.id, frame)  # recorded, then cut off
        self._set_delegations(living)
        return alarms

    def _require_meant_for_us(self, snapshot: Snapshot, opened: Opened) -> None:
        if snapshot.house != self._house:
            raise EnvelopeError(Flaw.WRONG_HOUSE)
        if self.keys is None or not self.keys.allows_epoch(opened.kid, snapshot.epoch):
            raise EnvelopeError(Flaw.UNKNOWN_KEY, "epoch_not_listed")
        missing = not_understood(snapshot.must_understand)
        if missing:
            raise EnvelopeError(Flaw.NOT_UNDERSTOOD, ", ".join(missing))
