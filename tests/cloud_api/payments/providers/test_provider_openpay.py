"""What is OpenPay's own: cards by token, 3-D Secure, a verification, and refunds without a key."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_api.kit.money import Money
from cloud_api.kit.outgoing import Outgoing
from cloud_api.payments.errors import (
    ProviderAccountError,
    ProviderBusyError,
    ProviderRefusedError,
    ProviderSilentError,
)
from cloud_api.payments.providers.openpay import OpenPay
from cloud_api.payments.types import PaymentState, ProviderName, RefundWish, Wish
from portero.simulators import openpay as simulated
from portero.simulators.kit import Fault, FaultKind, playing
from tests.builders import HandClock
from tests.cloud_api.payments.providers.desks import (
    OPENPAY_KEYS,
    OpenPayDesk,
    account_of,
    heard,
    openpay_desk,
    paid,
)


@pytest.fixture
async def desk(clock: HandClock) -> AsyncIterator[OpenPayDesk]:
    async with openpay_desk(clock) as desk:
        assert isinstance(desk, OpenPayDesk)
        yield desk


def by_card(desk: OpenPayDesk, token: str) -> Wish:
    return replace(desk.wish(), card_token=token, device_session="kR1MiQhz2otdIuUlQkbEyitIqVMiI16f")


async def test_a_good_card_pays_at_once(desk: OpenPayDesk) -> None:
    wish = by_card(desk, "tok_good")
    found = await desk.provider.begin(desk.account, wish)
    assert (found.state, found.amount, found.pay_url) == (PaymentState.PAID, wish.amount, None)
    again = await desk.provider.begin(desk.account, wish)
    assert again.state is PaymentState.PAID
    assert desk.taken(wish) == 1


@pytest.mark.parametrize("token", sorted(simulated.DECLINED))
async def test_a_refused_card_is_an_answer(desk: OpenPayDesk, token: str) -> None:
    wish = by_card(desk, token)
    found = await desk.provider.begin(desk.account, wish)
    assert (found.state, found.amount) == (PaymentState.REJECTED, wish.amount)
    assert found.provider_status.startswith("300")
    later = await desk.provider.look(desk.account, reference=wish.reference, provider_id="")
    assert later is not None
    assert later.state is PaymentState.REJECTED


async def test_a_card_that_asks_its_bank_sends_the_payer_there(desk: OpenPayDesk) -> None:
    wish = by_card(desk, "tok_3ds")
    found = await desk.provider.begin(desk.account, wish)
    assert found.state is PaymentState.PENDING
    assert found.pay_url
    desk.pay(wish)
    again = await desk.provider.begin(desk.account, wish)
    assert (again.state, again.pay_url) == (PaymentState.PAID, None)


async def test_a_charge_that_exists_and_is_not_shown_yet_is_a_silence(desk: OpenPayDesk) -> None:
    body = {"error_code": 1006, "category": "request", "http_code": 409}
    desk.stage.add_fault(
        Fault(FaultKind.STATUS_BEFORE, path="/charges", method="POST", status=409, body=body)
    )
    with pytest.raises(ProviderSilentError):
        await desk.provider.begin(desk.account, desk.wish())


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, 1002, ProviderAccountError),
        (423, 1008, ProviderAccountError),
        (403, 1010, ProviderAccountError),
        (503, 1004, ProviderBusyError),
        (500, 1000, ProviderSilentError),
        (400, 1001, ProviderRefusedError),
        (422, 1003, ProviderRefusedError),
        (412, 4001, ProviderRefusedError),
    ],
)
async def test_each_error_says_what_has_to_be_done(
    desk: OpenPayDesk, status: int, code: int, error: type[Exception]
) -> None:
    body = {"error_code": code, "http_code": str(status), "description": "sk_0sekrit0openpay"}
    fault = Fault(FaultKind.STATUS_BEFORE, path="/charges", status=status, body=body)
    desk.stage.add_fault(fault)
    with pytest.raises(error) as raised:
        await desk.provider.begin(desk.account, desk.wish())
    assert str(code) in str(raised.value)
    assert "sekrit" not in str(raised.value)


async def test_the_first_call_of_a_webhook_brings_a_code_to_type(desk: OpenPayDesk) -> None:
    notice = heard(desk.vendor.verification("3vWQ1x6I"))
    heed = desk.provider.heed(desk.account, notice, now=desk.clock.utc_now())
    assert (heed.ignored, heed.verification_code) == ("verification", "3vWQ1x6I")
    assert heed.reference is heed.provider_id is None


async def test_the_same_event_told_twice_is_known(desk: OpenPayDesk) -> None:
    wish, _ = await paid(desk)
    now = desk.clock.utc_now()
    first, second = (
        desk.provider.heed(
            desk.account,
            heard(desk.vendor.notice("charge.succeeded", wish.reference, at=now)),
            now=now,
        )
        for _ in range(2)
    )
    other = desk.vendor.notice("chargeback.created", wish.reference, at=now)
    assert first.event_id == second.event_id
    assert desk.provider.heed(desk.account, heard(other), now=now).event_id != first.event_id


async def test_without_an_address_of_the_payer_nothing_is_asked(desk: OpenPayDesk) -> None:
    with pytest.raises(ProviderRefusedError) as refused:
        await desk.provider.begin(desk.account, replace(desk.wish(), payer_email=None))
    assert refused.value.code == "payer_email_missing"
    assert not desk.stage.journal


async def test_an_earlier_refund_is_remembered_though_only_the_last_is_shown(
    desk: OpenPayDesk,
) -> None:
    wish, found = await paid(desk)
    names = [f"PR-{number}{'0' * 30}" for number in range(5)]
    refunds = [RefundWish(name, found, Money(100, "PEN"), "a=1 b=2 " * 40) for name in names]
    for refund in refunds:
        await desk.provider.refund(desk.account, refund)
    for refund in refunds:
        after = await desk.provider.refund(desk.account, refund)
        assert (after.state, after.refunded.minor) == (PaymentState.PARTLY_REFUNDED, 500)
    assert len(desk.given_back(wish)) == 5


async def test_in_colombia_the_tax_is_told(clock: HandClock) -> None:
    keys = OPENPAY_KEYS | {"country": "co"}
    vendor = simulated.OpenPay(
        clock,
        country="co",
        merchant_id=keys["merchant_id"],
        private_key=keys["private_key"],
        webhook=("u", "p"),
    )
    async with playing(vendor.app) as stage, Outgoing({"openpay": stage.url}) as outgoing:
        desk = OpenPayDesk(
            OpenPay(outgoing), account_of(ProviderName.OPENPAY, keys), stage, clock, vendor=vendor
        )
        _, found = await paid(desk, Money(71_600_050, "COP"))
        assert found.amount == Money(71_600_050, "COP")
        [asked] = stage.heard("/charges", method="POST")
        assert json.loads(asked.body)["iva"] == "0"
        assert b'"amount": 716000.50' in asked.body


async def test_a_charge_that_failed_does_not_hide_the_one_that_took_money(
    desk: OpenPayDesk,
) -> None:
    wish, found = await paid(desk)
    failed = replace(desk.vendor.of(wish.reference), id="trfailed", status="failed")
    failed.made = failed.made + timedelta(seconds=5)
    desk.vendor.charges["trfailed"] = failed
    later = await desk.provider.look(desk.account, reference=wish.reference, provider_id="")
    assert later == found
