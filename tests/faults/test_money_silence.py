"""D6: the provider falls silent at any question, before or after it has acted: one charge, one refund.

Each try is a guest with a card or a page and a provider with one to four mishaps in a row, wherever
they fall; afterwards its books and ours are compared.
"""

import random

import pytest

from portero.simulators.kit import Fault, FaultKind
from tests.builders import JsonDict
from tests.faults.books import wrong
from tests.faults.cash import Counter
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

KINDS = (
    FaultKind.CUT_BEFORE,
    FaultKind.CUT_AFTER,
    FaultKind.STATUS_BEFORE,
    FaultKind.STATUS_AFTER,
    FaultKind.GARBAGE_AFTER,
)
PATHS = ("/v1/payments", "/checkout/preferences", "/search", "/refunds", "")


def mishap(dice: random.Random) -> Fault:
    """Something the provider does to us."""
    status = dice.choice((429, 500, 502, 503, 504))
    return Fault(dice.choice(KINDS), dice.choice(PATHS), times=dice.randint(1, 4), status=status)


async def one_guest(counter: Counter, dice: random.Random, held: JsonDict) -> None:
    """Pays one way or another, is heard of or not, gets something back or not."""
    by_card = dice.random() < 0.5
    for _ in range(dice.randint(1, 2)):
        counter.stage.add_fault(mishap(dice))
    page = None
    if by_card:
        await counter.card(held)
    else:
        page = await counter.page(held)
    for _ in range(2):
        await counter.work()
        await counter.time_passes()
    if page is not None:
        payment = counter.vendor.pay(page)
        if dice.random() < 0.5:
            await counter.till.bring(counter.vendor.notice(payment), times=dice.randint(1, 3))
    if dice.random() < 0.5:
        counter.stage.add_fault(mishap(dice))
        await counter.work()
        await counter.refund(held, dice.choice((None, 100)))
        await counter.work()


async def test_whenever_the_provider_falls_silent_a_guest_is_charged_once(
    counter: Counter, scale: Scale
) -> None:
    figure, dice = Figure("D6 silences of a provider", scale.seed), scale.dice("D6")
    for number in scale.tries(6, 1_000):
        held = await counter.book(number % 4, 30 + number // 4 % 200, 31 + number // 4 % 200)
        await one_guest(counter, dice, held)
        began = CLOCK.monotonic()
        await counter.settle()
        figure.took(CLOCK.monotonic() - began)
        figure.tried += 1
        found = await wrong(counter)
        figure.violations += len(found)
        assert found == [], f"try {number}, seed {scale.seed}"
        await counter.desk.do(held, "cancel")
        await counter.settle()
    figure.publish(scale)
    assert figure.tried
