"""How is an organisation's application at Facebook read and written?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text

from cloud_api.crm.facebook.models import FacebookAppRow
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants, scoped

_SET = text("""
INSERT INTO facebook_apps (organisation_id, app_id, secret, changed_at)
VALUES (:organisation_id, :app_id, :secret, :now)
ON CONFLICT (organisation_id) DO UPDATE SET app_id = excluded.app_id, secret = excluded.secret,
    changed_at = excluded.changed_at
""")


async def read(session: Session, organisation_id: UUID) -> FacebookAppRow | None:
    """The organisation's application."""
    statement = select(FacebookAppRow).where(FacebookAppRow.organisation_id == organisation_id)
    return await session.scalar(across_tenants(statement, because="named by its organisation"))


async def write(
    session: Session, organisation_id: UUID, *, app_id: str, secret: bytes, now: datetime
) -> None:
    """Keep this one from now on."""
    key = {"organisation_id": organisation_id, "app_id": app_id, "secret": secret, "now": now}
    await session.execute(_SET, key)


async def remove(session: Session, scope: Scope) -> bool:
    """Forget it; False when there is none."""
    gone = scoped(delete(FacebookAppRow), FacebookAppRow, scope)
    found = await session.scalars(gone.returning(FacebookAppRow.organisation_id))
    return found.first() is not None
