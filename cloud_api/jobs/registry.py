"""What does this room offer to the process it runs in?"""

from cloud_api.jobs import repository
from cloud_api.kit.db import Database
from cloud_api.kit.health import Check, Finding, Health

ALIVE_WITHIN_S = 15.0
LATE_AFTER_S = 60.0
FAILING_AFTER = 3


async def _ask_workers(database: Database) -> Finding:
    async with database.transaction() as session:
        pulse = await repository.pulse(
            session, alive_within_seconds=ALIVE_WITHIN_S, failures=FAILING_AFTER
        )
    if pulse.alive == 0:
        return Finding(Health.DEGRADED, "no worker lives")
    troubles = []
    if pulse.undispatched_seconds > LATE_AFTER_S:
        troubles.append(f"events wait {pulse.undispatched_seconds:.0f} s")
    if pulse.dead_letters:
        troubles.append(f"{pulse.dead_letters} dead letters")
    if pulse.failing_jobs:
        troubles.append(f"failing: {', '.join(pulse.failing_jobs)}")
    health = Health.DEGRADED if troubles else Health.HEALTHY
    return Finding(health, "; ".join(troubles) or f"{pulse.alive} alive")


HEALTH_CHECKS = (Check("worker", _ask_workers),)
