"""What is needed to take nights, and what came of it?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cloud_api.reservations.types import (
    HOUSE_HOURS,
    AgreedHours,
    Contact,
    Kind,
    Nights,
    Price,
    Status,
)

DEFAULT_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Taking:
    """A booking about to be made; every id in it is the caller's.

    `lifetime` None means: stands until somebody ends it. `status` is held, or confirmed for a
    block and for a booking that staff confirm as they make it.
    """

    reservation_id: UUID
    organisation_id: UUID
    property_id: UUID
    house_id: UUID
    code: str
    kind: Kind
    status: Status
    nights: Nights
    guests: int
    channel: str
    contact: Contact
    standing: bool
    lifetime: timedelta | None
    notes: str
    client_id: UUID | None
    confirmed_by: UUID | None
    unit_ids: tuple[UUID, ...]
    space_ids: tuple[UUID, ...]
    price: Price | None = None
    transfer: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """The nights are ours once the door commits. `expired` are stale holds that made room."""

    created_at: datetime
    expires_at: datetime | None
    expired: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Moving:
    """Where and when a booking shall be from now on."""

    reservation_id: UUID
    property_id: UUID
    house_id: UUID
    nights: Nights
    guests: int
    unit_ids: tuple[UUID, ...]
    space_ids: tuple[UUID, ...]
    hours: AgreedHours = HOUSE_HOURS
