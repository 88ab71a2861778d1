"""Which benches run? `python -m bench [names] [--quick]`."""

import argparse
import asyncio
import shutil
from pathlib import Path
from typing import Final, Protocol

from bench import bookings, doors, edge, grants, search
from bench.figures import RESULTS, Report
from cloud_api.kit.clock import SystemClock


class Bench(Protocol):
    """Measures in a folder of its own."""

    async def __call__(self, folder: Path, *, quick: bool) -> Report:
        """The report; raises when an answer was not as it must be."""
        ...


BENCHES: Final[dict[str, Bench]] = {
    "bookings": bookings.run,
    "doors": doors.run,
    "edge": edge.run,
    "grants": grants.run,
    "search": search.run,
}


def main(words: list[str] | None = None) -> None:
    """Run the named benches, or all; print tables, append JSON lines."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="a second each: does it run at all?")
    parser.add_argument("--folder", type=Path, default=Path(".portero/bench"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    told = parser.parse_args(words)
    unknown = set(told.names) - set(BENCHES)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    for name in told.names or BENCHES:
        folder = told.folder.resolve() / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        report = asyncio.run(BENCHES[name](folder, quick=told.quick))
        report.show()
        report.write(at=SystemClock().utc_now(), folder=told.results)


if __name__ == "__main__":
    main()
