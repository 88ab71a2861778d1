"""How is money shared, rounded and compared with other money, to the minor unit?

Halves go to the even neighbour (ROUND_HALF_EVEN), so that many roundings favour nobody.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from babel.numbers import get_currency_precision

from cloud_api.kit.money import Currency, Money
from cloud_api.pricing.errors import ExchangeRateMissing
from cloud_api.pricing.types import ExchangeRate

_HUNDRED = Decimal(100)


def decimals_of(currencies: Iterable[Currency]) -> dict[str, int]:
    """How many minor digits each currency has, by CLDR: USD 2, CLP 0, KWD 3; 2 where unknown."""
    return {each: get_currency_precision(each) for each in sorted(set(currencies))}


def whole(amount: Decimal) -> int:
    """The nearest whole number of minor units."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def share(amount: int, percent: Decimal) -> int:
    """So many per cent of an amount."""
    return whole(Decimal(amount) * percent / _HUNDRED)


def share_within(amount: int, percent: Decimal) -> int:
    """How much of an amount is a share that was added before: 21 % within 121 is 21."""
    return whole(Decimal(amount) * percent / (_HUNDRED + percent))


def to_multiple(amount: int, step: int) -> int:
    """The nearest multiple of `step` minor units."""
    return whole(Decimal(amount) / step) * step


def running(amounts: Sequence[int], convert: Callable[[int], int]) -> list[int]:
    """Each amount converted so that every running sum is the conversion of the running sum.

    The parts then always add up to the converted whole, and none is more than a unit off.
    """
    converted: list[int] = []
    before = told = 0
    for amount in amounts:
        before += amount
        now = convert(before)
        converted.append(now - told)
        told = now
    return converted


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one currency is worth in another, by the rates of one instant."""

    rates: Sequence[ExchangeRate]
    decimals: Mapping[str, int]
    _known: dict[tuple[str, str], Decimal | None] = field(default_factory=dict, init=False)

    def minor(self, money: Money, currency: Currency) -> int:
        """The amount in another currency's minor units. Raises ExchangeRateMissing."""
        if money.currency == currency:
            return money.minor
        factor = self._factor(money.currency, currency)
        if factor is None:
            raise ExchangeRateMissing(extra={"from": money.currency, "to": currency})
        return whole(Decimal(money.minor) * factor)

    def rate(self, one: Currency, other: Currency) -> ExchangeRate | None:
        """The rate between two currencies: told for `one` if it can be, else the other way."""
        for base, quote in ((one, other), (other, one)):
            for each in self.rates:
                if (each.base, each.quote) == (base, quote):
                    return each
        return None

    def knows(self, one: Currency, other: Currency) -> bool:
        """Can they be compared?"""
        return one == other or self._factor(one, other) is not None

    def digits(self, currency: Currency) -> int:
        """Its minor digits."""
        return self.decimals.get(currency, 2)

    def _factor(self, source: Currency, target: Currency) -> Decimal | None:
        key = (source, target)
        if key not in self._known:
            self._known[key] = self._work_out(source, target)
        return self._known[key]

    def _work_out(self, source: Currency, target: Currency) -> Decimal | None:
        found = self.rate(source, target)
        if found is None:
            return None
        value = found.value if found.base == source else 1 / found.value
        return value.scaleb(self.digits(target) - self.digits(source))
