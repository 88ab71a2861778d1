"""A3: the power fails at any write; what was promised is there, and nothing is corrupt."""

import contextlib
import shutil
import sys
from pathlib import Path

import pytest

from edge_agent.store.audit import AuditStore
from edge_agent.store.book import BookStore
from tests.edge_agent.policy_kit import HOUSE
from tests.faults.figures import Figure, Scale
from tests.faults.keep_writing import frame
from tests.faults.power import Deed, cut, recorded

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

COUNT = 25


@pytest.fixture
def deeds(tmp_path: Path) -> list[Deed]:
    return written(tmp_path / "recorded")


def written(folder: Path, *how: str) -> list[Deed]:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.faults.keep_writing", str(folder), str(COUNT), *how]
    return recorded(command, folder, folder.with_suffix(".log"))


def test_a_power_cut_loses_nothing_promised(
    deeds: list[Deed], tmp_path: Path, scale: Scale
) -> None:
    dice, figure = scale.dice("A3"), Figure("A3 modelled power cuts", scale.seed)
    figure.notes["writes and flushes"] = len(deeds)
    assert deeds[-1].promise == COUNT
    wrong = list[str]()
    for _ in scale.tries(400, 20_000):
        point = dice.randrange(1, len(deeds))
        wrong += _lost(cut(deeds, point, dice), deeds[point].promise, tmp_path / "after")
        figure.tried += 1
    figure.violations = len(wrong)
    figure.publish(scale)
    assert wrong == []


def test_control_with_sqlites_own_setting_the_same_cuts_lose_promises(tmp_path: Path) -> None:
    """WAL with synchronous=NORMAL: nothing is corrupt, and what was promised is gone."""
    dice, careless = Scale().dice("A3 normal"), written(tmp_path / "careless", "careless")
    wrong = list[str]()
    for _ in range(60):
        point = dice.randrange(1, len(careless))
        wrong += _lost(cut(careless, point, dice), careless[point].promise, tmp_path / "after")
    assert any("promised" in each for each in wrong)


def test_without_flushes_the_same_cuts_lose_promises(deeds: list[Deed], tmp_path: Path) -> None:
    """What proves that the cuts can find a loss: the same run, had nothing been flushed."""
    dice = Scale().dice("A3 control")
    careless = [each for each in deeds if each.call not in {"fdatasync", "fsync"}]
    wrong = list[str]()
    for _ in range(60):
        point = dice.randrange(1, len(careless))
        wrong += _lost(cut(careless, point, dice), careless[point].promise, tmp_path / "after")
    assert wrong


def _lost(files: dict[str, bytes], promised: int, folder: Path) -> list[str]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        with (
            contextlib.closing(AuditStore(folder, HOUSE)) as audit,
            contextlib.closing(BookStore(folder)) as book,
        ):
            kept, head, broken = book.snapshot(), audit.head().sequence, audit.first_break()
    except Exception as error:  # noqa: BLE001 - any failure to open is what is looked for
        return [f"not to be opened: {error!r}"]
    version = 0 if kept is None else kept.version
    wrong = [] if head >= promised else [f"{promised} facts promised, {head} kept"]
    wrong += [] if version >= promised else [f"book {promised} promised, {version} kept"]
    wrong += [] if broken is None else [f"broken chain at {broken}"]
    exact = kept is None or kept.frame == frame(version)
    return wrong + ([] if exact else ["another book than was stored"])
