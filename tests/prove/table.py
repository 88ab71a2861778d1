"""How do lines of figures become the table of docs/proof.md? It is never typed.

A row shows the long form where there is one, else the quick one; lines of several runs are added.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tests.prove.rows import ROWS, Row

BEGIN, END = "<!-- the table: written by `make prove` -->", "<!-- the table's end -->"
HEAD = (
    "| row | fault | must hold | form | tried | violations | p50 / p99 ms | seeds | tests |",
    "|---|---|---|---|---|---|---|---|---|",
)


class Line(BaseModel):
    """One figure, as `tests.faults.figures` writes it; `of`: the row it was taken for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    of: str
    what: str
    form: str
    seed: int
    tried: int
    violations: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True)
class Summary:
    """All lines of one row in one form."""

    row: Row
    form: str
    tried: int
    violations: int
    slowest: Line | None
    seeds: tuple[int, ...]

    def cells(self) -> tuple[str, ...]:
        """As in the table."""
        fault = self.row.fault + (f" (limit: {self.row.left_out})" if self.row.left_out else "")
        seeds = "-" if not self.seeds else str(self.seeds[0])
        if len(self.seeds) > 1:
            seeds += f" and {len(self.seeds) - 1} more"
        tests = ", ".join(
            dict.fromkeys(f"`{Path(each.split('::')[0]).stem}`" for each in self.row.tests)
        )
        numbers = (self.form, f"{self.tried:,}", str(self.violations), _latency(self.slowest))
        return (self.row.name, fault, self.row.holds, *numbers, seeds, tests)


def read(folder: Path) -> list[Line]:
    """Every line of every run kept in this folder."""
    return [
        Line.model_validate(json.loads(text))
        for file in sorted(folder.glob("*.jsonl"))
        for text in file.read_text().splitlines()
    ]


def summary(row: Row, lines: Iterable[Line]) -> Summary:
    """What is known of one row."""
    mine = [each for each in lines if each.of == row.name]
    form = "long" if any(each.form == "long" for each in mine) else "quick"
    mine = [each for each in mine if each.form == form]
    timed = [each for each in mine if each.p99_ms is not None]
    return Summary(
        row,
        form if mine else "not run",
        sum(each.tried for each in mine),
        sum(each.violations for each in mine),
        max(timed, key=lambda each: each.p99_ms or 0, default=None),
        tuple(sorted({each.seed for each in mine})),
    )


def rendered(lines: Sequence[Line]) -> str:
    """The whole table."""
    rows = [" | ".join(summary(row, lines).cells()) for row in ROWS]
    return "\n".join([*HEAD, *(f"| {row} |" for row in rows)])


def put_into(paper: Path, table: str) -> None:
    """Between its two marks; all else stays. ValueError when they are not there."""
    text = paper.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{paper.name} has no place for the table")
    paper.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def taken_from(paper: Path) -> list[list[str]]:
    """The cells of every row of the table in the paper."""
    inside = paper.read_text().partition(BEGIN)[2].partition(END)[0]
    rows = [line for line in inside.strip().splitlines() if line not in HEAD]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def _latency(line: Line | None) -> str:
    if line is None:
        return "-"
    return f"{line.p50_ms:,.0f} / {line.p99_ms:,.0f} ({line.what})"
