"""What does the agenda tell of a stay?"""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NearStay:
    """A certain stay. `early_check_in`, `late_check_out`: agreed for it alone, local hours."""

    id: UUID
    organisation_id: UUID
    property_id: UUID
    house_id: UUID
    unit_id: UUID
    check_in: date
    check_out: date
    early_check_in: time | None
    late_check_out: time | None


@dataclass(frozen=True, slots=True)
class AwaitedVoucher:
    """A hold whose guest transfers the money by hand and has shown nothing yet."""

    id: UUID
    organisation_id: UUID
    property_id: UUID
    deadline: datetime
