"""What is true of every discount, whatever the stay and whatever is on offer?"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from cloud_api.kit.money import Money
from cloud_api.pricing.discounts.rules import choose
from cloud_api.pricing.discounts.types import (
    Asked,
    AutomaticOffer,
    ClientFacts,
    CodeOffer,
    DiscountKind,
    LevelOffer,
    Off,
    Offers,
    Rate,
    Reason,
    Trigger,
)

_HERE = UUID(int=1)
_BADGES = tuple(UUID(int=each) for each in range(10, 13))
_DAY = date(2027, 3, 10)
_WORTH_SOMETHING = {Reason.APPLIED, Reason.SMALLER_THAN_ANOTHER, Reason.A_CODE_WON}

_days = st.integers(-5, 5).map(lambda days: _DAY + timedelta(days=days))
_currency = st.sampled_from(["USD", "PEN", "CLP", "EUR"])
_amounts = st.builds(Money, st.integers(1, 10**9), _currency)
_percents = st.decimals(Decimal("0.01"), 100, places=2)
_offs = st.one_of(
    st.builds(Off, percent=_percents, cap=st.none() | _amounts),
    st.builds(Off, fixed=_amounts),
)
_badge_sets = st.frozensets(st.sampled_from(_BADGES))
_automatic = st.builds(
    AutomaticOffer,
    id=st.builds(uuid4),
    name=st.sampled_from(["A", "B", "C"]),
    trigger=st.sampled_from(Trigger),
    off=_offs,
    arrival_from=st.none() | _days,
    arrival_until=st.none() | _days,
    weekdays=st.frozensets(st.integers(0, 6)),
    only_weekdays=st.booleans(),
    only_weekends=st.booleans(),
    achievements=_badge_sets,
    base_price_only=st.booleans(),
)
_codes = st.builds(
    CodeOffer,
    id=st.builds(uuid4),
    code=st.just("SUN"),
    off=_offs,
    active=st.booleans(),
    property_ids=st.sampled_from([frozenset({_HERE}), frozenset()]),
    minimum=st.none() | _amounts,
    valid_from=st.none() | _days,
    valid_until=st.none() | _days,
    usage_limit=st.none() | st.integers(1, 3),
    used=st.integers(0, 3),
    only_weekdays=st.booleans(),
    only_weekends=st.booleans(),
)
_levels = st.builds(
    LevelOffer,
    id=st.builds(uuid4),
    achievement_id=st.sampled_from(_BADGES),
    percent=_percents,
    active=st.booleans(),
)
_clients = st.builds(
    ClientFacts,
    client_id=st.builds(uuid4),
    birth_month=st.none() | st.integers(1, 12),
    reservations=st.integers(0, 3),
    approved_stays=st.integers(0, 12),
    achievements=_badge_sets,
    referrer_level=st.none() | st.sampled_from(_BADGES),
)


@st.composite
def _stays(draw: st.DrawFn) -> Asked:
    currency = draw(st.sampled_from(["USD", "PEN", "CLP"]))
    base, extra = draw(st.integers(0, 10**8)), draw(st.integers(0, 10**8))
    rate = Rate("USD", draw(st.sampled_from(["PEN", "CLP"])), draw(st.decimals(1, 1000, places=3)))
    check_in = draw(_days)
    return Asked(
        property_id=_HERE,
        unit_ids=(),
        check_in=check_in,
        check_out=check_in + timedelta(days=3),
        today=draw(_days),
        guests=2,
        base_total=Money(base, currency),
        subtotal=Money(base + extra, currency),
        special_dates=frozenset(draw(st.sets(_days, max_size=2))),
        client=draw(st.none() | _clients),
        code="SUN",
        rate=draw(st.none() | st.just(rate)),
    )


@st.composite
def _offered(draw: st.DrawFn) -> Offers:
    return Offers(
        typed=draw(st.sampled_from([None, "SUN"])),
        code=draw(st.none() | _codes),
        automatic=tuple(draw(st.lists(_automatic, max_size=4))),
        levels=tuple(draw(st.lists(_levels, max_size=2))),
    )


@given(_offered(), _stays())
def test_a_discount_is_never_negative_and_never_exceeds_what_it_is_taken_from(
    offers: Offers, asked: Asked
) -> None:
    found = choose(offers, asked)
    base_only = {each.id for each in offers.automatic if each.base_price_only}
    for each in found.considered:
        whole = asked.base_total if each.discount_id in base_only else asked.subtotal
        assert each.amount.currency == asked.subtotal.currency
        assert 0 <= each.amount.minor <= whole.minor
    if found.applied is not None:
        assert found.applied.amount.minor > 0


@given(_offered(), _stays())
def test_at_most_one_is_applied_and_every_other_has_a_reason(offers: Offers, asked: Asked) -> None:
    found = choose(offers, asked)
    applied = [each for each in found.considered if each.reason is Reason.APPLIED]
    assert len(applied) == (found.applied is not None)
    for each in found.considered:
        assert (each.amount.minor > 0) == (each.reason in _WORTH_SOMETHING)


@given(_offered(), _stays())
def test_without_a_valid_code_none_is_worth_more_than_the_winner(
    offers: Offers, asked: Asked
) -> None:
    found = choose(offers, asked)
    if found.applied is None or found.applied.kind is not DiscountKind.CODE:
        most = max((each.amount.minor for each in found.considered), default=0)
        assert most == (0 if found.applied is None else found.applied.amount.minor)


@given(_offered(), _stays(), _automatic)
def test_one_discount_more_never_lowers_what_is_taken_off(
    offers: Offers, asked: Asked, another: AutomaticOffer
) -> None:
    more = replace(offers, automatic=(*offers.automatic, another))
    before, after = choose(offers, asked).applied, choose(more, asked).applied
    if before is not None:
        assert after is not None
        assert after.amount.minor >= before.amount.minor


@given(_offered(), _stays())
def test_in_which_order_discounts_are_kept_does_not_matter(offers: Offers, asked: Asked) -> None:
    turned = replace(offers, automatic=offers.automatic[::-1])
    assert choose(offers, asked) == choose(turned, asked)
