"""Who may be told what, when, by which way; and what does news change? Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from cloud_api.kit.jobs import Retry
from cloud_api.messaging.types import (
    ChannelName,
    Medium,
    MessageEvent,
    MessageState,
    PreferenceType,
    Reason,
)

type Way = tuple[ChannelName, ...]
"""Channels in the order they are tried; the first that takes the message has it."""

RETRY = Retry(tries=10, first=timedelta(seconds=2), factor=3.0, longest=timedelta(minutes=15))
# After a silence the vendor may still be at it; only then is it asked what became of it.
LOOK_AFTER = timedelta(seconds=5)
DAY_BEGINS, DAY_ENDS = time(9), time(20)

_EMAIL, _WHATSAPP, _TELEGRAM = ChannelName.EMAIL, ChannelName.WHATSAPP, ChannelName.TELEGRAM
_SMS = (ChannelName.SMS_TWILIO, ChannelName.SMS_REDVOISS)
_LETTER: Way = (_EMAIL, _WHATSAPP, *_SMS, _TELEGRAM)
_AT_ONCE: Way = (_WHATSAPP, *_SMS, _TELEGRAM, _EMAIL)
_STAFF: Way = (_TELEGRAM, _EMAIL, *_SMS, _WHATSAPP)


@dataclass(frozen=True, slots=True)
class Trait:
    """How an event is told. Several `ways`: one message by each.

    `kind`: what a person refuses it by; None: nobody can, because it was asked for just now or is
    the staff's own. Transactional ones belong to a stay that is bought: they know no contact hours
    and carry no link to be spared. `limited`: by the frequency limits, which all of them count in.
    `secret`: the text is erased as soon as it has gone.
    """

    kind: PreferenceType | None
    transactional: bool = True
    limited: bool = False
    secret: bool = False
    ways: tuple[Way, ...] = (_LETTER,)


def _advertising(kind: PreferenceType, *, limited: bool = True) -> Trait:
    return Trait(kind, transactional=False, limited=limited)


TRAITS: Mapping[MessageEvent, Trait] = {
    # By letter and by short message: one of the two is at hand at the door.
    MessageEvent.CONFIRMATION: Trait(
        PreferenceType.CONFIRMATIONS, ways=((_EMAIL,), (_WHATSAPP, *_SMS, _TELEGRAM))
    ),
    MessageEvent.WELCOME: Trait(PreferenceType.CONFIRMATIONS),
    MessageEvent.CHECK_IN_INVITATION: Trait(PreferenceType.REMINDERS),
    MessageEvent.HOLD_EXPIRING: Trait(PreferenceType.REMINDERS, ways=(_AT_ONCE,)),
    MessageEvent.PAYMENT_RECEIVED: Trait(PreferenceType.CONFIRMATIONS),
    MessageEvent.PAID_IN_FULL: Trait(PreferenceType.CONFIRMATIONS),
    MessageEvent.VOUCHER_DEADLINE: Trait(PreferenceType.REMINDERS, ways=(_AT_ONCE,)),
    MessageEvent.KEY_READY: Trait(PreferenceType.CONFIRMATIONS, ways=(_AT_ONCE,)),
    MessageEvent.KEY_DELAYED: Trait(PreferenceType.CONFIRMATIONS, ways=(_AT_ONCE,)),
    MessageEvent.OTP: Trait(None, secret=True, ways=(_AT_ONCE,)),
    MessageEvent.REMINDER_24H: Trait(PreferenceType.REMINDERS),
    MessageEvent.CHECK_OUT: Trait(PreferenceType.REMINDERS, ways=(_AT_ONCE,)),
    MessageEvent.POST_STAY: _advertising(PreferenceType.SURVEYS, limited=False),
    MessageEvent.CANCELLATION: Trait(PreferenceType.CONFIRMATIONS),
    MessageEvent.REARRANGED_STAY: Trait(PreferenceType.CONFIRMATIONS),
    MessageEvent.STAFF_ALERT: Trait(None, ways=(_STAFF,)),
    MessageEvent.BIRTHDAY: _advertising(PreferenceType.BIRTHDAY),
    MessageEvent.PROMOTION: _advertising(PreferenceType.PROMOTIONAL),
    MessageEvent.NEWSLETTER: _advertising(PreferenceType.NEWSLETTERS),
    MessageEvent.REACTIVATION: _advertising(PreferenceType.REACTIVATION),
    MessageEvent.TEST: Trait(None),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person agreed to hear, by which media, at which hours of their house's day."""

    media: Mapping[Medium, bool] = field(default_factory=dict)
    kinds: Mapping[PreferenceType, bool] = field(default_factory=dict)
    hours_from: time = DAY_BEGINS
    hours_until: time = DAY_ENDS


@dataclass(frozen=True, slots=True)
class Caps:
    """How often a person is written to at most; `sms_on`: the organisation's own switch."""

    sms_on: bool = True
    sms_per_day: int = 2
    sms_per_month: int = 8
    email_per_week: int = 1
    email_per_month: int = 4


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` messages between two instants."""

    reason: Reason
    most: int
    since: datetime
    until: datetime


def refused(trait: Trait, medium: Medium, wishes: Wishes, caps: Caps) -> Reason | None:
    """The first gates, in their order: the organisation's switch, the medium, the kind."""
    if medium is Medium.SMS and not caps.sms_on:
        return Reason.SMS_SWITCHED_OFF
    if trait.kind is None:
        return None
    if not wishes.media.get(medium, True):
        return Reason.CHANNEL_OPTED_OUT
    if not wishes.kinds.get(trait.kind, True):
        return Reason.TYPE_OPTED_OUT
    return None


def goes_at(trait: Trait, wishes: Wishes, local: datetime) -> datetime:
    """The next gate: now, or when the contact hours next begin. `local` is aware."""
    if trait.transactional or wishes.hours_from <= local.time() < wishes.hours_until:
        return local
    day = local.date() if local.time() < wishes.hours_from else local.date() + timedelta(days=1)
    return datetime.combine(day, wishes.hours_from, local.tzinfo)


def caps_on(trait: Trait, medium: Medium, caps: Caps, local: datetime) -> tuple[Cap, ...]:
    """The last gate: what must not be exceeded at this instant of the person's calendar."""
    if not trait.limited:
        return ()
    day = datetime.combine(local.date(), time(), local.tzinfo)
    first = day.replace(day=1)
    month = (first, (first + timedelta(days=32)).replace(day=1))
    if medium is Medium.SMS:
        return (
            Cap(Reason.DAILY_LIMIT, caps.sms_per_day, day, day + timedelta(days=1)),
            Cap(Reason.MONTHLY_LIMIT, caps.sms_per_month, *month),
        )
    if medium is Medium.EMAIL:
        monday = day - timedelta(days=day.weekday())
        return (
            Cap(Reason.WEEKLY_LIMIT, caps.email_per_week, monday, monday + timedelta(days=7)),
            Cap(Reason.MONTHLY_LIMIT, caps.email_per_month, *month),
        )
    return ()


def exceeded(caps: Sequence[Cap], counts: Sequence[int]) -> Reason | None:
    """The first cap that one more message would exceed."""
    for cap, count in zip(caps, counts, strict=True):
        if count >= cap.most:
            return cap.reason
    return None


# What only says how far it got never takes back what is known; an arrival outdoes a failure.
_RANK = {
    MessageState.WAITING: 0,
    MessageState.SENDING: 1,
    MessageState.UNKNOWN: 2,
    MessageState.SENT: 3,
    MessageState.FAILED: 4,
    MessageState.DELIVERED: 5,
    MessageState.READ: 6,
    MessageState.REPLIED: 7,
    MessageState.BLOCKED: 8,
}


def is_news(old: MessageState, new: MessageState) -> bool:
    """Does this change anything? A message never goes back; a blocked one was never sent."""
    return new is not MessageState.BLOCKED and _RANK[new] > _RANK[old]


# Not waiting any more, whatever else may be heard of it.
FINAL = frozenset(MessageState) - {MessageState.WAITING, MessageState.SENDING}
MAY_GO_AGAIN = frozenset(
    {MessageState.FAILED, MessageState.UNKNOWN, MessageState.SENT, MessageState.DELIVERED}
    | {MessageState.READ, MessageState.REPLIED, MessageState.BLOCKED}
)


def masked(address: str) -> str:
    """An address for people to recognise, not to use: `an***@example.org`, `***134`."""
    name, at, domain = address.rpartition("@")
    return f"{name[:2]}***@{domain}" if at else f"***{address[-3:]}"
