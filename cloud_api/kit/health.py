"""How well is everything this process depends on?"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import text

from cloud_api.kit.db import Database

CHECK_TIMEOUT_S = 2.0


class Health(StrEnum):
    """Worst last."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `detail` holds no secret, anyone may read it."""

    health: Health
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One named question. A room offers its own as `registry.HEALTH_CHECKS`."""

    name: str
    ask: Callable[[Database], Awaitable[Finding]]


async def examine(database: Database, checks: Sequence[Check]) -> dict[str, Finding]:
    """All answers, asked side by side; a check that fails or hangs is unhealthy."""
    async with asyncio.TaskGroup() as tasks:
        asked = {
            check.name: tasks.create_task(_ask(check, database), name=f"health {check.name}")
            for check in checks
        }
    return {name: task.result() for name, task in asked.items()}


def overall(findings: dict[str, Finding]) -> Health:
    """The worst of them; healthy when there are none."""
    order = list(Health)
    return max((each.health for each in findings.values()), key=order.index, default=order[0])


async def _ask(check: Check, database: Database) -> Finding:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await check.ask(database)
    except Exception as error:  # noqa: BLE001 - a door: whatever it is, the answer is "not well"
        return Finding(Health.UNHEALTHY, type(error).__name__)


async def _ask_database(database: Database) -> Finding:
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
    return Finding(Health.HEALTHY)


DATABASE_CHECK = Check("database", _ask_database)
