"""Which taxes and fees come on top, and which do the prices hold already?"""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_api.kit.money import Currency, Money
from cloud_api.pricing.rules.money import Exchange, share, share_within
from cloud_api.pricing.types import Charge, ChargedOn, IncludedCharge, Line, LineKind, Per


@dataclass(frozen=True, slots=True)
class Charged:
    """What a stay's charges are taken of."""

    stay: int
    with_services: int
    nights: int
    guests: int
    currency: Currency


def on_top(charges: Sequence[Charge], of: Charged, exchange: Exchange) -> list[Line]:
    """A line for each charge that is not included, in the property's order.

    One that is taken of everything is taken of the services and the charges before it too.
    """
    lines: list[Line] = []
    above = of.with_services
    for charge in charges:
        if charge.included:
            continue
        quantity, each = _due(charge, of, above, exchange)
        amount = quantity * each
        above += amount
        lines.append(Line(LineKind.CHARGE, charge.name, quantity, each, amount))
    return lines


def included(charges: Sequence[Charge], of: Charged, exchange: Exchange) -> list[IncludedCharge]:
    """How much of the prices is an included charge; never more than the price."""
    found: list[IncludedCharge] = []
    for charge in charges:
        if not charge.included:
            continue
        base = of.stay if charge.charged_on is ChargedOn.STAY else of.with_services
        if charge.percent is not None:
            amount = share_within(base, charge.percent)
        else:
            amount = min(base, _times(charge.per, of) * _fixed(charge, of, exchange))
        found.append(IncludedCharge(charge.name, amount))
    return found


def _due(charge: Charge, of: Charged, above: int, exchange: Exchange) -> tuple[int, int]:
    if charge.percent is None:
        return _times(charge.per, of), _fixed(charge, of, exchange)
    base = of.stay if charge.charged_on is ChargedOn.STAY else above
    return 1, share(base, charge.percent)


def _fixed(charge: Charge, of: Charged, exchange: Exchange) -> int:
    return exchange.minor(charge.amount or Money(0, of.currency), of.currency)


def _times(per: Per, of: Charged) -> int:
    match per:
        case Per.STAY:
            return 1
        case Per.NIGHT:
            return of.nights
        case Per.GUEST:
            return of.guests
        case Per.GUEST_NIGHT:
            return of.nights * of.guests
