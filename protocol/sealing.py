"""How does a private word cross a broker that everybody may read?

Sealed box: ephemeral X25519 (RFC 7748), HKDF-SHA256 (RFC 5869) over the shared secret with both
public keys in the info, ChaCha20-Poly1305 (RFC 8439). The key is fresh for each box, so a zero
nonce is used once. The context (house, grant, lock …) is authenticated, so that a box lifted into
another place does not open.
"""

from dataclasses import dataclass
from typing import Annotated

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import StringConstraints

SealedHex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2}){48,4096}$")]
"""Ephemeral public key (32 bytes), ciphertext and tag (16 bytes), as hex."""

_NONCE = b"\x00" * 12
_KEY_BYTES = 32


class SealError(Exception):
    """The box does not open here: other key, other context, or altered."""


@dataclass(frozen=True)
class SealingKey:
    """A private X25519 key that opens boxes; never shown."""

    _key: X25519PrivateKey

    @classmethod
    def from_bytes(cls, raw: bytes) -> "SealingKey":
        """From 32 raw bytes. ValueError when the length is wrong."""
        return cls(X25519PrivateKey.from_private_bytes(raw))

    @property
    def public_hex(self) -> str:
        """The raw public key, 64 hex characters."""
        return _raw(self._key.public_key()).hex()

    def open(self, box: str, *, context: str) -> bytes:
        """The plain bytes. SealError when key, context or content do not fit."""
        try:
            raw = bytes.fromhex(box)
            ephemeral = X25519PublicKey.from_public_bytes(raw[:_KEY_BYTES])
            shared = self._key.exchange(ephemeral)
            key = _derive(shared, raw[:_KEY_BYTES], _raw(self._key.public_key()))
            return ChaCha20Poly1305(key).decrypt(_NONCE, raw[_KEY_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            raise SealError("the box does not open here") from None

    def __repr__(self) -> str:
        """Never the key."""
        return "SealingKey(****)"


def seal_for(public_hex: str, plain: bytes, *, context: str, ephemeral_seed: bytes) -> str:
    """Seal to a public key. `ephemeral_seed`: 32 fresh random bytes, never used again."""
    ephemeral = X25519PrivateKey.from_private_bytes(ephemeral_seed)
    recipient = bytes.fromhex(public_hex)
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    sender = _raw(ephemeral.public_key())
    box = ChaCha20Poly1305(_derive(shared, sender, recipient))
    return (sender + box.encrypt(_NONCE, plain, context.encode())).hex()


def _derive(shared: bytes, sender: bytes, recipient: bytes) -> bytes:
    hkdf = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"portero sealed box 1" + sender + recipient)
    return hkdf.derive(shared)


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
