"""How do private words rest in the database?

ChaCha20-Poly1305 (RFC 8439) under a key derived from the operator's secret by HKDF (RFC 5869), a
fresh nonce for each value, and the value's place (`context`) authenticated, so that a cell copied
into another row does not open.
"""

import hmac
import secrets
from collections.abc import Callable
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_KEY_BYTES = 32
_FORMAT = b"\x01"

type RandomBytes = Callable[[int], bytes]


class VaultError(Exception):
    """The value does not open: another key, another place, or altered."""


class Vault:
    """Encrypts, and makes keyed hashes to compare by. Never shows its keys."""

    def __init__(self, secret: str, *, random: RandomBytes = secrets.token_bytes) -> None:
        self._box = ChaCha20Poly1305(_derive(secret, b"portero vault 1: encrypt"))
        self._mac_key = _derive(secret, b"portero vault 1: compare")
        self._link_key = _derive(secret, b"portero vault 1: links")
        self._random = random

    def lock(self, plain: str, *, context: str) -> bytes:
        """Encrypt for one place."""
        nonce = self._random(_NONCE_BYTES)
        return _FORMAT + nonce + self._box.encrypt(nonce, plain.encode(), context.encode())

    def unlock(self, cell: bytes, *, context: str) -> str:
        """Decrypt; VaultError when key, place or content do not fit."""
        body = bytes(cell)
        if body[:1] != _FORMAT:
            raise VaultError("unknown format")
        nonce, box = body[1 : 1 + _NONCE_BYTES], body[1 + _NONCE_BYTES :]
        try:
            return self._box.decrypt(nonce, box, context.encode()).decode()
        except (InvalidTag, ValueError):
            raise VaultError("the value does not open") from None

    def fingerprint(self, value: str, *, context: str) -> bytes:
        """A keyed hash of 32 bytes: equal values in equal places compare equal."""
        return hmac.digest(self._mac_key, f"{context}\x00{value}".encode(), sha256)

    def link_secret(self, place: str) -> bytes:
        """32 bytes derived for one link; the same place always gives the same."""
        return hmac.digest(self._link_key, place.encode(), sha256)

    def __repr__(self) -> str:
        """Never the keys."""
        return "Vault(****)"


def is_locked(cell: bytes) -> bool:
    """Does it look like something a vault has locked? No text begins so."""
    return bytes(cell[:1]) == _FORMAT


def _derive(secret: str, info: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=info).derive(secret.encode())
