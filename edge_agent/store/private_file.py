"""How are keys kept in a file that nobody else may read, whole or not at all?"""

import os
import stat
from pathlib import Path

from edge_agent.errors import StopGranting

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_private(path: Path, data: bytes, *, replace: bool) -> None:
    """Durable and 0600 when it returns. FileExistsError when it is there and must not be."""
    if not replace and path.exists():
        raise FileExistsError(path.name)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_private(path: Path) -> bytes:
    """StopGranting when it is missing or when others may read it."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise StopGranting("key_file_open_to_others", path.name)
            return file.read()
    except OSError as error:
        raise StopGranting("key_file_unreadable", f"{path.name}: {error.strerror}") from None
