"""What does the clock do to files?"""

from dataclasses import dataclass
from datetime import timedelta

from cloud_api.files import repository
from cloud_api.files.service import CLEAR
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.errands import wake
from cloud_api.kit.jobs import AnyJob, Job

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Report:
    """How many files one run made unreadable; an errand clears the store of them."""

    forgotten: int


async def forget_due(session: Session, clock: Clock) -> Report:
    """Forget up to 500 files that may be kept no longer."""
    gone = await repository.forget_due(session, now=clock.utc_now(), most=_BATCH)
    if gone:
        await wake(session, CLEAR)
    return Report(len(gone))


JOBS: tuple[AnyJob, ...] = (Job("files.forget_due", timedelta(minutes=10), forget_due),)
