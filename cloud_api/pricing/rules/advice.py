"""What may a host wish to say beside a price?"""

from cloud_api.kit.money import Money
from cloud_api.pricing.rules.money import Exchange
from cloud_api.pricing.types import Advice, Inputs

A_WEEK = 7
TWO_WEEKS = 14
LARGE_GROUP = 8
HIGH_VALUE = Money(50_000, "USD")


def advice_for(inputs: Inputs, exchange: Exchange, *, nights: int, subtotal: int) -> list[Advice]:
    """Everything that fits this stay, in a fixed order."""
    guests = inputs.wish.guests
    said = {
        Advice.OVER_CAPACITY: guests > sum(unit.capacity for unit in inputs.units),
        Advice.A_WEEK_OR_MORE: nights >= A_WEEK,
        Advice.HIGH_VALUE: _is_high_value(Money(subtotal, inputs.currency), exchange),
        Advice.HEATED_POOL: inputs.heated_pool,
        Advice.TWO_WEEKS_OR_MORE: nights >= TWO_WEEKS,
        Advice.LARGE_GROUP: guests >= LARGE_GROUP,
    }
    return [each for each, fits in said.items() if fits]


def _is_high_value(subtotal: Money, exchange: Exchange) -> bool:
    if not exchange.knows(subtotal.currency, HIGH_VALUE.currency):
        return False
    return exchange.minor(subtotal, HIGH_VALUE.currency) >= HIGH_VALUE.minor
