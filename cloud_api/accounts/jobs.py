"""What is forgotten when it has no use any more?"""

from datetime import timedelta

from cloud_api.accounts import repository
from cloud_api.kit import idempotency, throttle
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job


async def tidy(session: Session, clock: Clock) -> None:
    """Drop ended sessions, counted attempts out of every window, and idempotency keys of old."""
    await repository.delete_expired_sessions(session, now=clock.utc_now())
    await throttle.purge(session)
    await idempotency.purge(session)


JOBS: tuple[AnyJob, ...] = (Job("accounts.tidy", timedelta(hours=1), tidy),)
