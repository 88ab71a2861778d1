"""How are retention rules and erasures read and written?"""

from uuid import UUID

from sqlalchemy import select, text

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.privacy.models import RetentionRow
from cloud_api.privacy.types import Retention

_SET = text("""
INSERT INTO retention_rules (organisation_id, id_document_days, voucher_days, paper_days)
VALUES (:organisation_id, :id_document_days, :voucher_days, :paper_days)
ON CONFLICT (organisation_id) DO UPDATE SET id_document_days = excluded.id_document_days,
    voucher_days = excluded.voucher_days, paper_days = excluded.paper_days, changed_at = now()
""")
_ERASED = text("""
INSERT INTO erasures (id, organisation_id, client_id) VALUES (:id, :organisation_id, :client_id)
ON CONFLICT (organisation_id, client_id) DO UPDATE SET done_at = now()
""")


async def retention_of(session: Session, organisation_id: UUID) -> Retention:
    """The organisation's rules, or the defaults."""
    return (await retentions(session, [organisation_id])).get(organisation_id, Retention())


async def retentions(session: Session, organisation_ids: list[UUID]) -> dict[UUID, Retention]:
    """The rules of those of these organisations that have their own."""
    statement = select(RetentionRow).where(RetentionRow.organisation_id.in_(organisation_ids))
    rows = await session.scalars(across_tenants(statement, because="named one by one"))
    return {
        row.organisation_id: Retention(row.id_document_days, row.voucher_days, row.paper_days)
        for row in rows
    }


async def set_retention(session: Session, organisation_id: UUID, rules: Retention) -> None:
    """Write the organisation's own rules."""
    await session.execute(
        _SET,
        {
            "organisation_id": organisation_id,
            "id_document_days": rules.id_document_days,
            "voucher_days": rules.voucher_days,
            "paper_days": rules.paper_days,
        },
    )


async def note_erased(
    session: Session, organisation_id: UUID, client_id: UUID, *, erasure_id: UUID
) -> None:
    """Remember that this person was forgotten."""
    await session.execute(
        _ERASED, {"id": erasure_id, "organisation_id": organisation_id, "client_id": client_id}
    )
