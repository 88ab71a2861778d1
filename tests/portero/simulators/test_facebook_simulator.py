"""Facebook's login, as strict as it is."""

import hmac
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from portero.simulators.facebook import Facebook
from portero.simulators.kit import playing
from tests.builders import HandClock

type Told = dict[str, object]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def facebook(clock: HandClock) -> Facebook:
    return Facebook(now=clock.utc_now)


@pytest.fixture
async def graph(facebook: Facebook) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        playing(facebook.app) as stage,
        httpx.AsyncClient(base_url=f"{stage.url}/v25.0") as client,
    ):
        yield client


async def debugged(graph: httpx.AsyncClient, facebook: Facebook, token: str) -> Told:
    own = f"{facebook.app_id}|{facebook.app_secret}"
    answer = await graph.get("/debug_token", params={"input_token": token, "access_token": own})
    assert answer.status_code == 200
    told: Told = answer.json()["data"]
    return told


async def test_a_fresh_token_is_valid_and_names_application_and_person(
    graph: httpx.AsyncClient, facebook: Facebook, clock: HandClock
) -> None:
    told = await debugged(graph, facebook, facebook.log_in("7001"))
    assert (told["app_id"], told["user_id"]) == (facebook.app_id, "7001")
    assert (told["is_valid"], told["type"]) == (True, "USER")
    assert told["expires_at"] == int((clock.now + timedelta(days=60)).timestamp())


async def test_an_unknown_an_expired_and_a_revoked_token_are_told_apart_by_is_valid(
    graph: httpx.AsyncClient, facebook: Facebook, clock: HandClock
) -> None:
    revoked, expiring = facebook.log_in("1"), facebook.log_in("2", lasts=timedelta(hours=1))
    facebook.log_out(revoked)
    clock.advance(timedelta(hours=1))
    for token in ("nobody's", revoked, expiring):
        told = await debugged(graph, facebook, token)
        assert told["is_valid"] is False
        assert told["error"]


async def test_a_token_of_another_application_is_valid_and_says_so(
    graph: httpx.AsyncClient, facebook: Facebook
) -> None:
    """The trap: whoever looks at `is_valid` alone lets everybody's application in."""
    told = await debugged(graph, facebook, facebook.log_in("7001", app_id="666"))
    assert (told["is_valid"], told["app_id"]) == (True, "666")


async def test_a_token_without_an_end_expires_at_nought(
    graph: httpx.AsyncClient, facebook: Facebook
) -> None:
    told = await debugged(graph, facebook, facebook.log_in("7001", lasts=None))
    assert (told["expires_at"], told["is_valid"]) == (0, True)


async def test_the_applications_own_token_is_needed(
    graph: httpx.AsyncClient, facebook: Facebook
) -> None:
    params = {"input_token": facebook.log_in("1"), "access_token": f"{facebook.app_id}|wrong"}
    answer = await graph.get("/debug_token", params=params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 190)
    answer = await graph.get("/debug_token", params={"input_token": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)


async def test_me_wants_the_proof_of_the_token(
    graph: httpx.AsyncClient, facebook: Facebook
) -> None:
    token = facebook.log_in("7001", name="Aurora")
    proof = hmac.digest(facebook.app_secret.encode(), token.encode(), "sha256").hex()
    good = {"access_token": token, "appsecret_proof": proof, "fields": "id,name"}
    answer = await graph.get("/me", params=good)
    assert answer.json() == {"id": "7001", "name": "Aurora"}
    for bad in (good | {"appsecret_proof": "0" * 64}, {"access_token": token}, good | {"x": "y"}):
        assert (await graph.get("/me", params=bad)).status_code == 400
    facebook.log_out(token)
    assert (await graph.get("/me", params=good)).status_code == 401
