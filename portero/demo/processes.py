"""How are our own processes started, watched and ended, so that nothing is left running?"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

GRACE_SECONDS = 8.0


@dataclass
class Child:
    """One process of ours with its log file."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def is_running(self) -> bool:
        """Has it not ended?"""
        return self.process.poll() is None

    def last_lines(self, count: int = 15) -> str:
        """The end of its log, for when it dies."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


@dataclass
class Troupe:
    """The processes of one demo: started in order, ended in reverse.

    Each child reads a pipe that only this process holds open: should this process be killed, the
    pipe closes and the child ends by itself (`end_with_parent`).
    """

    logs: Path
    environment: Mapping[str, str]
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, *verb: str, extra: Mapping[str, str] | None = None) -> Child:
        """Start `portero <verb…>`; its output goes to `<logs>/<name>.log`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "portero", *verb],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**self.environment, **(extra or {}), "PORTERO_END_WITH_PARENT": "1"},
                start_new_session=True,  # Ctrl-C reaches us alone; we end them in order
            )
        child = Child(name, process, log)
        self.children.append(child)
        return child

    def named(self, name: str) -> Child:
        """The youngest child of this name. KeyError when there is none."""
        for child in reversed(self.children):
            if child.name == name:
                return child
        raise KeyError(name)

    def dismiss(self, name: str) -> None:
        """End one of them, politely first; it is not counted among the dead."""
        child = self.named(name)
        _end(child)
        self.children.remove(child)

    def end_all(self) -> None:
        """End all, the youngest first."""
        for child in reversed(self.children):
            _end(child)

    def dead(self) -> tuple[Child, ...]:
        """Those that have ended."""
        return tuple(child for child in self.children if not child.is_running)


def end_with_parent() -> None:
    """Called in a child: when the parent's pipe closes, ask ourselves to stop."""
    import threading  # noqa: PLC0415 - only demo children need it

    def watch() -> None:
        while os.read(0, 1024):  # not through sys.stdin: its lock would be held at shutdown
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def _end(child: Child) -> None:
    if child.is_running:
        child.process.terminate()
        _wait(child)
    if child.process.stdin is not None:
        child.process.stdin.close()


def _wait(child: Child) -> None:
    try:
        child.process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait(GRACE_SECONDS)
