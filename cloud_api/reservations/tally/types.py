"""Which words does counting have?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tally:
    """Stays of one person: every booking of theirs, and those confirmed or completed."""

    booked: int = 0
    approved: int = 0


@dataclass(frozen=True, slots=True)
class Since:
    """A person whose bookings count from an instant on."""

    client_id: UUID
    since: datetime


@dataclass(frozen=True, slots=True)
class Sum:
    """Approved stays of one person in one currency (None: without a price)."""

    client_id: UUID
    stays: int
    minor: int
    currency: str | None
