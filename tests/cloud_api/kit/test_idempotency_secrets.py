"""What can be learned of passwords and tokens from what idempotency remembers?"""

import hashlib
import json

import httpx
from sqlalchemy import text

from cloud_api.kit.db import Database
from tests.builders import found_tenant

BODY = {"email": "new@example.org", "name": "New", "role": "cleaner", "password": "tulip-rain-42"}


async def test_no_plain_hash_of_a_body_is_kept(database: Database, http: httpx.AsyncClient) -> None:
    owner = await found_tenant(database, http)
    made = await owner.post("/staff", BODY, headers={"idempotency-key": "once"})
    assert made.status_code == 201, made.text
    async with database.transaction() as session:
        kept = await session.scalar(text("SELECT fingerprint FROM idempotency_keys"))
    spelled = json.dumps(BODY, sort_keys=True).encode()
    path = made.request.url.path
    guesses = [f"POST {path}?\n".encode() + spelled, spelled]
    assert bytes(kept) not in {hashlib.sha256(each).digest() for each in guesses}
    again = await owner.post("/staff", BODY, headers={"idempotency-key": "once"})
    assert again.content == made.content


async def test_a_key_made_again_is_the_same_key_and_its_token_rests_in_the_vault(
    database: Database, http: httpx.AsyncClient
) -> None:
    owner = await found_tenant(database, http)
    body = {"name": "Channel", "role": "reception"}
    first, again = [
        await owner.post("/api-keys", body, headers={"idempotency-key": "once"}) for _ in range(2)
    ]
    assert (first.status_code, again.content) == (201, first.content)
    assert (await owner.get("/api-keys")).json()["total"] == 1
    async with database.transaction() as session:
        kept = bytes(await session.scalar(text("SELECT body FROM idempotency_keys")))
    assert first.json()["token"].encode() not in kept
    assert b"token" not in kept


async def test_an_answer_copied_under_another_key_does_not_open(
    database: Database, http: httpx.AsyncClient
) -> None:
    owner = await found_tenant(database, http)
    body = {"name": "Channel", "role": "reception"}
    await owner.post("/api-keys", body, headers={"idempotency-key": "mine"})
    async with database.transaction() as session:
        await session.execute(text("UPDATE idempotency_keys SET key = 'other'"))
    refused = await owner.post("/api-keys", body, headers={"idempotency-key": "other"})
    assert refused.status_code == 500
    assert "token" not in refused.text


async def test_an_answer_kept_by_an_older_release_is_given_again(
    database: Database, http: httpx.AsyncClient
) -> None:
    owner = await found_tenant(database, http)
    await owner.post("/staff", BODY, headers={"idempotency-key": "once"})
    async with database.transaction() as session:
        await session.execute(text("UPDATE idempotency_keys SET body = :plain"), {"plain": b"{}"})
    assert (await owner.post("/staff", BODY, headers={"idempotency-key": "once"})).content == b"{}"
