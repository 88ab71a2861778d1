"""A full disk is said before it hurts."""

from pathlib import Path

import pytest

from cloud_api.kit.db import Database
from cloud_api.kit.disk import disk_check, judge
from cloud_api.kit.health import Health


@pytest.mark.parametrize(
    ("free", "health"),
    [
        (0.5, Health.HEALTHY),
        (0.1, Health.HEALTHY),
        (0.099, Health.DEGRADED),
        (0.009, Health.UNHEALTHY),
    ],
)
def test_the_less_is_free_the_worse(free: float, health: Health) -> None:
    assert judge(free).health is health


async def test_a_folder_that_is_not_there_yet_is_judged_by_its_parent(
    database: Database, tmp_path: Path
) -> None:
    finding = await disk_check(tmp_path / "not" / "yet").ask(database)
    assert finding.detail.endswith("% free")
