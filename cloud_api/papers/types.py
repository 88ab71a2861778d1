"""What stands on a stay's papers?"""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final
from uuid import UUID

from cloud_api.kit.money import Money
from cloud_api.reservations.types import Status

LANGUAGES: Final = ("en", "es", "fr", "de", "pt", "it", "zh", "ja", "ar", "hi")


class PaperKind(StrEnum):
    """Which paper."""

    CONFIRMATION = "confirmation"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of what was charged or paid; `day` is local to the house."""

    day: date
    description: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What is owed and was paid; None where nobody knows it."""

    charges: tuple[Entry, ...] = ()
    payments: tuple[Entry, ...] = ()
    total: Money | None = None
    paid: Money | None = None
    due: Money | None = None


@dataclass(frozen=True, slots=True)
class StayFacts:
    """A stay as its papers tell it; hours are local to `zone`."""

    reservation_id: UUID
    organisation_id: UUID
    organisation: str
    property_name: str
    address: str
    house: str
    units: tuple[str, ...]
    code: str
    status: Status
    confirmed: bool
    guest: str = field(repr=False)
    guests: int
    check_in: date
    check_out: date
    check_in_from: time
    check_out_until: time
    zone: str
    booked_at: datetime
    version: int
    language: str
    reckoning: Reckoning = field(default_factory=Reckoning)

    @property
    def nights(self) -> int:
        """How many."""
        return (self.check_out - self.check_in).days


@dataclass(frozen=True, slots=True)
class Paper:
    """A finished paper and what a browser shall call it."""

    content: bytes = field(repr=False)
    name: str
