"""Try every row of the matrix for as long as there is time, keep the figures, write the table.

Each run goes on where the evidence is thinnest, with a seed that follows from how often a row was
run before; the figures of all runs are kept in one folder and added.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from cloud_api.kit.clock import SystemClock
from tests.faults.figures import Scale
from tests.prove import table
from tests.prove.rows import ROWS, Row

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "bench" / "results" / "proof"
PAPER = ROOT / "docs" / "proof.md"
_CLOCK = SystemClock()
_GRACE_SECONDS = 600.0
"""Starting everything takes its time, and the last try may be a long one."""


def main(words: Sequence[str] | None = None) -> int:
    """1 when something that must hold did not."""
    asked = _parser().parse_args(words)
    asked.results.mkdir(parents=True, exist_ok=True)
    if asked.fresh:
        for file in asked.results.glob("*.jsonl"):
            file.unlink()
    if not asked.table:
        _run_all(asked)
    lines = table.read(asked.results)
    table.put_into(asked.paper, table.rendered(lines))
    wrong = [each for each in lines if each.violations]
    for each in wrong:
        sys.stdout.write(
            f"{each.of}: {each.violations} violations, seed {each.seed}: {each.what}\n"
        )
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make prove ARGS=…", description=__doc__)
    parser.add_argument("--rows", help="such as A1,B4; all of them without", default="")
    parser.add_argument("--minutes", type=float, default=60.0, help="for everything together")
    parser.add_argument("--quick", action="store_true", help="as often as `make test` tries")
    parser.add_argument("--fresh", action="store_true", help="forget all former figures")
    parser.add_argument("--table", action="store_true", help="only write the table anew")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--paper", type=Path, default=PAPER)
    return parser


def _run_all(asked: argparse.Namespace) -> None:
    wanted = asked.rows.split(",") if asked.rows else [row.name for row in ROWS]
    runs = Counter(_former_runs(asked.results))
    rows = [row for row in ROWS if row.name in wanted]
    if len(rows) < len(wanted):
        raise SystemExit(f"no such row among {', '.join(wanted)}")
    ends = _CLOCK.monotonic() + asked.minutes * 60
    for number, row in enumerate(sorted(rows, key=lambda each: runs[each.name])):
        left = ends - _CLOCK.monotonic()
        if left <= 0:
            sys.stdout.write(f"no time is left for {len(rows) - number} rows; go on another day\n")
            return
        share = left / (len(rows) - number)
        sys.stdout.write(f"{row.name}: {row.fault}, {share:.0f} s\n")
        sys.stdout.flush()
        _run(row, share, Scale().seed + runs[row.name], asked)


def _former_runs(results: Path) -> Iterator[str]:
    """The row's name once for each seed it was run with."""
    yield from (row for row, _ in {(each.of, each.seed) for each in table.read(results)})


def _run(row: Row, seconds: float, seed: int, asked: argparse.Namespace) -> None:
    """All tests of one row in a process of their own."""
    fresh = asked.results / f"{row.name}.new"
    fresh.unlink(missing_ok=True)
    environment = {
        **os.environ,  # noqa: TID251 - children need PATH and HOME
        "PORTERO_EVIDENCE": "" if asked.quick else "1",
        "PORTERO_SECONDS": str(seconds / len(row.tests)),
        "PORTERO_SEED": str(seed),
        "PORTERO_FIGURES": str(fresh),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "tests.prove.plugin",
    ]
    limit = f"--timeout={int(seconds + _GRACE_SECONDS)}"
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*command, limit, *row.tests], env=environment, cwd=ROOT, start_new_session=True
    )
    try:
        process.wait(len(row.tests) * (seconds + _GRACE_SECONDS))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise SystemExit(f"{row.name} did not end") from None
    _keep(row, fresh, asked.results / f"{row.name}.jsonl")


def _keep(row: Row, fresh: Path, kept: Path) -> None:
    """Move the new lines to the old ones, each with the row it was taken for."""
    if not fresh.exists():
        raise SystemExit(f"{row.name} left no figure")
    with kept.open("a") as file:
        for text in fresh.read_text().splitlines():
            file.write(json.dumps({"of": row.name, **json.loads(text)}) + "\n")
    fresh.unlink()


if __name__ == "__main__":
    sys.exit(main())
