"""What is true of every quote, whatever its terms?"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cloud_api.kit.money import Money
from cloud_api.pricing.discounts.types import Applied, Discounting, DiscountKind
from cloud_api.pricing.rules.document import canonical, read, reproduced, written
from cloud_api.pricing.rules.stay import price
from cloud_api.pricing.types import (
    Charge,
    ChargedOn,
    ChargeKind,
    ExchangeRate,
    Inputs,
    LineKind,
    NightPrices,
    Per,
    Service,
    Settings,
    Totals,
    UnitTerms,
)
from tests.cloud_api.pricing.terms import FRIDAY, NOW, OTHER, UNIT, high, inputs, special

CURRENCIES = st.sampled_from(["USD", "PEN", "CLP", "KWD"])
AMOUNTS = st.integers(0, 10**9)
PERCENTS = st.decimals(0, 100, places=2)
MONEY = st.builds(Money, AMOUNTS, st.just("USD"))
CHARGES = st.one_of(
    st.builds(
        Charge,
        name=st.just("Tax"),
        kind=st.just(ChargeKind.PERCENT),
        percent=PERCENTS,
        charged_on=st.sampled_from(ChargedOn),
        included=st.booleans(),
    ),
    st.builds(
        Charge,
        name=st.just("Fee"),
        kind=st.just(ChargeKind.FIXED),
        amount=MONEY,
        per=st.sampled_from(Per),
        included=st.booleans(),
    ),
)
SETTINGS = st.builds(
    Settings,
    weekend=st.frozensets(st.integers(0, 6)),
    second_currency=st.none() | CURRENCIES,
    deposit_percent=PERCENTS,
    high_season_factor=st.decimals("0.001", 5, places=3),
    weekend_factor=st.decimals("0.001", 5, places=3),
    rounding=st.sampled_from([1, 5, 100, 1_000]),
    charges=st.lists(CHARGES, max_size=4).map(tuple),
)
UNITS = st.builds(
    UnitTerms,
    unit_id=st.just(UNIT),
    name=st.just("House"),
    capacity=st.integers(1, 12),
    base=MONEY,
    nights=st.none() | st.builds(NightPrices, st.just("USD"), AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS),
    extra_person=st.none() | MONEY,
    fixed=st.booleans(),
    specials=st.sampled_from([(), (special(1, 6),)]),
)
SERVICES = st.builds(
    Service,
    id=st.uuids(),
    name=st.just("Breakfast"),
    mandatory=st.booleans(),
    per_night=st.booleans(),
    per_person=st.booleans(),
    price=MONEY,
)


def discounting(minor: int) -> Discounting:
    applied = Applied(UUID(int=5), DiscountKind.CODE, "TEN", Money(minor, "USD"))
    return Discounting(applied=applied, considered=())


@st.composite
def stays(draw: st.DrawFn) -> Inputs:
    first = draw(UNITS)
    units = draw(st.sampled_from([(first,), (first, replace(draw(UNITS), unit_id=OTHER))]))
    rate = draw(st.decimals("0.0001", 10_000, places=4))
    known = [ExchangeRate("USD", each, rate, NOW) for each in ("PEN", "CLP", "KWD")]
    return inputs(
        FRIDAY + timedelta(draw(st.integers(-10, 10))),
        draw(st.integers(1, 21)),
        draw(st.integers(1, 14)),
        units=units,
        settings=draw(SETTINGS),
        seasons=draw(st.sampled_from([(), (high((1, 1), (1, 10)),)])),
        services=draw(st.lists(SERVICES, max_size=3).map(tuple)),
        rates=tuple(known),
        decimals={"USD": 2, "PEN": 2, "CLP": 0, "KWD": 3},
        discounting=draw(st.just(discounting(0)) | AMOUNTS.map(discounting)),
    )


def sums_up(totals: Totals) -> bool:
    return (
        totals.base + totals.extra_persons == totals.subtotal
        and totals.subtotal - totals.discount == totals.stay
        and totals.stay + totals.services == totals.with_services
        and totals.with_services + totals.charges + totals.rounding == totals.total
        and totals.deposit + totals.balance == totals.total
    )


@given(stays())
def test_no_quote_is_ever_negative(stay: Inputs) -> None:
    made = price(stay)
    for totals in (made.totals, made.second_totals):
        if totals is not None:
            parts = canonical(replace(totals, rounding=0))
            assert "-" not in parts
    assert all(each.amount >= 0 for each in made.included)
    negative = {line.kind for line in made.lines if line.amount < 0}
    assert negative <= {LineKind.DISCOUNT, LineKind.ROUNDING}


@given(stays())
def test_lines_sum_to_the_totals_in_both_currencies(stay: Inputs) -> None:
    made = price(stay)
    assert sum(line.amount for line in made.lines) == made.totals.total
    assert sums_up(made.totals)
    if made.second_totals is not None:
        assert sum(line.second or 0 for line in made.lines) == made.second_totals.total
        assert sums_up(made.second_totals)


@given(stays())
def test_every_line_is_its_quantity_times_its_price(stay: Inputs) -> None:
    assert all(line.quantity * line.each == line.amount for line in price(stay).lines)


@given(stays(), st.integers(1, 7))
def test_more_nights_are_never_cheaper(stay: Inputs, more: int) -> None:
    wish = replace(stay.wish, check_out=stay.wish.check_out + timedelta(more))
    assert price(replace(stay, wish=wish)).totals.total >= price(stay).totals.total


@given(stays(), st.decimals(0, 100, places=2))
def test_more_nights_are_never_cheaper_under_the_same_percentage_off(
    stay: Inputs, percent: Decimal
) -> None:
    def priced(nights: int) -> int:
        wish = replace(stay.wish, check_out=stay.wish.check_in + timedelta(nights))
        bare = replace(stay, wish=wish, discounting=discounting(0))
        subtotal = price(bare).totals.subtotal
        off = int(Decimal(subtotal) * percent / 100)
        return price(replace(bare, discounting=discounting(off))).totals.total

    totals = [priced(nights) for nights in range(1, 6)]
    assert totals == sorted(totals)


@given(stays())
def test_the_same_inputs_give_the_same_quote_byte_for_byte(stay: Inputs) -> None:
    text = written(stay, price(stay))
    assert reproduced(text)
    assert written(read(text).inputs, read(text).quote) == text


@given(stays())
def test_a_quote_that_does_not_follow_from_its_inputs_is_found_out(stay: Inputs) -> None:
    made = price(stay)
    cheaper = replace(made, totals=replace(made.totals, total=made.totals.total - 1))
    assert not reproduced(written(stay, cheaper))


@given(stays(), st.integers(2, 20))
def test_more_guests_are_never_cheaper(stay: Inputs, guests: int) -> None:
    one = stay.units[:1]
    fewer = replace(
        stay, units=one, people=(guests - 1,), wish=replace(stay.wish, guests=guests - 1)
    )
    more = replace(stay, units=one, people=(guests,), wish=replace(stay.wish, guests=guests))
    assert price(more).totals.total >= price(fewer).totals.total
