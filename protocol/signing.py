"""Who wrote these exact bytes?

Ed25519 (RFC 8032) over a pre-authentication encoding in the manner of DSSE
(https://github.com/secure-systems-lab/dsse, protocol.md): the lengths of type, key id and body are
part of what is signed, so that no message can pass for one of another kind. There is no algorithm
field: a key id stands for one key of one algorithm.
"""

from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol.ids import Kid


def pre_authentication(version: int, kind: str, kid: str, body: bytes) -> bytes:
    """`PORTERO<version> SP len(kind) SP kind SP len(kid) SP kid SP len(body) SP body`."""
    head = f"PORTERO{version} {len(kind)} {kind} {len(kid)} {kid} {len(body)} "
    return head.encode() + body


@dataclass(frozen=True)
class Signer:
    """A named private key. Never shown: the repr names the kid only."""

    kid: Kid
    _key: Ed25519PrivateKey

    @classmethod
    def from_seed(cls, kid: Kid, seed: bytes) -> Self:
        """From the raw 32-byte seed. ValueError when the length is wrong."""
        return cls(kid, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public_hex(self) -> str:
        """The raw public key, 64 hex characters."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return raw.hex()

    def sign(self, data: bytes) -> bytes:
        """64 bytes over exactly these."""
        return self._key.sign(data)

    def __repr__(self) -> str:
        """The kid, never the key."""
        return f"Signer({self.kid})"


def is_signed_by(public_hex: str, signature: bytes, data: bytes) -> bool:
    """True when the key's owner signed exactly `data`."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex))
        key.verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
