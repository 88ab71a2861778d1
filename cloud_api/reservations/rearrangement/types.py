"""Which words does making room have?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloud_api.reservations.types import Nights

MOST_MOVES = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Units that are as good as one another to a guest; a unit is in one group at most."""

    id: UUID
    organisation_id: UUID
    name: str
    unit_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """One unit of a group, as the search for room sees it. `closed`: nights nobody can clear."""

    unit_id: UUID
    capacity: int
    closed: tuple[Nights, ...] = ()


@dataclass(frozen=True, slots=True)
class Stay:
    """One booking that may be moved. `version` proves that nobody changed it since."""

    reservation_id: UUID
    unit_id: UUID
    nights: Nights
    guests: int
    version: int = 1
    code: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """This stay goes from its unit to that one, on its own nights."""

    stay: Stay
    to_unit_id: UUID


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes `unit_id` free; no steps: it is free already."""

    unit_id: UUID
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """The plans that were found. `complete`: the search looked everywhere within its bound."""

    plans: tuple[Plan, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Done:
    """One accepted rearrangement; `versions` are the stays' right after it."""

    id: UUID
    organisation_id: UUID
    unit_id: UUID
    nights: Nights
    guests: int
    moves: tuple["Moved", ...]
    held_id: UUID | None
    applied_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Moved:
    """One stay that was moved, and as what it stood right afterwards."""

    reservation_id: UUID
    from_unit_id: UUID
    to_unit_id: UUID
    version: int
