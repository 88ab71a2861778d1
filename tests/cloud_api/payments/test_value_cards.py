"""A gift card is worth what its lines sum to, and never less than nothing."""

import asyncio
import re
from datetime import timedelta

from tests.builders import JsonDict
from tests.cloud_api.payments.stage import Till


async def card(till: Till, minor: int = 20_000, **more: object) -> JsonDict:
    body = {"amount": {"minor": minor, "currency": "PEN"}, "issuer": "the shop", **more}
    return await till.hotel.tenant.made("/value-cards", body)


async def available(till: Till, made: JsonDict) -> int:
    seen = (await till.hotel.tenant.get(f"/value-cards/{made['id']}")).json()
    lines = (await till.hotel.tenant.get(f"/value-cards/{made['id']}/lines")).json()
    assert sum(each["amount"]["minor"] for each in lines) == seen["available"]["minor"]
    return int(seen["available"]["minor"])


async def test_a_card_has_twelve_letters_that_rest_encrypted(till: Till) -> None:
    made = await card(till)
    assert re.fullmatch(r"[A-Z0-9]{12}", made["code"])
    listed = (await till.hotel.tenant.get("/value-cards")).json()["items"]
    assert [(each["code"], each["code_end"]) for each in listed] == [(None, made["code"][-4:])]
    rows = await till.sql("SELECT code, code_fingerprint FROM value_cards")
    assert made["code"].encode() not in bytes(rows[0].code) + bytes(rows[0].code_fingerprint)
    shown = f"{made['code'][:4]}-{made['code'][4:8].lower()} {made['code'][8:]}"
    found = await till.hotel.tenant.post("/value-cards/lookup", {"code": shown})
    assert found.json()["id"] == made["id"]


async def test_a_guest_pays_a_part_with_a_card_and_gets_it_back_on_the_card(till: Till) -> None:
    made = await card(till, 20_000)
    folio = await till.open(30_000, deposit=12_000)
    token = await till.link(folio)
    answer = await till.pay(token, provider="stored_value", value_code=made["code"])
    assert (answer.status_code, answer.json()["state"]) == (201, "paid")
    assert await till.due(folio) == 18_000
    assert await available(till, made) == 8_000
    [payment] = await till.payments(folio)
    await till.hotel.tenant.made(f"/payments/{payment['id']}/refunds", {"reason": "cancelled"})
    assert await available(till, made) == 20_000
    assert await till.due(folio) == 30_000
    assert await till.sums(folio) == 0


async def test_a_card_that_is_over_too_small_unknown_or_of_another_currency_pays_nothing(
    till: Till,
) -> None:
    folio = await till.open(30_000)
    token = await till.link(folio)
    over = await card(till, 50_000, expires_at=(till.clock.now + timedelta(hours=1)).isoformat())
    small = await card(till, 29_999)
    foreign = await till.hotel.tenant.made(
        "/value-cards", {"amount": {"minor": 50_000, "currency": "USD"}, "issuer": "the shop"}
    )
    till.clock.advance(timedelta(hours=1))
    codes = []
    for code in [over["code"], small["code"], foreign["code"], "AAAAAAAAAAAA"]:
        answer = await till.pay(token, provider="stored_value", value_code=code)
        codes.append(answer.json()["code"])
    assert codes == [
        "card_value_insufficient",
        "card_value_insufficient",
        "wrong_currency",
        "value_card_not_found",
    ]
    assert await till.payments(folio) == []
    assert await available(till, small) == 29_999


async def test_of_many_who_spend_the_last_of_a_card_at_once_only_some_can(till: Till) -> None:
    made = await card(till, 25_000)
    folios = [await till.open(10_000) for _ in range(6)]
    tokens = [await till.link(each) for each in folios]
    async with asyncio.TaskGroup() as tasks:
        asked = [
            tasks.create_task(till.pay(each, provider="stored_value", value_code=made["code"]))
            for each in tokens
        ]
    codes = sorted(task.result().status_code for task in asked)
    assert codes == [201, 201, 409, 409, 409, 409]
    assert await available(till, made) == 5_000


async def test_staff_put_more_on_a_card_or_take_off_but_never_below_nothing(till: Till) -> None:
    made = await card(till, 10_000)
    path = f"/value-cards/{made['id']}/adjustments"
    await till.hotel.tenant.made(path, {"minor": 500, "reason": "a kindness"})
    assert await available(till, made) == 10_500
    refused = await till.hotel.tenant.post(path, {"minor": -10_501, "reason": "a mistake"})
    assert (refused.status_code, refused.json()["code"]) == (409, "card_value_insufficient")
    assert await available(till, made) == 10_500


async def test_another_organisations_card_is_not_found(till: Till) -> None:
    made = await card(till)
    stranger = "00000000-0000-0000-0000-00000000dead"
    await till.sql(
        "INSERT INTO organisations (id, name) VALUES (CAST(:id AS uuid), 'x')", id=stranger
    )
    await till.sql("UPDATE value_cards SET organisation_id = CAST(:id AS uuid)", id=stranger)
    token = await till.link(await till.open())
    answer = await till.pay(token, provider="stored_value", value_code=made["code"])
    assert answer.json()["code"] == "value_card_not_found"
