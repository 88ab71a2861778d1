"""Which words do bookings have: states, kinds, deeds, and who does them?"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.money import Money

MAX_NIGHTS = 400
MAX_DAYS_AHEAD = 1_100


class Status(StrEnum):
    """Where a booking stands; see `rules.TRANSITIONS` for the ways between."""

    HELD = "held"
    PENDING = "pending"
    UNDER_REVIEW = "under_review"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


UNCONFIRMED = frozenset({Status.HELD, Status.PENDING, Status.UNDER_REVIEW})
LIVE = UNCONFIRMED | {Status.CONFIRMED}


class Kind(StrEnum):
    """What the nights are for; a block has no guest."""

    STAY = "stay"
    MAINTENANCE = "maintenance"
    OWNER = "owner"


BLOCKS = frozenset({Kind.MAINTENANCE, Kind.OWNER})


class Action(StrEnum):
    """What can be done to a booking that exists."""

    SUBMIT = "submit"
    REVIEW = "review"
    CONFIRM = "confirm"
    REJECT = "reject"
    CANCEL = "cancel"
    EXPIRE = "expire"
    EXTEND_HOLD = "extend_hold"
    MOVE = "move"
    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    NO_SHOW = "no_show"
    COMPLETE = "complete"
    REVIVE = "revive"


class Who(StrEnum):
    """Who does it: the holder of the booking's secret, the host's people, the clock, or money."""

    GUEST = "guest"
    STAFF = "staff"
    CLOCK = "clock"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Nights:
    """Half-open local dates `[check_in, check_out)`; the departure day is free again."""

    check_in: date
    check_out: date

    @property
    def count(self) -> int:
        """How many nights; zero or less where the dates are reversed."""
        return (self.check_out - self.check_in).days

    def overlaps(self, other: "Nights") -> bool:
        """Whether a night is in both."""
        return self.check_in < other.check_out and other.check_in < self.check_out

    def common(self, other: "Nights") -> tuple[date, ...]:
        """The nights in both, in order."""
        first = max(self.check_in, other.check_in)
        days = (min(self.check_out, other.check_out) - first).days
        return tuple(first + timedelta(days=day) for day in range(days))


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach the person who asks; kept on the booking until a client is known."""

    name: str
    email: str | None = None
    phone: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Payment:
    """How staff say a confirmation was paid for; a record, no money moves here."""

    note: str
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a booking costs, as its quote said it; `points_redeemed` were taken off the ledger."""

    amount: Money
    deposit: Money
    quote_id: UUID | None = None
    points_redeemed: int = 0
    discount_code: str | None = None


@dataclass(frozen=True, slots=True)
class AgreedHours:
    """Hours of this stay alone, local to the house; None: as the house says.

    `late_night`, `early_night`: the departure day's night, or the one before the arrival day, is
    kept from being sold.
    """

    early_check_in: time | None = None
    late_check_out: time | None = None
    late_night: bool = False
    early_night: bool = False

    def occupied(self, nights: Nights) -> Nights:
        """The nights taken by a stay of these nights."""
        return Nights(
            nights.check_in - timedelta(days=int(self.early_night)),
            nights.check_out + timedelta(days=int(self.late_night)),
        )


HOUSE_HOURS = AgreedHours()


@dataclass(frozen=True, slots=True)
class Moments:
    """When what happened to a booking; None where it has not."""

    created_at: datetime
    submitted_at: datetime | None = None
    confirmed_at: datetime | None = None
    rejected_at: datetime | None = None
    cancelled_at: datetime | None = None
    expired_at: datetime | None = None
    checked_in_at: datetime | None = None
    no_show_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """One reservation or block as it stands. `standing`: it may stay unconfirmed for ever."""

    id: UUID
    organisation_id: UUID
    property_id: UUID
    house_id: UUID
    unit_ids: tuple[UUID, ...]
    code: str
    kind: Kind
    status: Status
    nights: Nights
    guests: int
    channel: str
    contact: Contact
    client_id: UUID | None
    standing: bool
    expires_at: datetime | None
    hold_extended: bool
    notes: str
    reason: str
    payment: Payment | None
    confirmed_by: UUID | None
    visit_counted: bool
    moments: Moments
    version: int
    price: Price | None = None
    hours: AgreedHours = HOUSE_HOURS
    transfer: bool = False
    vouchers: int = 0

    @property
    def occupied(self) -> Nights:
        """The nights nobody else may have: the stay's, and a late check-out's where agreed."""
        return self.hours.occupied(self.nights)


@dataclass(frozen=True, slots=True)
class UnitNights:
    """Nights of one unit that are taken; says nothing about by whom."""

    unit_id: UUID
    unit_name: str
    nights: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class StayForAccess:
    """What the room `access` needs of a booking to write its grants.

    `early_check_in`, `late_check_out`: agreed hours of this stay; None: as the house says.
    """

    reservation_id: UUID
    organisation_id: UUID
    house_id: UUID
    unit_ids: tuple[UUID, ...]
    space_ids: tuple[UUID, ...]
    check_in: date
    check_out: date
    status: Status
    kind: Kind
    client_id: UUID | None
    client_name: str
    client_language: str
    checked_in: bool
    guests: int
    code: str
    checked_in_at: datetime | None
    early_check_in: time | None = None
    late_check_out: time | None = None


@dataclass(frozen=True, slots=True)
class JobChange:
    """One booking a job changed."""

    reservation_id: UUID
    code: str
    before: Status
    after: Status
    visit_counted: bool = False


@dataclass(frozen=True, slots=True)
class JobReport:
    """What one run of a job changed; empty where nothing was due."""

    job: str
    changes: tuple[JobChange, ...]
