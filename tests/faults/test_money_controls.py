"""F3 for I2: the judge of the books says no to a cloud that lacks one guard, and yes to the sound one.

The same guest, the same silence, the same judge; only the build of the worker differs.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import override
from uuid import uuid4

import pytest

from cloud_api.kit.errands import AnyErrand, Errand
from cloud_api.kit.outgoing import Answer, Outgoing
from cloud_api.payments.attempts.service import BEGIN, LOOK
from cloud_api.payments.errands import paying, reading
from cloud_api.payments.errands.desk import Desk as Errands
from cloud_api.payments.providers.mercadopago.adapter import MercadoPago
from cloud_api.payments.types import Account, ProviderName, Seen, Wish
from portero.simulators.kit import Fault, FaultKind
from tests.faults.books import wrong
from tests.faults.cash import Build, Counter, broken
from tests.faults.figures import Figure, Scale

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]


class Forgetful(MercadoPago):
    """Begins anew each time: no key that is kept, no look at what was begun before."""

    @override
    async def begin(self, account: Account, wish: Wish) -> Seen:
        again = replace(wish, card_token=f"{wish.card_token}{uuid4().hex}")
        return await super().begin(account, again)

    @override
    async def look(self, account: Account, *, reference: str, provider_id: str) -> Seen | None:
        return None

    @override
    async def _post(self, account: Account, path: str, body: bytes, *, key: str) -> Answer:
        return await super()._post(account, path, body, key=uuid4().hex)


class Blind(MercadoPago):
    """Knows of a payment only what it is told when it begins it."""

    @override
    async def look(self, account: Account, *, reference: str, provider_id: str) -> Seen | None:
        return None

    @override
    async def since(self, account: Account, moment: datetime) -> Sequence[Seen]:
        return []


def errands_with(
    build: type[MercadoPago], counter: Counter, outgoing: Outgoing
) -> tuple[AnyErrand, ...]:
    """This room's errands, spoken by another adapter."""
    desk = Errands(
        {ProviderName.MERCADO_PAGO: build(outgoing, counter.till.clock)}, "http://x.test"
    )
    others = [each for each in counter.crew.errands if not each.name.startswith("payments.")]
    return (
        *others,
        counter.till.errands["payments.refund"],
        Errand(BEGIN, paying.take_begin, desk.bound(paying.begin), paying.note_begun),
        Errand(LOOK, paying.take_look, desk.bound(paying.look), paying.note_looked),
        Errand("payments.heed", reading.take_notices, desk.bound(reading.heed), _deaf),
        Errand(
            "payments.reconcile",
            reading.take_accounts,
            desk.bound(reading.reconcile),
            reading.note_reconciled,
        ),
    )


async def _deaf(*_: object) -> None:
    """No notice ever helps these builds: what is missing must be missed."""


@asynccontextmanager
async def built(name: str, counter: Counter) -> AsyncIterator[Counter]:
    """A cloud of this build on the same hotel."""
    async with Outgoing({"mercado_pago": counter.stage.url}) as outgoing:
        others = [
            each for each in counter.crew.reactions if not each.name.startswith("reservations.")
        ]
        make: dict[str, Callable[[], Build]] = {
            "sound": Build,
            "forgets what it began": lambda: Build(errands_with(Forgetful, counter, outgoing)),
            "compares nothing": lambda: Build(errands_with(Blind, counter, outgoing)),
            "hears of no money": lambda: Build(reactions=others),
        }
        yield broken(counter, make[name]())


async def what_a_guest_finds(counter: Counter) -> list[str]:
    """One card whose answer is lost; one page that is paid and of which no notice comes; one late."""
    counter.stage.add_fault(Fault(FaultKind.CUT_AFTER, "/v1/payments", "POST", times=2))
    by_card = await counter.book(0, 30, 32)
    await counter.card(by_card)
    for _ in range(3):
        await counter.work()
        await counter.time_passes()
    by_page = await counter.book(1, 30, 32)
    page = await counter.page(by_page)
    await counter.expire(by_page)
    await counter.work()
    if page is not None:
        counter.vendor.pay(page)
    await counter.settle()
    found = await wrong(counter)
    for held in (by_card, by_page):
        status = await counter.desk.status(held)
        if status != "confirmed":
            found.append(f"paid, free, and {status}")
    return found


@pytest.mark.parametrize(
    "name", ["sound", "forgets what it began", "compares nothing", "hears of no money"]
)
async def test_i2_a_cloud_that_lacks_a_guard_of_money_is_found_out(
    counter: Counter, name: str, scale: Scale
) -> None:
    figure = Figure(f"F3 money, {name}", scale.seed, tried=1)
    async with built(name, counter) as cloud:
        found = await what_a_guest_finds(cloud)
    is_right = (found == []) is (name == "sound")
    figure.violations = not is_right
    figure.notes["found out"] = len(found)
    figure.publish(scale)
    assert is_right, found
