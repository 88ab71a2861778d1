"""What does the clock do with what happens in town?"""

from datetime import timedelta

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job
from cloud_api.pricing.demand import service


async def alert_demand(session: Session, clock: Clock) -> dict[str, int]:
    """Tell of the events nobody was told of yet."""
    return {"alerted": await service.alert(session, now=clock.utc_now())}


async def retire_suggestions(session: Session, clock: Clock) -> dict[str, int]:
    """Take back the prices of events that are over."""
    return {"retired": await service.retire(session, now=clock.utc_now())}


JOBS: tuple[AnyJob, ...] = (
    Job("pricing.alert_demand", timedelta(minutes=10), alert_demand),
    Job("pricing.retire_suggestions", timedelta(hours=6), retire_suggestions),
)
