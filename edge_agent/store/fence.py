"""Is this the only lockd of this house?"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from edge_agent.errors import StopGranting


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder while entered. StopGranting when another process does, or on a bad disk."""
    with _opened(folder / "lockd.lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StopGranting("another_lockd_runs") from None
        yield


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("w")
    except OSError as error:
        raise StopGranting("data_unwritable", str(error.strerror)) from None
