"""What does access do as time passes?"""

from datetime import timedelta

from cloud_api.access.grants import service as grants_service
from cloud_api.access.guests import repository as guests_repository
from cloud_api.access.hints import repository as hints_repository
from cloud_api.access.requests import service as requests_service
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job

_HINTS_KEPT = timedelta(days=7)


async def expire_requests(session: Session, clock: Clock) -> dict[str, int]:
    """End companions' requests that nobody answered; says how many."""
    ended = await requests_service.expire(session, now=clock.utc_now())
    return {"expired": len(ended)}


async def forget_sessions(session: Session, clock: Clock) -> dict[str, int]:
    """Delete guests' sessions that have ended."""
    return {"forgotten": await guests_repository.forget_ended(session, now=clock.utc_now())}


async def touch_stays(session: Session, clock: Clock) -> dict[str, int]:
    """Have each stay looked at again: a new time zone table moves windows that are to come."""
    return {"stays": await grants_service.touch_stays(session, clock)}


async def end_gone_staff(session: Session, clock: Clock) -> dict[str, int]:
    """End the grants of staff who may not log in any more."""
    return {"ended": await grants_service.end_gone_staff(session, clock)}


async def forget_hints(session: Session, clock: Clock) -> dict[str, int]:
    """Delete what lock vendors told so long ago that they will not repeat it."""
    before = clock.utc_now() - _HINTS_KEPT
    return {"forgotten": await hints_repository.forget(session, before=before)}


JOBS: tuple[AnyJob, ...] = (
    Job("access.expire_requests", timedelta(minutes=1), expire_requests),
    Job("access.forget_sessions", timedelta(hours=1), forget_sessions),
    Job("access.touch_stays", timedelta(days=1), touch_stays),
    Job("access.forget_hints", timedelta(days=1), forget_hints),
    Job("access.end_gone_staff", timedelta(minutes=1), end_gone_staff),
)
