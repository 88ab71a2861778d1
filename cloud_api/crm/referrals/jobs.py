"""When is a month ranked?"""

from datetime import timedelta

from cloud_api.crm.loyalty import service as loyalty
from cloud_api.crm.referrals import service
from cloud_api.crm.referrals.types import Month
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyJob, Job


async def rank_referrals(session: Session, clock: Clock) -> int:
    """Rank the last whole month (UTC) where that was not done; for how many organisations."""
    now = clock.utc_now()
    month = Month.before(now.date())
    made = [
        await service.rank(session, each, month, now=now)
        for each in await loyalty.organisations(session)
    ]
    return sum(each is not None for each in made)


JOBS: tuple[AnyJob, ...] = (Job("crm.rank_referrals", timedelta(days=1), rank_referrals),)
