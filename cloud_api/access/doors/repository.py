"""With which grant may a member of staff move a door?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from cloud_api.access.models import GrantRow
from cloud_api.access.types import GrantState, Holder
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, scoped


async def staff_grant(
    session: Session, scope: Scope, *, house_id: UUID, right: str, now: datetime
) -> UUID | None:
    """The caller's own live grant with this right, the last to end."""
    statement = (
        scoped(select(GrantRow.id), GrantRow, scope)
        .where(
            GrantRow.staff_id == scope.principal_id,
            GrantRow.house_id == house_id,
            GrantRow.holder == Holder.STAFF,
            GrantRow.state == GrantState.ACTIVE,
            GrantRow.starts <= now,
            GrantRow.ends > now,
            GrantRow.rights.contains([right]),
        )
        .order_by(GrantRow.ends.desc())
        .limit(1)
    )
    found: UUID | None = await session.scalar(statement)
    return found


async def is_staffs_own(session: Session, scope: Scope, grant_id: UUID) -> bool:
    """Is, or was, this the caller's own grant?"""
    statement = scoped(select(GrantRow.id), GrantRow, scope).where(
        GrantRow.id == grant_id, GrantRow.staff_id == scope.principal_id
    )
    return await session.scalar(statement) is not None
