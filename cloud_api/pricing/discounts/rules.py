"""Which discount does this stay get, and why does each other not apply?

Amounts are worked out as fractions and rounded once, half to even, to the minor unit of the stay's
currency.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from babel.numbers import get_currency_precision

from cloud_api.kit.money import Currency, Money
from cloud_api.pricing.discounts.types import (
    Applied,
    Asked,
    AutomaticOffer,
    ClientFacts,
    CodeOffer,
    Considered,
    Discounting,
    DiscountKind,
    LevelOffer,
    Membership,
    Off,
    Offers,
    Rate,
    Reason,
    Trigger,
)

# Who stands here may get a discount though nobody knows their name.
_FOR_ANYBODY = frozenset({Trigger.LAST_MINUTE, Trigger.GLOBAL_PROMOTION})
_LAST_MINUTE = timedelta(days=1)
_MEMBERSHIPS = ((10, Membership.PLATINUM), (5, Membership.GOLD), (2, Membership.SILVER))
_REFERRAL = "Referral"
# Longer than any code may be: what somebody pastes is told back to them, but not for ever.
_LONGEST_CODE = 60


def choose(offers: Offers, asked: Asked) -> Discounting:
    """A valid code wins over all; else the automatic one that is worth most. Never two.

    Of two that are worth the same the one that stands first in `DiscountKind` wins, then by name.
    """
    code = list(_code(offers, asked))
    others = sorted(_others(offers, asked), key=_strongest_first)
    winner = next((each for each in (*code, *others) if each.reason is Reason.APPLIED), None)
    lost = Reason.A_CODE_WON if winner in code else Reason.SMALLER_THAN_ANOTHER
    return Discounting(
        applied=_applied(winner),
        considered=tuple(
            each if each is winner or each.reason is not Reason.APPLIED else _now(each, lost)
            for each in (*code, *others)
        ),
        membership=membership(asked.client),
    )


def capitals(code: str | None) -> str | None:
    """The one form of a code, however it was typed; None when nothing was."""
    return (code or "").strip().upper()[:_LONGEST_CODE] or None


def membership(client: ClientFacts | None) -> Membership:
    """The label of so many approved stays: 2 silver, 5 gold, 10 platinum."""
    if client is None:
        return Membership.GUEST
    reached = (label for stays, label in _MEMBERSHIPS if client.approved_stays >= stays)
    return next(reached, Membership.BRONZE)


def code_never_works(offer: CodeOffer) -> tuple[Reason, ...]:
    """What the code's own entry lacks so that no stay can ever get it."""
    found = (
        (Reason.NO_PROPERTIES_ASSIGNED, not offer.property_ids),
        (Reason.AMBIGUOUS_DAYS, offer.only_weekdays and offer.only_weekends),
    )
    return tuple(reason for reason, is_so in found if is_so)


def automatic_never_works(offer: AutomaticOffer) -> tuple[Reason, ...]:
    """What the discount's own entry lacks so that no stay can ever get it."""
    ambiguous = offer.only_weekdays and offer.only_weekends and not offer.weekdays
    nameless = offer.trigger is Trigger.LOYALTY and not offer.achievements
    found = ((Reason.AMBIGUOUS_DAYS, ambiguous), (Reason.NO_ACHIEVEMENTS_NAMED, nameless))
    return tuple(reason for reason, is_so in found if is_so)


def worth(off: Off, price: Money, rate: Rate | None) -> Money | None:
    """What is taken off this price: never negative, never more than the price.

    None when an amount is in another currency and no rate says what it is worth.
    """
    fixed, cap = (_exactly(each, price.currency, rate) for each in (off.fixed, off.cap))
    if (off.fixed is not None and fixed is None) or (off.cap is not None and cap is None):
        return None
    wanted = fixed if fixed is not None else Fraction(off.percent or 0) * price.minor / 100
    capped = wanted if cap is None else min(wanted, cap)
    return Money(max(0, min(round(capped), price.minor)), price.currency)


def _code(offers: Offers, asked: Asked) -> Iterator[Considered]:
    if offers.typed is None:
        return
    if offers.code is None:
        nothing = Money(0, asked.subtotal.currency)
        yield Considered(None, DiscountKind.CODE, offers.typed, nothing, Reason.UNKNOWN_CODE)
        return
    offer = offers.code
    against = next(_against_code(offer, asked), None)
    yield _considered(
        offer.id, DiscountKind.CODE, offer.code, off=offer.off, asked=asked, against=against
    )


def _others(offers: Offers, asked: Asked) -> Iterator[Considered]:
    for offer in offers.automatic:
        against = next(_against_automatic(offer, asked), None)
        price = asked.base_total if offer.base_price_only else asked.subtotal
        yield _considered(
            offer.id,
            DiscountKind(offer.trigger),
            offer.name,
            off=offer.off,
            asked=asked,
            against=against,
            price=price,
        )
    if offers.levels:
        yield _referral(offers.levels, asked)


def _referral(levels: tuple[LevelOffer, ...], asked: Asked) -> Considered:
    against = _against_referral(asked.client)
    level = None if asked.client is None else asked.client.referrer_level
    entry = next((each for each in levels if each.achievement_id == level), None)
    if against is None and entry is None:
        against = Reason.LEVEL_WITHOUT_DISCOUNT
    if against is None and entry is not None and not entry.active:
        against = Reason.INACTIVE
    off = Off(percent=None if entry is None else entry.percent)
    entry_id = None if entry is None else entry.id
    return _considered(
        entry_id, DiscountKind.REFERRAL, _REFERRAL, off=off, asked=asked, against=against
    )


def _against_code(offer: CodeOffer, asked: Asked) -> Iterator[Reason]:
    if not offer.active:
        yield Reason.INACTIVE
    yield from _against_dates(
        offer.valid_from,
        offer.valid_until,
        asked.today,
        before=Reason.NOT_YET_VALID,
        after=Reason.NO_LONGER_VALID,
    )
    yield from code_never_works(offer)
    yield from _against_flags(offer, asked)
    if offer.usage_limit is not None and offer.used >= offer.usage_limit:
        yield Reason.EXHAUSTED
    if asked.property_id not in offer.property_ids:
        yield Reason.OTHER_PROPERTY
    if asked.check_in in asked.special_dates:
        yield Reason.SPECIAL_DATE
    yield from _against_minimum(offer.minimum, asked)


def _against_automatic(offer: AutomaticOffer, asked: Asked) -> Iterator[Reason]:
    yield from automatic_never_works(offer)
    yield from _against_dates(
        offer.arrival_from,
        offer.arrival_until,
        asked.check_in,
        before=Reason.ARRIVAL_OUTSIDE_DATES,
        after=Reason.ARRIVAL_OUTSIDE_DATES,
    )
    if offer.weekdays:
        if asked.check_in.weekday() not in offer.weekdays:
            yield Reason.ARRIVAL_ON_OTHER_DAY
    else:
        yield from _against_flags(offer, asked)
    if asked.check_in in asked.special_dates:
        yield Reason.SPECIAL_DATE
    yield from _against_guest(offer, asked)


def _against_guest(offer: AutomaticOffer, asked: Asked) -> Iterator[Reason]:
    if offer.trigger is Trigger.LAST_MINUTE and not _is_last_minute(asked):
        yield Reason.NOT_LAST_MINUTE
    if asked.client is None:
        if offer.trigger not in _FOR_ANYBODY or offer.achievements:
            yield Reason.GUEST_NOT_KNOWN
        return
    yield from _against_trigger(offer.trigger, asked.client, asked.check_in)
    if offer.achievements and not offer.achievements & asked.client.achievements:
        yield Reason.ACHIEVEMENT_MISSING


def _against_trigger(trigger: Trigger, client: ClientFacts, check_in: date) -> Iterator[Reason]:
    if trigger is Trigger.BIRTHDAY and client.birth_month != check_in.month:
        yield Reason.NOT_BIRTH_MONTH
    if trigger is Trigger.RETURNING and client.approved_stays < 1:
        yield Reason.NEVER_STAYED
    if trigger is Trigger.FIRST_TIME and client.reservations > 0:
        yield Reason.BOOKED_BEFORE


def _against_referral(client: ClientFacts | None) -> Reason | None:
    if client is None:
        return Reason.GUEST_NOT_KNOWN
    if client.referrer_level is None:
        return Reason.NOT_REFERRED
    return Reason.BOOKED_BEFORE if client.approved_stays > 0 else None


def _against_dates(
    first: date | None, last: date | None, day: date, *, before: Reason, after: Reason
) -> Iterator[Reason]:
    if first is not None and day < first:
        yield before
    if last is not None and day > last:
        yield after


def _against_flags(offer: CodeOffer | AutomaticOffer, asked: Asked) -> Iterator[Reason]:
    arrives_on_weekend = asked.check_in.weekday() in asked.weekend
    if offer.only_weekdays and arrives_on_weekend:
        yield Reason.ARRIVAL_NOT_ON_WEEKDAY
    if offer.only_weekends and not arrives_on_weekend:
        yield Reason.ARRIVAL_NOT_ON_WEEKEND


def _against_minimum(minimum: Money | None, asked: Asked) -> Iterator[Reason]:
    if minimum is None:
        return
    least = _exactly(minimum, asked.subtotal.currency, asked.rate)
    if least is None:
        yield Reason.NO_EXCHANGE_RATE
    elif asked.subtotal.minor < least:
        yield Reason.BELOW_MINIMUM


def _is_last_minute(asked: Asked) -> bool:
    return asked.today <= asked.check_in <= asked.today + _LAST_MINUTE


def _considered(
    offer_id: UUID | None,
    kind: DiscountKind,
    name: str,
    *,
    off: Off,
    asked: Asked,
    against: Reason | None,
    price: Money | None = None,
) -> Considered:
    nothing = Money(0, asked.subtotal.currency)
    if against is not None:
        return Considered(offer_id, kind, name, nothing, against)
    amount = worth(off, price or asked.subtotal, asked.rate)
    if amount is None:
        return Considered(offer_id, kind, name, nothing, Reason.NO_EXCHANGE_RATE)
    reason = Reason.APPLIED if amount.minor > 0 else Reason.WORTH_NOTHING
    return Considered(offer_id, kind, name, amount, reason)


def _applied(winner: Considered | None) -> Applied | None:
    if winner is None or winner.discount_id is None:
        return None
    return Applied(winner.discount_id, winner.kind, winner.name, winner.amount)


def _now(considered: Considered, reason: Reason) -> Considered:
    return Considered(
        considered.discount_id, considered.kind, considered.name, considered.amount, reason
    )


def _strongest_first(considered: Considered) -> tuple[int, int, str, str]:
    kinds = list(DiscountKind)
    return (
        -considered.amount.minor,
        kinds.index(considered.kind),
        considered.name,
        str(considered.discount_id),
    )


def _exactly(amount: Money | None, currency: Currency, rate: Rate | None) -> Fraction | None:
    """The amount in minor units of `currency`, not rounded; None without a rate between the two."""
    if amount is None:
        return None
    if amount.currency == currency:
        return Fraction(amount.minor)
    if rate is None or {rate.base, rate.quote} != {amount.currency, currency}:
        return None
    per_unit = Fraction(rate.value) if amount.currency == rate.base else 1 / Fraction(rate.value)
    return amount.minor * per_unit * Fraction(10) ** (_places(currency) - _places(amount.currency))


def _places(currency: Currency) -> int:
    return get_currency_precision(currency)
