"""What the README and the documents point at is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAPERS = ("README.md", "docs/architecture.md", "docs/performance.md", "docs/glossary.md")
NAMED = re.compile(
    r"`((?:tests|docs|bench|edge_agent|cloud_api|protocol)/[\w./-]+\.\w+)`|\]\(([^)#]+)\)"
)


@pytest.mark.parametrize("paper", PAPERS)
def test_every_path_a_paper_names_exists(paper: str) -> None:
    place = ROOT / paper
    named = [first or second for first, second in NAMED.findall(place.read_text())]
    missing = [
        name for name in named if not (ROOT / name).exists() and not (place.parent / name).exists()
    ]
    assert missing == []


def test_the_readme_names_a_test_for_every_promise() -> None:
    rows = re.findall(r"^\| (\d+) \|.*`tests/", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert [int(row) for row in rows] == list(range(1, 11))
