"""Money goes back at most once, and never more than came."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from cloud_api.kit.money import Money
from cloud_api.payments import service
from cloud_api.payments.errors import NotRefundableError
from portero.simulators.kit import Fault, FaultKind
from tests.builders import JsonDict
from tests.cloud_api.payments.stage import Till, soles


def soles_of(minor: object, currency: str = "PEN") -> JsonDict:
    return {"minor": minor, "currency": currency}


async def give_back(till: Till, payment: JsonDict, amount: object = None) -> httpx.Response:
    body = {"reason": "the guest asked", **({} if amount is None else {"amount": amount})}
    return await till.hotel.tenant.post(f"/payments/{payment['id']}/refunds", body)


async def test_part_of_a_payment_goes_back_and_then_the_rest(till: Till) -> None:
    folio = await till.open()
    paid = await till.paid(folio)
    [payment] = await till.payments(folio)
    assert (await give_back(till, payment, soles_of(12_345))).status_code == 201
    await till.work()
    [payment] = await till.payments(folio)
    assert (payment["state"], payment["refunded"]["minor"]) == ("partly_refunded", 12_345)
    assert (await give_back(till, payment)).json()["amount"]["minor"] == 17_655
    await till.work()
    [payment] = await till.payments(folio)
    assert payment["state"] == "refunded"
    assert paid.refunds == [soles(12_345), soles(17_655)]
    assert await till.due(folio) == 30_000
    assert await till.sums(folio) == 0
    assert [each["amount_minor"] for each in await till.events("payments.refunded")] == [
        12_345,
        17_655,
    ]


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [
        (soles_of(30_001), 409, "not_refundable"),
        (soles_of(10**15), 409, "not_refundable"),
        (soles_of(0), 422, "invalid_request"),
        (soles_of(-1), 422, "invalid_request"),
        (soles_of(10.5), 422, "invalid_request"),
        (soles_of("100"), 422, "invalid_request"),
        (soles_of(100, "USD"), 422, "wrong_currency"),
        (soles_of(100, "soles"), 422, "invalid_request"),
    ],
)
async def test_what_cannot_go_back_is_refused_and_nothing_is_told(
    till: Till, amount: JsonDict, status: int, code: str
) -> None:
    folio = await till.open()
    paid = await till.paid(folio)
    [payment] = await till.payments(folio)
    answer = await give_back(till, payment, amount)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    await till.work()
    assert paid.refunds == []
    assert await till.due(folio) == 0


async def test_of_many_who_give_back_all_of_it_at_once_one_does(till: Till) -> None:
    folio = await till.open()
    paid = await till.paid(folio)
    [payment] = await till.payments(folio)
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(give_back(till, payment, soles_of(30_000))) for _ in range(8)]
    codes = sorted(task.result().status_code for task in asked)
    assert codes == [201, *[409] * 7]
    await till.work()
    assert paid.refunds == [soles(30_000)]
    assert await till.sums(folio) == 0


async def test_what_was_never_paid_cannot_go_back(till: Till) -> None:
    folio = await till.open()
    await till.begun(folio)
    [payment] = await till.payments(folio)
    assert (await give_back(till, payment)).json()["code"] == "not_refundable"


@pytest.mark.parametrize("times", [1, 2])
async def test_a_refund_whose_answer_was_lost_goes_back_once(till: Till, times: int) -> None:
    folio = await till.open()
    paid = await till.paid(folio)
    [payment] = await till.payments(folio)
    fault = Fault(FaultKind.CUT_AFTER, path="/refunds", method="POST", times=times)
    till.stage.add_fault(fault)
    await give_back(till, payment, soles_of(5_000))
    for _ in range(4):
        await till.work()
        till.clock.advance(timedelta(minutes=2))
    assert paid.refunds == [soles(5_000)]
    assert (await till.folio(folio)).balance.refunded.minor == 5_000


async def test_a_refund_the_provider_refuses_needs_a_person_and_the_money_is_still_there(
    till: Till,
) -> None:
    folio = await till.open()
    paid = await till.paid(folio)
    [payment] = await till.payments(folio)
    await give_back(till, payment, soles_of(20_000))
    # Meanwhile somebody gives back in the provider's own console: too little is left.
    till.vendor.give_back(paid, soles(15_000))
    await till.work()
    assert [each["kind"] for each in await till.matters()] == ["refund_failed"]
    [payment] = await till.payments(folio)
    assert (payment["state"], payment["refunded"]["minor"]) == ("partly_refunded", 15_000)
    assert await till.due(folio) == 15_000
    assert await till.sums(folio) == 0


async def test_what_was_given_back_elsewhere_is_found_and_written_down(till: Till) -> None:
    folio = await till.open()
    paid = await till.paid(folio)
    till.vendor.give_back(paid, soles(7_000))
    await till.reconcile()
    assert await till.due(folio) == 7_000
    assert [each["amount_minor"] for each in await till.events("payments.refunded")] == [7_000]
    await till.reconcile()
    assert await till.due(folio) == 7_000


async def test_a_dispute_takes_the_money_off_the_folio_and_a_won_one_brings_it_back(
    till: Till,
) -> None:
    folio = await till.open()
    paid = await till.paid(folio)
    till.vendor.turn(paid, "charged_back")
    await till.reconcile()
    assert await till.due(folio) == 30_000
    [payment] = await till.payments(folio)
    assert payment["state"] == "disputed"
    assert (await give_back(till, payment)).json()["code"] == "not_refundable"
    assert [each["kind"] for each in await till.matters()] == ["disputed"]
    till.clock.advance(timedelta(hours=1))
    till.vendor.turn(paid, "charged_back", detail="reimbursed")
    await till.reconcile()
    assert await till.due(folio) == 0
    assert await till.sums(folio) == 0


async def test_by_a_cancellations_rule_the_newest_payments_go_back_first(till: Till) -> None:
    folio = await till.open(30_000, deposit=9_000)
    first = await till.paid(folio)
    till.clock.advance(timedelta(minutes=1))
    second = await till.paid(folio)
    async with till.database.transaction() as session:
        made = await service.give_back(
            session, folio, Money(25_000, "PEN"), reason="policy", tools=till.tools, by="booking"
        )
    assert [each.amount.minor for each in made] == [21_000, 4_000]
    await till.work()
    assert (first.refunds, second.refunds) == ([soles(4_000)], [soles(21_000)])
    with pytest.raises(NotRefundableError):
        async with till.database.transaction() as session:
            await service.give_back(
                session, folio, Money(5_001, "PEN"), reason="policy", tools=till.tools, by="x"
            )
    await till.work()
    assert await till.due(folio) == 25_000
