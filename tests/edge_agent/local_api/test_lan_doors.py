"""Can a guest on the LAN open a door, once, and learn what became of it?"""

import asyncio
import time
from uuid import uuid4

import httpx
import pytest

from protocol.access import Refusal
from protocol.live import Outcome
from tests.edge_agent.guests import BOOKER_SECRET, Guests, a_tap


async def test_a_link_becomes_a_cookie_a_script_cannot_read(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.post("/api/session", json={"secret": BOOKER_SECRET})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 201
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert BOOKER_SECRET not in answer.text
    assert answer.cookies["portero_stay"] not in answer.text


async def test_a_wrong_link_is_refused_in_a_problem_document(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.post("/api/session", json={"secret": "x" * 64})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unknown_grant"


async def test_the_stay_shows_doors_and_pin_to_its_guest(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    stay = (await booker.get("/api/stay")).json()
    assert [door["name"] for door in stay["doors"]] == ["Front door", "Blue room"]
    assert stay["doors"][0]["pin"] == "480215"
    assert stay["doors"][0]["lock"] == str(guests.front)


async def test_signing_out_ends_the_session(booker: httpx.AsyncClient, guests: Guests) -> None:
    token = booker.cookies["portero_stay"]
    assert (await booker.delete("/api/session")).status_code == 204
    assert guests.tokens == {}
    again = await booker.get("/api/stay", headers={"Cookie": f"portero_stay={token}"})
    assert again.status_code == 401


async def test_a_tap_opens_the_door_and_its_outcome_can_be_awaited(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    guests.motor_seconds = 0.2
    attempt = str(uuid4())
    begun = await booker.post(f"/api/doors/{guests.front}/moves", json=a_tap(attempt))
    assert begun.status_code == 202
    assert begun.json()["outcome"] is None
    ended = await booker.get(begun.headers["location"], params={"wait": "5"})
    assert ended.json()["outcome"] == "opened"
    assert guests.moved == [guests.front]


async def test_without_wait_an_attempt_under_way_says_so_at_once(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    guests.motor_seconds = 3
    attempt = str(uuid4())
    await booker.post(f"/api/doors/{guests.front}/moves", json=a_tap(attempt))
    started = time.perf_counter()
    under_way = await booker.get(f"/api/attempts/{attempt}")
    assert under_way.json()["outcome"] is None
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("wait", ["nan", "-1", "inf", "1e9", "many"])
async def test_a_strange_wait_harms_nobody(
    booker: httpx.AsyncClient, guests: Guests, wait: str
) -> None:
    attempt = str(uuid4())
    await booker.post(f"/api/doors/{guests.front}/moves", json=a_tap(attempt))
    answer = await booker.get(f"/api/attempts/{attempt}", params={"wait": wait})
    assert answer.status_code == 200


async def test_twenty_copies_of_one_tap_move_the_door_once(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    guests.motor_seconds = 0.1
    path, body = f"/api/doors/{guests.front}/moves", a_tap()
    async with asyncio.TaskGroup() as group:
        taps = [group.create_task(booker.post(path, json=body)) for _ in range(20)]
    assert {tap.result().status_code for tap in taps} == {202}
    await booker.get(f"/api/attempts/{body['attempt']}", params={"wait": "5"})
    assert guests.moved == [guests.front]


async def test_a_refusal_is_an_outcome_with_its_reason(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    guests.answers[guests.room] = (Outcome.REFUSED, Refusal.NOT_STARTED, None)
    attempt = str(uuid4())
    await booker.post(f"/api/doors/{guests.room}/moves", json=a_tap(attempt))
    ended = await booker.get(f"/api/attempts/{attempt}", params={"wait": "5"})
    assert ended.json()["outcome"] == "refused"
    assert ended.json()["refusal"] == "not_started"
    assert guests.moved == []


async def test_a_companion_asks_waits_and_comes_in_when_the_booker_says_yes(
    booker: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    code = (await booker.get("/api/stay")).json()["join_code"]
    asked = await anybody.post(
        "/api/join", json={"code": code, "name": " Luis ", "wants": ["music:control"]}
    )
    assert asked.status_code == 201
    secret = asked.json()["secret"]
    assert (await _state(anybody, secret)) == "pending"
    (request,) = (await booker.get("/api/stay")).json()["requests"]
    assert request["name"] == "Luis"
    decided = await booker.post(
        f"/api/requests/{request['request']}/decision", json={"approve": True}
    )
    assert decided.json()["state"] == "approved"
    assert (await _state(anybody, secret)) == "approved"
    assert (await anybody.post("/api/session", json={"secret": secret})).status_code == 201
    stay = (await anybody.get("/api/stay")).json()
    assert stay["role"] == "companion"
    assert stay["doors"][0]["pin"] is None
    gone = await booker.delete(f"/api/companions/{decided.json()['delegation']}")
    assert gone.status_code == 204
    assert (await _state(anybody, secret)) == "ended"


async def test_a_scanned_code_is_known_or_not_before_anything_is_filled_in(
    booker: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    code = (await booker.get("/api/stay")).json()["join_code"]
    assert (await anybody.post("/api/join/code", json={"code": code})).status_code == 204
    made_up = await anybody.post("/api/join/code", json={"code": "join-" + "0" * 32})
    assert (made_up.status_code, made_up.json()["code"]) == (403, "unknown_grant")


async def test_a_tap_that_does_not_say_until_when_is_asked_to_reload(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    path = f"/api/doors/{guests.front}/moves"
    answer = await booker.post(path, json={"attempt": str(uuid4()), "move": "open"})
    assert (answer.status_code, answer.json()["code"]) == (428, "tap_undated")
    assert guests.attempts == {}


async def test_lockd_hears_until_when_a_tap_is_wanted(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    clock = (await booker.get("/api/stay")).json()["clock"]
    wish = {"attempt": str(uuid4()), "not_after": clock + 7.25}
    assert (await booker.post(f"/api/doors/{guests.front}/moves", json=wish)).status_code == 202
    assert guests.not_after == [clock + 7.25]


async def test_a_companion_may_not_decide(
    booker: httpx.AsyncClient, anybody: httpx.AsyncClient, guests: Guests
) -> None:
    code = (await booker.get("/api/stay")).json()["join_code"]
    asked = await anybody.post(
        "/api/join", json={"code": code, "name": "Luis", "wants": ["door:open"]}
    )
    path = f"/api/requests/{asked.json()['request']}/decision"
    assert (await anybody.post(path, json={"approve": True})).status_code == 401
    anybody.cookies["portero_stay"] = "a" * 64
    assert (await anybody.post(path, json={"approve": True})).status_code == 403
    assert guests.asked[next(iter(guests.asked))].state == "pending"


async def test_the_join_code_is_drawn_with_the_address_the_booker_uses(
    booker: httpx.AsyncClient,
) -> None:
    drawn = await booker.get("/api/join.svg")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert drawn.text.startswith("<svg")
    assert drawn.headers["cache-control"] == "no-store"


async def test_an_absent_lockd_is_a_503_that_may_be_tried_again(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    guests.away = True
    answer = await booker.get("/api/stay")
    assert answer.status_code == 503
    assert answer.json()["code"] == "lockd_unreachable"
    assert answer.headers["retry-after"]


async def _state(client: httpx.AsyncClient, secret: str) -> str:
    answer = await client.post("/api/requests/state", json={"secret": secret})
    return str(answer.json()["state"])
