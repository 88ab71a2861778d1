"""One wish, one charge, whoever dies or falls silent in between."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from cloud_api.kit.errands import Errand
from portero.simulators.kit import Fault, FaultKind
from tests.cloud_api.payments.stage import Till, soles

if TYPE_CHECKING:
    from collections.abc import Sequence

CARD = {"card_token": "tok_good", "card_method": "visa"}
AFTER = timedelta(minutes=4)  # a lease is over


class Killed(Exception):  # noqa: N818 - what happens to a worker
    """A worker dies here."""


async def killed(till: Till, name: str, where: str) -> None:
    """One round of this errand, by a worker that dies: after `take`, after `run`, or in `note`."""
    errand = cast("Errand[Any, Any]", till.errands[name])
    async with till.database.transaction() as session:
        carried: Sequence[Any] = await errand.take(session, till.tools)
    if where == "take":
        return
    for each in carried:
        result = await errand.run(each, till.tools)
        if where == "note":
            with pytest.raises(Killed):
                await _noting(till, errand, each, result)
    till.clock.advance(timedelta(seconds=1))


async def _noting(till: Till, errand: Errand[Any, Any], carried: object, result: object) -> None:
    async with till.database.transaction() as session:
        await errand.note(session, carried, result, till.tools)
        raise Killed


async def end_well(till: Till) -> None:
    for _ in range(3):
        till.clock.advance(AFTER)
        await till.work()


@pytest.mark.parametrize("where", ["take", "run", "note"])
@pytest.mark.parametrize("times", [1, 3])
async def test_a_worker_that_dies_while_beginning_leaves_one_charge(
    till: Till, where: str, times: int
) -> None:
    by_card, by_page = await till.open(), await till.open()
    await till.pay(await till.link(by_card), **CARD)
    await till.pay(await till.link(by_page))
    for _ in range(times):
        await killed(till, "payments.begin", where)
        till.clock.advance(AFTER)
    await end_well(till)
    assert len(till.vendor.captured) == 1
    assert len(till.vendor.preferences) == 1
    assert await till.due(by_card) == 0
    assert (await till.state(await till.link(by_page)))["payment"]["pay_url"]


@pytest.mark.parametrize("where", ["take", "run", "note"])
@pytest.mark.parametrize("name", ["payments.look", "payments.heed", "payments.reconcile"])
async def test_a_worker_that_dies_while_reading_leaves_one_payment(
    till: Till, name: str, where: str
) -> None:
    folio = await till.open()
    payment = till.vendor.pay(await till.begun(folio))
    await till.bring(till.vendor.notice(payment))
    await till.sql("UPDATE payment_accounts SET reconcile_from = now() - interval '1 day'")
    till.clock.advance(timedelta(minutes=1))
    for _ in range(2):
        await killed(till, name, where)
    await end_well(till)
    assert (await till.folio(folio)).balance.paid.minor == 30_000
    assert await till.event_names() == ["payments.received", "payments.paid_in_full"]
    assert await till.matters() == []


@pytest.mark.parametrize("where", ["take", "run", "note"])
@pytest.mark.parametrize("times", [1, 3])
async def test_a_worker_that_dies_while_giving_back_leaves_one_refund(
    till: Till, where: str, times: int
) -> None:
    folio = await till.open()
    paid = await till.paid(folio)
    [payment] = await till.payments(folio)
    await till.hotel.tenant.made(
        f"/payments/{payment['id']}/refunds",
        {"amount": {"minor": 10_000, "currency": "PEN"}, "reason": "the pool was shut"},
    )
    for _ in range(times):
        await killed(till, "payments.refund", where)
        till.clock.advance(AFTER)
    await end_well(till)
    assert paid.refunds == [soles(10_000)]
    assert (await till.folio(folio)).balance.refunded.minor == 10_000
    assert (await till.event_names()).count("payments.refunded") == 1


@pytest.mark.parametrize(
    "kind", [FaultKind.CUT_AFTER, FaultKind.STATUS_AFTER, FaultKind.CUT_BEFORE]
)
@pytest.mark.parametrize("times", [1, 3])
async def test_a_provider_that_falls_silent_after_it_has_charged_has_charged_once(
    till: Till, kind: FaultKind, times: int
) -> None:
    folio = await till.open()
    fault = Fault(kind, path="/v1/payments", method="POST", times=times, status=500)
    till.stage.add_fault(fault)
    await till.pay(await till.link(folio), **CARD)
    for _ in range(times + 2):
        await till.work()
        till.clock.advance(timedelta(minutes=2))
    assert len(till.vendor.captured) == 1
    assert await till.due(folio) == 0
    assert (await till.folio(folio)).balance.paid.minor == 30_000


async def test_silence_while_the_provider_cannot_even_be_read_is_waited_out(till: Till) -> None:
    folio = await till.open()
    till.stage.add_fault(Fault(FaultKind.CUT_AFTER, path="/v1/payments", method="POST"))
    till.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, path="/search", times=4, status=503))
    await till.pay(await till.link(folio), **CARD)
    for _ in range(9):
        await till.work()
        till.clock.advance(timedelta(minutes=3))
    assert len(till.vendor.captured) == 1
    assert await till.due(folio) == 0


async def test_the_same_request_again_is_the_same_payment_and_another_body_is_refused(
    till: Till,
) -> None:
    folio = await till.open()
    path = f"/folios/{folio.id}/payments"
    body = {"provider": "mercado_pago", "amount": {"minor": 10_000, "currency": "PEN"}}
    key = {"idempotency-key": "once"}
    answers = [await till.hotel.tenant.post(path, body, headers=key) for _ in range(3)]
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()["id"] for each in answers}) == 1
    other = {**body, "amount": {"minor": 10_001, "currency": "PEN"}}
    refused = await till.hotel.tenant.post(path, other, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await till.payments(folio)) == 1


async def test_what_the_vendor_is_told_twice_is_the_same_to_the_byte(till: Till) -> None:
    """Another body under the same key would be refused with 409, and paid nowhere."""
    folio = await till.open()
    till.stage.add_fault(Fault(FaultKind.CUT_BEFORE, path="/v1/payments", method="POST", times=2))
    await till.pay(await till.link(folio), **CARD)
    for _ in range(4):
        await till.work()
        till.clock.advance(timedelta(minutes=2))
    heard = till.stage.heard("/v1/payments", method="POST")
    assert len(heard) == 3
    assert len({each.body for each in heard}) == 1
    assert len({each.headers["x-idempotency-key"] for each in heard}) == 1
    assert await till.due(folio) == 0
