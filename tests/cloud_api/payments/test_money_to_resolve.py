"""Money that comes for nothing, too late, or too much is never silent."""

from datetime import timedelta
from uuid import uuid4

from cloud_api.payments import service
from cloud_api.payments.jobs import refund_late_money
from tests.cloud_api.payments.stage import Till, soles


async def test_money_for_nothing_we_know_of_is_kept_and_told_once(till: Till) -> None:
    payment = till.vendor.elsewhere(soles(5_000), reference="table 4")
    for _ in range(3):
        await till.reconcile()
    await till.bring(till.vendor.notice(payment), times=2)
    await till.work()
    [matter] = await till.matters()
    assert (matter["kind"], matter["amount"]["minor"]) == ("orphan", 5_000)
    assert matter["detail"] == "table 4"
    [told] = await till.events("payments.needs_person")
    assert (told["matter"], told["subject_id"]) == ("orphan", None)
    till.clock.advance(timedelta(hours=2))
    [later] = await till.matters(kind="orphan")
    assert later["age_seconds"] >= 7_000


async def test_an_orphan_is_attached_to_its_booking(till: Till) -> None:
    folio = await till.open(5_000)
    till.vendor.elsewhere(soles(5_000))
    await till.reconcile()
    [matter] = await till.matters()
    path = f"/money-to-resolve/{matter['id']}/attach"
    body = {"subject_id": str(folio.subject_id), "note": "Ana paid at the desk"}
    answer = await till.hotel.tenant.post(path, body)
    assert (answer.status_code, answer.json()["state"]) == (200, "attached")
    assert await till.due(folio) == 0
    assert await till.event_names() == [
        "payments.needs_person",
        "payments.received",
        "payments.paid_in_full",
    ]
    assert (await till.hotel.tenant.post(path, body)).json()["code"] == "matter_closed"
    assert await till.sums(folio) == 0
    # What happens to it at the provider from now on is the booking's.
    till.clock.advance(timedelta(minutes=1))
    [payment] = till.vendor.payments.values()
    till.vendor.give_back(payment, soles(1_000))
    await till.reconcile()
    assert await till.due(folio) == 1_000


async def test_an_orphan_is_given_back(till: Till) -> None:
    payment = till.vendor.elsewhere(soles(5_000))
    await till.reconcile()
    [matter] = await till.matters()
    path = f"/money-to-resolve/{matter['id']}/refund"
    answer = await till.hotel.tenant.post(path, {"note": "not ours"})
    assert (answer.status_code, answer.json()["state"]) == (200, "refunded")
    await till.work()
    assert payment.refunds == [soles(5_000)]
    assert await till.matters() == []


async def test_an_orphan_of_another_currency_or_for_no_booking_is_not_attached(till: Till) -> None:
    folio = await till.open()
    till.vendor.currency = "USD"
    till.vendor.elsewhere(soles(5_000))
    await till.reconcile()
    [matter] = await till.matters()
    path = f"/money-to-resolve/{matter['id']}/attach"
    wrong = await till.hotel.tenant.post(path, {"subject_id": str(folio.subject_id), "note": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_currency")
    nobody = await till.hotel.tenant.post(path, {"subject_id": str(uuid4()), "note": "x"})
    assert nobody.json()["code"] == "folio_not_found"


async def test_late_money_is_on_the_folio_told_as_late_and_needs_a_person(till: Till) -> None:
    folio = await till.open()
    payment = till.vendor.pay(await till.begun(folio))
    await till.close(folio)
    await till.bring(till.vendor.notice(payment))
    await till.work()
    [received] = await till.events("payments.received")
    assert received["late"] is True
    assert [each["kind"] for each in await till.matters()] == ["late"]
    assert "payments.paid_in_full" not in await till.event_names()


async def test_a_booking_that_lives_again_keeps_its_late_money(till: Till) -> None:
    folio = await till.open()
    payment = till.vendor.pay(await till.begun(folio))
    await till.close(folio)
    await till.bring(till.vendor.notice(payment))
    await till.work()
    async with till.database.transaction() as session:
        await service.reopen_folio(session, folio)
    assert await till.matters() == []
    assert [each["state"] for each in await till.matters(state="attached")] == ["attached"]
    assert (await till.event_names())[-1] == "payments.paid_in_full"


async def test_late_money_goes_back_by_rule_where_the_property_says_so(till: Till) -> None:
    await till.settings(late_money="refund", late_hours=2)
    folio = await till.open()
    payment = till.vendor.pay(await till.begun(folio))
    await till.close(folio)
    await till.bring(till.vendor.notice(payment))
    await till.work()
    for hours, refunds in [(0, []), (3, [soles(30_000)]), (4, [soles(30_000)])]:
        till.clock.advance(timedelta(hours=hours))
        async with till.database.transaction() as session:
            await refund_late_money(session, till.clock)
        await till.work()
        assert payment.refunds == refunds
    assert [each["resolved_by"] for each in await till.matters(state="refunded")] == ["rule"]


async def test_of_money_that_is_too_much_only_what_is_too_much_goes_back(till: Till) -> None:
    folio = await till.open(30_000)
    first = till.vendor.pay(await till.begun(folio))
    path = f"/folios/{folio.id}/payments"
    half = {"provider": "manual", "received": True, "amount": {"minor": 10_000, "currency": "PEN"}}
    await till.hotel.tenant.made(path, half)
    await till.bring(till.vendor.notice(first))
    await till.work()
    assert await till.due(folio) == -10_000
    [matter] = await till.matters()
    assert matter["kind"] == "overpaid"
    await till.hotel.tenant.post(f"/money-to-resolve/{matter['id']}/refund", {"note": "too much"})
    await till.work()
    assert await till.due(folio) == 0
    assert first.refunds == [soles(10_000)]


async def test_what_was_resolved_elsewhere_is_noted_with_who_and_why(till: Till) -> None:
    till.vendor.elsewhere(soles(5_000))
    await till.reconcile()
    [matter] = await till.matters()
    path = f"/money-to-resolve/{matter['id']}/settle"
    answer = await till.hotel.tenant.post(path, {"note": "the restaurant's"})
    assert answer.json()["note"] == "the restaurant's"
    assert answer.json()["resolved_by"] == f"staff:{till.hotel.tenant.staff_id}"
    await till.reconcile()
    assert await till.matters() == []
