"""Do the right people get in, and nobody learns who else could?"""

from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from cloud_api.accounts.service import LOGINS_PER_ACCOUNT, SESSION_LIFETIME, ensure_owner
from cloud_api.kit.db import Database
from tests.builders import PASSWORD, HandClock, Tenant


async def _log_in(http: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return await http.post("/api/v1/sessions", json={"email": email, "password": password})


async def _me(http: httpx.AsyncClient, token: str) -> int:
    answer = await http.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
    return answer.status_code


async def test_the_right_password_opens_a_session(http: httpx.AsyncClient, owner: Tenant) -> None:
    answer = await _log_in(http, f" {owner.email.upper()} ")
    assert answer.status_code == 201
    assert answer.json()["staff"]["email"] == owner.email
    assert await _me(http, answer.json()["token"]) == 200


async def test_an_unknown_address_and_a_wrong_password_look_the_same(
    http: httpx.AsyncClient, owner: Tenant
) -> None:
    wrong = await _log_in(http, owner.email, "not the password")
    unknown = await _log_in(http, "nobody@example.org")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["code"] == "wrong_credentials"
    assert {**wrong.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}


async def test_too_many_attempts_on_one_account_must_wait_even_with_the_right_password(
    http: httpx.AsyncClient, owner: Tenant
) -> None:
    for _ in range(LOGINS_PER_ACCOUNT.attempts):
        assert (await _log_in(http, owner.email, "wrong")).status_code == 401
    refused = await _log_in(http, owner.email)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 15 * 60
    assert refused.json()["retry_after"] == int(refused.headers["retry-after"])


async def test_a_stranger_who_guesses_shuts_nobody_else_out(
    cloud_app: FastAPI, http: httpx.AsyncClient, owner: Tenant
) -> None:
    transport = httpx.ASGITransport(app=cloud_app, client=("192.0.2.66", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as stranger:
        for _ in range(LOGINS_PER_ACCOUNT.attempts):
            assert (await _log_in(stranger, owner.email, "wrong")).status_code == 401
        assert (await _log_in(stranger, owner.email, "wrong")).status_code == 429
    assert (await _log_in(http, owner.email)).status_code == 201


async def test_logging_out_ends_the_session_at_once(owner: Tenant) -> None:
    assert (await owner.delete("/sessions/current")).status_code == 204
    assert (await owner.get("/me")).status_code == 401


async def test_a_session_ends_when_it_is_not_used(owner: Tenant, clock: HandClock) -> None:
    clock.advance(SESSION_LIFETIME + timedelta(minutes=1))
    assert (await owner.get("/me")).status_code == 401


async def test_using_a_session_keeps_it_alive_but_not_for_ever(
    owner: Tenant, clock: HandClock
) -> None:
    alive = 0
    while (await owner.get("/me")).status_code == 200:
        clock.advance(timedelta(hours=11))
        alive += 1
    assert timedelta(days=29) < timedelta(hours=11) * alive < timedelta(days=32)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic abc", "Bearer pts_nothing", "Bearer ptk_x", "Bearer äö"],
)
async def test_what_is_no_token_of_ours_is_refused_the_same_way(
    http: httpx.AsyncClient, header: str
) -> None:
    answer = await http.get("/api/v1/me", headers={b"authorization": header.encode()})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_new_password_ends_all_other_sessions(
    http: httpx.AsyncClient, owner: Tenant
) -> None:
    other = (await _log_in(http, owner.email)).json()["token"]
    changed = await owner.post("/me/password", {"current": PASSWORD, "new": "a longer new one"})
    assert changed.status_code == 204
    assert (await owner.get("/me")).status_code == 200
    assert await _me(http, other) == 401
    assert (await _log_in(http, owner.email)).status_code == 401
    assert (await _log_in(http, owner.email, "a longer new one")).status_code == 201


async def test_making_the_first_owner_again_changes_nothing(
    database: Database, http: httpx.AsyncClient
) -> None:
    for password, created in (("the first password", True), ("the second password", False)):
        async with database.transaction() as session:
            ensured = await ensure_owner(
                session,
                email="Ana@Example.org",
                password=SecretStr(password),
                organisation="Casas",
            )
        assert ensured.created is created
    assert (await _log_in(http, "ana@example.org", "the first password")).status_code == 201
