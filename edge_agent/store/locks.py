"""Which locks does this house drive, and with which keys?

A lock's key is encrypted where it rests, bound to its lock; the key to that lies beside it in a
file of its own, so that a list that strays (a copy, a report) opens nothing by itself. Who holds
both files, or the whole card, holds the locks: there is no secure element.
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from pydantic import SecretStr, TypeAdapter, ValidationError, field_serializer

from edge_agent.errors import StopGranting
from edge_agent.store.private_file import read_private, write_private
from protocol.base import ShortText, Wire
from protocol.ids import LockId

FILE, KEY_FILE = "locks.json", "locks.key"
_SEALED = "sealed:"
_KEY_BYTES, _NONCE_BYTES = 32, 12

type RandomBytes = Callable[[int], bytes]


class KeptWay(Wire):
    """One way to a lock: which driver, where, and the vendor's key record (a master secret)."""

    driver: ShortText
    address: ShortText
    key: SecretStr

    @field_serializer("key", when_used="json")
    def _in_clear(self, key: SecretStr) -> str:
        return key.get_secret_value()


class KeptLock(KeptWay):
    """One lock, by its best way; `others`: further ways, the next best first.

    `admin_first`: a TTLock that wants its admin logged in before codes and clock.
    """

    lock: LockId
    zone: ShortText
    admin_first: bool = False
    others: tuple[KeptWay, ...] = ()


_LOCKS = TypeAdapter(tuple[KeptLock, ...])


def save(
    folder: Path, locks: Iterable[KeptLock], *, random_bytes: RandomBytes = secrets.token_bytes
) -> None:
    """Replace what is kept; the keys encrypted."""
    if not (folder / KEY_FILE).exists():
        write_private(folder / KEY_FILE, random_bytes(_KEY_BYTES), replace=False)
    box = _box(folder)
    sealed = tuple(_all_sealed(box, each, random_bytes) for each in locks)
    write_private(folder / FILE, _LOCKS.dump_json(sealed), replace=True)


def load(folder: Path) -> tuple[KeptLock, ...]:
    """All locks; none when nothing was ever saved. StopGranting when garbled or open to others.

    A file of an older release, with keys in clear, is read as it is.
    """
    if not (folder / FILE).exists():
        return ()
    try:
        kept = _LOCKS.validate_json(read_private(folder / FILE))
    except ValidationError:
        raise StopGranting("locks_garbled") from None  # its text may hold a key
    if not any(_is_sealed(way) for each in kept for way in (each, *each.others)):
        return kept
    box = _box(folder)
    return tuple(_all_opened(box, each) for each in kept)


def _box(folder: Path) -> ChaCha20Poly1305:
    try:
        return ChaCha20Poly1305(read_private(folder / KEY_FILE))
    except ValueError:
        raise StopGranting("locks_garbled", "the key has a wrong length") from None


def _is_sealed(way: KeptWay) -> bool:
    return way.key.get_secret_value().startswith(_SEALED)


def _all_sealed(box: ChaCha20Poly1305, lock: KeptLock, random_bytes: RandomBytes) -> KeptLock:
    others = tuple(
        _sealed(box, lock.lock, each, random_bytes(_NONCE_BYTES)) for each in lock.others
    )
    best = _sealed(box, lock.lock, lock, random_bytes(_NONCE_BYTES))
    return best.model_copy(update={"others": others})


def _all_opened(box: ChaCha20Poly1305, lock: KeptLock) -> KeptLock:
    others = tuple(_opened(box, lock.lock, each) for each in lock.others)
    return _opened(box, lock.lock, lock).model_copy(update={"others": others})


def _sealed[Way: KeptWay](box: ChaCha20Poly1305, lock: LockId, way: Way, nonce: bytes) -> Way:
    plain = way.key.get_secret_value().encode()
    closed = nonce + box.encrypt(nonce, plain, _place(lock, way))
    return way.model_copy(update={"key": SecretStr(_SEALED + b64encode(closed).decode())})


def _opened[Way: KeptWay](box: ChaCha20Poly1305, lock: LockId, way: Way) -> Way:
    if not _is_sealed(way):
        return way
    try:
        closed = b64decode(way.key.get_secret_value().removeprefix(_SEALED), validate=True)
        plain = box.decrypt(closed[:_NONCE_BYTES], closed[_NONCE_BYTES:], _place(lock, way))
        return way.model_copy(update={"key": SecretStr(plain.decode())})
    except (InvalidTag, ValueError):
        raise StopGranting("locks_garbled") from None


def _place(lock: LockId, way: KeptWay) -> bytes:
    """A key moved to another door, or to another radio address, does not open."""
    return f"{lock}|{way.driver}|{way.address}".encode()
