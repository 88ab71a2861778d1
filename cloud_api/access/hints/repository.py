"""Which records of which lock have we been told of already?"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from cloud_api.access.hints.schemas import HeardRecord
from cloud_api.access.models import LockHintRow, VendorLockRow
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants

_BECAUSE = "the vendor is known by the secret in its path"


async def lock_of(session: Session, organisation_id: UUID, vendor_lock: int) -> UUID | None:
    """Our own lock of this number, in the organisation whose secret was shown."""
    statement = select(VendorLockRow.lock_id).where(
        VendorLockRow.organisation_id == organisation_id, VendorLockRow.vendor_lock == vendor_lock
    )
    found: UUID | None = await session.scalar(across_tenants(statement, because=_BECAUSE))
    return found


async def note(
    session: Session,
    organisation_id: UUID,
    lock_id: UUID,
    records: Sequence[HeardRecord],
    *,
    now: datetime,
) -> int:
    """How many of these are new; the others were told before."""
    rows = [
        {
            "lock_id": lock_id,
            "organisation_id": organisation_id,
            "record_type": each.record_type,
            "lock_date": each.lock_date,
            "heard_at": now,
        }
        for each in records
    ]
    if not rows:
        return 0
    statement = insert(LockHintRow).values(rows).on_conflict_do_nothing()
    fresh = await session.scalars(statement.returning(LockHintRow.lock_date))
    return len(fresh.all())


async def forget(session: Session, *, before: datetime) -> int:
    """Delete what was told so long ago that nobody repeats it; how many."""
    statement = delete(LockHintRow).where(LockHintRow.heard_at < before)
    statement_told = statement.returning(LockHintRow.lock_date)
    gone = await session.scalars(across_tenants(statement_told, because="time passes for all"))
    return len(gone.all())
