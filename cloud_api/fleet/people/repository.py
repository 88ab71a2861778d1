"""Which words of a grant are a person's?"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from cloud_api.kit.db import Session

_FORGET = text("""
UPDATE fleet_grants SET vaulted_words = NULL, boxes = NULL
WHERE organisation_id = :organisation_id AND (withdrawn_at IS NOT NULL OR ends <= now())
  AND stay_id = ANY(:stays)
""")


async def forget(session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]) -> None:
    """Of these stays' grants; those that still stand in a book keep theirs until they are out."""
    key = {"organisation_id": organisation_id, "stays": list(reservation_ids)}
    await session.execute(_FORGET, key)
