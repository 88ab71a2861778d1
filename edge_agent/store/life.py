"""Which start of which card is this? Written before anything is said, so that a copy differs."""

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from edge_agent.errors import StopGranting
from edge_agent.store.private_file import read_private, write_private
from protocol.life import Life

FILE = "life.json"
_ID_BYTES = 8

RandomBytes = Callable[[int], bytes]


def begin(folder: Path, *, random_bytes: RandomBytes) -> Life:
    """The life that begins now: it follows the one in this folder, or is the first.

    A file that cannot be read is as good as none: the cloud takes us for another device until it
    has heard nothing of the former for a while. On a disk that takes nothing any more the life is
    lived unwritten.
    """
    fresh = random_bytes(_ID_BYTES).hex()
    before = _read(folder / FILE)
    life = Life(number=1, id=fresh) if before is None else before.next(fresh)
    try:
        write_private(folder / FILE, life.to_bytes(), replace=True)
    except OSError:
        return life
    return life


def _read(path: Path) -> Life | None:
    try:
        return Life.from_bytes(read_private(path))
    except (StopGranting, ValidationError):
        return None
