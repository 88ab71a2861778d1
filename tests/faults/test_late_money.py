"""D3: a hold's time is over while its guest pays: the booking lives again, or the money is told of.

At any moment of the payment the hold may end, and somebody else may take its nights or not. What is
never allowed: money that rests on a booking that is no more, with nobody told.
"""

import random
from collections.abc import Awaitable, Callable

import pytest

from portero.simulators.mercadopago import Payment
from tests.builders import JsonDict
from tests.faults.books import wrong
from tests.faults.cash import Counter
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

MOMENTS = ("before it is charged", "while it is charged", "before the notice", "after the notice")


async def pays_while_it_ends(
    counter: Counter, held: JsonDict, moment: str, end: Callable[[], Awaitable[None]]
) -> Payment | None:
    """By card or on a page; the hold ends at this moment."""
    if moment == "before it is charged":
        await counter.card(held)
        await end()
        return None
    if moment == "while it is charged":
        await counter.card(held)
        await counter.till.work("payments.begin")  # on record, and no reaction has run
        await end()
        return None
    page = await counter.page(held)
    assert page is not None
    payment = counter.vendor.pay(page)
    if moment == "before the notice":
        await end()
    await counter.till.bring(counter.vendor.notice(payment))
    if moment == "after the notice":
        await end()
    return payment


async def one_guest(counter: Counter, dice: random.Random, number: int) -> tuple[str, bool]:
    """The booking's status at the end, and whether its nights were somebody else's."""
    room, first = number % 4, 30 + 2 * (number // 4)
    held = await counter.book(room, first, first + 2)
    is_taken = dice.random() < 0.5

    async def end() -> None:
        await counter.expire(held)
        if dice.random() < 0.5:
            await counter.work()
        if is_taken and await counter.desk.status(held) == "expired":
            await counter.desk.ask([counter.desk.rooms[room]], first + 1, first + 2)

    await pays_while_it_ends(counter, held, dice.choice(MOMENTS), end)
    await counter.settle()
    rows = await counter.till.sql(
        "SELECT count(*) AS n FROM occupancies o JOIN reservations r ON r.id = o.reservation_id"
        " WHERE o.live AND r.id <> CAST(:id AS uuid) AND o.space_id = :space"
        " AND o.nights && daterange(:first, :last)",
        id=held["id"],
        space=counter.desk.hotel.room_spaces[room],
        first=counter.desk.day(first),
        last=counter.desk.day(first + 2),
    )
    return await counter.desk.status(held), bool(rows[0].n)


async def test_money_for_a_hold_that_ended_meanwhile_is_never_silent(
    counter: Counter, scale: Scale
) -> None:
    figure, dice = Figure("D3 holds that end while paying", scale.seed), scale.dice("D3")
    for number in scale.tries(8, 500):
        began = CLOCK.monotonic()
        status, is_taken = await one_guest(counter, dice, number)
        figure.took(CLOCK.monotonic() - began)
        found = await wrong(counter)
        if status != ("expired" if is_taken else "confirmed"):
            found.append(f"{status}, though its nights are {'taken' if is_taken else 'free'}")
        figure.tried += 1
        figure.note(status)
        figure.violations += len(found)
        assert found == [], f"try {number}, seed {scale.seed}"
    figure.publish(scale)
    assert figure.notes.get("confirmed")
    assert figure.notes.get("expired")
