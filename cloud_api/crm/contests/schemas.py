"""What do events and contests look like, to staff and to strangers?"""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from cloud_api.crm.contests.models import CategoryRow, ContestEntryRow, ContestRow
from cloud_api.crm.contests.types import ContestStatus, Counts, EntryStatus
from cloud_api.kit.days import Day, Moment
from cloud_api.kit.patches import Patch
from cloud_api.kit.text import Line, OptionalLine, Paragraph

type Capacity = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
type LeastPoints = Annotated[int, Field(strict=True, ge=0, le=10**9)]
type Ids = Annotated[list[UUID], Field(max_length=50)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CategoryIn(_In):
    """A kind of event."""

    title: Line


class CategoryOut(_Out):
    """A kind of event."""

    id: UUID
    title: str

    @classmethod
    def of(cls, row: CategoryRow) -> Self:
        """As it is kept."""
        return cls.model_validate(row)


class ContestIn(_In):
    """A new event; a contest where `counts` is said. Winners are told on `winners_on`.

    Without `winners_on` that is the day (UTC) of the event.
    """

    title: Line
    description: Paragraph = ""
    category_id: UUID | None = None
    status: ContestStatus = ContestStatus.DRAFT
    active: StrictBool = True
    starts_at: Moment
    deadline: Moment
    capacity: Capacity | None = None
    min_points: LeastPoints = 0
    needs_facebook: StrictBool = False
    needs_stay: StrictBool = True
    needs_evidence: StrictBool = False
    achievement_ids: Ids = []
    counts: Counts | None = None
    winners_on: Day | None = None


class ContestPatch(Patch):
    """What changes; the slug never does."""

    clearable = frozenset({"category_id", "capacity", "counts"})

    title: Line | None = None
    description: Paragraph | None = None
    category_id: UUID | None = None
    status: ContestStatus | None = None
    active: StrictBool | None = None
    starts_at: Moment | None = None
    deadline: Moment | None = None
    capacity: Capacity | None = None
    min_points: LeastPoints | None = None
    needs_facebook: StrictBool | None = None
    needs_stay: StrictBool | None = None
    needs_evidence: StrictBool | None = None
    achievement_ids: Ids | None = None
    counts: Counts | None = None
    winners_on: Day | None = None


class PublicContestOut(_Out):
    """An event, as everybody sees it."""

    slug: str
    title: str
    description: str
    category_id: UUID | None
    status: ContestStatus
    starts_at: datetime
    deadline: datetime
    capacity: int | None
    min_points: int
    needs_facebook: bool
    needs_stay: bool
    needs_evidence: bool
    achievement_ids: list[UUID]
    counts: Counts | None
    winners_on: date

    @classmethod
    def of(cls, row: ContestRow) -> Self:
        """As it is kept."""
        return cls.model_validate(row)


class WinnerOut(BaseModel):
    """Who won, for everybody: "First L."."""

    name: str
    prize: str


class PublicDetailOut(PublicContestOut):
    """An event with who won, once that was announced."""

    participants: int = 0
    winners: list[WinnerOut] = []


class ContestOut(PublicContestOut):
    """An event, as staff see it."""

    id: UUID
    active: bool
    created_at: datetime


class LeadOut(BaseModel):
    """A place on the leaderboard, for everybody: "First L."."""

    position: int
    name: str
    score: int


class EnterIn(_In):
    """Who takes part. `facebook_linked`: whoever asks has seen that it is."""

    client_id: UUID
    facebook_linked: StrictBool = False


class DecideIn(_In):
    """Whether the evidence is good, and why not."""

    approve: StrictBool
    reason: OptionalLine = ""


class PrizeIn(_In):
    """What a registration wins."""

    registration_id: UUID
    prize: OptionalLine = ""


class WinnersIn(_In):
    """Everybody who wins; who is left out does not."""

    winners: Annotated[list[PrizeIn], Field(max_length=200)]


class EntryOut(_Out):
    """A registration, as staff see it."""

    id: UUID
    contest_id: UUID
    client_id: UUID
    status: EntryStatus
    registered_at: datetime
    file_id: UUID | None
    reason: str
    winner: bool
    prize: str
    notified_at: datetime | None

    @classmethod
    def of(cls, row: ContestEntryRow) -> Self:
        """As it is kept."""
        return cls.model_validate(row)


class EntryNote(_Out):
    """For the record of deeds: without what staff wrote."""

    client_id: UUID
    status: EntryStatus

    @classmethod
    def of(cls, row: ContestEntryRow) -> Self:
        """As it is now."""
        return cls.model_validate(row)


class WinnersNote(BaseModel):
    """For the record of deeds: who wins, by registration."""

    registration_ids: list[UUID]
