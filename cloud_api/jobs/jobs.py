"""What does the clock do to the workers' own rows?"""

from datetime import timedelta

from cloud_api.jobs import repository
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import Job


async def forget(session: Session, _clock: Clock) -> None:
    """Prune what is long done."""
    await repository.prune(session)


JOBS = (Job("jobs.forget", timedelta(hours=1), forget),)
