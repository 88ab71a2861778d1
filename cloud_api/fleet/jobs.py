"""What does fleet do as time passes?"""

from datetime import timedelta

from cloud_api.fleet.certificates import service as certificates
from cloud_api.fleet.commands import service as commands
from cloud_api.fleet.inbox import service as inbox
from cloud_api.fleet.looks import service as looks
from cloud_api.fleet.music import service as music
from cloud_api.fleet.snapshots import service as snapshots
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job


async def _tidy(session: Session, clock: Clock) -> None:
    await snapshots.prune(session, clock)
    await inbox.prune(session, clock)
    await music.prune(session, clock)
    await certificates.prune(session, clock)
    await looks.prune(session)


async def _expire(session: Session, _clock: Clock) -> None:
    """Couriers do this every half second; this is for a cloud without any."""
    await commands.expire(session)
    await music.expire(session)


JOBS: tuple[AnyJob, ...] = (
    Job("fleet.tidy", timedelta(hours=1), _tidy),
    Job("fleet.expire_live", timedelta(seconds=30), _expire),
)
