"""Who is this house, with which keys of its own, and which root does it believe?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import ValidationError

from edge_agent.errors import StopGranting
from edge_agent.store.private_file import read_private, write_private
from protocol.base import KeyHex, Wire
from protocol.house import HouseIdentity, house_kid
from protocol.ids import HouseId
from protocol.sealing import SealingKey
from protocol.signing import Signer

FILE = "house.json"
_SEED_BYTES = 32

RandomBytes = Callable[[int], bytes]


class _Stored(Wire):
    house: HouseId
    signing_seed: KeyHex
    sealing_seed: KeyHex
    root_public: KeyHex


@dataclass(frozen=True, slots=True)
class Identity:
    """The house's own secrets and the root it pins; shown as the house id only.

    `mac_key` keys what this house writes for itself. `former_mac_key`: what earlier versions used
    for that, the device key itself; only for recognising what they wrote.
    """

    house: HouseId
    signer: Signer
    sealing: SealingKey
    root_public: str
    mac_key: bytes = field(repr=False)
    former_mac_key: bytes = field(repr=False)

    def public(self, software: str = "unknown") -> HouseIdentity:
        """What the cloud registers at the claim."""
        return HouseIdentity(
            house=self.house,
            signing_key=self.signer.public_hex,
            sealing_key=self.sealing.public_hex,
            software=software,
        )


def create(
    folder: Path, house: HouseId, root_public: str, *, random_bytes: RandomBytes
) -> Identity:
    """Make the house's keys, once. FileExistsError when this folder has an identity already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stored = _Stored(
        house=house,
        signing_seed=random_bytes(_SEED_BYTES).hex(),
        sealing_seed=random_bytes(_SEED_BYTES).hex(),
        root_public=root_public,
    )
    write_private(folder / FILE, stored.to_bytes(), replace=False)
    return _identity(stored)


def load(folder: Path) -> Identity:
    """The identity in this folder. StopGranting when it is missing, open to others or garbled."""
    try:
        return _identity(_Stored.from_bytes(read_private(folder / FILE)))
    except ValidationError:
        raise StopGranting("identity_garbled") from None  # its text may hold a key


def _identity(stored: _Stored) -> Identity:
    seed = bytes.fromhex(stored.signing_seed)
    return Identity(
        house=stored.house,
        signer=Signer.from_seed(house_kid(stored.house), seed),
        sealing=SealingKey.from_bytes(bytes.fromhex(stored.sealing_seed)),
        root_public=stored.root_public,
        mac_key=_derived(seed, b"portero lockd mac 1"),
        former_mac_key=seed,
    )


def _derived(seed: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(seed)
