"""What is Flow's own: a signature without separators, tokens that prove nothing, refunds to accept."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_api.kit.money import Money
from cloud_api.payments.errors import ForgedNoticeError, ProviderRefusedError
from cloud_api.payments.providers.flow.wire import signed
from cloud_api.payments.types import PaymentState, RefundWish
from portero.simulators.kit import Fault, FaultKind
from tests.builders import HandClock
from tests.cloud_api.payments.providers.desks import FlowDesk, flow_desk, heard, paid


@pytest.fixture
async def desk(clock: HandClock) -> AsyncIterator[FlowDesk]:
    async with flow_desk(clock) as desk:
        assert isinstance(desk, FlowDesk)
        yield desk


def test_the_signature_is_over_names_and_values_by_name_with_nothing_between() -> None:
    """Worked out with another tool: openssl's HMAC of `amount5000apiKeyXcurrencyCLP`."""
    params = signed({"currency": "CLP", "apiKey": "X", "amount": "5000"}, "secret")
    assert params["s"] == KNOWN_SIGNATURE


KNOWN_SIGNATURE = "218afb7f5d4700ee8b7ff32917c052facdaeeeac875d46adb0e1648ef4b9a6f4"


async def test_an_amount_told_as_text_is_the_same_amount(desk: FlowDesk) -> None:
    desk.vendor.amounts_as_text = True
    for amount in desk.amounts:
        assert (await paid(desk, amount))[1].amount == amount


async def test_a_lost_link_is_made_anew_and_the_number_is_paid_once(desk: FlowDesk) -> None:
    wish = desk.wish()
    first = await desk.provider.begin(desk.account, wish)
    second = await desk.provider.begin(desk.account, wish)
    assert first.pay_url != second.pay_url
    # Somebody pays at the first one, though the second is the newer.
    desk.vendor.pay(wish.reference, token=desk.vendor.orders[0].token)
    with pytest.raises(RuntimeError):
        desk.vendor.pay(wish.reference, token=desk.vendor.orders[1].token)
    for known in (first.provider_id, second.provider_id, ""):
        found = await desk.provider.look(desk.account, reference=wish.reference, provider_id=known)
        assert found is not None
        assert found.state is PaymentState.PAID


async def test_what_was_paid_while_we_asked_is_paid(desk: FlowDesk) -> None:
    wish = desk.wish()
    await desk.provider.begin(desk.account, wish)
    desk.stage.add_fault(
        Fault(
            FaultKind.STATUS_BEFORE,
            path="/getStatusByCommerceId",
            status=400,
            body={"code": 105, "message": "Transaction not found"},
        )
    )
    desk.pay(wish)
    found = await desk.provider.begin(desk.account, wish)
    assert found.state is PaymentState.PAID
    assert desk.taken(wish) == 1


async def test_an_order_is_over_when_its_time_is(desk: FlowDesk) -> None:
    expires_at = desk.clock.utc_now() + timedelta(minutes=30)
    wish = replace(desk.wish(), expires_at=expires_at)
    begun = await desk.provider.begin(desk.account, wish)
    desk.clock.now = expires_at
    found = await desk.provider.look(
        desk.account, reference=wish.reference, provider_id=begun.provider_id
    )
    assert found is not None
    assert found.state is PaymentState.CANCELLED


async def test_what_is_too_late_to_pay_is_not_begun(desk: FlowDesk) -> None:
    wish = replace(desk.wish(), expires_at=desk.clock.utc_now())
    with pytest.raises(ProviderRefusedError) as refused:
        await desk.provider.begin(desk.account, wish)
    assert refused.value.code == "payment_expired"
    assert not desk.vendor.orders


async def test_a_token_is_looked_up_and_carries_no_truth_itself(desk: FlowDesk) -> None:
    wish = desk.wish()
    await desk.provider.begin(desk.account, wish)
    heed = desk.provider.heed(
        desk.account, heard(desk.vendor.notice(wish.reference)), now=desk.clock.utc_now()
    )
    assert heed.reference == wish.reference
    found = await desk.provider.look(desk.account, reference="", provider_id=heed.provider_id or "")
    assert found is not None
    assert found.state is PaymentState.PENDING


def refund(desk: FlowDesk, found: object, minor: int) -> RefundWish:
    return RefundWish(
        reference="PR-1",
        payment=found,  # type: ignore[arg-type]
        amount=Money(minor, "CLP"),
        reason="",
        payer_email="ana@example.test",
        notify_url="https://cloud.test/notices/key",
    )


async def test_a_refunds_call_back_is_about_its_payment(desk: FlowDesk) -> None:
    wish, found = await paid(desk)
    await desk.provider.refund(desk.account, refund(desk, found, 1000))
    notice = heard(desk.vendor.refund_notice("PR-1"))
    heed = desk.provider.heed(desk.account, notice, now=desk.clock.utc_now())
    assert (heed.reference, heed.provider_id, heed.ignored) == (wish.reference, None, None)
    bare = replace(notice, query={"refund": "1"})
    assert desk.provider.heed(desk.account, bare, now=desk.clock.utc_now()).ignored == "refund"


@pytest.mark.parametrize("missing", ["payer_email", "notify_url"])
async def test_a_refund_without_somebody_to_give_it_to_is_refused(
    desk: FlowDesk, missing: str
) -> None:
    _, found = await paid(desk)
    wish = refund(desk, found, 1000)
    wish = (
        replace(wish, payer_email=None)
        if missing == "payer_email"
        else replace(wish, notify_url="")
    )
    with pytest.raises(ProviderRefusedError) as refused:
        await desk.provider.refund(desk.account, wish)
    assert refused.value.code == f"{missing}_missing"


async def test_a_refund_of_what_was_never_paid_is_refused(desk: FlowDesk) -> None:
    wish = desk.wish()
    begun = await desk.provider.begin(desk.account, wish)
    with pytest.raises(ProviderRefusedError):
        await desk.provider.refund(desk.account, refund(desk, begun, 1000))


async def test_pesos_with_a_fraction_are_never_sent(desk: FlowDesk) -> None:
    await desk.provider.begin(desk.account, desk.wish(Money(120_000, "CLP")))
    [asked] = desk.stage.heard("/payment/create")
    assert b"amount=120000&" in asked.body


async def test_a_notice_of_another_shape_is_none(desk: FlowDesk) -> None:
    notice = heard(desk.vendor.notice((await paid(desk))[0].reference))
    with pytest.raises(ForgedNoticeError):
        desk.provider.heed(
            desk.account, replace(notice, body=b'{"token": "x"}'), now=desk.clock.utc_now()
        )
