"""Where somebody could be charged twice, or money be lost, without anybody's bad will."""

from datetime import timedelta

import pytest

from portero.simulators.kit import Fault, FaultKind
from tests.cloud_api.payments.stage import Till


async def test_two_cards_in_a_row_are_not_both_charged_for_one_bill(till: Till) -> None:
    """A double click on a page that makes a new token of the same card each time."""
    folio = await till.open()
    token = await till.link(folio)
    for card in ("tok_first", "tok_second"):
        await till.pay(token, card_token=card, card_method="visa")
    await till.work()
    assert len(till.vendor.captured) == 1
    assert await till.due(folio) == 0


@pytest.mark.parametrize("status", [401, 503])
async def test_what_may_have_been_charged_is_never_told_to_have_failed(
    till: Till, status: int
) -> None:
    """The first try charged and fell silent; then the provider will not let itself be read."""
    folio = await till.open()
    token = await till.link(folio)
    till.stage.add_fault(Fault(FaultKind.CUT_AFTER, path="/v1/payments", method="POST"))
    till.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, path="/search", times=9, status=status))
    await till.pay(token, card_token="tok_good", card_method="visa")
    for _ in range(12):
        await till.work()
        till.clock.advance(timedelta(hours=2))
        [payment] = await till.payments(folio)
        assert payment["state"] in {"pending", "paid"}
    assert len(till.vendor.captured) == 1


async def test_a_payer_comes_back_by_post_too(till: Till) -> None:
    token = await till.link(await till.open())
    answer = await till.http.post(f"/api/v1/pay/{token}/return", data={"token": "A" * 41})
    assert answer.status_code < 400


async def test_money_that_comes_through_an_archived_account_is_not_lost(till: Till) -> None:
    """The first card was refused, the account archived, and then another card paid the page."""
    folio = await till.open()
    page = await till.begun(folio)
    till.vendor.pay(page, status="rejected")
    till.clock.advance(timedelta(minutes=1))
    await till.work()
    path = f"/payment-accounts/{till.account['id']}"
    assert (await till.hotel.tenant.delete(path)).status_code < 400
    till.vendor.pay(page)
    await till.reconcile(everything=True)
    assert await till.due(folio) == 0
