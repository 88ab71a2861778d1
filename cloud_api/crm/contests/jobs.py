"""When are winners told?"""

from datetime import timedelta
from uuid import UUID

from cloud_api.crm.contests import service
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job


async def announce_winners(session: Session, clock: Clock) -> list[UUID]:
    """Tell winners whose day has come, each once."""
    return await service.announce(session, now=clock.utc_now())


JOBS: tuple[AnyJob, ...] = (Job("crm.announce_winners", timedelta(hours=1), announce_winners),)
