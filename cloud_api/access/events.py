"""What does access tell the other rooms?"""

from typing import ClassVar
from uuid import UUID

from cloud_api.kit.events import Event


class RequestMade(Event):
    """A companion waits for an answer."""

    name: ClassVar[str] = "access.request_made"

    request_id: UUID
    organisation_id: UUID
    house_id: UUID
    parent_id: UUID


class RequestAnswered(Event):
    """Approved, denied or expired."""

    name: ClassVar[str] = "access.request_answered"

    request_id: UUID
    organisation_id: UUID
    house_id: UUID
    state: str


class GuestArrived(Event):
    """A stay's grant opened a door for the first time."""

    name: ClassVar[str] = "access.guest_arrived"

    grant_id: UUID
    organisation_id: UUID
    house_id: UUID
    reservation_id: UUID | None


class PinChanged(Event):
    """A stay's PIN is another one now; whoever was told the former must be told."""

    name: ClassVar[str] = "access.pin_changed"

    grant_id: UUID
    organisation_id: UUID
    house_id: UUID
    reservation_id: UUID | None


class StayTouched(Event):
    """What a stay's grant depends on may have changed: doors, hours, the zone's own rules."""

    name: ClassVar[str] = "access.stay_touched"

    reservation_id: UUID
    organisation_id: UUID


class LockSpoke(Event):
    """A lock's vendor says that something happened there. Only a reason to look: it is unsigned."""

    name: ClassVar[str] = "access.lock_spoke"

    lock_id: UUID
    organisation_id: UUID
