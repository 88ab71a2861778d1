"""What does a backup look like, and is it whole?

One file, encrypted in the age format (age-encryption.org/v1) to one or more X25519 recipients:
the machine that makes backups cannot read them. Inside is a tar with `manifest.json` and the files
that the manifest names with size and SHA-256.
"""

import os
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Literal, Self
from uuid import UUID

import pyrage
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from portero.backups.errors import BackupError

_MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 64 * 1024 * 1024


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileSum(_Told):
    """A file inside: bytes and SHA-256 in hex."""

    size: int
    sha256: str


class HousePosition(_Told):
    """Where a house stood: the newest snapshot signed for it, and the facts heard of it."""

    house: UUID
    epoch: int
    version: int
    facts_chain: int
    facts_through: int
    facts_head: str


class AboutCloud(_Told):
    """What a cloud's backup must come back as. `secret_mark` tells the secret key, not shows it."""

    kind: Literal["cloud"] = "cloud"
    revision: str
    rows: dict[str, int]
    houses: tuple[HousePosition, ...]
    secret_mark: str


class AboutHouse(_Told):
    """What a house's backup must come back as."""

    kind: Literal["house"] = "house"
    house: UUID
    locks: int
    facts_through: int


class Manifest(_Told):
    """The first thing read of a backup."""

    format: Literal[1] = 1
    made_at: AwareDatetime
    software: str
    files: dict[str, FileSum]
    about: Annotated[AboutCloud | AboutHouse, Field(discriminator="kind")]

    @classmethod
    def of(
        cls, folder: Path, about: AboutCloud | AboutHouse, *, made_at: AwareDatetime, software: str
    ) -> Self:
        """A manifest of everything that lies in the folder."""
        files = {str(path.relative_to(folder)): _sum(path) for path in _files(folder)}
        return cls(made_at=made_at, software=software, files=files, about=about)


def new_key(path: Path) -> str:
    """Make a key pair; the private half goes to `path`, the answer is the recipient.

    BackupError when the file is there already.
    """
    identity = pyrage.x25519.Identity.generate()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{identity}\n")
        file.flush()
        os.fsync(descriptor)
    return str(identity.to_public())


def pack(folder: Path, manifest: Manifest, out: Path, recipients: Sequence[str]) -> None:
    """Write the folder and its manifest to `out`, whole or not at all. Nothing is overwritten."""
    readers = [_recipient(each) for each in recipients]
    if not readers:
        raise BackupError("name at least one recipient: `portero backup key` makes one")
    if out.exists():
        raise BackupError(f"{out} is there already; a backup overwrites nothing")
    (folder / _MANIFEST).write_text(manifest.model_dump_json())
    with private_folder(out.parent) as beside:
        clear, sealed = beside / "clear.tar", beside / "sealed.age"
        with tarfile.open(clear, "w") as tar:
            for path in (folder / _MANIFEST, *_files(folder)):
                tar.add(path, arcname=str(path.relative_to(folder)), recursive=False)
        pyrage.encrypt_file(str(clear), str(sealed), readers)
        sealed.chmod(0o600)
        _flush(sealed)
        sealed.replace(out)
        _flush(out.parent)


@contextmanager
def unpacked(archive: Path, key: Path) -> Iterator[tuple[Path, Manifest]]:
    """The files of a backup and its manifest, each file checked; gone when left.

    BackupError when it does not open, is not whole, or is not a backup.
    """
    with private_folder(None) as folder:
        clear, inside = folder / "clear.tar", folder / "inside"
        inside.mkdir()
        _decrypt(archive, key, clear)
        try:
            with tarfile.open(clear) as tar:
                tar.extractall(inside, filter="data")
        except (tarfile.TarError, OSError) as error:
            raise BackupError(f"{archive} is not whole: {error}") from None
        clear.unlink()
        yield inside, _checked_manifest(archive, inside)


@contextmanager
def private_folder(parent: Path | None) -> Iterator[Path]:
    """A folder that only we can enter; gone when left."""
    try:
        with tempfile.TemporaryDirectory(prefix=".portero-backup-", dir=parent) as name:
            yield Path(name)
    except FileNotFoundError as error:
        raise BackupError(f"{error.filename}: there is no such folder") from None


def _decrypt(archive: Path, key: Path, clear: Path) -> None:
    try:
        identity = pyrage.x25519.Identity.from_str(key.read_text().strip())
        pyrage.decrypt_file(str(archive), str(clear), [identity])
    except pyrage.IdentityError:
        raise BackupError(f"{key} is not a key made by `portero backup key`") from None
    except pyrage.DecryptError:
        raise BackupError(f"{archive} does not open with this key, or is damaged") from None
    except OSError as error:
        raise BackupError(f"{error.filename or archive}: {error.strerror or error}") from None


def _checked_manifest(archive: Path, folder: Path) -> Manifest:
    path = folder / _MANIFEST
    try:
        if path.stat().st_size > _LARGEST_MANIFEST:
            raise BackupError(f"{archive} is not a backup: its manifest is too large")
        manifest = Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise BackupError(f"{archive} is not a backup that this version reads") from None
    path.unlink()
    found = {str(each.relative_to(folder)): _sum(each) for each in _files(folder)}
    if found != manifest.files:
        raise BackupError(f"{archive} is damaged: its files are not those of its manifest")
    return manifest


def _recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise BackupError(f"{text!r} is not a recipient; it begins with age1") from None


def _files(folder: Path) -> list[Path]:
    every = (each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())
    return sorted(each for each in every if each != folder / _MANIFEST)


def _sum(path: Path) -> FileSum:
    with path.open("rb") as file:
        return FileSum(size=path.stat().st_size, sha256=file_digest(file, "sha256").hexdigest())


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
