"""D7: amounts and currencies that are crooked, partial, negative, too large, given back twice, disputed.

Whoever says them, at our door or in the provider's books: what cannot be is refused, what came is
on the list or on the folio, and each folio sums to nothing.
"""

import random
from decimal import Decimal
from typing import Any

import pytest

from portero.simulators.mercadopago import Payment
from tests.builders import JsonDict
from tests.faults.books import wrong
from tests.faults.cash import Counter
from tests.faults.figures import Figure, Scale

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

REFUSED = {400, 409, 422}
CROOKED: tuple[Any, ...] = (0, -1, -(10**9), 10**15, 2**63, 10.5, 1e3, "100", None, True, [], {})


def crooked(dice: random.Random) -> JsonDict:
    """An amount nobody should take."""
    if dice.random() < 0.7:
        return {"minor": dice.choice(CROOKED), "currency": "PEN"}
    return {"minor": 100, "currency": dice.choice(("USD", "pen", "", "PENS", None, 5))}


async def at_our_door(counter: Counter, held: JsonDict, dice: random.Random) -> int:
    """Crooked words to pay, and to give back; how many were taken."""
    folio = await counter.folio(held)
    rows = await counter.till.sql(
        "SELECT id FROM payments WHERE folio_id = :id AND received_minor > 0", id=folio.id
    )
    paths = [f"/folios/{folio.id}/payments", *(f"/payments/{row.id}/refunds" for row in rows)]
    path = dice.choice(paths)
    amount = crooked(dice)
    body: JsonDict = {"amount": amount, "reason": "x"}
    if path.endswith("payments"):
        body = {"amount": amount, "provider": "manual", "received": True}
    answer = await counter.till.hotel.tenant.post(path, body)
    return answer.status_code not in REFUSED


async def at_the_provider(counter: Counter, page: str, dice: random.Random) -> Payment:
    """A payment as a tamperer, or the provider's own console, would have it."""
    vendor = counter.vendor
    what = dice.choice(("amount", "currency", "collector", "part", "dispute", "all", "fair"))
    amount = Decimal(dice.randint(1, 10**6)) / 100 if what == "amount" else None
    payment = vendor.pay(page, amount=amount, currency="USD" if what == "currency" else None)
    if what == "collector":
        payment.collector_id = 999
    elif what == "part":
        part = Decimal(dice.randint(1, 9_000)) / 100
        vendor.give_back(payment, min(part, payment.amount))
    elif what in {"dispute", "all"}:
        await counter.till.bring(vendor.notice(payment))
        await counter.work()
        if what == "dispute":
            vendor.turn(payment, "charged_back")
        else:
            vendor.give_back(payment, payment.amount)
    return payment


async def one_guest(counter: Counter, held: JsonDict, dice: random.Random) -> list[str]:
    page = await counter.page(held)
    assert page is not None
    payment = await at_the_provider(counter, page, dice)
    await counter.till.bring(counter.vendor.notice(payment))
    await counter.work()
    found = [
        "a crooked amount was taken" for _ in range(4) if await at_our_door(counter, held, dice)
    ]
    if dice.random() < 0.5:
        for _ in range(2):  # twice, as two people would
            await counter.refund(held)
        await counter.work()
    await counter.settle()
    return found + await not_zero(counter)


async def not_zero(counter: Counter) -> list[str]:
    """Folios whose payments are not what came and went by the payments themselves."""
    rows = await counter.till.sql(
        "SELECT f.id, (SELECT coalesce(sum(CASE kind WHEN 'payment' THEN amount_minor WHEN 'refund'"
        " THEN -amount_minor ELSE 0 END), 0) FROM folio_lines l WHERE l.folio_id = f.id)"
        " - (SELECT coalesce(sum(received_minor - refunded_minor), 0) FROM payments p"
        " WHERE p.folio_id = f.id) AS lost FROM folios f"
    )
    return [f"folio {row.id} has lost {row.lost}" for row in rows if row.lost]


async def test_whatever_the_amounts_no_coin_is_made_or_lost(counter: Counter, scale: Scale) -> None:
    figure, dice = Figure("D7 crooked amounts at both doors", scale.seed), scale.dice("D7")
    for number in scale.tries(6, 800):
        held = await counter.book(number % 4, 30 + number // 4, 31 + number // 4)
        found = await one_guest(counter, held, dice)
        figure.tried += 5  # one at the provider, four at our door
        found += await wrong(counter)
        figure.violations += len(found)
        assert found == [], f"try {number}, seed {scale.seed}"
    figure.publish(scale)
