"""Is every row of the matrix answered for by tests that exist, and the paper's table written by them?"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.prove import table
from tests.prove.rows import ROWS, Row

ROOT = Path(__file__).parent.parent.parent
PAPER = ROOT / "docs" / "proof.md"
MATRIX = [
    *(f"A{n}" for n in range(1, 15)),
    *(f"B{n}" for n in range(1, 15)),
    *(f"C{n}" for n in range(1, 8)),
    *(f"D{n}" for n in (*range(1, 8), 9, 10)),
    *("E12", "E13", "E14", "E15", "E17"),
    "F3",
]


def test_every_row_of_the_matrix_is_there_once() -> None:
    assert [row.name for row in ROWS] == MATRIX


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_test_a_row_names_exists(row: Row) -> None:
    for named in row.tests:
        file, _, function = named.partition("::")
        assert (ROOT / file).exists(), named
        assert not function or f"def {function}(" in (ROOT / file).read_text(), named


def test_every_figure_is_of_a_row() -> None:
    """A figure under a name nobody knows would be added up nowhere."""
    unknown = {
        (file.name, name)
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r'Figure\(\s*f?"([A-Z]\d+)', file.read_text())
        if name not in {*MATRIX, "E1", "E4", "E5", "E11", "E16"}
    }
    assert unknown == set()


def test_the_papers_table_has_every_row_and_no_violation() -> None:
    cells = table.taken_from(PAPER)
    assert [each[0] for each in cells] == MATRIX
    width = table.HEAD[0].count("|") - 1
    for each in cells:
        assert len(each) == width, each
        assert each[3] in {"long", "quick", "not run"}
        assert each[4].replace(",", "").isdigit()
        assert each[5] == "0", each


def a_line(**other: object) -> str:
    line = {"of": "A1", "what": "w", "form": "long", "seed": 1, "tried": 10, "violations": 0}
    return json.dumps({**line, "p50_ms": 1.0, "p99_ms": 2.0, **other})


def test_lines_are_added_and_a_violation_is_seen(tmp_path: Path) -> None:
    lines = [a_line(), a_line(seed=2, violations=1, p99_ms=9.0), a_line(form="quick", tried=99)]
    (tmp_path / "A1.jsonl").write_text("\n".join(lines) + "\n")
    [first, second, *_] = [table.summary(row, table.read(tmp_path)) for row in ROWS]
    assert (first.form, first.tried, first.violations, first.seeds) == ("long", 20, 1, (1, 2))
    assert first.cells()[6] == "1 / 9 (w)"
    assert (second.form, second.tried) == ("not run", 0)


def test_the_runner_tries_a_row_and_writes_the_paper(tmp_path: Path) -> None:
    paper = tmp_path / "paper.md"
    paper.write_text(f"before\n{table.BEGIN}\n{table.END}\nafter\n")
    command = [sys.executable, "-m", "tests.prove", "--quick", "--rows", "C4", "--minutes", "0.1"]
    subprocess.run(  # noqa: S603 - our own command
        [*command, "--results", str(tmp_path), "--paper", str(paper)],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    found = {each[0]: each for each in table.taken_from(paper)}
    assert found["C4"][3:6] == ["quick", "12,000", "0"]
    assert found["A1"][3] == "not run"
    assert paper.read_text().startswith("before")
    assert paper.read_text().endswith("after\n")
