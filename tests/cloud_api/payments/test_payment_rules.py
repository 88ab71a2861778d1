"""What follows from what a provider says, whatever order its answers arrive in."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_api.kit.money import Money
from cloud_api.payments.rules import (
    Standing,
    balance_of,
    has_money,
    judge,
    look_again_after,
    mismatch,
    refundable_minor,
)
from cloud_api.payments.types import MatterKind, PaymentState, Seen

AMOUNT = Money(30_000, "PEN")


def seen(state: PaymentState, *, refunded: int = 0, number: str = "1") -> Seen:
    return Seen("PT-1", number, state, AMOUNT, Money(refunded, "PEN"))


def nothing_yet() -> Standing:
    return Standing("PT-1", "", AMOUNT, PaymentState.PENDING, 0, 0, 0)


def after(standing: Standing, heard: Sequence[Seen]) -> Standing:
    """As the service takes it over."""
    for each in heard:
        verdict = judge(standing, each)
        if verdict.stray is not None:
            continue
        standing = replace(
            standing,
            provider_id=standing.provider_id if has_money(standing.state) else each.provider_id,
            state=verdict.state,
            received_minor=standing.received_minor + verdict.came_minor,
            refunded_minor=standing.refunded_minor + verdict.went_minor,
        )
    return standing


FLOWS = {
    "rejected, tried again, paid, partly given back, then all": [
        seen(PaymentState.PENDING, number="pref-1"),
        seen(PaymentState.REJECTED, number="1"),
        seen(PaymentState.PENDING, number="2"),
        seen(PaymentState.PAID, number="2"),
        seen(PaymentState.PARTLY_REFUNDED, refunded=10_000, number="2"),
        seen(PaymentState.REFUNDED, refunded=30_000, number="2"),
    ],
    "waits, is reviewed, paid": [
        seen(PaymentState.PENDING),
        seen(PaymentState.PENDING),
        seen(PaymentState.PAID),
        seen(PaymentState.PAID),
    ],
    "rejected twice, cancelled, paid after all": [
        seen(PaymentState.REJECTED, number="1"),
        seen(PaymentState.REJECTED, number="2"),
        seen(PaymentState.CANCELLED, number="3"),
        seen(PaymentState.PAID, number="4"),
    ],
}


@pytest.mark.parametrize("name", FLOWS)
def test_every_order_of_the_answers_of_a_flow_ends_in_the_same_state(name: str) -> None:
    flow = FLOWS[name]
    ends = {
        (end.state, end.received_minor, end.refunded_minor)
        for order in permutations(flow)
        # Each answer twice in a row, and the first one once more at the end.
        for end in [after(nothing_yet(), [*(e for each in order for e in (each, each)), order[0]])]
    }
    assert ends == {
        (flow[-1].state, flow[-1].amount.minor, flow[-1].refunded.minor),
    }


def test_every_order_of_a_dispute_ends_right_once_the_provider_is_read_again() -> None:
    flow = [
        seen(PaymentState.PENDING),
        seen(PaymentState.PAID),
        seen(PaymentState.DISPUTED),
        seen(PaymentState.PAID),
    ]
    ends = {
        (end.state, end.received_minor)
        for order in permutations(flow)
        for end in [after(nothing_yet(), [*order, flow[-1]])]
    }
    assert ends == {(PaymentState.PAID, 30_000)}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"amount": Money(29_999, "PEN")}, "amount"),
        ({"amount": Money(30_000, "USD")}, "currency"),
        ({"reference": "PT-2"}, "reference"),
        ({"strange": "collector"}, "collector"),
        ({"refunded": Money(30_001, "PEN")}, "refunded"),
    ],
)
def test_what_contradicts_our_wish_is_never_taken_for_paid(
    change: dict[str, object], word: str
) -> None:
    told = replace(seen(PaymentState.PAID), **change)  # type: ignore[arg-type] # one field of it
    assert mismatch(nothing_yet(), told) == word
    verdict = judge(nothing_yet(), told)
    assert (verdict.state, verdict.came_minor) == (PaymentState.PENDING, 0)
    assert verdict.stray is MatterKind.MISMATCH


def test_a_second_payment_for_the_same_wish_is_money_of_its_own() -> None:
    paid = after(nothing_yet(), [seen(PaymentState.PAID, number="1")])
    verdict = judge(paid, seen(PaymentState.PAID, number="2"))
    assert (verdict.stray, verdict.came_minor) == (MatterKind.PAID_TWICE, 0)


def test_a_dispute_takes_the_money_away_and_a_won_one_brings_it_back() -> None:
    paid = after(nothing_yet(), [seen(PaymentState.PAID)])
    assert after(paid, [seen(PaymentState.DISPUTED)]).received_minor == 0
    won = after(paid, [seen(PaymentState.DISPUTED), seen(PaymentState.PAID)])
    assert (won.state, won.received_minor) == (PaymentState.PAID, 30_000)


def test_what_we_asked_back_is_not_counted_again_when_the_provider_shows_it() -> None:
    paid = after(nothing_yet(), [seen(PaymentState.PAID)])
    wanted = replace(paid, wanted_minor=10_000)
    shown = seen(PaymentState.PARTLY_REFUNDED, refunded=10_000)
    assert judge(wanted, shown).went_minor == 0
    more = seen(PaymentState.PARTLY_REFUNDED, refunded=12_000)
    assert judge(wanted, more).went_minor == 2_000


STATES = st.sampled_from(list(PaymentState))


@given(st.lists(st.tuples(STATES, st.integers(0, 30_000), st.sampled_from(["1", "2"]))))
@settings(max_examples=1_000)
def test_no_sequence_of_answers_makes_more_money_than_was_asked(
    told: list[tuple[PaymentState, int, str]],
) -> None:
    end = after(nothing_yet(), [seen(s, refunded=r, number=n) for s, r, n in told])
    assert 0 <= end.received_minor <= 30_000
    assert 0 <= end.refunded_minor <= 30_000
    assert has_money(end.state) or end.received_minor == 0


@given(
    st.integers(-(10**9), 10**9),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.none() | st.integers(1, 10**9),
)
def test_a_folio_always_sums_to_nothing(
    charged: int, paid: int, refunded: int, deposit: int | None
) -> None:
    balance = balance_of("PEN", charged=charged, paid=paid, refunded=refunded, deposit=deposit)
    total = balance.charged.minor - balance.paid.minor + balance.refunded.minor
    assert total - balance.due.minor == 0
    assert 0 <= balance.due_now.minor <= max(balance.due.minor, 0)
    assert (balance.due_now.minor == 0) == (balance.due.minor <= 0)


def test_what_can_go_back_is_never_less_than_nothing() -> None:
    for received, reserved in product(range(0, 50, 10), repeat=2):
        assert refundable_minor(received=received, reserved=reserved) == max(0, received - reserved)


def test_looking_again_waits_ever_longer_but_never_more_than_six_hours() -> None:
    waits = [look_again_after(n).total_seconds() for n in range(1, 40)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (30, 6 * 3600)
