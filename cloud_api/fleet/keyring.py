"""How do the cloud's processes get their private keys from files?

The folder is made by the key ceremony: `<name>.key` holds `<kid> <32 bytes as hex>`, `root.pub` the
root's public key, `keys.signed` the root-signed key document.
"""

from dataclasses import dataclass
from pathlib import Path

from cloud_api.fleet.errors import KeysNotInstalledError
from protocol.envelope import Kind, seal
from protocol.sealing import SealingKey
from protocol.signing import Signer


@dataclass(frozen=True, slots=True)
class FileSealer:
    """Signs with a key that was read from a file; a `fleet.ports.Sealer`."""

    _signer: Signer

    @property
    def kid(self) -> str:
        """The name of the key."""
        return self._signer.kid

    async def seal(self, kind: Kind, body: bytes) -> bytes:
        """A signed frame around exactly these bytes."""
        return seal(kind, body, self._signer)


@dataclass(frozen=True, slots=True)
class Keyring:
    """What one process may sign with. `document` and `root_public` are public words."""

    folder: Path

    def snapshots(self) -> FileSealer:
        """The key of the builder."""
        return FileSealer(Signer.from_seed(*_read(self.folder / "snapshot.key")))

    def live(self) -> FileSealer:
        """The key of the courier."""
        return FileSealer(Signer.from_seed(*_read(self.folder / "live.key")))

    def opener(self) -> SealingKey:
        """The key that opens what houses seal for the cloud."""
        return SealingKey.from_bytes(_read(self.folder / "sealing.key")[1])

    def root_public(self) -> str:
        """The root's public key, 64 hex characters."""
        return _content(self.folder / "root.pub").decode().strip()

    def document(self) -> bytes:
        """The root-signed key document, as a frame."""
        return _content(self.folder / "keys.signed")


def _read(path: Path) -> tuple[str, bytes]:
    try:
        kid, seed = _content(path).decode().split()
        return kid, bytes.fromhex(seed)
    except ValueError:
        raise KeysNotInstalledError(f"{path.name} is not a key file") from None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise KeysNotInstalledError(f"{path.name} cannot be read") from None
