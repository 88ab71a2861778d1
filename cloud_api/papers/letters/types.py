"""Which words do letters have?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final
from uuid import UUID

from cloud_api.messaging.types import MessageEvent
from cloud_api.reservations.types import LIVE, UNCONFIRMED, Status

type Letter = MessageEvent

GUEST_LETTERS: Final = frozenset(
    {
        MessageEvent.CONFIRMATION,
        MessageEvent.WELCOME,
        MessageEvent.CHECK_IN_INVITATION,
        MessageEvent.HOLD_EXPIRING,
        MessageEvent.VOUCHER_DEADLINE,
        MessageEvent.PAYMENT_RECEIVED,
        MessageEvent.PAID_IN_FULL,
        MessageEvent.KEY_READY,
        MessageEvent.KEY_DELAYED,
        MessageEvent.REMINDER_24H,
        MessageEvent.CHECK_OUT,
        MessageEvent.POST_STAY,
        MessageEvent.CANCELLATION,
        MessageEvent.REARRANGED_STAY,
    }
)
_CERTAIN: Final = frozenset({Status.CONFIRMED})
_ENDED: Final = frozenset({Status.CANCELLED, Status.REJECTED, Status.EXPIRED})
_PAYING: Final = LIVE | {Status.COMPLETED}

TRUE_WHILE: Final[Mapping[MessageEvent, frozenset[Status]]] = {
    **dict.fromkeys(GUEST_LETTERS, _CERTAIN),
    MessageEvent.HOLD_EXPIRING: UNCONFIRMED,
    MessageEvent.VOUCHER_DEADLINE: UNCONFIRMED,
    MessageEvent.CANCELLATION: _ENDED,
    MessageEvent.POST_STAY: frozenset({Status.COMPLETED}),
    MessageEvent.PAYMENT_RECEIVED: _PAYING,
    MessageEvent.PAID_IN_FULL: _PAYING,
}
"""In which states of its booking a letter is true; in any other nothing is told."""


class ByHand(StrEnum):
    """What staff may send whenever it is true; the others tell of one moment alone."""

    CONFIRMATION = "confirmation"
    WELCOME = "welcome"
    CHECK_IN_INVITATION = "check_in_invitation"
    PAID_IN_FULL = "paid_in_full"
    KEY_READY = "key_ready"
    REMINDER_24H = "reminder_24h"
    CHECK_OUT = "check_out"
    POST_STAY = "post_stay"
    CANCELLATION = "cancellation"


@dataclass(frozen=True, slots=True)
class Habits:
    """How a property writes to its guests; hours are local to the house.

    `off`: letters it does not send. `contact`: where a guest before a shut door asks for help.
    """

    off: frozenset[MessageEvent] = frozenset()
    invitation_days: int = 7
    welcome_days: int = 3
    key_days: int = 2
    key_delayed_hours: int = 4
    voucher_minutes: int = 30
    thanks_days: int = 1
    send_at: time = time(10)
    check_out_at: time = time(8)
    review_url: str | None = None
    contact: str | None = None


USUAL: Final = Habits()


@dataclass(frozen=True, slots=True)
class StayHours:
    """When a stay begins and ends, in UTC; `zone` is its house's (IANA)."""

    house_id: UUID
    check_in: date
    check_out: date
    arrival_hour: time
    departure_hour: time
    zone: str


@dataclass(frozen=True, slots=True)
class Due:
    """A letter and when it is of use: half-open, UTC. `fact` is what it tells, once."""

    letter: MessageEvent
    fact: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """Money a letter tells of."""

    amount_minor: int
    currency: str
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A letter that shall be written now; `moved_from` is where the guest would have stayed."""

    reservation_id: UUID
    organisation_id: UUID
    letter: MessageEvent
    fact: str
    called_at: datetime
    useful_until: datetime | None = None
    money: Told | None = field(default=None)
    moved_from: str | None = None
