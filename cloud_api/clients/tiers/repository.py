"""How are an organisation's tiers read and written?"""

import json
from uuid import UUID

from sqlalchemy import select, text

from cloud_api.clients.models import TierRow
from cloud_api.kit.db import JsonObject, Session
from cloud_api.kit.tenancy import across_tenants

_SET = text("""
INSERT INTO client_tiers (organisation_id, regular_from, super_above, limits)
VALUES (:organisation_id, :regular_from, :super_above, CAST(:limits AS jsonb))
ON CONFLICT (organisation_id) DO UPDATE SET regular_from = excluded.regular_from,
    super_above = excluded.super_above, limits = excluded.limits, changed_at = now()
""")
# Who is super under the new bound is so from now on, whatever the bound becomes later.
_PROMOTE = text("""
UPDATE clients SET super_at = now() WHERE organisation_id = :organisation_id
AND super_at IS NULL AND visits > :super_above
""")


async def read(session: Session, organisation_id: UUID) -> TierRow | None:
    """The organisation's own, if it has any."""
    statement = select(TierRow).where(TierRow.organisation_id == organisation_id)
    return await session.scalar(across_tenants(statement, because="named by its organisation"))


async def write(
    session: Session,
    organisation_id: UUID,
    *,
    regular_from: int,
    super_above: int,
    limits: JsonObject,
) -> None:
    """Write the organisation's own, and promote whom they make super."""
    key = {"organisation_id": organisation_id, "super_above": super_above}
    await session.execute(_SET, {**key, "regular_from": regular_from, "limits": json.dumps(limits)})
    await session.execute(_PROMOTE, key)
