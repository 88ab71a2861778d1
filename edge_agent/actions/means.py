"""What do all of lockd's verbs need?"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from uuid import UUID

from edge_agent.actions.keeping import Audit
from edge_agent.actions.ledger import Ledger
from edge_agent.actions.trusted_time import TrustedTime
from edge_agent.errors import TryLater
from protocol.base import Wire
from protocol.envelope import EnvelopeError, Flaw, Kind, Opened, open_envelope, read_body, seal
from protocol.facts import Decided, FactBody
from protocol.ids import HouseId
from protocol.keys import KeyUse
from protocol.sealing import SealingKey
from protocol.signing import Signer

Spawn = Callable[[Coroutine[None, None, None], str], None]
"""Starts a named task that somebody owns."""


@dataclass(frozen=True, slots=True)
class Means:
    """The house's identity, record, time and book, and where chance and ids come from."""

    house: HouseId
    signer: Signer
    sealing: SealingKey
    mac_key: bytes = field(repr=False)
    audit: Audit
    time: TrustedTime
    ledger: Ledger
    random_bytes: Callable[[int], bytes]
    new_id: Callable[[], UUID]

    def record(self, *bodies: FactBody) -> None:
        """Durable when it returns, with the time as far as it is proven.

        TryLater: there is no room to record that a door may open.
        """
        if any(_opens_a_door(each) for each in bodies) and not self.audit.room().is_left:
            raise TryLater("no_room_on_record")
        self.audit.append(*bodies, time=self.time.proven())

    def signed(self, kind: Kind, body: Wire) -> bytes:
        """A frame in the house's name."""
        return seal(kind, body.to_bytes(), self.signer)

    def envelope(self, frame: bytes, kind: Kind, use: KeyUse) -> Opened:
        """A frame signed by a key that may do that now. Raises EnvelopeError."""
        return open_envelope(frame, kind, lambda kid: self.ledger.key_for(kid, use))

    def body[M: Wire](self, opened: Opened, message: type[M]) -> M:
        """A message to this very house. Raises EnvelopeError."""
        body = read_body(opened, message)
        if getattr(body, "house", None) != self.house:
            raise EnvelopeError(Flaw.WRONG_HOUSE)
        return body

    def opened[M: Wire](self, frame: bytes, kind: Kind, message: type[M], use: KeyUse) -> M:
        """Both at once. Raises EnvelopeError."""
        return self.body(self.envelope(frame, kind, use), message)


def _opens_a_door(body: FactBody) -> bool:
    return isinstance(body, Decided) and body.allowed and body.right.startswith("door:")
