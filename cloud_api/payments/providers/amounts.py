"""How is an exact amount written for a vendor, and read again?

How many decimals a currency has is ISO 4217's to say (list one, 2024), not the locale data's: CLDR
tells how an amount is usually shown, and shows Colombian pesos, say, without their centavos.
"""

from decimal import Decimal

from cloud_api.kit.money import Money

_WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_WITH_FOUR = "CLF UYW"
_DIGITS = {
    name: digits
    for digits, names in ((0, _WITHOUT), (3, _WITH_THREE), (4, _WITH_FOUR))
    for name in names.split()
}
_USUAL_DIGITS = 2


class InexactAmountError(ValueError):
    """An amount that its currency cannot hold exactly."""


def digits_of(currency: str) -> int:
    """How many decimals the currency's minor unit is away from its unit (ISO 4217)."""
    return _DIGITS.get(currency, _USUAL_DIGITS)


def in_units(money: Money) -> Decimal:
    """The amount in whole units of its currency, with all its decimals: 1050 PEN is 10.50."""
    return Decimal(money.minor).scaleb(-digits_of(money.currency))


def written(money: Money) -> str:
    """The same as plain digits: `10.50`, `12000`; never with an exponent."""
    return format(in_units(money), "f")


def money_of(units: Decimal, currency: str) -> Money:
    """The money these units are; InexactAmountError where a fraction of a minor unit would be lost.

    Zeros behind the last decimal do no harm: 12000.00 CLP is 12000.
    """
    minor = units.scaleb(digits_of(currency))
    if minor != minor.to_integral_value():
        raise InexactAmountError(f"a fraction of {currency}")
    return Money(int(minor), currency)
