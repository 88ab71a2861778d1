"""How does Stripe count a currency's minor units, where it differs from ISO 4217?

Source: https://docs.stripe.com/currencies (special cases).
"""

from cloud_api.kit.money import Money
from cloud_api.payments.errors import ProviderRefusedError
from cloud_api.payments.providers.amounts import digits_of

# Without decimals in ISO 4217, yet counted in hundredths, the last two of which are zero.
_COUNTED_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
# The other way round.
_COUNTED_WHOLE = frozenset({"MGA"})
_THREE_DIGITS = 3


def charged(money: Money) -> int:
    """Stripe's number for this amount.

    Raises ProviderRefusedError where Stripe takes no such amount: never is it rounded.
    """
    if money.currency in _COUNTED_IN_HUNDREDTHS:
        return money.minor * 100
    if money.currency in _COUNTED_WHOLE:
        return _whole(money, 100) // 100
    # Card networks take no thousandths: the third decimal has to be zero.
    return _whole(money, 10) if digits_of(money.currency) == _THREE_DIGITS else money.minor


def told(amount: int, currency: str) -> Money:
    """What Stripe's number means."""
    name = currency.upper()
    if name in _COUNTED_IN_HUNDREDTHS:
        return Money(amount // 100, name)
    return Money(amount * 100 if name in _COUNTED_WHOLE else amount, name)


def _whole(money: Money, step: int) -> int:
    if money.minor % step:
        raise ProviderRefusedError(
            f"not a multiple of {step} in {money.currency}", code="amount_not_taken"
        )
    return money.minor
