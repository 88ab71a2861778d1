"""Does a quote fit a booking, how much goes back, and is enough there? Values in, values out."""

from collections.abc import Collection
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from cloud_api.kit.money import Money
from cloud_api.pricing.types import Quote
from cloud_api.properties.types import ConfirmsOn
from cloud_api.reservations.types import Nights, Price

_HUNDRED = Decimal(100)


def mismatches(
    quote: Quote, unit_ids: Collection[UUID], nights: Nights, guests: int
) -> tuple[str, ...]:
    """What of the booking is not as the quote says: units, dates, guests; empty when it fits."""
    said = {
        "units": set(quote.unit_ids) == set(unit_ids),
        "dates": (quote.check_in, quote.check_out) == (nights.check_in, nights.check_out),
        "guests": quote.guests == guests,
    }
    return tuple(name for name, fits in said.items() if not fits)


def refund_of(paid: Money, percent: Decimal) -> Money:
    """So much of what was paid goes back, to the minor unit (half to even); the rest is the fee."""
    share = (Decimal(paid.minor) * percent / _HUNDRED).quantize(Decimal(1), ROUND_HALF_EVEN)
    return Money(min(max(int(share), 0), max(paid.minor, 0)), paid.currency)


def enough(price: Price, paid: Money, confirms_on: ConfirmsOn, *, taken_off: int = 0) -> bool:
    """Whether so much money makes the booking certain; another currency never does.

    `taken_off`: minor units that points took off the price.
    """
    if paid.currency != price.amount.currency or paid.minor < 0:
        return False
    whole = max(price.amount.minor - taken_off, 0)
    wanted = min(price.deposit.minor, whole) if confirms_on is ConfirmsOn.DEPOSIT else whole
    return paid.minor >= wanted
