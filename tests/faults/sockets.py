"""Which process listens where? By the kernel's own tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LISTEN = "0A"
_UNCONNECTED_UDP = "07"
_TABLES = {"tcp": _LISTEN, "tcp6": _LISTEN, "udp": _UNCONNECTED_UDP, "udp6": _UNCONNECTED_UDP}


@dataclass(frozen=True)
class Listening:
    """One open port."""

    protocol: str
    address: str
    port: int


def listening(pid: int) -> set[Listening]:
    """Everything this process takes connections or datagrams on, over any network."""
    mine = set(_inodes(pid))
    found = set[Listening]()
    for table, state in _TABLES.items():
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            address, port = words[1].split(":")
            if words[3] == state and words[9] in mine:
                found.add(Listening(table.removesuffix("6"), address, int(port, 16)))
    return found


def listener_on(port: int) -> int:
    """The process that listens on a TCP port. LookupError when none of ours does."""
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                open_here = listening(int(process.name))
            except OSError:
                continue  # ended meanwhile, or not ours to look at
            if any((each.protocol, each.port) == ("tcp", port) for each in open_here):
                return int(process.name)
    raise LookupError(f"nobody listens on {port}")


def _inodes(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            yield target.removeprefix("socket:[").removesuffix("]")
