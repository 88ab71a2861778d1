"""How are the root and the cloud's signing keys made, and how does the root speak for them?

One folder for the root (kept offline), one for what the cloud's processes need:

    root/root.key            the root's seed; leaves this folder never
    cloud/root.pub           the root's public key, which every house pins at its claim
    cloud/snapshot.key       signs snapshots
    cloud/live.key           signs live commands, answers and receipts
    cloud/sealing.key        opens what houses seal for the cloud
    cloud/keys.signed        the newest key document, signed by the root

A key file is one line, `<kid> <32 bytes as hex>`, readable by its owner only.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from protocol.envelope import EnvelopeError, Kind, seal
from protocol.keys import ROOT_KID, CloudKey, KeyDocument, KeyUse, open_key_document
from protocol.sealing import SealingKey
from protocol.signing import Signer
from provisioning.errors import UnreadableError
from provisioning.files import replace, write_new

type RandomBytes = Callable[[int], bytes]

_SEED_BYTES = 32
_ROOT_KEY, _ROOT_PUBLIC, _DOCUMENT = "root.key", "root.pub", "keys.signed"
_USES = {
    "snapshot": frozenset({KeyUse.SNAPSHOT}),
    "live": frozenset({KeyUse.LIVE, KeyUse.RECEIPT}),
    "sealing": frozenset({KeyUse.SEALING}),
}


def hold(
    *,
    root_folder: Path,
    cloud_folder: Path,
    now: datetime,
    random: RandomBytes = secrets.token_bytes,
) -> KeyDocument:
    """Make root and cloud keys and sign key document 1. Raises WouldOverwriteError."""
    create_root(root_folder, cloud_folder, random=random)
    create_cloud_keys(cloud_folder, serial=1, random=random)
    return sign_document(root_folder, cloud_folder, epochs={1}, now=now)


def create_root(
    root_folder: Path, cloud_folder: Path, *, random: RandomBytes = secrets.token_bytes
) -> str:
    """Make the root key; answers its public key as hex. Raises WouldOverwriteError."""
    root = Signer.from_seed(ROOT_KID, _new_seed(root_folder / _ROOT_KEY, ROOT_KID, random))
    cloud_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_new(cloud_folder / _ROOT_PUBLIC, f"{root.public_hex}\n".encode(), mode=0o644)
    return root.public_hex


def create_cloud_keys(
    cloud_folder: Path, *, serial: int, random: RandomBytes = secrets.token_bytes
) -> None:
    """Make the cloud's private keys; `serial` tells generations apart, as in `snapshot-2`."""
    for name in _USES:
        _new_seed(cloud_folder / f"{name}.key", f"{name}-{serial}", random)


def sign_document(
    root_folder: Path,
    cloud_folder: Path,
    *,
    epochs: Iterable[int],
    now: datetime,
    keep: Iterable[CloudKey] = (),
) -> KeyDocument:
    """The root's word on the keys in the folder, one version above the last; replaces the file.

    `epochs`: which epochs the snapshot key may sign; add one after a cloud was restored. `keep`:
    older keys that stay valid beside the new ones while a rotation lasts.
    """
    root = Signer.from_seed(*_read_key(root_folder / _ROOT_KEY))
    before = read_document(cloud_folder)
    document = KeyDocument(
        version=1 if before is None else before.version + 1,
        issued_at=now,
        keys=(*_public_keys(cloud_folder, frozenset(epochs)), *keep),
    )
    frame = seal(Kind.KEY_DOCUMENT, document.to_bytes(), root)
    replace(cloud_folder / _DOCUMENT, frame, mode=0o644)
    return document


def read_document(cloud_folder: Path) -> KeyDocument | None:
    """The signed document in the folder, verified; None when there is none yet."""
    path = cloud_folder / _DOCUMENT
    if not path.exists():
        return None
    try:
        root_public = (cloud_folder / _ROOT_PUBLIC).read_text().strip()
        return open_key_document(path.read_bytes(), root_public)
    except (OSError, EnvelopeError) as error:
        raise UnreadableError(f"{path} does not carry the root's signature") from error


def _public_keys(folder: Path, epochs: frozenset[int]) -> list[CloudKey]:
    keys = []
    for name, uses in _USES.items():
        kid, seed = _read_key(folder / f"{name}.key")
        sealing = KeyUse.SEALING in uses
        public = SealingKey.from_bytes(seed) if sealing else Signer.from_seed(kid, seed)
        listed = epochs if KeyUse.SNAPSHOT in uses else frozenset[int]()
        keys.append(CloudKey(kid=kid, public_key=public.public_hex, uses=uses, epochs=listed))
    return keys


def _new_seed(path: Path, kid: str, random: RandomBytes) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    seed = random(_SEED_BYTES)
    write_new(path, f"{kid} {seed.hex()}\n".encode())
    return seed


def _read_key(path: Path) -> tuple[str, bytes]:
    try:
        kid, seed = path.read_text().split()
        return kid, bytes.fromhex(seed)
    except (OSError, ValueError):
        raise UnreadableError(f"{path} is not a key file") from None
