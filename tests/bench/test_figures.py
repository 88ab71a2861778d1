"""Are figures compared as they should be?"""

import json
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Lap, Pair, Report, Single, Subject


def _pair(floor: list[Lap], ours: list[Lap]) -> Pair:
    return Pair("a pair", floor=Subject(floor), ours=Subject(ours))


def test_a_busy_moment_that_slows_both_sides_leaves_the_ratio_alone() -> None:
    quiet, busy = Lap(1.0, [0.01] * 100), Lap(1.0, [0.1] * 10)
    half_quiet, half_busy = Lap(1.0, [0.02] * 50), Lap(1.0, [0.2] * 5)
    assert _pair([quiet, busy, busy], [half_quiet, half_busy, half_busy]).rate_ratio == 2.0


def test_percentiles_are_of_all_answers_in_milliseconds() -> None:
    laps = [
        Lap(1.0, [n / 1000 for n in range(1, 51)]),
        Lap(1.0, [n / 1000 for n in range(51, 101)]),
    ]
    assert Subject(laps).percentile(50) == 51
    assert Subject(laps).percentile(99) == 100


def test_a_paced_pair_has_no_rate(tmp_path: Path) -> None:
    lap = Lap(1.0, [0.01] * 10)
    pair = Pair("paced", is_paced=True, floor=Subject([lap]), ours=Subject([lap]))
    report = Report("some", [pair], [Single("alone", "MiB", 3.0), Single("beside", "s", 3.0, 2.0)])
    report.show()
    lines = report.write(at=datetime(2026, 1, 1, tzinfo=UTC), folder=tmp_path).read_text()
    paced, alone, beside = map(json.loads, lines.splitlines())
    assert paced["ratio_rate"] is None
    assert paced["ratio_p50"] == 1.0
    assert alone["ratio"] is None
    assert beside["ratio"] == 1.5
