"""Does a repeated request do its work once, and say the same again?"""

import asyncio
from collections import Counter
from uuid import uuid4

import httpx
import pytest

from cloud_api.accounts.types import Role
from cloud_api.kit.db import Database
from tests.builders import Tenant, found_tenant, join

BODY = {"name": "Casa del Mar", "region": "PE"}


@pytest.fixture
async def owner(database: Database, http: httpx.AsyncClient) -> Tenant:
    return await found_tenant(database, http)


async def _create(
    tenant: Tenant, key: str, body: object = None, path: str = "/properties"
) -> httpx.Response:
    return await tenant.post(path, body or BODY, headers={"idempotency-key": key})


async def _count(tenant: Tenant) -> int:
    total: int = (await tenant.get("/properties")).json()["total"]
    return total


async def test_the_same_request_again_answers_the_same_and_makes_nothing(owner: Tenant) -> None:
    first, again = await _create(owner, "k1"), await _create(owner, "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await _count(owner) == 1


async def test_the_order_of_fields_does_not_make_another_request(owner: Tenant) -> None:
    first = await _create(owner, "k1")
    again = await _create(owner, "k1", {"region": "PE", "name": "Casa del Mar"})
    assert again.content == first.content


async def test_another_body_or_path_under_the_same_key_is_refused(owner: Tenant) -> None:
    await _create(owner, "k1")
    other_body = await _create(owner, "k1", {**BODY, "name": "Another"})
    other_path = await _create(owner, "k1", {"name": "Rosa"}, path="/clients")
    for refused in (other_body, other_path):
        assert refused.status_code == 422
        assert refused.json()["code"] == "idempotency_key_reused"
    assert await _count(owner) == 1


async def test_keys_of_two_callers_do_not_meet(
    owner: Tenant, database: Database, http: httpx.AsyncClient
) -> None:
    colleague = await join(database, http, organisation_id=owner.organisation_id, role=Role.MANAGER)
    first, second = await _create(owner, "k1"), await _create(colleague, "k1")
    assert first.json()["id"] != second.json()["id"]


async def test_a_refused_request_leaves_its_key_free(owner: Tenant) -> None:
    assert (await _create(owner, "k1", {"name": "No region"})).status_code == 422
    assert (await _create(owner, "k1")).status_code == 201


async def test_twenty_at_once_make_one_and_all_hear_of_it(owner: Tenant) -> None:
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(_create(owner, "k1")) for _ in range(20)]
    answers = [each.result() for each in asked]
    assert Counter(each.status_code for each in answers) == {201: 20}
    assert len({each.content for each in answers}) == 1
    assert sum("idempotency-replayed" not in each.headers for each in answers) == 1
    assert await _count(owner) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "with space"])
async def test_a_malformed_key_is_refused(owner: Tenant, key: str) -> None:
    assert (await _create(owner, key)).status_code == 422


async def test_without_a_key_each_request_makes_its_own(owner: Tenant) -> None:
    assert (await owner.made("/properties", BODY))["id"] != (await owner.made("/properties", BODY))[
        "id"
    ]


async def test_a_key_is_never_answered_with_somebody_elses_data_after_log_out(
    owner: Tenant, http: httpx.AsyncClient
) -> None:
    await _create(owner, "k1")
    answer = await http.post(
        "/api/v1/properties",
        json=BODY,
        headers={"idempotency-key": "k1", "authorization": f"Bearer pts_{uuid4().hex}"},
    )
    assert answer.status_code == 401
