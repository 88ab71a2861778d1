"""Which words do referrals have?"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID


class Scoped(StrEnum):
    """Which referrers are shown: all, or those whose people have stayed."""

    ALL = "all"
    WITH_RESERVATIONS = "with_reservations"


class Order(StrEnum):
    """By what referrers are sorted, the most first."""

    TOTAL_REFERRALS = "total_referrals"
    REFERRALS_WITH_RESERVATIONS = "referrals_with_reservations"


@dataclass(frozen=True, slots=True)
class Month:
    """A month in UTC; `start` is its first day."""

    start: date

    @classmethod
    def before(cls, day: date) -> "Month":
        """The month before this day's."""
        first = day.replace(day=1)
        year, month = (first.year - 1, 12) if first.month == 1 else (first.year, first.month - 1)
        return cls(date(year, month, 1))

    @property
    def begins(self) -> datetime:
        """Its first instant."""
        return datetime(self.start.year, self.start.month, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        turn = self.start.month == 12  # noqa: PLR2004 - December
        year, month = (self.start.year + 1, 1) if turn else (self.start.year, self.start.month + 1)
        return datetime(year, month, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Placed:
    """One place in a month's ranking. `revenue_minor` is in the ranking's currency."""

    client_id: UUID
    position: int
    stays: int
    revenue_minor: int
    new_referrals: int
    points: int


@dataclass(frozen=True, slots=True)
class Brought:
    """How many people somebody referred, and how many of them have an approved stay."""

    client_id: UUID
    total: int
    with_reservations: int
    stays: int
