"""What every provider's adapter keeps, whatever its vendor calls it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_api.kit.money import Money
from cloud_api.kit.outgoing import Outgoing
from cloud_api.payments.errors import (
    ForgedNoticeError,
    ProviderAccountError,
    ProviderBusyError,
    ProviderError,
    ProviderRefusedError,
    ProviderSilentError,
    ProviderUnreachableError,
)
from cloud_api.payments.types import PaymentState, RefundWish, Seen, Wish
from portero.simulators.kit import Fault, FaultKind
from tests.cloud_api.payments.providers.desks import Desk, heard, paid


def refund_of(payment: Seen, minor: int, name: str = "PR-1") -> RefundWish:
    return RefundWish(
        reference=name,
        payment=payment,
        amount=Money(minor, payment.amount.currency),
        reason="cancelled in time",
        payer_email="ana@example.test",
        notify_url="https://cloud.test/api/v1/payments/notices/key",
    )


async def look(desk: Desk, wish: Wish, provider_id: str = "") -> Seen | None:
    return await desk.provider.look(desk.account, reference=wish.reference, provider_id=provider_id)


async def test_what_is_begun_waits_somewhere_for_its_payer(desk: Desk) -> None:
    wish = desk.wish()
    begun = await desk.provider.begin(desk.account, wish)
    assert (begun.reference, begun.state) == (wish.reference, PaymentState.PENDING)
    assert begun.amount == wish.amount
    assert begun.pay_url is not None
    assert begun.pay_url.startswith("http")
    assert begun.provider_id


async def test_begun_twice_it_is_paid_once(desk: Desk) -> None:
    wish = desk.wish()
    first = await desk.provider.begin(desk.account, wish)
    second = await desk.provider.begin(desk.account, wish)
    assert second.pay_url
    desk.pay(wish)
    third = await desk.provider.begin(desk.account, wish)
    assert third.state is PaymentState.PAID
    assert (desk.payable(wish), desk.taken(wish)) == (1, 1)
    assert first.reference == second.reference == third.reference


async def test_begun_five_times_at_once_it_is_paid_once(desk: Desk) -> None:
    wish = desk.wish()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(desk.provider.begin(desk.account, wish), name="begin")
    desk.pay(wish)
    assert (desk.payable(wish), desk.taken(wish)) == (1, 1)
    found = await look(desk, wish)
    assert found is not None
    assert found.state is PaymentState.PAID


async def test_a_lost_answer_leaves_one_payment_that_is_found_by_our_reference(desk: Desk) -> None:
    wish = desk.wish()
    desk.stage.add_fault(Fault(FaultKind.CUT_AFTER, path=desk.begin_path, method="POST"))
    with pytest.raises(ProviderSilentError):
        await desk.provider.begin(desk.account, wish)
    if desk.shows_untried:
        found = await look(desk, wish)
        assert found is not None
        assert (found.reference, found.state) == (wish.reference, PaymentState.PENDING)
    again = await desk.provider.begin(desk.account, wish)
    assert again.pay_url
    desk.pay(wish)
    assert (desk.payable(wish), desk.taken(wish)) == (1, 1)


async def test_a_lost_question_is_silent_too_and_leaves_nothing(desk: Desk) -> None:
    wish = desk.wish()
    desk.stage.add_fault(Fault(FaultKind.CUT_BEFORE, path=desk.begin_path, method="POST"))
    with pytest.raises(ProviderSilentError):
        await desk.provider.begin(desk.account, wish)
    assert await look(desk, wish) is None
    assert (await desk.provider.begin(desk.account, wish)).pay_url


async def test_what_is_paid_is_paid_by_its_id_and_by_our_reference(desk: Desk) -> None:
    wish, found = await paid(desk)
    assert found == await look(desk, wish)
    assert (found.amount, found.refunded.minor) == (wish.amount, 0)
    assert found.pay_url is None
    assert found.happened_at is not None
    assert abs(found.happened_at - desk.clock.utc_now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("happen", "state"),
    [("reject", PaymentState.REJECTED), ("cancel", PaymentState.CANCELLED)],
)
async def test_what_came_to_nothing_says_so(desk: Desk, happen: str, state: PaymentState) -> None:
    wish = desk.wish()
    await desk.provider.begin(desk.account, wish)
    getattr(desk, happen)(wish)
    found = await look(desk, wish)
    assert found is not None
    assert (found.state, found.pay_url) == (state, None)
    assert desk.taken(wish) == 0


async def test_what_a_bank_takes_back_is_disputed(desk: Desk) -> None:
    if not desk.disputes:
        pytest.skip("this vendor tells of none")
    wish, _ = await paid(desk)
    desk.charge_back(wish)
    found = await look(desk, wish)
    assert found is not None
    assert found.state is PaymentState.DISPUTED


async def test_every_amount_goes_and_comes_back_exactly(desk: Desk) -> None:
    for amount in desk.amounts:
        _, found = await paid(desk, amount)
        assert found.amount == amount


async def test_the_same_reference_with_another_amount_is_refused(desk: Desk) -> None:
    wish = desk.wish()
    await desk.provider.begin(desk.account, wish)
    dearer = replace(wish, amount=wish.amount + Money(1000, wish.amount.currency))
    with pytest.raises(ProviderRefusedError) as refused:
        await desk.provider.begin(desk.account, dearer)
    assert refused.value.code == "reference_reused"
    assert desk.payable(wish) == 1


async def test_a_currency_the_vendor_does_not_take_is_refused(desk: Desk) -> None:
    with pytest.raises(ProviderRefusedError):
        await desk.provider.begin(desk.account, desk.wish(Money(100_000, "XTS")))


async def test_what_nobody_knows_is_none(desk: Desk) -> None:
    wish = desk.wish()
    assert await look(desk, wish) is None
    assert await look(desk, wish, provider_id="999999999999") is None


async def test_refunded_twice_it_goes_back_once(desk: Desk) -> None:
    wish, found = await paid(desk)
    refund = refund_of(found, found.amount.minor)
    for _ in range(2):
        after = await desk.provider.refund(desk.account, refund)
        assert (after.state, after.refunded) == (PaymentState.REFUNDED, found.amount)
        assert (after.reference, after.provider_id) == (found.reference, found.provider_id)
    assert len(desk.given_back(wish)) == 1


async def test_a_refund_whose_answer_was_lost_goes_back_once(desk: Desk) -> None:
    wish, found = await paid(desk)
    refund = refund_of(found, 1000)
    desk.stage.add_fault(Fault(FaultKind.CUT_AFTER, path=desk.refund_path, method="POST"))
    with pytest.raises(ProviderSilentError):
        await desk.provider.refund(desk.account, refund)
    after = await desk.provider.refund(desk.account, refund)
    assert (after.state, after.refunded.minor) == (PaymentState.PARTLY_REFUNDED, 1000)
    assert len(desk.given_back(wish)) == 1


async def test_parts_go_back_each_once_until_all_is_back(desk: Desk) -> None:
    wish, found = await paid(desk)
    first = refund_of(found, 1000, "PR-1")
    after = await desk.provider.refund(desk.account, first)
    assert (after.state, after.refunded.minor) == (PaymentState.PARTLY_REFUNDED, 1000)
    second = refund_of(after, 2000, "PR-2")
    after = await desk.provider.refund(desk.account, second)
    assert after.refunded.minor == 3000
    await desk.provider.refund(desk.account, first)
    await desk.provider.refund(desk.account, second)
    assert len(desk.given_back(wish)) == 2
    rest = refund_of(after, found.amount.minor - 3000, "PR-3")
    after = await desk.provider.refund(desk.account, rest)
    assert (after.state, after.refunded) == (PaymentState.REFUNDED, found.amount)
    assert len(desk.given_back(wish)) == 3


async def test_more_than_was_paid_never_goes_back(desk: Desk) -> None:
    wish, found = await paid(desk)
    with pytest.raises(ProviderRefusedError):
        await desk.provider.refund(desk.account, refund_of(found, found.amount.minor + 1000))
    first = await desk.provider.refund(desk.account, refund_of(found, 1000))
    with pytest.raises(ProviderRefusedError):
        await desk.provider.refund(desk.account, refund_of(first, found.amount.minor, "PR-2"))
    assert len(desk.given_back(wish)) == 1


async def test_what_was_given_back_by_hand_is_seen(desk: Desk) -> None:
    if not desk.shows_refunds:
        pytest.skip("this vendor shows none")
    wish, _ = await paid(desk)
    desk.refund_by_hand(wish, Money(1000, wish.amount.currency))
    found = await look(desk, wish)
    assert found is not None
    assert (found.state, found.refunded.minor) == (PaymentState.PARTLY_REFUNDED, 1000)


async def test_since_finds_all_that_was_paid_oldest_first(desk: Desk) -> None:
    start = desk.clock.utc_now()
    wishes = []
    for _ in range(12):
        desk.clock.now += timedelta(minutes=1)
        wishes.append((await paid(desk))[0])
    found = await desk.provider.since(desk.account, start)
    assert [each.reference for each in found] == [each.reference for each in wishes]
    assert all(each.state is PaymentState.PAID for each in found)


async def test_since_finds_pages_of_payments(desk: Desk) -> None:
    start = desk.clock.utc_now() - timedelta(days=2)
    wishes = {(await paid(desk))[0].reference for _ in range(103)}
    found = await desk.provider.since(desk.account, start)
    assert {each.reference for each in found} == wishes
    assert len(found) == len(wishes)


async def test_since_finds_what_changed_long_after_it_was_paid(desk: Desk) -> None:
    if not desk.disputes:
        pytest.skip("this vendor tells of none")
    wish, _ = await paid(desk)
    desk.clock.now += timedelta(days=20)
    desk.charge_back(wish)
    found = await desk.provider.since(desk.account, desk.clock.utc_now() - timedelta(hours=1))
    assert [(each.reference, each.state) for each in found] == [
        (wish.reference, PaymentState.DISPUTED)
    ]


async def test_a_notice_leads_to_its_payment(desk: Desk) -> None:
    wish, found = await paid(desk)
    notice = heard(desk.tell(wish))
    heed = desk.provider.heed(desk.account, notice, now=desk.clock.utc_now())
    assert heed.ignored is None
    assert heed.event_id
    assert heed.reference in {None, wish.reference}
    by_id = await desk.provider.look(
        desk.account, reference="", provider_id=heed.provider_id or "none"
    )
    assert by_id == found


async def test_a_forged_notice_is_refused(desk: Desk) -> None:
    wish, _ = await paid(desk)
    believed = []
    for why, sent in desk.forged(wish).items():
        try:
            desk.provider.heed(desk.account, heard(sent), now=desk.clock.utc_now())
        except ForgedNoticeError:
            continue
        believed.append(why)
    assert not believed


async def test_without_its_secret_nothing_is_genuine(desk: Desk) -> None:
    if not desk.signs:
        pytest.skip("nothing proves this vendor's notices: they are hints")
    wish, _ = await paid(desk)
    bare = replace(desk.account, credentials={})
    with pytest.raises(ForgedNoticeError):
        desk.provider.heed(bare, heard(desk.tell(wish)), now=desk.clock.utc_now())


async def test_wrong_or_missing_credentials_are_a_persons_to_mend(desk: Desk) -> None:
    for name in desk.account.credentials:
        if name.startswith("webhook"):
            continue
        for value in ("", "wrong"):
            credentials = {**desk.account.credentials, name: value}
            account = replace(desk.account, credentials=credentials)
            with pytest.raises(ProviderError) as error:
                await desk.provider.begin(account, desk.wish())
            expected = ProviderRefusedError if name == "merchant_id" and value else None
            assert isinstance(error.value, expected or ProviderAccountError), name


type Deed = Callable[[Desk], Coroutine[object, object, object]]


async def _begin(desk: Desk) -> object:
    return await desk.provider.begin(desk.account, desk.wish())


async def _look(desk: Desk) -> object:
    return await look(desk, desk.wish())


async def _since(desk: Desk) -> object:
    return await desk.provider.since(desk.account, desk.clock.utc_now())


@pytest.mark.parametrize("deed", [_begin, _look, _since])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_vendor_that_has_no_time_has_done_nothing(
    desk: Desk, deed: Deed, status: int
) -> None:
    headers = {"retry-after": "17"}
    desk.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, status=status, headers=headers))
    with pytest.raises(ProviderBusyError) as busy:
        await deed(desk)
    assert busy.value.retry_after_seconds == 17


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.STATUS_AFTER, status=500),
        Fault(FaultKind.STATUS_AFTER, status=502),
        Fault(FaultKind.STATUS_AFTER, status=302),
        Fault(FaultKind.GARBAGE_AFTER),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_a_failure_in_the_middle_of_doing_is_a_silence(desk: Desk, fault: Fault) -> None:
    wish = desk.wish()
    desk.stage.add_fault(replace(fault, path=desk.begin_path, method="POST"))
    with pytest.raises(ProviderSilentError):
        await desk.provider.begin(desk.account, wish)
    assert desk.payable(wish) == 1


async def test_a_failure_in_the_middle_of_a_refund_is_a_silence(desk: Desk) -> None:
    wish, found = await paid(desk)
    for kind in (FaultKind.STATUS_AFTER, FaultKind.GARBAGE_AFTER):
        desk.stage.add_fault(Fault(kind, path=desk.refund_path, method="POST"))
        with pytest.raises(ProviderSilentError):
            await desk.provider.refund(desk.account, refund_of(found, 1000, f"PR-{kind}"))
    assert len(desk.given_back(wish)) == 2


async def test_nobody_there_is_unreachable(desk: Desk) -> None:
    nowhere = "http://127.0.0.1:9"
    names = {desk.provider.name.value, desk.provider.name.value.replace("_", "")}
    async with Outgoing(dict.fromkeys(names, nowhere)) as outgoing:
        away = desk.elsewhere(outgoing)
        with pytest.raises(ProviderUnreachableError):
            await away.begin(desk.account, desk.wish())


async def test_no_secret_is_written_or_shown(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wish, found = await paid(desk)
    await desk.provider.refund(desk.account, refund_of(found, 1000))
    await desk.provider.since(desk.account, desk.clock.utc_now())
    said = [repr(desk.account), repr(wish), repr(found), repr(heard(desk.tell(wish)))]
    said += [record.getMessage() for record in caplog.records]
    for status in (400, 401, 403, 404, 409, 418, 429, 500):
        body = {"message": f"no such key {desk.secrets[0]}", "code": 1, "error_code": 1003}
        desk.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, status=status, body=body))
        try:
            await _begin(desk)
        except ProviderError as error:
            said.append(repr(error))
    for secret in desk.secrets:
        assert not [each for each in said if secret in each]


async def test_adapters_ask_once(desk: Desk) -> None:
    desk.stage.add_fault(Fault(FaultKind.CUT_BEFORE, path=desk.begin_path, method="POST", times=9))
    with pytest.raises(ProviderSilentError):
        await _begin(desk)
    assert len(desk.stage.heard(desk.begin_path, method="POST")) == 1
