"""Which words do achievements have?"""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be reached: own stays, people referred, and stays of those; all three."""

    stays: int = 0
    referrals: int = 0
    referred_stays: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """What somebody has reached; approved stays only."""

    booked: int = 0
    stays: int = 0
    referrals: int = 0
    referred_stays: int = 0


@dataclass(frozen=True, slots=True)
class Achievement:
    """One thing to reach. `place` is where it stands in lists."""

    id: UUID
    name: str
    icon: str
    place: int
    needs: Needs
    active: bool


@dataclass(frozen=True, slots=True)
class Award:
    """An achievement somebody has, or had."""

    client_id: UUID
    achievement_id: UUID
    held: bool
