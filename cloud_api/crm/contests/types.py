"""Which words do events and contests have?"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID


class ContestStatus(StrEnum):
    """Where an event stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"
    CANCELLED = "cancelled"


PUBLIC: Final = frozenset({ContestStatus.PUBLISHED, ContestStatus.CLOSED})


class Counts(StrEnum):
    """What a contest counts; an event that is none counts nothing."""

    REFERRALS = "referrals"
    REFERRED_STAYS = "referred_stays"


class EntryStatus(StrEnum):
    """Where somebody's registration stands."""

    INCOMPLETE = "incomplete"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Refusal(StrEnum):
    """Why somebody cannot register; stable, for machines."""

    INACTIVE = "inactive"
    NOT_PUBLISHED = "not_published"
    DEADLINE_PASSED = "deadline_passed"
    FULL = "full"
    REGISTERED_ALREADY = "registered_already"
    POINTS_MISSING = "points_missing"
    FACEBOOK_NOT_LINKED = "facebook_not_linked"
    NEVER_STAYED = "never_stayed"
    ACHIEVEMENT_MISSING = "achievement_missing"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an event asks of who takes part. `deadline` and `starts_at` are instants."""

    status: ContestStatus
    active: bool
    deadline: datetime
    starts_at: datetime
    capacity: int | None = None
    min_points: int = 0
    needs_facebook: bool = False
    needs_stay: bool = True
    needs_evidence: bool = False
    achievement_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of who wants to take part; `entry` is where an earlier registration stands."""

    points: int = 0
    stays: int = 0
    facebook_linked: bool = False
    achievements: frozenset[UUID] = frozenset()
    entry: EntryStatus | None = None


@dataclass(frozen=True, slots=True)
class Lead:
    """One place on a leaderboard; equal scores share no place: who registered first leads."""

    client_id: UUID
    score: int
    registered_at: datetime
    position: int = field(default=0)
