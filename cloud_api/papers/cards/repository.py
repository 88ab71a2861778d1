"""How are cards found by their tokens?"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, text

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.papers.models import CardRow

_REMEMBER = text("""
INSERT INTO cards (reservation_id, organisation_id, token_hash)
VALUES (:reservation_id, :organisation_id, :token_hash) ON CONFLICT DO NOTHING
""")


async def remember(
    session: Session, organisation_id: UUID, reservation_id: UUID, token_hash: bytes
) -> None:
    """Insert where it is not there."""
    await session.execute(
        _REMEMBER,
        {
            "organisation_id": organisation_id,
            "reservation_id": reservation_id,
            "token_hash": token_hash,
        },
    )


async def reservation_of(session: Session, token_hash: bytes) -> UUID | None:
    """Whose card this is."""
    statement = select(CardRow.reservation_id).where(CardRow.token_hash == token_hash)
    because = "whoever scans a card is known by its token alone"
    found: UUID | None = await session.scalar(across_tenants(statement, because=because))
    return found


async def forget(session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]) -> None:
    """Delete these bookings' cards."""
    statement = delete(CardRow).where(
        CardRow.organisation_id == organisation_id, CardRow.reservation_id.in_(reservation_ids)
    )
    await session.execute(across_tenants(statement, because="named with its organisation"))
