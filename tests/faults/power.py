"""What would be on the disk after a power cut? A recorded run of writes, cut anywhere.

strace records every write, flush, truncation and removal of a process on its database files, in
order. A cut keeps all that was flushed; of what was not, each write survives, is lost or is torn
at a sector, by chance, and each file on its own. A model: no real card that lies about flushing.
"""

import random
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SECTOR = 512
_FLUSHES = frozenset({"fdatasync", "fsync"})
_LINE = re.compile(
    rb"^\d+ +(?P<call>\w+)\((?:\d+<(?P<path>[^>]*)>|\"(?P<name>[^\"]*)\")"
    rb"(?:, \"(?P<data>(?:\\x[0-9a-f]{2})*)\", \d+(?:, (?P<at>\d+))?|, (?P<length>\d+))?.*\) = \d+"
)


@dataclass(frozen=True)
class Deed:
    """One system call on one file; `promise` is what the process said it had kept by then."""

    call: str
    file: str
    data: bytes = b""
    at: int = 0
    promise: int = 0


def recorded(command: Sequence[str], folder: Path, log: Path) -> list[Deed]:
    """Run it to its end. It prints a number whenever it believes so much to be durable."""
    calls = "pwrite64,fdatasync,fsync,ftruncate,unlink,write"
    strace = shutil.which("strace") or "strace"
    words = ["-f", "-y", "-xx", "-s", "100000", "-e", f"trace={calls}", "-o", str(log)]
    subprocess.run(  # noqa: S603 - our own command
        [strace, *words, *command], check=True, stdout=subprocess.DEVNULL
    )
    deeds, promise = list[Deed](), 0
    for line in log.read_bytes().splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        data = bytes.fromhex((match["data"] or b"").replace(b"\\x", b"").decode())
        path = Path(_plain(match["path"] or match["name"]))
        if match["call"] == b"write":
            promise = int(data) if data.strip().isdigit() else promise
        elif path.parent == folder and not path.name.endswith("-shm"):
            at = int(match["at"] or match["length"] or 0)
            deeds.append(Deed(match["call"].decode(), path.name, data, at, promise))
    return [*deeds, Deed("end", "", promise=promise)]


def cut(deeds: Sequence[Deed], point: int, dice: random.Random) -> dict[str, bytes]:
    """The files as found after a cut just before `deeds[point]`."""
    names = {each.file for each in deeds[:point]}
    found = {name: _left(deeds[:point], name, dice) for name in names}
    return {name: content for name, content in found.items() if content is not None}


def _left(deeds: Sequence[Deed], name: str, dice: random.Random) -> bytes | None:
    flushes = [(n, each.file) for n, each in enumerate(deeds) if each.call in _FLUSHES]
    content: bytearray | None = bytearray()
    for number, deed in enumerate(deeds):
        if deed.file != name:
            continue
        # Removals lie in the file system's one journal: any later flush takes them along.
        own = [n for n, file in flushes if n > number and (file == name or deed.call == "unlink")]
        fate = "kept" if own else dice.choice(("kept", "lost", "torn"))
        content = _after(content, deed, fate, dice)
    return None if content is None else bytes(content)


def _after(
    content: bytearray | None, deed: Deed, fate: str, dice: random.Random
) -> bytearray | None:
    if fate == "lost":
        return content
    content = bytearray() if content is None else content
    match deed.call:
        case "unlink":
            return None if fate == "kept" else content
        case "ftruncate":
            return content[: deed.at].ljust(deed.at, b"\0")
        case "pwrite64":
            data = deed.data
            if fate == "torn":
                data = data[: _SECTOR * dice.randrange(len(data) // _SECTOR + 1)]
            content = content.ljust(deed.at + len(data), b"\0")
            content[deed.at : deed.at + len(data)] = data
        case _:
            pass  # a flush changes nothing
    return content


def _plain(path: bytes) -> str:
    return bytes.fromhex(path.replace(b"\\x", b"").decode()).decode()
