"""Does the demo tell its whole story on an empty machine, and leave nothing running?"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

STEPS = 17
PATIENCE = 150
LOOPBACK = "127.0.0.1"
# The ports the demo would like to have; whoever else holds one is as good as we are.
WANTED = {"cloud": 8000, "lan": 8080, "payer": 8200}


@pytest.fixture
def taken() -> Iterator[None]:
    """Somebody sits on the ports the demo wants."""
    with ExitStack() as held:
        for port in WANTED.values():
            seat = held.enter_context(closing(socket.socket()))
            seat.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # past ones may linger
            try:
                seat.bind((LOOPBACK, port))
            except OSError:
                continue
            seat.listen()
        yield


@pytest.mark.journey
@pytest.mark.timeout(180)
@pytest.mark.usefixtures("taken")
def test_the_story_is_told_from_nothing_and_nothing_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "portero", "demo", "--story", "--fresh", "--folder", str(folder)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    told = f"{ended.stdout}\n{ended.stderr}"
    assert ended.returncode == 0, told
    assert len(re.findall(r"^  ok  ", ended.stdout, re.MULTILINE)) == STEPS, told
    assert "NO  " not in ended.stdout
    for name, port in WANTED.items():
        assert re.search(rf"port {port} is taken; {name} uses \d+", ended.stdout), told
    assert _left(folder) == []


def _left(folder: Path) -> list[str]:
    """Command lines of processes that know the demo's folder, by arguments or environment."""
    mark = os.fsencode(folder)
    return [
        _read(process / "cmdline").replace(b"\0", b" ").decode(errors="replace")
        for process in Path("/proc").glob("[0-9]*")
        if int(process.name) != os.getpid()
        and (mark in _read(process / "cmdline") or mark in _read(process / "environ"))
    ]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended meanwhile, or is somebody else's
        return b""
