"""Accounts at providers, how a property takes money, lists, and who may do what."""

from datetime import timedelta

import pytest
from fastapi import FastAPI

from cloud_api.accounts.types import Role
from cloud_api.kit.db import Database
from cloud_api.payments.registry import CREDENTIALS, FACTORIES, HEALTH_CHECKS
from cloud_api.payments.types import ProviderName
from tests.builders import SmallHotel, client_of, found_tenant, join
from tests.cloud_api.payments import stage
from tests.cloud_api.payments.stage import Till


def test_every_provider_outside_has_an_adapter_and_says_what_it_needs() -> None:
    outside = set(ProviderName) - {ProviderName.MANUAL, ProviderName.STORED_VALUE}
    assert set(FACTORIES) == set(CREDENTIALS) == outside


async def test_credentials_are_never_shown_again_and_rest_encrypted(till: Till) -> None:
    listed = await till.hotel.tenant.get("/payment-accounts")
    for secret in ("access_token", "webhook_secret"):
        assert stage.CREDENTIALS[secret] not in listed.text
    assert listed.json()[0]["credentials"]["collector_id"] == "****"
    cells = await till.sql("SELECT credentials FROM payment_accounts")
    assert b"webhook-secret" not in bytes(cells[0].credentials)
    lines = await till.sql("SELECT cast(audit_log AS text) AS line FROM audit_log")
    assert not [each for each in lines if stage.CREDENTIALS["access_token"] in each.line]


@pytest.mark.parametrize(
    "change", [{"webhook_secret": ""}, {"webhook_secret": None}, {"unheard_of": "x"}]
)
async def test_an_account_without_its_webhooks_secret_is_not_taken(
    till: Till, change: dict[str, str | None]
) -> None:
    wanted = {k: v for k, v in {**stage.CREDENTIALS, **change}.items() if v is not None}
    body = {"provider": "mercado_pago", "label": "x", "credentials": wanted}
    answer = await till.hotel.tenant.post("/payment-accounts", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "credentials_incomplete")


async def test_trying_an_account_tells_whether_its_provider_answers(till: Till) -> None:
    path = f"/payment-accounts/{till.account['id']}"
    assert (await till.hotel.tenant.post(f"{path}/test")).status_code == 202
    await till.work()
    [account] = (await till.hotel.tenant.get("/payment-accounts")).json()
    assert account["last_success_at"] is not None
    assert account["last_failure_at"] is None
    wrong = {**stage.CREDENTIALS, "access_token": "another"}
    await till.hotel.tenant.put(f"{path}/credentials", {"credentials": wrong})
    till.clock.advance(timedelta(minutes=1))
    await till.hotel.tenant.post(f"{path}/test")
    await till.work()
    finding = await HEALTH_CHECKS[0].ask(till.database)
    assert (finding.health, "0 of 1 answer" in finding.detail) == ("degraded", True)


async def test_an_archived_account_begins_nothing_but_is_followed_to_its_end(till: Till) -> None:
    folio, other = await till.open(), await till.open()
    payment = till.vendor.pay(await till.begun(folio))
    await till.hotel.tenant.delete(f"/payment-accounts/{till.account['id']}")
    assert (await till.pay(await till.link(other))).json()["code"] == "provider_not_offered"
    await till.bring(till.vendor.notice(payment))
    await till.work()
    assert await till.due(folio) == 0


async def test_payments_are_listed_by_what_is_asked_and_as_a_spreadsheet(till: Till) -> None:
    first, second = await till.open(10_000), await till.open(20_000)
    await till.paid(first)
    till.clock.advance(timedelta(hours=1))
    await till.begun(second)
    tenant = till.hotel.tenant

    async def minors(**params: str | int) -> list[int]:
        answer = await tenant.get("/payments", **params)
        assert answer.status_code == 200, answer.text
        return [each["amount"]["minor"] for each in answer.json()["items"]]

    assert await minors() == [20_000, 10_000]
    assert await minors(sort="amount_minor") == [10_000, 20_000]
    assert await minors(state="paid") == [10_000]
    assert await minors(provider="manual") == []
    assert await minors(property_id=str(till.hotel.property_id), limit=1) == [20_000]
    assert await minors(subject_id=str(first.subject_id)) == [10_000]
    later = (till.clock.now - timedelta(minutes=1)).isoformat()
    assert await minors(made_from=later) == [20_000]
    assert await minors(made_until=later) == [10_000]
    sheet = await tenant.get("/payments/export", state="paid")
    lines = sheet.text.splitlines()
    assert (len(lines), lines[0].split(",")[0]) == (2, "id")


async def test_nobody_sees_another_organisations_money(
    till: Till, cloud_app: FastAPI, database: Database
) -> None:
    folio = await till.open()
    await till.paid(folio)
    [payment] = await till.payments(folio)
    async with client_of(cloud_app) as client:
        stranger = await found_tenant(database, client)
        for path in (
            f"/folios/{folio.id}",
            f"/folios/of/{folio.subject_id}",
            f"/payments/{payment['id']}",
            f"/properties/{till.hotel.property_id}/payment-settings",
        ):
            assert (await stranger.get(path)).status_code == 404, path
        refund = await stranger.post(f"/payments/{payment['id']}/refunds", {"reason": "x"})
        assert refund.status_code == 404
        assert (await stranger.get("/payments")).json()["total"] == 0
        assert (await stranger.get("/payment-accounts")).json() == []
        taken = {"offers": [{"provider": "mercado_pago", "account_id": till.account["id"]}]}
        place = await stranger.made("/properties", {"name": "Elsewhere", "region": "PE"})
        answer = await stranger.put(f"/properties/{place['id']}/payment-settings", taken)
        assert answer.json()["code"] == "payment_account_not_found"


async def test_reception_takes_money_and_gives_none_back(
    till: Till, house: SmallHotel, database: Database
) -> None:
    desk = await join(
        database,
        house.tenant.client,
        organisation_id=house.organisation_id,
        role=Role.RECEPTION,
    )
    folio = await till.open()
    body = {"provider": "manual", "received": True}
    made = await desk.made(f"/folios/{folio.id}/payments", body)
    assert (await desk.post(f"/payments/{made['id']}/refunds", {"reason": "x"})).status_code == 403
    assert (await desk.get("/payment-accounts")).status_code == 403
    cleaner = await join(
        database, house.tenant.client, organisation_id=house.organisation_id, role=Role.CLEANER
    )
    assert (await cleaner.get("/payments")).status_code == 403
