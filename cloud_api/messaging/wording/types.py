"""What may a template of an event say, and of which kind is each of its words?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from cloud_api.messaging.types import Medium, MessageEvent


class Place(NamedTuple):
    """Where words stand: for which event, which kind of channel, which language."""

    event: MessageEvent
    medium: Medium
    language: str


class Kind(StrEnum):
    """How a value is written for its reader."""

    TEXT = "text"
    LINK = "link"
    NUMBER = "number"
    MONEY = "money"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Variable:
    """One word a template may use. An optional one is empty where the caller has nothing to say."""

    name: str
    kind: Kind = Kind.TEXT
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A template as it is written. `html` is the inside of a mail's page; a layout goes around."""

    body: str
    subject: str = ""
    html: str | None = None
    vendor_template: str | None = None
    vendor_variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The words there are for somebody, in which language, and whether it is the one wanted."""

    words: Words
    language: str
    fell_back: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Written:
    """A text ready to be read."""

    body: str = field(repr=False)
    subject: str = field(default="", repr=False)
    html: str | None = field(default=None, repr=False)
    template: str | None = None
    variables: tuple[str, ...] = field(default=(), repr=False)


def _text(*names: str) -> tuple[Variable, ...]:
    return tuple(Variable(name) for name in names)


def _maybe(*names: str) -> tuple[Variable, ...]:
    return tuple(Variable(name, optional=True) for name in names)


def _link(name: str, *, optional: bool = True) -> Variable:
    return Variable(name, Kind.LINK, optional=optional)


def _money(*names: str) -> tuple[Variable, ...]:
    return tuple(Variable(name, Kind.MONEY) for name in names)


def _days(*names: str) -> tuple[Variable, ...]:
    return tuple(Variable(name, Kind.DAY) for name in names)


def _moments(*names: str) -> tuple[Variable, ...]:
    return tuple(Variable(name, Kind.MOMENT) for name in names)


_GUEST = _text("guest_name", "house_name")
_BOOKING = (*_GUEST, *_text("code"))
_STAY = _days("check_in", "check_out")
_NOTICE = (*_text("guest_name", "headline", "text"), _link("link"))

VARIABLES: Mapping[MessageEvent, tuple[Variable, ...]] = {
    MessageEvent.CONFIRMATION: (
        *_BOOKING,
        *_STAY,
        Variable("nights", Kind.NUMBER),
        Variable("guests", Kind.NUMBER),
        *_money("total", "paid", "balance"),
        _link("stay_url"),
    ),
    MessageEvent.WELCOME: (
        *_GUEST,
        *_days("check_in"),
        *_text("check_in_time"),
        *_maybe("address"),
        _link("stay_url", optional=False),
    ),
    MessageEvent.CHECK_IN_INVITATION: (
        *_GUEST,
        *_days("check_in"),
        _link("check_in_url", optional=False),
    ),
    MessageEvent.HOLD_EXPIRING: (*_BOOKING, *_STAY, *_moments("expires_at"), _link("pay_url")),
    MessageEvent.PAYMENT_RECEIVED: (
        *_BOOKING,
        *_money("amount", "paid", "balance"),
        *_maybe("method"),
    ),
    MessageEvent.PAID_IN_FULL: (*_BOOKING, *_money("total")),
    MessageEvent.VOUCHER_DEADLINE: (
        *_BOOKING,
        *_moments("deadline"),
        *_money("amount"),
        _link("upload_url"),
    ),
    MessageEvent.KEY_READY: (
        *_GUEST,
        *_moments("valid_from", "valid_until"),
        _link("stay_url", optional=False),
        _link("lan_url"),
        *_maybe("pin"),
    ),
    MessageEvent.KEY_DELAYED: (*_GUEST, _link("stay_url", optional=False), *_maybe("contact")),
    MessageEvent.OTP: (*_text("code", "sender_name"), Variable("minutes", Kind.NUMBER)),
    MessageEvent.REMINDER_24H: (
        *_GUEST,
        *_days("check_in"),
        *_text("check_in_time"),
        *_maybe("address"),
        _link("stay_url"),
    ),
    MessageEvent.CHECK_OUT: (*_GUEST, *_days("check_out"), *_text("check_out_time")),
    MessageEvent.POST_STAY: (*_GUEST, _link("review_url")),
    MessageEvent.CANCELLATION: (*_BOOKING, *_STAY, Variable("refund", Kind.MONEY, optional=True)),
    MessageEvent.REARRANGED_STAY: (
        *_BOOKING,
        *_text("old_house_name"),
        *_STAY,
        _link("stay_url"),
    ),
    MessageEvent.STAFF_ALERT: (*_text("title", "text"), _link("link")),
    MessageEvent.BIRTHDAY: _NOTICE,
    MessageEvent.PROMOTION: _NOTICE,
    MessageEvent.NEWSLETTER: _NOTICE,
    MessageEvent.REACTIVATION: _NOTICE,
    MessageEvent.TEST: _text("sender_name"),
}
