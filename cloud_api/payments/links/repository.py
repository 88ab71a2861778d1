"""How are links to pay read?"""

from uuid import UUID

from sqlalchemy import select

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.payments.models import LinkRow


async def link_by_hash(session: Session, token_hash: bytes) -> LinkRow | None:
    """The link whose secret has this hash, unless it was withdrawn."""
    statement = select(LinkRow).where(
        LinkRow.token_hash == token_hash, LinkRow.withdrawn_at.is_(None)
    )
    because = "whoever knows the secret may pay; they have no tenant"
    return await session.scalar(across_tenants(statement, because=because))


async def link_of(session: Session, folio_id: UUID, amount_minor: int | None) -> LinkRow | None:
    """The link for this amount, if there is one."""
    statement = select(LinkRow).where(
        LinkRow.folio_id == folio_id,
        LinkRow.amount_minor.is_not_distinct_from(amount_minor),
        LinkRow.withdrawn_at.is_(None),
    )
    found = await session.scalars(
        across_tenants(statement.limit(1), because="the folio was the caller's")
    )
    return found.first()
