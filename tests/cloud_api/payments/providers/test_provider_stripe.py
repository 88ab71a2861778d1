"""What is Stripe's own: pages that stay open, keys remembered for a day, signed events."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud_api.kit.money import Money
from cloud_api.payments.errors import ForgedNoticeError, ProviderRefusedError, ProviderSilentError
from cloud_api.payments.providers.stripe.notices import heed as heed_with
from cloud_api.payments.types import Notice, PaymentState, RefundWish
from portero.simulators.kit import Fault, FaultKind
from tests.builders import HandClock
from tests.cloud_api.payments.providers.desks import StripeDesk, heard, paid, stripe_desk


@pytest.fixture
async def desk(clock: HandClock) -> AsyncIterator[StripeDesk]:
    async with stripe_desk(clock) as desk:
        assert isinstance(desk, StripeDesk)
        yield desk


# Worked out with another tool: openssl's HMAC of `1700000000.` and the body.
KNOWN_BODY = b'{"id": "evt_1", "type": "ping", "data": {"object": {"object": "x"}}}'
KNOWN_PROOF = "991e7be13530b3bda8cc816479414955b457f405be9191b5c08db95b8c84566f"
KNOWN_TIME = datetime.fromtimestamp(1_700_000_000, UTC)


def known(signature: str) -> Notice:
    return Notice(headers={"stripe-signature": signature}, query={}, body=KNOWN_BODY)


def test_a_signature_is_over_the_time_and_the_very_bytes() -> None:
    notice = known(f"t=1700000000,v1={KNOWN_PROOF}")
    found = heed_with("whsec_known", notice, now=KNOWN_TIME)
    assert (found.event_id, found.ignored) == ("evt_1", "ping")


def test_while_a_secret_is_changed_one_of_two_signatures_is_enough() -> None:
    notice = known(f"t=1700000000,v1={'0' * 64},v1={KNOWN_PROOF},v0=abc")
    assert heed_with("whsec_known", notice, now=KNOWN_TIME).event_id == "evt_1"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_is_good_for_five_minutes(seconds: int) -> None:
    notice = known(f"t=1700000000,v1={KNOWN_PROOF}")
    with pytest.raises(ForgedNoticeError):
        heed_with("whsec_known", notice, now=KNOWN_TIME + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "signature", ["", "t=,v1=", "t=1e9,v1=aa", "t=99999999999999999,v1=aa", "v1=aa", "t=١٢٣,v1=aa"]
)
def test_a_signature_of_no_shape_is_none(signature: str) -> None:
    with pytest.raises(ForgedNoticeError):
        heed_with("whsec_known", known(signature), now=KNOWN_TIME)


async def test_a_refused_card_leaves_the_page_open_for_another(desk: StripeDesk) -> None:
    wish = desk.wish()
    await desk.provider.begin(desk.account, wish)
    desk.vendor.decline(wish.reference)
    found = await desk.provider.look(desk.account, reference=wish.reference, provider_id="")
    assert found is not None
    assert found.state is PaymentState.PENDING
    assert found.pay_url
    desk.pay(wish)
    assert desk.taken(wish) == 1


async def test_a_promise_waits_until_it_is_kept_or_broken(desk: StripeDesk) -> None:
    wish = desk.wish()
    begun = await desk.provider.begin(desk.account, wish)
    desk.vendor.promise(wish.reference)
    found = await desk.provider.look(desk.account, reference="", provider_id=begun.provider_id)
    assert found is not None
    assert (found.state, found.pay_url) == (PaymentState.PENDING, None)


async def test_a_dispute_that_is_won_is_over(desk: StripeDesk) -> None:
    wish, found = await paid(desk)
    desk.charge_back(wish)
    desk.vendor.end_dispute(wish.reference, "won")
    after = await desk.provider.look(
        desk.account, reference=wish.reference, provider_id=found.provider_id
    )
    assert after == found


async def test_a_dispute_leads_to_its_payment_by_the_intent(desk: StripeDesk) -> None:
    wish, found = await paid(desk)
    desk.charge_back(wish)
    heed = desk.provider.heed(desk.account, heard(desk.vendor.notice()), now=desk.clock.utc_now())
    assert heed.reference is None
    assert heed.provider_id is not None
    seen = await desk.provider.look(desk.account, reference="", provider_id=heed.provider_id)
    assert seen is not None
    assert (seen.reference, seen.provider_id) == (wish.reference, found.provider_id)


async def test_what_was_paid_long_ago_is_found_by_our_reference(desk: StripeDesk) -> None:
    wish, found = await paid(desk)
    desk.clock.now += timedelta(days=40)
    assert await desk.provider.look(desk.account, reference=wish.reference, provider_id="") == found


async def test_a_refund_is_known_when_its_key_is_forgotten(desk: StripeDesk) -> None:
    wish, found = await paid(desk)
    refund = RefundWish("PR-1", found, Money(1000, "EUR"), "")
    await desk.provider.refund(desk.account, refund)
    desk.vendor.forget_keys()
    after = await desk.provider.refund(desk.account, refund)
    assert after.refunded.minor == 1000
    assert len(desk.given_back(wish)) == 1


async def test_a_refund_that_was_made_by_hand_is_not_taken_for_ours(desk: StripeDesk) -> None:
    wish, found = await paid(desk)
    desk.refund_by_hand(wish, Money(1000, "EUR"))
    after = await desk.provider.refund(
        desk.account, RefundWish("PR-1", found, Money(1000, "EUR"), "")
    )
    assert after.refunded.minor == 2000


@pytest.mark.parametrize("minutes", [5, 31, 600, 10_000])
async def test_a_page_closes_as_near_to_our_wish_as_stripe_allows(
    desk: StripeDesk, minutes: int
) -> None:
    wish = replace(desk.wish(), expires_at=desk.clock.utc_now() + timedelta(minutes=minutes))
    first = await desk.provider.begin(desk.account, wish)
    desk.clock.now += timedelta(seconds=90)
    again = await desk.provider.begin(desk.account, wish)
    assert again == first
    [session] = desk.vendor.till.sessions.values()
    length = session.expires - session.made
    assert timedelta(minutes=30) < length < timedelta(hours=24)


async def test_while_the_same_key_is_worked_on_nobody_knows(desk: StripeDesk) -> None:
    body = {"error": {"type": "invalid_request_error", "code": "idempotency_key_in_use"}}
    desk.stage.add_fault(
        Fault(FaultKind.STATUS_BEFORE, path="/sessions", method="POST", status=409, body=body)
    )
    with pytest.raises(ProviderSilentError):
        await desk.provider.begin(desk.account, desk.wish())


async def test_thousandths_are_refused_and_never_rounded(desk: StripeDesk) -> None:
    with pytest.raises(ProviderRefusedError) as refused:
        await desk.provider.begin(desk.account, desk.wish(Money(12_345, "KWD")))
    assert refused.value.code == "amount_not_taken"
    assert not desk.stage.journal


async def test_every_post_carries_a_key_and_the_version(desk: StripeDesk) -> None:
    _, found = await paid(desk)
    await desk.provider.refund(desk.account, RefundWish("PR-1", found, Money(1, "EUR"), ""))
    for heard_ in (each for each in desk.stage.journal if each.method == "POST"):
        assert heard_.headers["idempotency-key"]
        assert heard_.headers["stripe-version"]


async def test_an_event_of_something_else_is_ignored(desk: StripeDesk) -> None:
    body = {"id": "evt_9", "type": "customer.created"}
    thing = {"object": "customer", "id": "cus_1", "metadata": None}
    sent = desk.vendor.signed(json.dumps(body | {"data": {"object": thing}}).encode())
    heed = desk.provider.heed(desk.account, heard(sent), now=desk.clock.utc_now())
    assert (heed.event_id, heed.ignored) == ("evt_9", "customer.created")


async def test_sessions_of_others_are_not_ours_to_reconcile(desk: StripeDesk) -> None:
    wish, _ = await paid(desk)
    desk.vendor.of(wish.reference).reference = None
    start = desk.clock.utc_now() - timedelta(minutes=1)
    assert not await desk.provider.since(desk.account, start)
