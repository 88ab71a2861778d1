"""What holds of every discount, whatever the numbers?"""

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from cloud_api.kit.money import Money
from cloud_api.pricing.discounts.rules import choose, worth
from cloud_api.pricing.discounts.types import (
    Asked,
    AutomaticOffer,
    CodeOffer,
    Off,
    Offers,
    Rate,
    Reason,
    Trigger,
)

_PROPERTY = UUID(int=1)
_RATE = Rate("USD", "PEN", Decimal("3.800"))

amounts = st.builds(
    Money, st.integers(min_value=1, max_value=10**12), st.sampled_from(["USD", "PEN"])
)
percents = st.decimals(min_value=Decimal("0.01"), max_value=100, places=2)
offs = st.one_of(
    st.builds(Off, percent=percents, cap=st.none() | amounts), st.builds(Off, fixed=amounts)
)
prices = st.builds(
    Money, st.integers(min_value=0, max_value=10**12), st.sampled_from(["USD", "PEN"])
)
automatics = st.builds(
    AutomaticOffer,
    id=st.builds(uuid4),
    name=st.sampled_from("ABC"),
    trigger=st.just(Trigger.GLOBAL_PROMOTION),
    off=offs,
    base_price_only=st.booleans(),
)
codes = st.builds(
    CodeOffer,
    id=st.builds(uuid4),
    code=st.just("SUN"),
    off=offs,
    active=st.booleans(),
    property_ids=st.just(frozenset({_PROPERTY})),
)


@st.composite
def stays(draw: st.DrawFn) -> Asked:
    subtotal = draw(prices)
    base = draw(st.integers(min_value=0, max_value=subtotal.minor))
    return Asked(
        property_id=_PROPERTY,
        unit_ids=(),
        check_in=date(2027, 3, 10),
        check_out=date(2027, 3, 12),
        today=date(2027, 1, 1),
        guests=2,
        base_total=Money(base, subtotal.currency),
        subtotal=subtotal,
        rate=_RATE,
    )


@given(off=offs, price=prices)
def test_a_discount_is_never_negative_and_never_exceeds_its_total(off: Off, price: Money) -> None:
    amount = worth(off, price, _RATE)
    assert amount is not None
    assert amount.currency == price.currency
    assert 0 <= amount.minor <= price.minor


@given(asked=stays(), automatic=st.lists(automatics, max_size=5), code=st.none() | codes)
def test_what_is_applied_never_exceeds_the_stay(
    asked: Asked, automatic: list[AutomaticOffer], code: CodeOffer | None
) -> None:
    found = choose(Offers("SUN", code, tuple(automatic), ()), asked)
    assert sum(each.reason is Reason.APPLIED for each in found.considered) <= 1
    if found.applied is not None:
        assert 0 < found.applied.amount.minor <= asked.subtotal.minor


@given(asked=stays(), automatic=st.lists(automatics, max_size=5), added=automatics)
def test_one_more_candidate_never_lowers_the_winner(
    asked: Asked, automatic: list[AutomaticOffer], added: AutomaticOffer
) -> None:
    before = choose(Offers(None, None, tuple(automatic), ()), asked).applied
    after = choose(Offers(None, None, (*automatic, added), ()), asked).applied
    assert (0 if after is None else after.amount.minor) >= (
        0 if before is None else before.amount.minor
    )


@given(asked=stays(), automatic=st.lists(automatics, max_size=5), data=st.data())
def test_the_order_of_candidates_does_not_matter(
    asked: Asked, automatic: list[AutomaticOffer], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(automatic))
    first = choose(Offers(None, None, tuple(automatic), ()), asked)
    assert choose(Offers(None, None, tuple(shuffled), ()), asked) == first
