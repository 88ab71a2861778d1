"""What does the clock do for people's privacy?"""

from dataclasses import dataclass
from datetime import timedelta

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job
from cloud_api.privacy import service


@dataclass(frozen=True, slots=True)
class Report:
    """How many ended stays had files whose end was not set."""

    stays: int


async def set_ends(session: Session, _clock: Clock) -> Report:
    """Give files of ended stays the day on which they go; `files.forget_due` lets them go."""
    return Report(await service.set_ends(session))


JOBS: tuple[AnyJob, ...] = (Job("privacy.set_ends", timedelta(hours=1), set_ends),)
