"""A pytest plugin: a test that publishes no figure of its own still leaves one line.

Loaded with `-p tests.prove.plugin` by the runner alone.
"""

import json
from pathlib import Path

import pytest

from tests.faults.figures import Scale, versions


class OneLineATest:
    """Looks whether the file of figures grew while a test ran."""

    def __init__(self, scale: Scale, file: Path) -> None:
        self._scale, self._file = scale, file
        self._size = 0

    def pytest_runtest_logstart(self) -> None:
        """See pytest."""
        self._size = self._length()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See pytest."""
        if report.failed:
            self._write(report, violations=1)
        elif report.when == "call" and report.passed and self._length() == self._size:
            self._write(report, violations=0)

    def _length(self) -> int:
        return self._file.stat().st_size if self._file.exists() else 0

    def _write(self, report: pytest.TestReport, *, violations: int) -> None:
        name = report.nodeid.partition("::")[2]
        line = {
            "row": "",
            "what": name.partition("[")[0].removeprefix("test_").replace("_", " "),
            "form": self._scale.form,
            "seed": self._scale.seed,
            "tried": 1,
            "violations": violations,
            "p50_ms": None,
            "p99_ms": None,
            "worst_ms": None,
            "notes": {},
            "versions": versions(),
        }
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """See pytest."""
    scale = Scale()
    if scale.figures is not None:
        config.pluginmanager.register(OneLineATest(scale, scale.figures))
