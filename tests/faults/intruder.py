"""What can a process of another user do to lockd? Tries everything and says what it was let do.

Everything is imported first: the interpreter may lie where the other user cannot read. Then the
process becomes that user for good, tries, and prints one JSON object: what was tried → what came.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

_WAIT_SECONDS = 60.0


def ask(path: str, call: str, body: str) -> str:
    """The status line of one call on the unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_WAIT_SECONDS)
        line.connect(path)
        words = body.encode()
        head = f"POST /{call} HTTP/1.1\r\nHost: lockd\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(words)}\r\n\r\n"
        line.sendall(head.encode() + words)
        said = b""
        while piece := line.recv(65536):
            said += piece
    status, _, rest = said.decode(errors="replace").partition("\r\n")
    return f"{status.split(' ')[1]} {rest.rpartition('\r\n\r\n')[2][:5000]}"


def tried(act: Callable[[], object]) -> str:
    """`denied`, or what came of it."""
    try:
        return str(act())
    except PermissionError:
        return "denied"
    except (FileNotFoundError, ProcessLookupError) as error:
        return f"not there: {error}"
    except OSError as error:
        return f"failed: {error}"


def on_files(folder: Path, names: list[str]) -> dict[str, Callable[[], object]]:
    """Keys, record, book, state: read, write, swap, remove."""
    acts: dict[str, Callable[[], object]] = {"list the folder": partial(os.listdir, folder)}
    for name in names:
        path = folder / name
        acts[f"read {name}"] = partial(read, path)
        acts[f"write {name}"] = partial(path.open, "r+b")
        acts[f"remove {name}"] = path.unlink
        acts[f"swap {name}"] = partial(Path("/proc/self/stat").replace, path)
    return acts


def read(path: Path) -> object:
    """Only how much it was: what is in it is nobody's business."""
    return len(path.read_bytes())


def on_process(pid: int) -> dict[str, Callable[[], object]]:
    """Its memory, its environment, its life."""
    return {
        "read its memory": lambda: Path(f"/proc/{pid}/mem").open("rb").close(),
        "read its environment": lambda: Path(f"/proc/{pid}/environ").read_bytes(),
        "look at its files": lambda: os.listdir(f"/proc/{pid}/fd"),  # noqa: PTH208 - as above
        "kill it": lambda: os.kill(pid, signal.SIGKILL),
        "stop it": lambda: os.kill(pid, signal.SIGSTOP),
    }


def main() -> None:
    """Reads its orders as JSON: uid, gid, groups, folder, files, pid, socket, calls."""
    orders = json.loads(sys.stdin.read())
    "é".encode("ascii", errors="replace")  # a codec not loaded yet could not be loaded later
    os.setgroups(orders["groups"])
    os.setresgid(orders["gid"], orders["gid"], orders["gid"])
    os.setresuid(orders["uid"], orders["uid"], orders["uid"])
    acts = on_files(Path(orders["folder"]), orders["files"]) | on_process(orders["pid"])
    path = orders["socket"]
    acts["take the socket away"] = lambda: Path(path).unlink()
    found = {name: tried(act) for name, act in acts.items()}
    for call, body in orders["calls"]:
        found[f"call {call}"] = tried(partial(ask, path, call, body))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
