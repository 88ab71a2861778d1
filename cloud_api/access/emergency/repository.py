"""How are accounts, locks' numbers and offline codes read and written?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cloud_api.access.emergency.types import Period, Question
from cloud_api.access.models import OfflineCodeRow, VendorAccountRow, VendorLockRow
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants, scoped


async def account(session: Session, scope: Scope) -> VendorAccountRow | None:
    """The organisation's account."""
    found: VendorAccountRow | None = await session.scalar(
        scoped(select(VendorAccountRow), VendorAccountRow, scope)
    )
    return found


async def keep_account(session: Session, scope: Scope, cell: bytes, *, now: datetime) -> None:
    """Replace the organisation's account."""
    statement = insert(VendorAccountRow).values(
        organisation_id=scope.organisation_id, account=cell, updated_at=now
    )
    replacing = statement.on_conflict_do_update(
        index_elements=["organisation_id"], set_={"account": cell, "updated_at": now}
    )
    await session.execute(replacing)


async def vendor_lock(session: Session, scope: Scope, lock_id: UUID) -> int | None:
    """What a lock is called at the vendor."""
    statement = scoped(select(VendorLockRow), VendorLockRow, scope)
    found: VendorLockRow | None = await session.scalar(
        statement.where(VendorLockRow.lock_id == lock_id)
    )
    return None if found is None else found.vendor_lock


async def keep_vendor_lock(session: Session, scope: Scope, lock_id: UUID, vendor_lock: int) -> None:
    """Name a lock at the vendor; the caller has looked whose lock it is."""
    statement = insert(VendorLockRow).values(
        lock_id=lock_id, organisation_id=scope.organisation_id, vendor_lock=vendor_lock
    )
    replacing = statement.on_conflict_do_update(
        index_elements=["lock_id"], set_={"vendor_lock": vendor_lock}
    )
    await session.execute(replacing)


async def code(
    session: Session, scope: Scope, grant_id: UUID, lock_id: UUID
) -> OfflineCodeRow | None:
    """The code a grant has for a lock."""
    statement = scoped(select(OfflineCodeRow), OfflineCodeRow, scope)
    found: OfflineCodeRow | None = await session.scalar(
        statement.where(OfflineCodeRow.grant_id == grant_id, OfflineCodeRow.lock_id == lock_id)
    )
    return found


async def keep_code(
    session: Session, scope: Scope, asked: Question, cell: bytes, *, vendor_code: int
) -> None:
    """Keep a code, unless the grant or the very hours have one already."""
    statement = insert(OfflineCodeRow).values(
        grant_id=asked.grant_id,
        lock_id=asked.lock_id,
        organisation_id=scope.organisation_id,
        digits=cell,
        vendor_code=vendor_code,
        starts=asked.period.starts,
        ends=asked.period.ends,
        asked_by=scope.principal,
    )
    await session.execute(statement.on_conflict_do_nothing())


async def codes_of(session: Session, grant_id: UUID) -> list[OfflineCodeRow]:
    """All offline codes of one grant."""
    statement = select(OfflineCodeRow).where(OfflineCodeRow.grant_id == grant_id)
    because = "the grant was read within its tenant, or by its own holder, before"
    return list(await session.scalars(across_tenants(statement, because=because)))


async def holder_of(session: Session, lock_id: UUID, period: Period) -> UUID | None:
    """Whose grant has the code of exactly these hours at a lock."""
    statement = select(OfflineCodeRow.grant_id).where(
        OfflineCodeRow.lock_id == lock_id,
        OfflineCodeRow.starts == period.starts,
        OfflineCodeRow.ends == period.ends,
    )
    because = "the lock was found within its tenant before"
    found: UUID | None = await session.scalar(across_tenants(statement, because=because))
    return found
