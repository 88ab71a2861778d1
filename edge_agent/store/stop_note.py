"""How is it told later why lockd stopped, when the disk had no room left for a record?

A small file of fixed size, written over in place: that needs no new block. What it says goes on
record at the next start that can write.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from edge_agent.errors import StopGranting

FILE = "stopped.note"
_SIZE = 512


@contextlib.contextmanager
def noting_why(folder: Path) -> Iterator[None]:
    """On the disk that failed, a note of what failed may be all that can be left."""
    try:
        yield
    except BaseExceptionGroup as group:
        for error in leaves(group):
            leave_note(folder, f"{error.reason}: {error}")
        raise
    except StopGranting as error:
        leave_note(folder, f"{error.reason}: {error}")
        raise


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[StopGranting]:
    """Every reason to stop granting in it."""
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from leaves(each)
        elif isinstance(each, StopGranting):
            yield each


def leave_note(folder: Path, words: str) -> None:
    """Durable as far as this disk still is; the words hold no secret. Never raises."""
    with contextlib.suppress(OSError), (folder / FILE).open("r+b") as file:
        file.write(words.encode()[:_SIZE].ljust(_SIZE))
        file.flush()
        os.fsync(file.fileno())


def read_note(folder: Path) -> str | None:
    """What the last one to stop left; None when there is nothing."""
    try:
        words = (folder / FILE).read_bytes()[:_SIZE].decode(errors="replace").strip()
    except OSError:
        return None
    return words.replace("\x00", "") or None


def clear_note(folder: Path) -> None:
    """Make the file if there is none, and room in it. Never raises."""
    path = folder / FILE
    with contextlib.suppress(OSError):
        path.touch(mode=0o600)
        leave_note(folder, "")
