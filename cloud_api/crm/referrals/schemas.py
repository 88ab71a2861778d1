"""What do referrals look like, to staff and to strangers?"""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from cloud_api.kit.money import Money


class PlaceOut(BaseModel):
    """A place in the month's ranking, as strangers see it: "First L.", no id, no money."""

    position: int
    name: str
    stays: int
    new_referrals: int
    points: int


class RankingOut(BaseModel):
    """A month's ranking for everybody; `month` is its first day."""

    month: date | None
    places: list[PlaceOut]


class StaffPlaceOut(PlaceOut):
    """A place, as staff see it."""

    client_id: UUID
    revenue: Money | None


class StaffRankingOut(BaseModel):
    """A month's ranking for staff."""

    month: date | None
    made_at: datetime | None
    places: list[StaffPlaceOut]


class RankedOut(BaseModel):
    """What ranking a month came to; `made` is false where it was ranked before."""

    month: date
    made: bool
    places: int


class ReferrerOut(BaseModel):
    """How many people somebody referred, as staff see it."""

    client_id: UUID
    name: str
    total_referrals: int
    referrals_with_reservations: int
    reservations: int


class PublicReferrerOut(BaseModel):
    """The same for everybody."""

    name: str
    total_referrals: int
    referrals_with_reservations: int


class PublicStatisticsOut(BaseModel):
    """How referrals go, for everybody."""

    referrers: int
    total_referrals: int
    referrals_with_reservations: int
    top: list[PublicReferrerOut]


class ReferredOut(BaseModel):
    """Somebody who was referred, as staff see them."""

    client_id: UUID
    name: str
    referred_at: datetime
    reservations: int
    approved_reservations: int


class ReferralsOut(BaseModel):
    """Whom one client referred, in detail."""

    client_id: UUID
    total_referrals: int
    referrals_with_reservations: int
    referred: list[ReferredOut]
