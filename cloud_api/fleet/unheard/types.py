"""What is still out there, and how far one grant has come?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Said:
    """What a grant says, as far as it can be less later. `credentials`: its PINs by name."""

    starts: datetime
    ends: datetime
    rights: tuple[str, ...]
    generation: int
    credentials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StillOut:
    """A grant as some version carried it that the house may act on, and what it says now.

    `wish`: None when it was withdrawn. `lease_until`: the last lease that version was issued with;
    None when that is not known any more. `of_guest`: the house honours its stay to the end once
    begun. `checked_in`: the cloud said so, of it or of what it hangs on.
    """

    grant_id: UUID
    said: Said
    wish: Said | None
    of_guest: bool
    checked_in: bool
    lease_until: datetime | None


class GrantPlace(StrEnum):
    """How far the house is with one grant, by its own word.

    HELD: exactly as it stands. COMING: a change of it, or its end, is not known to have arrived.
    GONE: revoked, and the house knows it or can honour nothing of it any more.
    """

    HELD = "held"
    COMING = "coming"
    GONE = "gone"
    NOT_ENROLLED = "not_enrolled"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class GrantDelivery:
    """`worst_case`: until then the house may honour what was taken away; None: nothing is."""

    place: GrantPlace
    worst_case: datetime | None
