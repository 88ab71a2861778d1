"""How does a file with a key come to lie on the disk: whole, and for its owner only?"""

import os
from pathlib import Path

from provisioning.errors import UnreadableError, WouldOverwriteError


def write_new(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Durable when it returns. Raises WouldOverwriteError: keys are never replaced."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(path, flags, mode)
    except FileExistsError:
        raise WouldOverwriteError(f"{path} is there already") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def replace(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Either the old content or the new one, whole, whatever happens."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    write_new(fresh, content, mode=mode)
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path) -> bytes:
    """Raises UnreadableError, which names the file and shows nothing of it."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read: {error.strerror}") from None
