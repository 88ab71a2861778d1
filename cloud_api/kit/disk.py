"""Is there room left on the disk?"""

import asyncio
import shutil
from pathlib import Path

from cloud_api.kit.db import Database
from cloud_api.kit.health import Check, Finding, Health

# Below a tenth free, a person should look; below a hundredth, writes are about to fail.
WARN_FREE = 0.10
STOP_FREE = 0.01


def disk_check(folder: Path) -> Check:
    """The disk that holds this folder, or its nearest parent that exists."""

    async def ask(_: Database) -> Finding:
        total, _used, free = await asyncio.to_thread(_usage, folder)
        return judge(free / total)

    return Check("disk", ask)


def judge(free: float) -> Finding:
    """How well a disk is whose free share is this, 0..1."""
    words = f"{free:.0%} free"
    if free < STOP_FREE:
        return Finding(Health.UNHEALTHY, words)
    return Finding(Health.DEGRADED if free < WARN_FREE else Health.HEALTHY, words)


def _usage(folder: Path) -> tuple[int, int, int]:
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place)
