"""How hard do the fault tests try, with which seed, and where do their figures go?

`PORTERO_EVIDENCE=1` tries as often as a published figure wants; `PORTERO_SECONDS` ends such a
test early; `PORTERO_SEED` repeats a run; `PORTERO_FIGURES` names a file that gets one JSON line a
figure. `make prove` sets them all.
"""

import platform
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from json import dumps
from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

from cloud_api.kit.clock import SystemClock

_CLOCK = SystemClock()


class Scale(BaseSettings):
    """Read once by whoever needs it; both forms have the same tests."""

    model_config = SettingsConfigDict(env_prefix="PORTERO_", env_ignore_empty=True, extra="ignore")

    evidence: bool = False
    seed: int = 20261121
    figures: Path | None = None
    seconds: float | None = None

    @property
    def form(self) -> Literal["quick", "long"]:
        """Which of the two this is."""
        return "long" if self.evidence else "quick"

    def times(self, quick: int, evidence: int) -> int:
        """How often to try."""
        return evidence if self.evidence else quick

    def tries(self, quick: int, evidence: int) -> Iterator[int]:
        """0, 1, 2 …; the long form ends early when its seconds are over, never before `quick`."""
        began = _CLOCK.monotonic()
        for number in range(self.times(quick, evidence)):
            is_late = self.seconds is not None and _CLOCK.monotonic() - began > self.seconds
            if number >= quick and is_late:
                return
            yield number

    def dice(self, row: str) -> random.Random:
        """The same throws for the same seed and row."""
        return random.Random(f"{self.seed} {row}")  # noqa: S311 - a seed that can be told


@dataclass
class Figure:
    """*tried N / violations 0 / latencies*, with its seed. `row`: `A1 what was done`."""

    row: str
    seed: int
    tried: int = 0
    violations: int = 0
    notes: dict[str, float] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def worst_ms(self) -> float | None:
        """The longest of all; None when nothing was timed."""
        return max(self.latencies_ms, default=None)

    def took(self, seconds: float) -> None:
        """One more latency."""
        self.latencies_ms.append(round(seconds * 1000, 1))

    def note(self, name: str, by: float = 1) -> None:
        """Count something else."""
        self.notes[name] = self.notes.get(name, 0) + by

    def percentile(self, part: float) -> float | None:
        """The latency that `part` of all do not exceed."""
        ordered = sorted(self.latencies_ms)
        return ordered[round(part * (len(ordered) - 1))] if ordered else None

    def line(self, scale: Scale) -> str:
        """As it is kept."""
        row, _, what = self.row.partition(" ")
        return dumps(
            {
                "row": row,
                "what": what,
                "form": scale.form,
                "seed": self.seed,
                "tried": self.tried,
                "violations": self.violations,
                "p50_ms": self.percentile(0.5),
                "p99_ms": self.percentile(0.99),
                "worst_ms": self.worst_ms,
                "notes": self.notes,
                "versions": versions(),
            }
        )

    def publish(self, scale: Scale) -> None:
        """Print it, and keep it where asked."""
        line = self.line(scale)
        print(line)  # noqa: T201 - seen with `pytest -s`
        if scale.figures is not None:
            with scale.figures.open("a") as file:
                file.write(line + "\n")


@cache
def versions() -> dict[str, str]:
    """What the figure was taken on."""
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "kernel": platform.release(),
        "mosquitto": _mosquitto(),
    }


def _mosquitto() -> str:
    command = shutil.which("mosquitto", path="/usr/bin:/usr/sbin:/usr/local/sbin")
    if command is None:
        return "none"
    told = subprocess.run([command, "-h"], capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    return told.stdout.partition("\n")[0].removeprefix("mosquitto version ").strip()
