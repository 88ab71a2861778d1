"""How does a chosen write or flush of a running process fail, or become its last?

strace attaches to the process and tampers with system calls on the named files only. Counting
starts when it has attached, so the n-th write is the n-th of what the test does next.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

SQLITE_FILES = ("", "-wal", "-journal")
WRITES = "pwrite64"
FLUSHES = "fdatasync"


def is_here() -> bool:
    """Is there a strace on this machine?"""
    return shutil.which("strace") is not None


def may_mount() -> bool:
    """May this user mount a file system of its own?"""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    tried = ("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt")
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0  # noqa: S603 - fixed words


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A file system of its own on `folder`, gone when left."""
    folder.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(("umount", str(folder)), check=True)  # noqa: S603, S607 - our own folder


def mount(*words: str) -> None:
    """As on the command line."""
    subprocess.run(("mount", *words), check=True)  # noqa: S603, S607 - our own folder


@contextlib.asynccontextmanager
async def tampered(
    pid: int, calls: str, action: str, databases: Sequence[Path], log: Path
) -> AsyncIterator[None]:
    """`action` is strace's, such as `signal=KILL:when=3` or `error=EIO:when=1+`."""
    files = [f"{database}{suffix}" for database in databases for suffix in SQLITE_FILES]
    paths = [word for file in files for word in ("-P", file)]
    tracer = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-o", str(log), "-p", str(pid), *paths),
        *("-e", f"trace={WRITES},{FLUSHES},fsync,ftruncate"),
        *("-e", f"inject={calls}:{action}"),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await _attached(tracer)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            tracer.send_signal(signal.SIGINT)  # lets go of the process, then ends
        await tracer.wait()


async def _attached(tracer: asyncio.subprocess.Process) -> None:
    assert tracer.stderr is not None
    async with asyncio.timeout(10):
        said = await tracer.stderr.readline()
    assert b"attached" in said, said
