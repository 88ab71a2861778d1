"""How is an answer about free nights told?"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class WhyNot(StrEnum):
    """Why a unit cannot be booked for these dates and guests."""

    TAKEN = "taken"
    TOO_SMALL = "too_small"
    PAST = "past"
    TOO_LONG = "too_long"
    TOO_FAR = "too_far"


@dataclass(frozen=True, slots=True)
class Offer:
    """One unit and whether it can be booked; `taken` are the nights it cannot be slept in."""

    unit_id: UUID
    unit_name: str
    house_id: UUID
    capacity: int
    free: bool
    why_not: tuple[WhyNot, ...]
    taken: tuple[date, ...]
