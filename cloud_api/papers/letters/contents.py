"""What does each letter say of a stay? Exactly the words its template knows; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from cloud_api.access.handover.types import Handover
from cloud_api.kit.money import Money
from cloud_api.messaging.types import MessageEvent, Value
from cloud_api.papers.letters.types import Habits, StayHours, Told
from cloud_api.papers.types import StayFacts

type Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Matter:
    """All a letter may speak of; addresses hold secrets and are made anew for each letter."""

    stay: StayFacts = field(repr=False)
    hours: StayHours
    habits: Habits
    units_name: str
    price: Money | None
    deadline: datetime | None
    refund: Money | None
    due_now: Money | None
    told: Told | None
    moved_from: str | None
    key: Handover | None = field(repr=False)
    stay_url: str | None = field(repr=False)
    pay_url: str | None = field(repr=False)


def values_of(letter: MessageEvent, matter: Matter) -> Values | None:
    """What the letter says; None where something it cannot do without is not there."""
    return _SAY[letter](matter)


def _guest(matter: Matter) -> dict[str, Value]:
    return {"guest_name": matter.stay.guest, "house_name": matter.stay.house}


def _booking(matter: Matter) -> dict[str, Value]:
    return _guest(matter) | {"code": matter.stay.code}


def _stay(matter: Matter) -> dict[str, Value]:
    return {"check_in": matter.stay.check_in, "check_out": matter.stay.check_out}


def _confirmation(matter: Matter) -> Values:
    reckoning = matter.stay.reckoning
    total = reckoning.total or matter.price
    paid = reckoning.paid or (None if total is None else total * 0)
    balance = reckoning.due
    if balance is None and total is not None and paid is not None:
        balance = total + paid * -1 if total.currency == paid.currency else None
    return {
        **_booking(matter),
        **_stay(matter),
        "nights": matter.stay.nights,
        "guests": matter.stay.guests,
        "total": total,
        "paid": paid,
        "balance": balance,
        "stay_url": matter.stay_url,
    }


def _before_arrival(matter: Matter) -> dict[str, Value]:
    return {
        **_guest(matter),
        "check_in": matter.stay.check_in,
        "check_in_time": f"{matter.hours.arrival_hour:%H:%M}",
        "address": matter.stay.address or None,
        "stay_url": matter.stay_url,
    }


def _welcome(matter: Matter) -> Values | None:
    return None if matter.stay_url is None else _before_arrival(matter)


def _invitation(matter: Matter) -> Values | None:
    if matter.stay_url is None:
        return None
    return {
        **_guest(matter),
        "check_in": matter.stay.check_in,
        "check_in_url": matter.stay_url,
    }


def _hold_expiring(matter: Matter) -> Values | None:
    if matter.deadline is None:
        return None
    return {
        **_booking(matter),
        **_stay(matter),
        "expires_at": matter.deadline,
        "pay_url": matter.pay_url,
    }


def _voucher(matter: Matter) -> Values | None:
    amount = matter.due_now or matter.price
    if matter.deadline is None or amount is None:
        return None
    return {
        **_booking(matter),
        "deadline": matter.deadline,
        "amount": amount,
        "upload_url": matter.pay_url,
    }


def _payment(matter: Matter) -> Values | None:
    reckoning, told = matter.stay.reckoning, matter.told
    if told is None or reckoning.paid is None or reckoning.due is None:
        return None
    return {
        **_booking(matter),
        "amount": Money(told.amount_minor, told.currency),
        "paid": reckoning.paid,
        "balance": reckoning.due,
        "method": told.method,
    }


def _paid(matter: Matter) -> Values | None:
    reckoning = matter.stay.reckoning
    if reckoning.total is None or reckoning.due is None or reckoning.due.minor > 0:
        return None
    return {**_booking(matter), "total": reckoning.total}


def _key_ready(matter: Matter) -> Values | None:
    if matter.key is None:
        return None
    return {
        **_guest(matter),
        "valid_from": matter.key.starts,
        "valid_until": matter.key.ends,
        "stay_url": matter.stay_url,
        "lan_url": matter.key.lan_url,
        "pin": matter.key.pin,
    }


def _key_delayed(matter: Matter) -> Values | None:
    if matter.stay_url is None:
        return None
    return {**_guest(matter), "stay_url": matter.stay_url, "contact": matter.habits.contact}


def _check_out(matter: Matter) -> Values:
    return {
        **_guest(matter),
        "check_out": matter.stay.check_out,
        "check_out_time": f"{matter.hours.departure_hour:%H:%M}",
    }


def _thanks(matter: Matter) -> Values:
    return {**_guest(matter), "review_url": matter.habits.review_url}


def _cancellation(matter: Matter) -> Values:
    return {**_booking(matter), **_stay(matter), "refund": matter.refund}


def _rearranged(matter: Matter) -> Values | None:
    if matter.moved_from is None:
        return None
    return {
        **_booking(matter),
        **_stay(matter),
        "house_name": matter.units_name,
        "old_house_name": matter.moved_from,
        "stay_url": matter.stay_url,
    }


_SAY: Final[Mapping[MessageEvent, Callable[[Matter], Values | None]]] = MappingProxyType(
    {
        MessageEvent.CONFIRMATION: _confirmation,
        MessageEvent.WELCOME: _welcome,
        MessageEvent.CHECK_IN_INVITATION: _invitation,
        MessageEvent.HOLD_EXPIRING: _hold_expiring,
        MessageEvent.VOUCHER_DEADLINE: _voucher,
        MessageEvent.PAYMENT_RECEIVED: _payment,
        MessageEvent.PAID_IN_FULL: _paid,
        MessageEvent.KEY_READY: _key_ready,
        MessageEvent.KEY_DELAYED: _key_delayed,
        MessageEvent.REMINDER_24H: _before_arrival,
        MessageEvent.CHECK_OUT: _check_out,
        MessageEvent.POST_STAY: _thanks,
        MessageEvent.CANCELLATION: _cancellation,
        MessageEvent.REARRANGED_STAY: _rearranged,
    }
)
