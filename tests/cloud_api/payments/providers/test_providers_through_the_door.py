"""Every provider at our real door: a guest's link, a worker, the vendor on its socket, its notices."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from cloud_api.kit.outgoing import Outgoing
from cloud_api.payments.errands import errands_of
from cloud_api.payments.types import Folio, Wish
from portero.simulators.kit import Fault, FaultKind
from tests.builders import HandClock, JsonDict
from tests.cloud_api.payments.providers.desks import DESKS, Desk
from tests.cloud_api.payments.stage import Till


@dataclass(slots=True)
class Shop:
    """One hotel that takes money through one vendor."""

    till: Till
    desk: Desk

    @property
    def name(self) -> str:
        return self.desk.provider.name.value

    async def begun(self, folio: Folio) -> Wish:
        """A guest has chosen this vendor, and a worker has asked it; what was wished there."""
        token = await self.till.link(folio)
        answer = await self.till.http.post(f"/api/v1/pay/{token}", json={"provider": self.name})
        assert answer.status_code == 201, answer.text
        await self.till.work()
        [payment] = await self.till.payments(folio)
        return replace(self.desk.wish(), reference=payment["reference"])

    async def paid(self, folio: Folio) -> Wish:
        """The same, and the guest has paid and we were told."""
        wish = await self.begun(folio)
        self.desk.pay(wish)
        assert await self.till.bring(self.desk.tell(wish)) == [200]
        await self.till.work()
        return wish

    async def payment(self, folio: Folio) -> JsonDict:
        [payment] = await self.till.payments(folio)
        return payment

    async def give_back(self, folio: Folio, minor: int) -> None:
        payment = await self.payment(folio)
        body = {"reason": "the guest asked", "amount": {"minor": minor, "currency": "PEN"}}
        answer = await self.till.hotel.tenant.post(f"/payments/{payment['id']}/refunds", body)
        assert answer.status_code == 201, answer.text
        await self.till.work()


@pytest.fixture(params=list(DESKS), ids=str)
async def shop(request: pytest.FixtureRequest, till: Till, clock: HandClock) -> AsyncIterator[Shop]:
    async with DESKS[request.param](clock) as desk:
        shop = Shop(till, desk)
        body = {
            "provider": shop.name,
            "label": "Ours",
            "credentials": dict(desk.account.credentials),
        }
        till.account = await till.hotel.tenant.made("/payment-accounts", body)
        offers = [{"provider": shop.name, "account_id": till.account["id"]}]
        await till.settings(offers=offers)
        async with Outgoing({shop.name: desk.stage.url}) as outgoing:
            errands = errands_of(outgoing, clock, public_url="http://cloud.test")
            till.errands = {each.name: each for each in errands}
            yield shop


async def test_a_guest_pays_and_the_folio_is_paid_in_full_once(shop: Shop) -> None:
    folio = await shop.till.open()
    wish = await shop.begun(folio)
    payment = await shop.payment(folio)
    assert payment["state"] == "pending"
    state = await shop.till.state(await shop.till.link(folio))
    assert str(state["payment"]["pay_url"]).startswith("http")
    shop.desk.pay(wish)
    assert await shop.till.bring(shop.desk.tell(wish), times=3) == [200, 200, 200]
    await shop.till.work()
    assert (await shop.payment(folio))["state"] == "paid"
    assert await shop.till.due(folio) == 0
    assert (await shop.till.event_names()).count("payments.received") == 1


async def test_the_address_we_are_told_at_is_the_one_we_gave(shop: Shop) -> None:
    """Flow is told an address with our reference in its query: it still is our door."""
    if shop.name != "flow":
        pytest.skip("the others are told no address of one payment")
    await shop.begun(await shop.till.open())
    [asked] = shop.desk.stage.heard("/payment/create", method="POST")
    told = urlsplit(dict(parse_qsl(asked.body.decode()))["urlConfirmation"])
    assert told.path == shop.till.account["webhook_path"]


async def test_a_payment_of_which_no_notice_came_is_found_by_comparing(shop: Shop) -> None:
    folio = await shop.till.open()
    wish = await shop.begun(folio)
    shop.desk.pay(wish)
    await shop.till.reconcile()
    assert (await shop.payment(folio))["state"] == "paid"
    await shop.till.reconcile(everything=True)
    assert await shop.till.due(folio) == 0
    assert await shop.till.sums(folio) == 0
    assert not await shop.till.matters()


async def test_an_answer_that_was_lost_costs_nobody_anything(shop: Shop) -> None:
    folio = await shop.till.open()
    shop.desk.stage.add_fault(Fault(FaultKind.CUT_AFTER, path=shop.desk.begin_path, method="POST"))
    wish = await shop.begun(folio)
    for _ in range(3):
        shop.till.clock.advance(timedelta(minutes=3))
        await shop.till.work()
    state = await shop.till.state(await shop.till.link(folio))
    assert state["payment"]["pay_url"]
    shop.desk.pay(wish)
    assert await shop.till.bring(shop.desk.tell(wish)) == [200]
    await shop.till.work()
    assert await shop.till.due(folio) == 0
    assert (shop.desk.payable(wish), shop.desk.taken(wish)) == (1, 1)


async def test_money_goes_back_in_parts_each_once(shop: Shop) -> None:
    folio = await shop.till.open()
    wish = await shop.paid(folio)
    await shop.give_back(folio, 10_000)
    shop.desk.stage.add_fault(Fault(FaultKind.CUT_AFTER, path=shop.desk.refund_path, method="POST"))
    await shop.give_back(folio, 20_000)
    for _ in range(3):
        shop.till.clock.advance(timedelta(minutes=3))
        await shop.till.work()
    payment = await shop.payment(folio)
    assert (payment["state"], payment["refunded"]["minor"]) == ("refunded", 30_000)
    assert len(shop.desk.given_back(wish)) == 2
    await shop.till.reconcile(everything=True)
    assert await shop.till.due(folio) == 30_000
    assert await shop.till.sums(folio) == 0


async def test_a_forged_notice_has_no_effect(shop: Shop) -> None:
    folio = await shop.till.open()
    wish = await shop.begun(folio)
    shop.desk.pay(wish)
    for why, sent in shop.desk.forged(wish).items():
        assert await shop.till.bring(sent) == [401], why
    await shop.till.work("payments.heed")
    assert (await shop.payment(folio))["state"] == "pending"


async def test_a_dispute_takes_the_money_off_the_folio(shop: Shop) -> None:
    if not shop.desk.disputes:
        pytest.skip("this vendor tells of none")
    folio = await shop.till.open()
    wish = await shop.paid(folio)
    shop.desk.charge_back(wish)
    await shop.till.reconcile()
    assert (await shop.payment(folio))["state"] == "disputed"
    assert await shop.till.due(folio) == 30_000
    assert [each["kind"] for each in await shop.till.matters()] == ["disputed"]
