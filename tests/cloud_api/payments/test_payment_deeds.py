"""Does every deed of staff with money leave its line in the record, without a secret in it?"""

from cloud_api.kit.audit import Deed
from tests.cloud_api.payments import stage
from tests.cloud_api.payments.stage import Till, soles


async def deeds(till: Till) -> list[str]:
    rows = await till.sql(
        "SELECT action FROM audit_log WHERE actor_id = :me AND action LIKE 'payments.%' ORDER BY id",
        me=till.hotel.tenant.staff_id,
    )
    return [row.action for row in rows]


async def test_accounts_and_settings_leave_a_line_each(till: Till) -> None:
    tenant, path = till.hotel.tenant, f"/payment-accounts/{till.account['id']}"
    await tenant.put(f"{path}/credentials", {"credentials": stage.CREDENTIALS})
    await tenant.post(f"{path}/test")
    await till.reconcile()
    await tenant.delete(path)
    assert await deeds(till) == [
        Deed.PAYMENT_ACCOUNT_CREATED,
        Deed.PAYMENT_SETTINGS_CHANGED,
        Deed.PAYMENT_ACCOUNT_CHANGED,
        Deed.PAYMENT_ACCOUNT_TESTED,
        Deed.PAYMENTS_RECONCILED,
        Deed.PAYMENT_ACCOUNT_CHANGED,
    ]
    lines = await till.sql("SELECT cast(audit_log AS text) AS line FROM audit_log")
    assert not [each for each in lines if stage.CREDENTIALS["access_token"] in each.line]


async def test_payments_refunds_and_links_leave_a_line_each(till: Till) -> None:
    folio = await till.open()
    tenant = till.hotel.tenant
    part = {"minor": 10_000, "currency": "PEN"}
    path = f"/folios/{folio.id}/payments"
    link = await tenant.made(f"/folios/{folio.id}/links", {})
    made = await tenant.made(path, {"provider": "manual", "received": True, "amount": part})
    await tenant.made(f"/payments/{made['id']}/refunds", {"reason": "x"})
    for word, body in (("approve", None), ("reject", {"reason": "x"})):
        waiting = await tenant.made(path, {"provider": "manual", "amount": part})
        assert (await tenant.post(f"/payments/{waiting['id']}/{word}", body)).is_success
    assert (await deeds(till))[2:] == [
        Deed.PAYMENT_LINK_SHOWN,
        Deed.PAYMENT_BEGUN,
        Deed.PAYMENT_REFUND_WANTED,
        Deed.PAYMENT_BEGUN,
        Deed.TRANSFER_APPROVED,
        Deed.PAYMENT_BEGUN,
        Deed.TRANSFER_REJECTED,
    ]
    lines = await till.sql("SELECT cast(audit_log AS text) AS line FROM audit_log")
    assert not [each for each in lines if link["token"] in each.line]


async def test_what_was_resolved_leaves_a_line_each(till: Till) -> None:
    folio = await till.open()
    for _ in range(3):
        till.vendor.elsewhere(soles(5_000))
    await till.reconcile()
    first, second, third = await till.matters()
    tenant, note = till.hotel.tenant, {"note": "x"}
    attach = {**note, "subject_id": str(folio.subject_id)}
    for matter, word, body in (
        (first, "attach", attach),
        (second, "refund", note),
        (third, "settle", note),
    ):
        answer = await tenant.post(f"/money-to-resolve/{matter['id']}/{word}", body)
        assert answer.is_success, answer.text
    assert (await deeds(till))[-3:] == [
        Deed.MONEY_ATTACHED,
        Deed.MONEY_REFUNDED,
        Deed.MONEY_SETTLED,
    ]


async def test_cards_leave_a_line_each_and_no_code(till: Till) -> None:
    tenant = till.hotel.tenant
    worth = {"amount": {"minor": 1_000, "currency": "PEN"}, "issuer": "the shop"}
    card = await tenant.made("/value-cards", worth)
    assert (await tenant.patch(f"/value-cards/{card['id']}", {"expires_at": None})).is_success
    path = f"/value-cards/{card['id']}/adjustments"
    await tenant.made(path, {"minor": 1, "reason": "x"})
    assert (await deeds(till))[-3:] == [
        Deed.VALUE_CARD_ISSUED,
        Deed.VALUE_CARD_CHANGED,
        Deed.VALUE_CARD_CHANGED,
    ]
    lines = await till.sql("SELECT cast(audit_log AS text) AS line FROM audit_log")
    assert not [each for each in lines if card["code"] in each.line]
