"""How does an administrator run a job now, and see what it changed?"""

from typing import Annotated

from fastapi import Depends

from cloud_api.accounts.types import Permission
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import Forbidden, Unauthenticated, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, allow, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.reservations import jobs
from cloud_api.reservations.schemas import JobReportOut

router = room_router(prefix="/admin/jobs/reservations", tag="jobs")

Runner = Annotated[Scope, Depends(allow(Permission.JOBS_RUN))]
_PROBLEMS = problem_responses(Unauthenticated, Forbidden)


@router.post("/expire-holds", responses=_PROBLEMS)
async def expire_holds(scope: Runner, session: DbSession, clock: ClockOf) -> JobReportOut:
    """Expire your organisation's holds whose time is over."""
    report = await jobs.expire_holds(session, clock, organisation_id=scope.organisation_id)
    return await _on_record(session, scope, Deed.HOLDS_EXPIRED, JobReportOut.of(report))


@router.post("/complete-stays", responses=_PROBLEMS)
async def complete_stays(scope: Runner, session: DbSession, clock: ClockOf) -> JobReportOut:
    """Complete your organisation's stays that have ended, counting each visit once."""
    report = await jobs.complete_stays(session, clock, organisation_id=scope.organisation_id)
    return await _on_record(session, scope, Deed.STAYS_COMPLETED, JobReportOut.of(report))


async def _on_record(
    session: Session, scope: Scope, deed: Deed, report: JobReportOut
) -> JobReportOut:
    await audit.record(
        session, scope, action=deed, object_type="job", object_id=report.job, after=report
    )
    return report
