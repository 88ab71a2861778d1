"""What does the clock do to points?"""

from datetime import timedelta
from uuid import UUID

from cloud_api.crm.loyalty import service
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job


async def expire_points(session: Session, clock: Clock) -> list[UUID]:
    """End the points of up to 500 members whose day (UTC) has come."""
    return await service.expire(session, now=clock.utc_now())


JOBS: tuple[AnyJob, ...] = (Job("crm.expire_points", timedelta(hours=1), expire_points),)
