"""What is forgotten of accounts when it has no use any more?"""

from datetime import timedelta

from cloud_api.clients.accounts import service
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job


async def tidy(session: Session, clock: Clock) -> None:
    """Drop one-time codes a day after their end, and ended sessions of clients."""
    await service.tidy(session, now=clock.utc_now())


JOBS: tuple[AnyJob, ...] = (Job("clients.tidy", timedelta(hours=1), tidy),)
