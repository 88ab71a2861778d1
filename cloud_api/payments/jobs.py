"""What does the clock do to payments?"""

from datetime import timedelta
from uuid import UUID

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.errands import wake
from cloud_api.kit.jobs import Job
from cloud_api.payments.accounts import repository as accounts
from cloud_api.payments.errands import RECONCILE
from cloud_api.payments.notices import repository as notices
from cloud_api.payments.resolving import service as resolving
from cloud_api.payments.transfers import service as transfers

LAST_DAY = timedelta(hours=24)
EVERYTHING = timedelta(days=35)
_NOTICES_KEPT_DAYS = 90


async def reconcile(session: Session, clock: Clock) -> str:
    """Have every account compared with its provider over the last day."""
    await _compare(session, clock, LAST_DAY)
    return "the last 24 hours"


async def reconcile_everything(session: Session, clock: Clock) -> str:
    """The same over 35 days: longer than any provider keeps a payment open."""
    await _compare(session, clock, EVERYTHING)
    return "the last 35 days"


async def expire_transfers(session: Session, clock: Clock) -> list[UUID]:
    """Cancel transfers whose time is over and of which no voucher came."""
    return await transfers.expire(session, clock)


async def refund_late_money(session: Session, clock: Clock) -> list[UUID]:
    """Give late money back where its property's rule says so."""
    return await resolving.refund_late(session, clock)


async def forget_notices(session: Session, _clock: Clock) -> None:
    """Forget webhooks that were heeded ninety days ago."""
    await notices.purge(session, days=_NOTICES_KEPT_DAYS)


async def _compare(session: Session, clock: Clock, span: timedelta) -> None:
    await accounts.want_reconciled(session, since=clock.utc_now() - span)
    await wake(session, RECONCILE)


JOBS: tuple[Job, ...] = (
    Job("payments.reconcile", timedelta(hours=1), reconcile),
    Job("payments.reconcile_everything", timedelta(days=1), reconcile_everything),
    Job("payments.expire_transfers", timedelta(minutes=1), expire_transfers),
    Job("payments.refund_late_money", timedelta(minutes=10), refund_late_money),
    Job("payments.forget_notices", timedelta(days=1), forget_notices),
)
