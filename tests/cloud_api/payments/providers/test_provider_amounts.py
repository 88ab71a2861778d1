"""Amounts go to vendors and come back without a cent lost or made."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.kit.money import MOST_MINOR, Money
from cloud_api.payments.errors import ProviderRefusedError
from cloud_api.payments.providers.amounts import (
    InexactAmountError,
    digits_of,
    in_units,
    money_of,
    written,
)
from cloud_api.payments.providers.openpay.wire import body_of
from cloud_api.payments.providers.stripe.amounts import charged, told

CURRENCIES = ("CLP", "JPY", "ISK", "PEN", "COP", "EUR", "MGA", "KWD", "TND", "CLF")
amounts = st.builds(
    Money, st.integers(min_value=0, max_value=MOST_MINOR), st.sampled_from(CURRENCIES)
)


@given(amounts)
def test_units_and_back_are_the_same_money(amount: Money) -> None:
    assert money_of(in_units(amount), amount.currency) == amount
    assert money_of(Decimal(written(amount)), amount.currency) == amount
    assert "E" not in written(amount)


@given(amounts, st.integers(min_value=1, max_value=9))
def test_a_fraction_of_a_minor_unit_is_no_money(amount: Money, tenths: int) -> None:
    finer = in_units(amount) + Decimal(tenths).scaleb(-digits_of(amount.currency) - 1)
    with pytest.raises(InexactAmountError):
        money_of(finer, amount.currency)


@given(amounts)
def test_what_stripe_is_told_means_the_same_or_is_refused(amount: Money) -> None:
    try:
        number = charged(amount)
    except ProviderRefusedError:
        assert amount.currency in {"KWD", "TND", "MGA"}
        return
    assert told(number, amount.currency.lower()) == amount


@pytest.mark.parametrize(
    ("amount", "number"),
    [
        (Money(1050, "EUR"), 1050),
        (Money(12_000, "CLP"), 12_000),
        (Money(700, "ISK"), 70_000),
        (Money(5120, "KWD"), 5120),
        (Money(99_900, "MGA"), 999),
    ],
)
def test_stripe_counts_some_currencies_its_own_way(amount: Money, number: int) -> None:
    assert charged(amount) == number


@given(amounts)
def test_a_json_number_has_exactly_our_digits(amount: Money) -> None:
    body = body_of({"currency": amount.currency}, amount).decode()
    assert body.startswith(f'{{"amount": {written(amount)}, "currency"')


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("12000", Money(12_000, "CLP")),
        ("12000.00", Money(12_000, "CLP")),
        ("10.5", Money(1050, "PEN")),
        ("1.234", Money(1234, "KWD")),
    ],
)
def test_vendors_write_more_or_fewer_zeros(text: str, money: Money) -> None:
    assert money_of(Decimal(text), money.currency) == money
