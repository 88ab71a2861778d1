"""What does the clock do with prices?"""

from datetime import timedelta

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job
from cloud_api.pricing import repository
from cloud_api.pricing.demand.jobs import JOBS as DEMAND_JOBS

FORGOTTEN_AFTER = timedelta(days=30)


async def forget_quotes(session: Session, clock: Clock) -> dict[str, int]:
    """Delete quotes that expired a month ago and that nothing was booked by."""
    before = clock.utc_now() - FORGOTTEN_AFTER
    return {"forgotten": await repository.forget_quotes(session, expired_before=before)}


JOBS: tuple[AnyJob, ...] = (
    Job("pricing.forget_quotes", timedelta(hours=1), forget_quotes),
    *DEMAND_JOBS,
)
