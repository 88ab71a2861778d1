"""Does each bench still run for a second on real parts and write down what it found?"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("bench")]

_NAMED = {
    "bookings": {"hold+confirm, free dates, 8 conn.", "hold, same night and room, 32 conn."},
    "doors": {
        "tap → driver called, 1 in flight",
        "tap → durable, answered, 8",
        "an empty call over lockd's socket",
    },
    "edge": {"lockd, resident, after start", "start → lockd's first decision"},
    "grants": {
        "confirm → kept in the house, one at a time",
        "confirm → known in the cloud, 8 in flight",
    },
    "search": {
        "search, a page by name, 1 house",
        "search, free and cheapest first, 20 houses",
        "quote, 20 houses",
        "microseconds a house, free and cheapest first, 20",
    },
}


@pytest.mark.parametrize("name", sorted(_NAMED))
def test_a_bench_measures_floor_and_ours_and_writes_both_down(name: str, tmp_path: Path) -> None:
    where = ["--folder", str(tmp_path / "run"), "--results", str(tmp_path / "results")]
    run = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "bench", name, "--quick", *where],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    lines = (tmp_path / "results" / f"{name}.jsonl").read_text().splitlines()
    found = {each["name"]: each for each in map(json.loads, lines)}
    assert _NAMED[name] <= set(found)
    for wanted in _NAMED[name]:
        ours = found[wanted].get("ours", found[wanted].get("ours_p50_ms"))
        floor = found[wanted].get("floor", found[wanted].get("floor_p50_ms"))
        assert ours > 0
        assert floor > 0
    assert "== " + name in run.stdout


def test_an_unknown_bench_is_refused_by_name() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench", "nonsense"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 2
    assert "there is no nonsense" in run.stderr
