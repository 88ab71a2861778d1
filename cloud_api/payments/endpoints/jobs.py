"""How does an administrator have payments compared with their providers now?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel

from cloud_api.accounts.types import Permission
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.errands import wake
from cloud_api.kit.http import ClockOf, DbSession, allow, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.payments.accounts import service as accounts
from cloud_api.payments.errands import RECONCILE
from cloud_api.payments.jobs import EVERYTHING, LAST_DAY

router = room_router(prefix="/admin/jobs/payments", tag="jobs")

Runner = Annotated[Scope, Depends(allow(Permission.JOBS_RUN))]


class ReconcileOut(BaseModel):
    """Which accounts a worker compares now."""

    account_ids: list[UUID]


@router.post("/reconcile", status_code=202)
async def reconcile(
    scope: Runner,
    session: DbSession,
    clock: ClockOf,
    *,
    everything: bool = False,
) -> ReconcileOut:
    """Compare your organisation's accounts over the last day, or over 35 days."""
    since = clock.utc_now() - (EVERYTHING if everything else LAST_DAY)
    ids = await accounts.reconcile_own(session, scope, since=since)
    await wake(session, RECONCILE)
    out = ReconcileOut(account_ids=ids)
    await audit.record(
        session,
        scope,
        action=Deed.PAYMENTS_RECONCILED,
        object_type="job",
        object_id="payments.reconcile",
        after=out,
    )
    return out
