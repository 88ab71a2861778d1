"""Does every request get the same manners: an id, a limit, a problem, a measurement?"""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from cloud_api.api.front import MAX_BODY_BYTES
from cloud_api.kit import metrics
from cloud_api.kit.db import Database
from tests.builders import SmallHotel, Tenant, client_of, found_tenant

PROBLEM = "application/problem+json"


@pytest.fixture
async def owner(database: Database, http: httpx.AsyncClient) -> Tenant:
    return await found_tenant(database, http)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/api/v1/me", 405, "method_not_allowed"),
        ("GET", "/api/v1/me", 401, "unauthenticated"),
    ],
)
async def test_every_refusal_is_a_problem(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, "about:blank")
    assert body["title"]
    assert body["request_id"] == answer.headers["x-request-id"]


async def test_a_405_names_every_method_of_the_path(http: httpx.AsyncClient) -> None:
    answer = await http.put("/api/v1/properties")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


async def test_a_wrong_body_is_explained_without_repeating_it(http: httpx.AsyncClient) -> None:
    body = {"email": 5, "password": {"canary": "canary-secret"}}
    answer = await http.post("/api/v1/sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert {each["where"] for each in answer.json()["errors"]} == {"body.email", "body.password"}
    assert "canary" not in answer.text


async def test_broken_json_is_a_422(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/api/v1/sessions", content=b'{"email"', headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)


async def test_a_given_request_id_is_kept_and_a_strange_one_replaced(
    http: httpx.AsyncClient,
) -> None:
    kept = await http.get("/livez", headers={"x-request-id": "caller-12345678"})
    assert kept.headers["x-request-id"] == "caller-12345678"
    strange = await http.get("/livez", headers={"x-request-id": 'x" injected'})
    assert re.fullmatch(r"[0-9a-f]{32}", strange.headers["x-request-id"])


async def test_a_body_over_the_limit_is_refused_unread(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/api/v1/sessions",
        content=b"{" + b" " * MAX_BODY_BYTES,
        headers={"content-type": "application/json"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)


async def test_a_body_that_hides_its_length_is_cut_off_too(live_cloud: str) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 64 * MAX_BODY_BYTES:
            sent += 65536
            yield b" " * 65536

    async with httpx.AsyncClient(base_url=live_cloud) as client:
        try:
            answer = await client.post(
                "/api/v1/sessions",
                content=endless(),
                headers={"content-type": "application/json"},
            )
            assert answer.status_code == 413
        except (httpx.WriteError, httpx.ReadError):
            pass  # the server hung up while we were still sending: as good
    assert sent < 64 * MAX_BODY_BYTES


async def test_our_own_failure_is_a_plain_500_with_the_id_and_nothing_else(
    cloud_app: FastAPI,
) -> None:
    async def fail() -> None:
        raise RuntimeError("canary-inside")

    cloud_app.add_api_route("/fail", fail)
    async with client_of(cloud_app) as client:
        answer = await client.get("/fail")
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert answer.json()["code"] == "internal_error"
    assert "canary" not in answer.text


async def test_plain_headers_are_on_every_answer(http: httpx.AsyncClient) -> None:
    answer = await http.get("/nowhere")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_measurements_name_the_template_not_the_path(owner: Tenant) -> None:
    secret_path = "0c0ffee0-0000-4000-8000-000000000000"
    await owner.get(f"/units/{secret_path}")
    counted = metrics.exposition()[0].decode()
    assert (await owner.client.get("/metrics")).status_code == 404  # never on the world's port
    assert re.search(r'route="/api/v1/units/\{unit_id\}",status="404"', counted)
    assert secret_path not in counted
    for name in (
        "reservations_created_total",
        "reservations_date_overlap_total",
        "reservations_lock_failed_total",
        "reservations_confirmed_total",
        "prereservations_expired_total",
        "prereservation_reminders_processed_total",
        "nlu_pre_reserve_total",
        "email_sent_total",
        "email_failed_total",
    ):
        assert f"# TYPE {name} counter" in counted


async def test_a_healthy_cloud_says_so(http: httpx.AsyncClient) -> None:
    answer = await http.get("/healthz")
    assert answer.json()["checks"]["database"] == {"status": "healthy", "detail": ""}


async def test_many_requests_at_once_share_the_pool(owner: Tenant) -> None:
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(owner.get("/me")) for _ in range(100)]
    assert {each.result().status_code for each in asked} == {200}


async def test_a_real_server_answers_on_a_real_socket(live_cloud: str) -> None:
    async with httpx.AsyncClient(base_url=live_cloud) as client:
        assert (await client.get("/healthz")).status_code in {200, 503}
        assert (await client.get("/api/v1/me")).status_code == 401


async def test_every_operation_documents_its_refusals_and_its_lock(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5", "default")) and path.startswith("/api/"):
                    assert list(response["content"]) == [PROBLEM], (method, path, status)
    assert document["paths"]["/api/v1/properties"]["post"]["security"] == [{"bearer": []}]
    assert "security" not in document["paths"]["/api/v1/sessions"]["post"]


async def test_another_tenant_finds_nothing_by_id(
    house: SmallHotel, database: Database, http: httpx.AsyncClient
) -> None:
    stranger = await found_tenant(database, http)
    rosa = await house.tenant.made("/clients", {"name": "Rosa"})
    ids = {
        "properties": house.property_id,
        "houses": house.house_id,
        "spaces": house.room_spaces[0],
        "units": house.whole_unit,
        "locks": house.front_door,
        "players": house.player,
        "clients": rosa["id"],
        "staff": house.tenant.staff_id,
    }
    for kind, each in ids.items():
        for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
            path = f"/api/v1/{kind}/{each}"
            answer = await http.request(method, path, json=body, headers=stranger.headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
        listed = (await stranger.get(f"/{kind}", archived="true")).json()
        assert str(each) not in str(listed)
    layout = await stranger.get(f"/houses/{house.house_id}/layout")
    assert layout.status_code == 404
    assert (await stranger.get("/audit", object_id=str(house.house_id))).json()["total"] == 0
