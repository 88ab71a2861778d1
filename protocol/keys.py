"""Which keys may sign what, and since when?

The house pins one offline root key. The root signs a versioned key document; a key signs only for
its uses, and a snapshot's epoch is valid only if its key lists it. A newer document replaces an
older one, never the other way.
"""

from enum import StrEnum

from pydantic import Field, PositiveInt

from protocol.base import Instant, KeyHex, Wire
from protocol.envelope import EnvelopeError, Flaw, Kind, open_envelope, read_body
from protocol.ids import Kid


class KeyUse(StrEnum):
    """What a key of the cloud may do."""

    SNAPSHOT = "snapshot"
    LIVE = "live"
    RECEIPT = "receipt"
    SEALING = "sealing"


class CloudKey(Wire):
    """One public key: Ed25519, or X25519 where the use is sealing."""

    kid: Kid
    public_key: KeyHex
    uses: frozenset[KeyUse]
    epochs: frozenset[PositiveInt] = frozenset()


class KeyDocument(Wire):
    """The root's word on all current keys of the cloud."""

    version: PositiveInt
    issued_at: Instant
    keys: tuple[CloudKey, ...] = Field(max_length=32)
    must_understand: tuple[str, ...] = ()

    def key_for(self, kid: str, use: KeyUse) -> str | None:
        """Public key hex when that kid may do that; else None."""
        for key in self.keys:
            if key.kid == kid and use in key.uses:
                return key.public_key
        return None

    def allows_epoch(self, kid: str, epoch: int) -> bool:
        """True when the key may sign snapshots of this epoch."""
        return any(key.kid == kid and epoch in key.epochs for key in self.keys)

    def sealing_key(self) -> str | None:
        """Where a house seals private words for the cloud; the first listed."""
        sealing = (key.public_key for key in self.keys if KeyUse.SEALING in key.uses)
        return next(sealing, None)


ROOT_KID = "root"


def open_key_document(frame: bytes, root_public_hex: str) -> KeyDocument:
    """Verify against the pinned root. Raises EnvelopeError."""
    opened = open_envelope(
        frame, Kind.KEY_DOCUMENT, lambda kid: root_public_hex if kid == ROOT_KID else None
    )
    document = read_body(opened, KeyDocument)
    if document.must_understand:
        raise EnvelopeError(Flaw.NOT_UNDERSTOOD, ", ".join(document.must_understand))
    return document
