"""What is handed over at a claim?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloud_api.fleet.certificates.types import Certified


@dataclass(frozen=True, slots=True)
class ClaimToken:
    """A one-time right, shown once. `token` is a secret."""

    house_id: UUID
    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        """Never the token."""
        return f"ClaimToken(house={self.house_id})"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a device gets for its claim: whom to trust, the house's name, its certificate."""

    house_id: UUID
    name: str
    zone: str
    root_public_key: str
    key_document: bytes
    certified: Certified | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a token that is known."""

    used_at: datetime | None
    expires_at: datetime
