"""D4, D5: webhooks that are forged, altered, repeated, out of order or missing.

Of what is altered nothing is taken; of what is genuine every order, any number of copies and any
gap ends in the same state.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from cloud_api.payments.errors import ForgedNoticeError
from cloud_api.payments.providers.mercadopago.notices import heed
from cloud_api.payments.types import Heed, Notice
from portero.simulators.mercadopago import Payment
from portero.simulators.post import Sent
from tests.builders import JsonDict
from tests.cloud_api.payments.stage import CREDENTIALS, soles
from tests.cloud_api.payments.test_payment_webhooks import altered, notice_of
from tests.faults.books import wrong
from tests.faults.cash import Counter
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

SECRET = CREDENTIALS["webhook_secret"]
COPIES = 20


def hostile(counter: Counter, sent: Sent, payment: Payment, dice: random.Random) -> Sent:
    """Altered, signed with another secret, or of another time."""
    kind = dice.random()
    if kind < 0.6:
        return altered(sent, dice)
    if kind < 0.8:
        return counter.vendor.notice(payment, secret=dice.randbytes(8).hex())
    seconds = dice.choice((-1, 1)) * dice.randint(301, 10**7)
    stamp = counter.till.clock.now.timestamp() + seconds
    moment = counter.till.clock.now.fromtimestamp(stamp, tz=counter.till.clock.now.tzinfo)
    return counter.vendor.notice(payment, at=moment)


def taken(heeding: Callable[..., Heed], counter: Counter, tries: list[Sent]) -> int:
    """How many of these notices are believed."""
    number = 0
    for sent in tries:
        told: Notice = notice_of(sent)
        try:
            heeding(SECRET, told, now=counter.till.clock.now)
        except ForgedNoticeError:
            continue
        number += 1
    return number


def trusting(_secret: str, notice: Notice, **_: object) -> Heed:
    """A build that believes whoever knows the address."""
    return Heed(event_id="x", provider_id=notice.query["data.id"])


async def test_no_altered_notice_is_taken(counter: Counter, scale: Scale) -> None:
    figure, dice = Figure("D4 altered, forged and old notices", scale.seed), scale.dice("D4")
    payment, tries = counter.vendor.elsewhere(soles(30_000)), list[Sent]()
    for _ in scale.tries(10, 500):
        sent = counter.vendor.notice(payment)
        tries = [hostile(counter, sent, payment, dice) for _ in range(1_000)]
        figure.tried += len(tries)
        figure.violations += taken(heed, counter, tries)
    assert taken(heed, counter, [counter.vendor.notice(payment)]) == 1
    assert taken(trusting, counter, tries) > 0, "the count cannot fail"
    figure.publish(scale)
    assert figure.violations == 0


async def test_at_the_door_a_forged_notice_is_refused_and_nothing_follows(
    counter: Counter, scale: Scale
) -> None:
    figure, dice = Figure("D4 forged notices at the door", scale.seed), scale.dice("D4 door")
    held = await counter.book(0, 30, 32)
    page = await counter.page(held)
    assert page is not None
    payment = counter.vendor.pay(page)
    asked = len(counter.stage.journal)
    await counter.till.sql("UPDATE payments SET due_at = due_at + interval '10 days'")
    for _ in scale.tries(100, 10_000):
        sent = hostile(counter, counter.vendor.notice(payment), payment, dice)
        began = CLOCK.monotonic()
        [status] = await counter.till.bring(sent)
        figure.took(CLOCK.monotonic() - began)
        await counter.forgive()
        figure.tried += 1
        # A genuine notice of another kind of thing is kept, and nothing follows from it.
        figure.violations += status not in {400, 401, 403}
    await counter.till.work()
    figure.violations += len(counter.stage.journal) != asked
    figure.violations += await counter.desk.status(held) != "held"
    figure.publish(scale)
    assert figure.violations == 0


async def one_flow(counter: Counter, held: JsonDict, order: tuple[int, ...], heard: int) -> None:
    """Rejected twice, paid, given back in parts; `heard` of its six notices come, in this order."""
    page = await counter.page(held, part="balance")
    assert page is not None
    vendor = counter.vendor
    notices = [vendor.notice(vendor.pay(page, status="rejected")) for _ in range(2)]
    paid = vendor.pay(page)
    notices.append(vendor.notice(paid))
    for minor in (1_000, 700):
        vendor.give_back(paid, soles(minor))
        notices.append(vendor.notice(paid))
    notices.append(replace(notices[2]))
    for at in order[:heard]:
        async with asyncio.TaskGroup() as tasks:
            copies = [
                tasks.create_task(counter.till.bring(notices[at])) for _ in range(COPIES // 5)
            ]
        assert {each for copy in copies for each in copy.result()} == {200}
        if at % 2:
            await counter.till.work()


async def test_every_order_and_any_gap_of_a_flows_notices_ends_in_the_same_state(
    counter: Counter, scale: Scale
) -> None:
    figure, dice = Figure("D5 orders, copies and gaps of notices", scale.seed), scale.dice("D5")
    orders = list(permutations(range(6)))
    dice.shuffle(orders)
    ends = set()
    for number in scale.tries(5, len(orders)):
        held = await counter.book(number % 4, 30 + number // 4, 31 + number // 4)
        await one_flow(counter, held, orders[number], dice.randint(0, 6))
        await counter.work()
        began = CLOCK.monotonic()
        await counter.settle()
        figure.took(CLOCK.monotonic() - began)
        [row] = await counter.till.sql(
            "SELECT state, refunded_minor FROM payments WHERE subject_id = CAST(:id AS uuid)",
            id=held["id"],
        )
        ends.add((row.refunded_minor, row.state, await counter.desk.status(held)))
        found = await wrong(counter)
        figure.tried += 1
        figure.violations += len(found)
        assert found == [], f"order {orders[number]}, seed {scale.seed}"
    figure.publish(scale)
    assert ends == {(1_700, "partly_refunded", "confirmed")}


async def test_twenty_copies_at_once_are_one_payment(counter: Counter, scale: Scale) -> None:
    figure = Figure("D5 twenty copies at once", scale.seed)
    for number in scale.tries(2, 200):
        held = await counter.book(number % 4, 30 + number // 4, 31 + number // 4)
        page = await counter.page(held)
        assert page is not None
        sent = counter.vendor.notice(counter.vendor.pay(page))

        async def one(sent: Sent = sent) -> None:
            await counter.till.bring(sent)
            await counter.till.work("payments.heed")

        async with asyncio.TaskGroup() as tasks:
            for _ in range(COPIES):
                tasks.create_task(one())
        await counter.work()
        found = await wrong(counter)
        if await counter.desk.status(held) != "confirmed":
            found.append("paid and not confirmed")
        figure.tried += 1
        figure.violations += len(found)
    figure.publish(scale)
    assert figure.violations == 0
