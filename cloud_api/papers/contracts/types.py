"""What is known of contracts and their words?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of one booking, from one version of a template."""

    id: UUID
    reservation_id: UUID
    template: str
    version: int
    file_id: UUID
    digest: str
    made_at: datetime
    accepted_at: datetime | None
