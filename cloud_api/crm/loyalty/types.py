"""Which words do points and the people who collect them have?"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.money import Money

SOLD_BY_OTHERS = ("agoda", "airbnb", "booking", "expedia", "tripadvisor", "vrbo")
"""Channels whose stays earn nothing, unless the organisation names others."""


class EntryKind(StrEnum):
    """Why points moved."""

    EARNED = "earned"
    REFERRAL = "referral"
    REDEEMED = "redeemed"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"


@dataclass(frozen=True, slots=True)
class Settings:
    """An organisation's rules. `point`: what one point is worth; None: points are not in use.

    Percentages are of what a stay cost after redeemed points. Points end `expiry_days` after the
    check-out of the last stay that earned some.
    """

    earn_percent: Decimal = Decimal(5)
    referral_percent: Decimal = Decimal(10)
    expiry_days: int = 365
    point: Money | None = None
    without_points: tuple[str, ...] = SOLD_BY_OTHERS


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may collect points. `balance` is the ledger's sum; see `available`."""

    client_id: UUID
    organisation_id: UUID
    code: str | None
    referred_by: UUID | None
    balance: int
    expires_on: date | None

    def available(self, today: date) -> int:
        """What can be redeemed: nothing from the day on which points end."""
        return 0 if self.expired(today) else self.balance

    def expired(self, today: date) -> bool:
        """Whether the points have ended, written down already or not."""
        return self.expires_on is not None and self.expires_on <= today


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of points to be written. `key` is unique in the organisation: once is enough.

    `expires_on`: when the member's points end after it; None leaves that as it is. `worth` is what
    redeemed points took off a booking's price.
    """

    kind: EntryKind
    points: int
    key: str
    expires_on: date | None = None
    reservation_id: UUID | None = None
    referred_client_id: UUID | None = None
    worth: Money | None = None
    reason: str = ""
    by: str = "system"
    by_name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Points that were redeemed for a booking and not given back."""

    entry_id: UUID
    client_id: UUID
    points: int
    worth: Money
