"""How are papers that were made before found again?"""

from uuid import UUID

from sqlalchemy import delete, select, text

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.papers.models import PaperRow

_NOTE = text("""
INSERT INTO papers (id, organisation_id, reservation_id, source, file_id)
VALUES (:id, :organisation_id, :reservation_id, :source, :file_id)
ON CONFLICT (organisation_id, source) DO UPDATE SET file_id = excluded.file_id, made_at = now()
""")
_BECAUSE = "the booking was read as the caller's own before"


async def made_before(session: Session, organisation_id: UUID, source: bytes) -> UUID | None:
    """The file of a paper with this very page."""
    statement = select(PaperRow.file_id).where(
        PaperRow.organisation_id == organisation_id, PaperRow.source == source
    )
    found: UUID | None = await session.scalar(across_tenants(statement, because=_BECAUSE))
    return found


async def note(session: Session, values: dict[str, object]) -> None:
    """Remember which file holds this page."""
    await session.execute(_NOTE, values)


async def forget(session: Session, organisation_id: UUID, reservation_ids: list[UUID]) -> None:
    """Forget what was made for these bookings; their files are forgotten by whoever asks."""
    statement = delete(PaperRow).where(
        PaperRow.organisation_id == organisation_id, PaperRow.reservation_id.in_(reservation_ids)
    )
    await session.execute(across_tenants(statement, because=_BECAUSE))
