"""How is the host's updater kept from stopping us while a bolt moves or a PIN is written?

balenaOS, "Update locks": the supervisor stops no container while `/tmp/balena/updates.lock` exists,
and the host does not reboot while somebody holds an exclusive flock on it. Both are let go with the
last piece of work; every piece is bounded in time, and a file that a killed process of ours left is
taken away at the next start.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

_MARK = b"portero\n"
_log = structlog.get_logger("portero.lockd")


class UpdateLock:
    """Held while at least one piece of work is going on. `path` None: nobody updates this host."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._works = 0
        self._handle: int | None = None
        if path is not None and _is_ours(path):
            path.unlink(missing_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While entered. A door is opened even where the lock cannot be had."""
        self._works += 1
        if self._works == 1:
            self._take()
        try:
            yield
        finally:
            self._works -= 1
            if self._works == 0:
                self._let_go()

    def _take(self) -> None:
        if self._path is None:
            return
        try:
            handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            _log.warning("update_is_under_way")
            return
        except OSError as error:
            _log.warning("update_lock_not_to_be_had", reason=error.strerror)
            return
        os.write(handle, _MARK)
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._handle = handle

    def _let_go(self) -> None:
        if self._handle is None or self._path is None:
            return
        self._path.unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = None


def _is_ours(path: Path) -> bool:
    try:
        return path.read_bytes() == _MARK
    except OSError:
        return False
