"""E1: does the API answer anything at all as its schema says, and never with a failure of ours?

schemathesis reads the schema from a live cloud on a real PostgreSQL and calls every operation with
examples, edge values, random and wrong data, and chains of calls.
"""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.figures import Figure, Scale
from tests.fuzz.conftest import SCHEMATHESIS, Target

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

# All checks but three: a schema cannot say that dates must be in order or ids exist; which methods
# a path has is routing's; and who proves himself in the body needs no header. Signing out with a
# token nobody knows is as good as done: it answers 204 by design.
CONFIG = """
[checks]
positive_data_acceptance.enabled = false
unsupported_method.enabled = false
missing_required_header.enabled = false

[[operations]]
include-name = "DELETE /api/v1/guest/sessions/current"
checks.ignored_auth.enabled = false
"""
# The owner's own logging out would end the run; it has tests of its own.
LEFT_OUT = ("log_out_api_v1_sessions_current_delete",)


@dataclass(frozen=True)
class Person:
    """Who calls."""

    name: str
    token: str | None


async def test_every_operation_as_the_owner(target: Target, scale: Scale, tmp_path: Path) -> None:
    await _fuzzed(target, scale, tmp_path, Person("owner", target.hotel.tenant.token))


async def test_every_operation_as_nobody(target: Target, scale: Scale, tmp_path: Path) -> None:
    await _fuzzed(target, scale, tmp_path, Person("nobody", None))


async def _fuzzed(target: Target, scale: Scale, folder: Path, person: Person) -> None:
    report = folder / "report.json"
    (folder / "schemathesis.toml").write_text(CONFIG)
    process = await asyncio.create_subprocess_exec(
        *_command(target, scale, report, person),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    _publish(scale, report, person)
    assert process.returncode == 0, output.decode()[-20_000:]


def _command(target: Target, scale: Scale, report: Path, person: Person) -> list[str]:
    command = [
        *(str(SCHEMATHESIS.resolve()), "run"),
        f"{target.url}/openapi.json",
        *("--max-examples", str(scale.times(3, 1000))),
        *("--max-time", str(scale.times(30, 1800))),
        *("--seed", str(scale.seed)),
        *(word for each in LEFT_OUT for word in ("--exclude-operation-id", each)),
        *("--generation-database", "none"),
        *("--report", "json", "--report-json-path", str(report)),
        *("--suppress-health-check", "all", "--warnings", "off", "--no-color"),
        *("--request-timeout", "20", "--continue-on-failure"),
    ]
    if person.token is not None:
        command += ["--header", f"Authorization: Bearer {person.token}"]
    return command


def _publish(scale: Scale, report: Path, person: Person) -> None:
    told = json.loads(report.read_text())
    figure = Figure(f"E1 schemathesis as {person.name}", scale.seed)
    figure.tried = told["test_cases"]["generated"]
    figure.violations = told["test_cases"]["unique_failures"]
    figure.notes["operations"] = told["operations"]["tested"]
    figure.publish(scale)
