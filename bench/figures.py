"""How are figures kept, compared, printed and written down?"""

import json
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"

type Figure = str | int | float | None


@dataclass(frozen=True, slots=True)
class Lap:
    """One stretch of one subject: how long it took, and each answer's time in seconds."""

    seconds: float
    times: Sequence[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds


@dataclass(slots=True)
class Subject:
    """All laps of the floor or of ours."""

    laps: list[Lap] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median lap's answers a second."""
        return statistics.median(lap.rate for lap in self.laps)

    def percentile(self, percent: float) -> float:
        """Milliseconds below which so many percent of all answers stay."""
        times = sorted(each for lap in self.laps for each in lap.times)
        return times[min(len(times) - 1, int(len(times) * percent / 100))] * 1000

    @property
    def count(self) -> int:
        """How many answers."""
        return sum(len(lap.times) for lap in self.laps)


@dataclass(slots=True)
class Pair:
    """Floor and ours, measured in turns within one run. `is_paced`: with pauses, so no rate."""

    name: str
    is_paced: bool = False
    floor: Subject = field(default_factory=Subject)
    ours: Subject = field(default_factory=Subject)

    @property
    def rate_ratio(self) -> float:
        """How many times more answers a second the floor gives; the median of neighbours."""
        laps = zip(self.floor.laps, self.ours.laps, strict=True)
        return statistics.median(floor.rate / ours.rate for floor, ours in laps)

    @property
    def p50_ratio(self) -> float:
        """How many times longer half of our answers take."""
        return self.ours.percentile(50) / self.floor.percentile(50)

    def record(self) -> dict[str, Figure]:
        """Everything, flat."""
        found: dict[str, Figure] = {"name": self.name}
        for word, subject in (("floor", self.floor), ("ours", self.ours)):
            found[f"{word}_count"] = subject.count
            found[f"{word}_per_second"] = None if self.is_paced else round(subject.rate, 1)
            found[f"{word}_p50_ms"] = round(subject.percentile(50), 3)
            found[f"{word}_p99_ms"] = round(subject.percentile(99), 3)
        found["ratio_rate"] = None if self.is_paced else round(self.rate_ratio, 2)
        found["ratio_p50"] = round(self.p50_ratio, 2)
        found["ratio_p99"] = round(self.ours.percentile(99) / self.floor.percentile(99), 2)
        return found


@dataclass(frozen=True, slots=True)
class Single:
    """One number beside its floor, or with no floor to stand beside."""

    name: str
    unit: str
    ours: float
    floor: float | None = None

    def record(self) -> dict[str, Figure]:
        """Everything, flat."""
        ratio = None if not self.floor else round(self.ours / self.floor, 2)
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": round(self.ours, 3),
            "floor": None if self.floor is None else round(self.floor, 3),
            "ratio": ratio,
        }


@dataclass(frozen=True, slots=True)
class Note:
    """Something found that is no number."""

    name: str
    text: str

    def record(self) -> dict[str, Figure]:
        """Everything, flat."""
        return {"name": self.name, "text": self.text}


@dataclass(slots=True)
class Report:
    """What one bench found."""

    bench: str
    pairs: list[Pair] = field(default_factory=list)
    singles: list[Single] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def show(self) -> None:
        """A table on stdout."""
        print(f"\n== {self.bench}")
        if self.pairs:
            print(_HEAD)
        for pair in self.pairs:
            print(_row(pair))
        for single in self.singles:
            print(_line(single))
        for note in self.notes:
            print(f"{note.name}: {note.text}")

    def write(self, *, at: datetime, folder: Path = RESULTS) -> Path:
        """Append one JSON line a figure to `<folder>/<bench>.jsonl`."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.bench}.jsonl"
        about = {"bench": self.bench, "at": at.isoformat(timespec="seconds"), **_machine()}
        with path.open("a", encoding="utf-8") as out:
            figures = [each.record() for each in self.pairs]
            figures += [each.record() for each in self.singles]
            figures += [each.record() for each in self.notes]
            for found in figures:
                out.write(json.dumps({**about, **found}) + "\n")
        return path


_HEAD = (
    f"{'':<46}{'floor /s':>10}{'ours /s':>10}{'ratio':>7}"
    f"{'floor p50/p99 ms':>20}{'ours p50/p99 ms':>20}{'p50 x':>7}"
)


def _row(pair: Pair) -> str:
    floor, ours = pair.floor, pair.ours
    rates = f"{floor.rate:>10,.0f}{ours.rate:>10,.0f}{pair.rate_ratio:>7.2f}"
    return (
        f"{pair.name:<46}{'' if pair.is_paced else rates:>27}"
        f"{_times(floor):>20}{_times(ours):>20}{pair.p50_ratio:>7.2f}"
    )


def _times(subject: Subject) -> str:
    return f"{subject.percentile(50):.2f}/{subject.percentile(99):.2f}"


def _line(single: Single) -> str:
    floor = "" if single.floor is None else f"   floor {single.floor:,.2f}"
    ratio = "" if not single.floor else f"   ratio {single.ours / single.floor:.2f}"
    return f"{single.name:<66}{single.ours:>12,.2f} {single.unit}{floor}{ratio}"


def _machine() -> dict[str, Figure]:
    return {"machine": platform.machine(), "python": platform.python_version()}
