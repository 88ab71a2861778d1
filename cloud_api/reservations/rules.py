"""What may become of a booking, and which nights may be asked for? Values in, values out."""

import hmac
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cloud_api.reservations.types import (
    MAX_DAYS_AHEAD,
    MAX_NIGHTS,
    UNCONFIRMED,
    Action,
    Contact,
    Kind,
    Nights,
    Status,
    Who,
)

_LEAST_CONTACT = 5
_STAYS = frozenset({Kind.STAY})
_ALL_KINDS = frozenset(Kind)
_GUEST_OR_STAFF = frozenset({Who.GUEST, Who.STAFF})
_STAFF = frozenset({Who.STAFF})
_CLOCK = frozenset({Who.CLOCK})
_PAYMENT = frozenset({Who.PAYMENT})
_STAFF_OR_PAYMENT = frozenset({Who.STAFF, Who.PAYMENT})
_COUNTED_CHANNELS = frozenset(
    {"web", "whatsapp", "phone", "email", "walk_in", "airbnb", "booking", "telegram", "staff"}
)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: from, deed, to, who may, on which kinds, and only if it stands."""

    source: Status
    action: Action
    target: Status
    who: frozenset[Who]
    kinds: frozenset[Kind] = _STAYS
    standing_only: bool = False


def _from_unconfirmed(source: Status) -> tuple[Transition, ...]:
    """What is the same for every booking that nobody confirmed yet."""
    return (
        Transition(source, Action.CONFIRM, Status.CONFIRMED, _STAFF_OR_PAYMENT),
        Transition(source, Action.REJECT, Status.REJECTED, _STAFF),
        Transition(source, Action.CANCEL, Status.CANCELLED, _GUEST_OR_STAFF),
        Transition(source, Action.MOVE, source, _STAFF),
        # Some owners never confirm: their bookings stand without expiry and still complete.
        Transition(source, Action.COMPLETE, Status.COMPLETED, _CLOCK, standing_only=True),
    )


TRANSITIONS: tuple[Transition, ...] = (
    *_from_unconfirmed(Status.HELD),
    Transition(Status.HELD, Action.SUBMIT, Status.PENDING, _GUEST_OR_STAFF | {Who.PAYMENT}),
    Transition(Status.HELD, Action.EXPIRE, Status.EXPIRED, _CLOCK),
    Transition(Status.HELD, Action.EXTEND_HOLD, Status.HELD, _GUEST_OR_STAFF),
    *_from_unconfirmed(Status.PENDING),
    Transition(Status.PENDING, Action.REVIEW, Status.UNDER_REVIEW, _GUEST_OR_STAFF | {Who.PAYMENT}),
    *_from_unconfirmed(Status.UNDER_REVIEW),
    Transition(Status.CONFIRMED, Action.CANCEL, Status.CANCELLED, _STAFF, _ALL_KINDS),
    Transition(Status.CONFIRMED, Action.MOVE, Status.CONFIRMED, _STAFF, _ALL_KINDS),
    Transition(Status.CONFIRMED, Action.CHECK_IN, Status.CONFIRMED, _STAFF),
    Transition(Status.CONFIRMED, Action.CHECK_OUT, Status.COMPLETED, _STAFF),
    Transition(Status.CONFIRMED, Action.NO_SHOW, Status.NO_SHOW, _STAFF),
    Transition(Status.CONFIRMED, Action.COMPLETE, Status.COMPLETED, _CLOCK, _ALL_KINDS),
    # Money that came late: only where the nights are still free.
    Transition(Status.EXPIRED, Action.REVIVE, Status.CONFIRMED, _PAYMENT),
    Transition(Status.CANCELLED, Action.REVIVE, Status.CONFIRMED, _PAYMENT),
)

_BY_DEED = {(row.source, row.action): row for row in TRANSITIONS}


def next_status(
    source: Status,
    action: Action,
    *,
    who: Who,
    kind: Kind = Kind.STAY,
    standing: bool = False,
) -> Status | None:
    """The status after the deed, or None where this person may not do it to this booking."""
    row = _BY_DEED.get((source, action))
    if row is None or who not in row.who or kind not in row.kinds:
        return None
    if row.standing_only and not standing:
        return None
    return row.target


def can(
    source: Status,
    action: Action,
    *,
    who: Who,
    kind: Kind = Kind.STAY,
    standing: bool = False,
) -> bool:
    """Whether the deed is allowed at all."""
    return next_status(source, action, who=who, kind=kind, standing=standing) is not None


def sources_of(action: Action, *, who: Who, kind: Kind = Kind.STAY) -> tuple[Status, ...]:
    """The statuses from which this person may do it, in the order of the table."""
    return tuple(
        row.source
        for row in TRANSITIONS
        if row.action is action and who in row.who and kind in row.kinds
    )


class DateFault(StrEnum):
    """Why dates cannot be taken, whoever else has them."""

    NO_NIGHT = "check-out must be later than check-in"
    PAST = "check-in has passed in the house's time zone"
    ENDED = "check-out has passed in the house's time zone"
    TOO_LONG = f"at most {MAX_NIGHTS} nights"
    TOO_LONG_HERE = "more nights than can be held here at once; ask the host"
    TOO_FAR = f"at most {MAX_DAYS_AHEAD} days ahead"


def date_fault(nights: Nights, *, today: date) -> DateFault | None:
    """What is wrong with these nights for a new booking; `today` is the house's local date."""
    if nights.count < 1:
        return DateFault.NO_NIGHT
    if nights.check_in < today:
        return DateFault.PAST
    return _span_fault(nights, today=today)


def move_fault(old: Nights, new: Nights, *, today: date) -> DateFault | None:
    """As `date_fault`, for a booking that moves: a stay that has begun keeps its beginning."""
    if new.count < 1:
        return DateFault.NO_NIGHT
    if new.check_in != old.check_in and new.check_in < today:
        return DateFault.PAST
    if new.check_out < today:
        return DateFault.ENDED
    return _span_fault(new, today=today)


def _span_fault(nights: Nights, *, today: date) -> DateFault | None:
    if nights.count > MAX_NIGHTS:
        return DateFault.TOO_LONG
    if (nights.check_out - today).days > MAX_DAYS_AHEAD:
        return DateFault.TOO_FAR
    return None


def guests_fault(guests: int, *, capacity: int) -> str | None:
    """What is wrong with the number of guests for units that sleep `capacity` together."""
    if guests < 1:
        return "at least one guest"
    if guests > capacity:
        return f"these units sleep {capacity}"
    return None


def is_unconfirmed(status: Status) -> bool:
    """Whether somebody still has to say yes."""
    return status in UNCONFIRMED


def channel_label(channel: str) -> str:
    """The name a channel is counted under; callers cannot invent new time series."""
    return channel if channel in _COUNTED_CHANNELS else "other"


def same_contact(given: str, contact: Contact) -> bool:
    """Whether `given` is this contact's e-mail address or phone number, however it is written."""
    known = [_plain_email(contact.email or ""), _digits(contact.phone or "")]
    asked = [_plain_email(given), _digits(given)]
    return any(
        len(right) >= _LEAST_CONTACT and hmac.compare_digest(left.encode(), right.encode())
        for left, right in zip(asked, known, strict=True)
    )


def _plain_email(text: str) -> str:
    return text.strip().lower()


def _digits(text: str) -> str:
    return "".join(each for each in text if each in "0123456789")
