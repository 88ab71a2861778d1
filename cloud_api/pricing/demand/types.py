"""What is known of an event in town, and what is thought of it?"""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.money import Money


class Demand(StrEnum):
    """How much an event fills the town."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class SuggestionState(StrEnum):
    """What became of the price an event suggests."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class EventStatus(StrEnum):
    """How the vendor says it stands."""

    ON_SALE = "onsale"
    OFF_SALE = "offsale"
    CANCELLED = "cancelled"
    POSTPONED = "postponed"
    RESCHEDULED = "rescheduled"
    UNKNOWN = "unknown"


class Trouble(StrEnum):
    """Why a vendor told nothing."""

    KEY_REFUSED = "key_refused"
    TOO_MANY = "too_many"
    UNREACHABLE = "unreachable"
    NOT_UNDERSTOOD = "not_understood"


_CRITICAL = Money(200_00, "GBP")
_HIGH = Money(150_00, "GBP")
_MEDIUM = Money(100_00, "GBP")
_LOW = Money(80_00, "GBP")


@dataclass(frozen=True, slots=True)
class PriceStep:
    """A ticket dearer than `above` whole units of its currency adds `points`."""

    above: int
    points: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an organisation counts with; the defaults are what has proved itself in Manchester.

    Points add up to at most 100; the steps are read from the dearest. Suggested prices are for one
    night.
    """

    base: int = 15
    sold_out: int = 50
    unpriced_major: int = 15
    steps: tuple[PriceStep, ...] = (
        PriceStep(100, 35),
        PriceStep(75, 28),
        PriceStep(50, 22),
        PriceStep(30, 12),
        PriceStep(15, 5),
    )
    critical_from: int = 80
    high_from: int = 60
    medium_from: int = 40
    critical_price: Money = _CRITICAL
    high_price: Money = _HIGH
    medium_price: Money = _MEDIUM
    low_price: Money = _LOW
    short_list: int = 10


@dataclass(frozen=True, slots=True)
class Venue:
    """A hall somebody minds. An event is in it by the vendor's id, or by the hall's name.

    `by_title`: the name in an event's title counts too. `always_alert` and `price` stand above any
    score.
    """

    id: UUID
    name: str
    vendor_id: str = ""
    bonus: int = 0
    priority: bool = True
    by_title: bool = False
    always_alert: bool = False
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as its vendor tells it; ticket prices are whole units of the vendor's currency."""

    vendor_id: str
    name: str
    day: date
    status: EventStatus
    url: str = ""
    starts: time | None = None
    venue: str = ""
    venue_id: str = ""
    sale_begins: datetime | None = None
    sale_ends: datetime | None = None
    least_price: int | None = None
    most_price: int | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What we think of an event."""

    score: int
    demand: Demand
    sold_out: bool
    price: Money
    alert: bool
    venue_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a search stands: a page of the half-open days `[first, until)`; the whole is to `end`.

    A vendor shows only the beginning of a long list: long lists are asked for in shorter windows.
    """

    first: date
    until: date
    end: date
    page: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """One request: one page of one hall's events, or of a town's."""

    search_id: UUID
    organisation_id: UUID
    place_id: UUID
    cursor: Cursor
    api_key: str = field(repr=False)
    key_mark: bytes = field(repr=False)
    city: str = ""
    country: str = ""
    vendor_venue_id: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the vendor says may still be asked, and until when nothing may."""

    limit: int | None = None
    left: int | None = None
    closed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One page; `total` is the number of events in the whole window."""

    happenings: tuple[Happening, ...]
    total: int
    pages: int
    allowance: Allowance = Allowance()


@dataclass(frozen=True, slots=True)
class Untold:
    """No page came."""

    trouble: Trouble
    allowance: Allowance = Allowance()
