"""How does access speak over HTTP?"""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud_api.access.models import GrantRow, PinRow, RequestRow
from cloud_api.access.rules import pin_words
from cloud_api.access.types import GrantState, Holder, Key, KeyState, RequestState
from cloud_api.kit.days import Moment
from cloud_api.kit.text import Line

type Secret = Annotated[str, Field(min_length=20, max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]
type Wish = Literal["door:open", "music:control", "music:volume", "music:queue"]


class PinState(BaseModel):
    """Where a PIN stands at one lock, as the house last reported; `words` for people.

    `former_since`: since when the house says that a former PIN is not proven gone from this lock.
    """

    lock_id: UUID
    grant_id: UUID
    wanted: bool
    state: str
    reason: str | None
    since: datetime
    words: str
    former_since: datetime | None = None

    @classmethod
    def of(cls, row: PinRow, *, former_since: datetime | None = None) -> Self:
        """From its row."""
        return cls(
            lock_id=row.lock_id,
            grant_id=row.grant_id,
            wanted=row.wanted,
            state=row.state,
            reason=row.reason,
            since=row.state_at,
            words=pin_words(row.state, row.reason),
            former_since=former_since,
        )


class KeyOut(BaseModel):
    """Where a grant's key is, by the house's own word."""

    model_config = ConfigDict(from_attributes=True)

    state: KeyState
    worst_case: Annotated[
        datetime | None,
        Field(
            description="something taken away (the grant, the end of its stay, an old link, a door)"
            " is not known to have arrived; the house may honour it until then at worst"
        ),
    ]
    worst_case_minutes: Annotated[
        int | None, Field(description="the same in minutes from now, rounded up")
    ]


class GrantOut(BaseModel):
    """A grant; secrets are shown by their own request only."""

    id: UUID
    house_id: UUID
    reservation_id: UUID | None
    parent_id: UUID | None
    holder: Holder
    state: GrantState
    made_in_house: bool
    generation: int
    starts: datetime
    ends: datetime
    rights: list[str]
    name: str
    checked_in: bool
    reason: str | None
    revoked_at: datetime | None
    created_at: datetime
    key: KeyOut

    @classmethod
    def of(cls, row: GrantRow, key: Key) -> Self:
        """From its row, and where its key is."""
        return cls(
            id=row.id,
            house_id=row.house_id,
            reservation_id=row.reservation_id,
            parent_id=row.parent_id,
            holder=Holder(row.holder),
            state=GrantState(row.state),
            made_in_house=row.delegated,
            generation=row.generation,
            starts=row.starts,
            ends=row.ends,
            rights=row.rights,
            name=row.name,
            checked_in=row.checked_in,
            reason=row.reason,
            revoked_at=row.revoked_at,
            created_at=row.created_at,
            key=KeyOut.model_validate(key),
        )


class AccessOut(BaseModel):
    """All that a reservation opens."""

    grants: list[GrantOut]
    pins: list[PinState]


class LinksOut(BaseModel):
    """Both links of a grant, and the PIN. Secrets stand behind `#`: no server ever logs them."""

    cloud_url: str
    lan_secret: str
    pin: str | None = None


class StaffGrantIn(BaseModel):
    """Doors of one house for a member of staff, in a window."""

    model_config = ConfigDict(extra="forbid")

    house_id: UUID
    staff_id: UUID
    name: Line
    starts: Moment
    ends: Moment
    may_override: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts.tzinfo is None or self.ends.tzinfo is None:
            raise ValueError("give both instants with their offset from UTC")
        if self.starts >= self.ends:
            raise ValueError("it would end before it starts")
        return self


class RequestOut(BaseModel):
    """A companion's request."""

    id: UUID
    house_id: UUID
    parent_id: UUID
    name: str
    wants: list[str]
    state: RequestState
    made_in_house: bool
    grant_id: UUID | None
    decided_by: str | None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, row: RequestRow) -> Self:
        """From its row."""
        return cls(
            id=row.id,
            house_id=row.house_id,
            parent_id=row.parent_id,
            name=row.name,
            wants=row.wants,
            state=RequestState(row.state),
            made_in_house=row.in_house,
            grant_id=row.grant_id,
            decided_by=row.decided_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )


class AnswerIn(BaseModel):
    """Yes or no."""

    model_config = ConfigDict(extra="forbid")

    approve: bool


class SignInIn(BaseModel):
    """The secret behind `#` in a guest's link."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    secret: Secret


class SignInOut(BaseModel):
    """A session; send the token as `Authorization: Bearer`."""

    token: str
    expires_at: datetime


class JoinIn(BaseModel):
    """A companion asks to join with the secret of the booker's invitation."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    join_code: Secret
    name: Line
    wants: Annotated[list[Wish], Field(min_length=1, max_length=4)]


class JoinOut(BaseModel):
    """The request, and the secret to ask for its state with; shown this once."""

    request_id: UUID
    waiting_secret: str
    expires_at: datetime


class WaitingIn(BaseModel):
    """The waiting companion's secret."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    waiting_secret: Secret


class WaitingOut(BaseModel):
    """Where the request stands; once approved, the companion's own link."""

    state: RequestState
    links: LinksOut | None = None
