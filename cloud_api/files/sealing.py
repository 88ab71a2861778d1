"""How is a content sealed, so that neither a store nor a copied file gives it away?

Each file has a data key of its own (ChaCha20-Poly1305, RFC 8439), wrapped by the vault for its
place; organisation and file are authenticated with the content. What is renamed, or put in another
file's or another organisation's place, does not open.
"""

import hashlib
import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from cloud_api.files.errors import FileDamaged
from cloud_api.kit.vault import Vault, VaultError

_FORMAT = b"PORTERO-FILE-1\n"
_NONCE_BYTES = 12


def seal(
    vault: Vault, *, organisation_id: UUID, file_id: UUID, content: bytes
) -> tuple[bytes, bytes]:
    """The wrapped key, and the content sealed under it."""
    place = _place(organisation_id, file_id)
    key = ChaCha20Poly1305.generate_key()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    box = ChaCha20Poly1305(key).encrypt(nonce, content, place.encode())
    return vault.lock(key.hex(), context=place), _FORMAT + nonce + box


def unseal(
    vault: Vault, *, organisation_id: UUID, file_id: UUID, wrapped_key: bytes, sealed: bytes
) -> bytes:
    """The content. Raises FileDamaged where key, place or content do not fit."""
    place = _place(organisation_id, file_id)
    body = sealed.removeprefix(_FORMAT)
    try:
        key = bytes.fromhex(vault.unlock(wrapped_key, context=place))
        nonce, box = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
        return ChaCha20Poly1305(key).decrypt(nonce, box, place.encode())
    except (InvalidTag, VaultError, ValueError):
        raise FileDamaged from None


def fingerprint(vault: Vault, *, organisation_id: UUID, content: bytes) -> bytes:
    """A keyed hash: the same content in the same organisation is recognised, and by us alone."""
    digest = hashlib.sha256(content).hexdigest()
    return vault.fingerprint(digest, context=f"file|{organisation_id}")


def _place(organisation_id: UUID, file_id: UUID) -> str:
    return f"file|{organisation_id}|{file_id}"
