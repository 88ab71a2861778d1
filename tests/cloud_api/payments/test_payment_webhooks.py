"""Webhooks: forged ones have no effect, genuine ones are heeded whatever number and order come."""

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from cloud_api.payments.errors import ForgedNoticeError
from cloud_api.payments.providers.mercadopago.notices import heed
from cloud_api.payments.types import Notice
from portero.simulators.kit import Fault, FaultKind
from portero.simulators.mercadopago import MercadoPago, Payment
from portero.simulators.post import Sent
from tests.builders import HandClock
from tests.cloud_api.payments.stage import CREDENTIALS, Till, soles

SECRET = CREDENTIALS["webhook_secret"]
MUTATIONS = 10_000


def notice_of(sent: Sent) -> Notice:
    return Notice(headers=dict(sent.headers), query=dict(sent.params), body=sent.content)


def paid_elsewhere(vendor: MercadoPago) -> Payment:
    return vendor.elsewhere(soles(30_000))


def altered(sent: Sent, chance: random.Random) -> Sent:
    """One thing that is signed, or has to agree with what is signed, is another."""
    headers, params, content = dict(sent.headers), dict(sent.params), sent.content
    stamp, _, digest = headers["x-signature"].partition(",v1=")
    where = chance.choice(["digest", "stamp", "request", "query", "body", "header", "kind"])
    if where == "digest":
        at = chance.randrange(len(digest))
        other = chance.choice([c for c in "0123456789abcdef" if c != digest[at]])
        headers["x-signature"] = f"{stamp},v1={digest[:at]}{other}{digest[at + 1 :]}"
    elif where == "stamp":
        moved = int(stamp.removeprefix("ts=")) + chance.choice([-1, 1]) * chance.randint(1, 10**6)
        headers["x-signature"] = f"ts={moved},v1={digest}"
    elif where == "request":
        headers["x-request-id"] += chance.choice("abc")
    elif where == "query":
        params["data.id"] = str(int(params["data.id"]) + chance.randint(1, 10**6))
    elif where == "body":
        body = json.loads(content)
        body["data"]["id"] = str(int(body["data"]["id"]) + chance.randint(1, 10**6))
        content = json.dumps(body, indent=chance.choice([None, 1, 2])).encode()
    elif where == "header":
        del headers[chance.choice(["x-signature", "x-request-id"])]
    else:
        params["type"] = "merchant_order"
    return replace(sent, content=content, headers=headers, params=params)


def test_of_ten_thousand_altered_notices_none_is_taken(
    vendor: MercadoPago, clock: HandClock
) -> None:
    chance = random.Random(4)  # noqa: S311 - a test's dice
    sent = vendor.notice(paid_elsewhere(vendor))
    heed(SECRET, notice_of(sent), now=clock.now)
    taken = 0
    for _ in range(MUTATIONS):
        try:
            heed(SECRET, notice_of(altered(sent, chance)), now=clock.now)
        except ForgedNoticeError:
            continue
        taken += 1
    assert taken == 0


@pytest.mark.parametrize("late", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_a_notice_that_is_not_of_now_is_forged(
    vendor: MercadoPago, clock: HandClock, late: timedelta
) -> None:
    sent = vendor.notice(paid_elsewhere(vendor))
    with pytest.raises(ForgedNoticeError):
        heed(SECRET, notice_of(sent), now=clock.now + late)


@pytest.mark.parametrize("secret", ["", "another secret"])
def test_without_the_right_secret_everything_is_forged(
    vendor: MercadoPago, clock: HandClock, secret: str
) -> None:
    sent = vendor.notice(paid_elsewhere(vendor))
    with pytest.raises(ForgedNoticeError):
        heed(secret, notice_of(sent), now=clock.now)


def test_seconds_milliseconds_other_orders_and_re_encoded_bodies_are_the_vendors_own(
    vendor: MercadoPago, clock: HandClock
) -> None:
    """The body is not signed: another spelling of the same is no forgery, and changes nothing."""
    payment = paid_elsewhere(vendor)
    for sent in _genuine(vendor, payment):
        found = heed(SECRET, notice_of(sent), now=clock.now)
        assert (found.provider_id, found.event_id) == (str(payment.id), f"payment:{payment.id}")


def _genuine(vendor: MercadoPago, payment: Payment) -> Iterator[Sent]:
    yield vendor.notice(payment)
    in_milliseconds = vendor.notice(payment, milliseconds=True)
    yield in_milliseconds
    stamp, _, digest = in_milliseconds.headers["x-signature"].partition(",")
    turned = {**in_milliseconds.headers, "x-signature": f"v2=00, {digest} , {stamp}"}
    yield replace(in_milliseconds, headers=turned)
    body = json.dumps(json.loads(in_milliseconds.content), indent=4, sort_keys=True).encode()
    yield replace(in_milliseconds, content=body)


async def test_a_forged_notice_is_refused_kept_counted_and_has_no_effect(till: Till) -> None:
    folio = await till.open()
    payment = till.vendor.pay(await till.begun(folio))
    forged = till.vendor.notice(payment, secret="not the secret")
    assert await till.bring(forged, times=3) == [401, 401, 401]
    await till.work("payments.heed")
    assert await till.due(folio) == 30_000
    kept = await till.sql("SELECT genuine, times, due_at, body FROM payment_notices")
    assert [(row.genuine, row.times, row.due_at) for row in kept] == [(False, 3, None)]
    assert b"payment.updated" not in bytes(kept[0].body)
    [account] = (await till.hotel.tenant.get("/payment-accounts")).json()
    assert account["forged_notices"] == 3


async def test_a_strangers_address_is_not_found(till: Till) -> None:
    sent = till.vendor.notice(paid_elsewhere(till.vendor))
    path = till.account["webhook_path"]
    till.account["webhook_path"] = path[:-6] + "aaaaaa"
    assert await till.bring(sent) == [404]
    till.account["webhook_path"] = path.replace("mercado_pago", "stripe")
    assert await till.bring(sent) == [404]


async def test_twenty_at_once_are_one_payment(till: Till) -> None:
    folio = await till.open()
    payment = till.vendor.pay(await till.begun(folio))
    sent = till.vendor.notice(payment)
    answers: list[int] = []

    async def one() -> None:
        answers.extend(await till.bring(sent))
        await till.work("payments.heed")

    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(one())
    await till.work()
    assert answers == [200] * 20
    assert await till.due(folio) == 0
    assert (await till.folio(folio)).balance.paid.minor == 30_000
    assert await till.event_names() == ["payments.received", "payments.paid_in_full"]


async def test_every_order_of_a_flows_notices_ends_in_the_same_state(till: Till) -> None:
    """Rejected, paid, given back in part: 6 orders, each with a worker before and after each."""
    ends = set()
    for order in permutations(range(3)):
        folio = await till.open()
        preference = await till.begun(folio)
        rejected = till.vendor.pay(preference, status="rejected")
        paid = till.vendor.pay(preference)
        notices = [till.vendor.notice(rejected), till.vendor.notice(paid)]
        till.vendor.give_back(paid, soles(10_000))
        notices.append(till.vendor.notice(paid))
        for at in order:
            await till.bring(notices[at], times=2)
            await till.work()
        [payment] = await till.payments(folio)
        ends.add((payment["state"], payment["refunded"]["minor"], await till.due(folio)))
        assert await till.sums(folio) == 0
    assert ends == {("partly_refunded", 10_000, 10_000)}
    assert await till.matters() == []


async def test_a_missing_notice_is_found_by_the_hourly_comparison(till: Till) -> None:
    folio = await till.open()
    payment = till.vendor.pay(await till.begun(folio))
    await till.sql("UPDATE payments SET due_at = due_at + interval '10 days'")
    await till.reconcile()
    assert await till.due(folio) == 0
    assert payment.status == "approved"


async def test_the_clocks_job_has_every_account_compared(till: Till) -> None:
    from cloud_api.payments.jobs import JOBS  # noqa: PLC0415 - as the worker finds it

    folio = await till.open()
    till.vendor.pay(await till.begun(folio))
    await till.sql("UPDATE payments SET due_at = due_at + interval '10 days'")
    [hourly] = [each for each in JOBS if each.name == "payments.reconcile"]
    assert hourly.every <= timedelta(hours=1)
    async with till.database.transaction() as session:
        await hourly.run(session, till.clock)
    await till.work()
    assert await till.due(folio) == 0


async def test_a_notice_is_heeded_later_when_the_provider_does_not_answer(till: Till) -> None:
    folio = await till.open()
    payment = till.vendor.pay(await till.begun(folio))
    till.stage.add_fault(Fault(FaultKind.CUT_BEFORE, times=2))
    await till.bring(till.vendor.notice(payment))
    await till.work("payments.heed")
    assert await till.due(folio) == 30_000
    for _ in range(3):
        till.clock.advance(timedelta(seconds=20))
        await till.work("payments.heed")
    assert await till.due(folio) == 0


@pytest.mark.parametrize(
    "change", [{"amount": soles(29_999)}, {"currency": "USD"}, {"amount": soles(1)}]
)
async def test_a_payment_of_another_amount_or_currency_never_counts_and_needs_a_person(
    till: Till, change: dict[str, object]
) -> None:
    folio = await till.open()
    tampered = till.vendor.pay(await till.begun(folio), **change)  # type: ignore[arg-type] # one of them
    for _ in range(2):
        await till.bring(till.vendor.notice(tampered))
        await till.work()
    await till.reconcile()
    assert await till.due(folio) == 30_000
    [matter] = await till.matters()
    assert (matter["kind"], matter["provider_id"]) == ("mismatch", str(tampered.id))
    assert matter["folio_id"] == str(folio.id)
    assert "payments.received" not in await till.event_names()
    assert (await till.event_names()).count("payments.needs_person") == 1


async def test_money_that_went_to_somebody_else_never_counts(till: Till) -> None:
    folio = await till.open()
    payment = till.vendor.pay(await till.begun(folio))
    payment.collector_id = 999
    await till.bring(till.vendor.notice(payment))
    await till.work()
    assert await till.due(folio) == 30_000
    assert [each["detail"].split()[0] for each in await till.matters()] == ["collector"]


async def test_a_second_payment_on_the_same_page_needs_a_person(till: Till) -> None:
    folio = await till.open()
    preference = await till.begun(folio)
    for _ in range(2):
        await till.bring(till.vendor.notice(till.vendor.pay(preference)))
        await till.work()
    assert await till.due(folio) == 0
    assert [each["kind"] for each in await till.matters()] == ["paid_twice"]


async def test_notices_of_other_matters_are_kept_and_nothing_is_asked(till: Till) -> None:
    payment = till.vendor.elsewhere(soles(100))
    sent = till.vendor.notice(payment)
    body = json.loads(sent.content) | {"type": "merchant_order"}
    params = {"data.id": str(payment.id), "type": "merchant_order"}
    other = replace(sent, content=json.dumps(body).encode(), params=params)
    before = len(till.stage.journal)
    assert await till.bring(other) == [200]
    await till.work()
    assert len(till.stage.journal) == before
