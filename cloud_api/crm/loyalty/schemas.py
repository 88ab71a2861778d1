"""What do points look like from outside?"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud_api.crm.loyalty.models import EntryRow
from cloud_api.crm.loyalty.rules import worth_of
from cloud_api.crm.loyalty.types import SOLD_BY_OTHERS, EntryKind, Member, Redeemed, Settings
from cloud_api.kit.money import Money
from cloud_api.kit.text import Line

type Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]
type Points = Annotated[int, Field(strict=True, ge=1, le=10**9)]
MOST = 10**9


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PointWorth(_In):
    """What one point is worth, above nothing."""

    minor: Annotated[int, Field(strict=True, ge=1, le=10**9)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217 code")]


class LoyaltySettingsIO(_In):
    """An organisation's rules. Points are in use once `point` says what one is worth."""

    earn_percent: Percent = Decimal(5)
    referral_percent: Percent = Decimal(10)
    expiry_days: Annotated[int, Field(strict=True, ge=1, le=36_500)] = 365
    point: PointWorth | None = None
    without_points: Annotated[
        list[Line], Field(max_length=50, description="channels whose stays earn nothing")
    ] = list(SOLD_BY_OTHERS)

    @classmethod
    def of(cls, known: Settings) -> Self:
        """As it is kept."""
        point = known.point and PointWorth(minor=known.point.minor, currency=known.point.currency)
        return cls(
            earn_percent=known.earn_percent,
            referral_percent=known.referral_percent,
            expiry_days=known.expiry_days,
            point=point,
            without_points=list(known.without_points),
        )

    def settings(self) -> Settings:
        """As the rules read it."""
        return Settings(
            earn_percent=self.earn_percent,
            referral_percent=self.referral_percent,
            expiry_days=self.expiry_days,
            point=None if self.point is None else Money(self.point.minor, self.point.currency),
            without_points=tuple(self.without_points),
        )


class RedeemIn(_In):
    """So many points off this booking's price."""

    reservation_id: UUID
    points: Points


class RedeemedOut(BaseModel):
    """What was taken off."""

    reservation_id: UUID
    points: int
    worth: Money

    @classmethod
    def of(cls, done: Redeemed, reservation_id: UUID) -> Self:
        """As it was done."""
        return cls(reservation_id=reservation_id, points=done.points, worth=done.worth)


class AdjustIn(_In):
    """So many points more, or less, and why."""

    points: Annotated[int, Field(strict=True, ge=-MOST, le=MOST)]
    reason: Line


class ReferrerIn(_In):
    """By whose referral code a client came."""

    code: Annotated[str, Field(min_length=1, max_length=40, examples=["ANA123"])]


class ReferrerNote(BaseModel):
    """For the record of deeds: who referred whom, by id."""

    referrer_id: UUID | None


class AdjustNote(BaseModel):
    """For the record of deeds."""

    points: int
    balance: int


class BalanceOut(BaseModel):
    """How many points somebody has. `available` is nothing once they have ended."""

    client_id: UUID
    referral_code: str | None
    referred_by: UUID | None
    balance: int
    available: int
    worth: Money | None
    expires_on: date | None

    @classmethod
    def of(cls, member: Member, settings: Settings, *, today: date) -> Self:
        """As it is today."""
        available = member.available(today)
        return cls(
            client_id=member.client_id,
            referral_code=member.code,
            referred_by=member.referred_by,
            balance=member.balance,
            available=available,
            worth=None if settings.point is None else worth_of(available, settings.point),
            expires_on=member.expires_on,
        )


class EntryOut(BaseModel):
    """One movement of points."""

    id: UUID
    kind: EntryKind
    points: int
    reservation_id: UUID | None
    referred_client_id: UUID | None
    reason: str
    by: str
    created_at: datetime

    @classmethod
    def of(cls, row: EntryRow) -> Self:
        """As it was written."""
        return cls(
            id=row.id,
            kind=row.kind,
            points=row.points,
            reservation_id=row.reservation_id,
            referred_client_id=row.referred_client_id,
            reason=row.reason,
            by=row.created_by_name or row.created_by,
            created_at=row.created_at,
        )
