"""What can a hostile neighbour on the guest Wi-Fi do? Ask, and be refused."""

import asyncio
import json
import random
import re
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from guest_ui import assets
from tests.edge_agent.guests import BOOKER_SECRET, JOIN_CODE, Guests, a_tap

SECRETS = (BOOKER_SECRET, JOIN_CODE, "480215")

NOWHERE = "0f3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"

EVERYTHING_BEHIND_THE_COOKIE = [
    ("POST", "/api/time"),
    ("GET", "/api/stay"),
    ("POST", f"/api/doors/{NOWHERE}/moves"),
    ("GET", f"/api/attempts/{NOWHERE}"),
    ("GET", "/api/join.svg"),
    ("GET", "/api/sign"),
    ("POST", "/api/sign"),
    ("POST", f"/api/requests/{NOWHERE}/decision"),
    ("DELETE", f"/api/companions/{NOWHERE}"),
    ("GET", "/api/players"),
    ("GET", f"/api/players/{NOWHERE}/queue"),
    ("POST", f"/api/players/{NOWHERE}/transport"),
    ("POST", f"/api/players/{NOWHERE}/volume"),
    ("POST", f"/api/players/{NOWHERE}/media"),
    ("GET", "/api/music/search?query=x"),
    ("GET", "/api/music/library"),
    ("GET", "/api/things"),
    ("POST", f"/api/things/{NOWHERE}"),
]

BODIES = {
    "moves": a_tap(),
    "decision": {"approve": True},
    "sign": {"addresses": ["http://portero.local"], "languages": ["en"]},
    "time": {"now": "2026-07-01T14:00:00Z"},
    "transport": {"command": "play"},
    "volume": {"percent": 10},
    "media": {"uri": "library://track/1", "media_type": "track"},
}


@pytest.mark.parametrize(("method", "path"), EVERYTHING_BEHIND_THE_COOKIE)
@pytest.mark.parametrize("cookie", ["", "portero_stay=", "portero_stay=short", "portero_stay=%0a"])
async def test_nothing_answers_without_a_cookie(
    anybody: httpx.AsyncClient, method: str, path: str, cookie: str
) -> None:
    headers = {"Cookie": cookie} if cookie else {}
    body = _body(path) if method == "POST" else None
    answer = await anybody.request(method, path, json=body, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_signed_in"


def _body(path: str) -> object:
    return {"on": True} if "/things/" in path else BODIES.get(path.rsplit("/", 1)[-1])


NEEDS_NO_COOKIE = {
    ("GET", "/healthz"),  # for this machine alone
    ("POST", "/api/session"),  # brings the link's secret
    ("DELETE", "/api/session"),  # ends what the caller holds
    ("POST", "/api/join"),  # brings the join code
    ("POST", "/api/join/code"),  # brings the join code
    ("POST", "/api/requests/state"),  # brings the companion's own secret
}


async def test_every_route_is_a_file_or_asks_for_a_cookie_or_has_a_reason(
    application: web.Application,
) -> None:
    known = {(method, _shape(path)) for method, path in EVERYTHING_BEHIND_THE_COOKIE}
    files = {("GET", path) for path in assets()}
    found = {
        (route.method, _shape(route.resource.canonical))
        for route in application.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert found == known | files | NEEDS_NO_COOKIE


@pytest.mark.parametrize("host", ["evil.example", "portero.local.evil.example", "", "[::1", "a b"])
async def test_a_foreign_host_name_is_refused_as_in_dns_rebinding(
    booker: httpx.AsyncClient, host: str
) -> None:
    answer = await booker.get("/api/stay", headers={"Host": host})
    assert answer.status_code in {400, 421}
    assert "480215" not in answer.text


@pytest.mark.parametrize("host", ["portero.local", "portero.local:8080", "192.168.1.7", "[::1]:80"])
async def test_our_names_and_bare_addresses_are_served(
    booker: httpx.AsyncClient, host: str
) -> None:
    assert (await booker.get("/api/stay", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_foreign_page_cannot_open_a_door_with_the_guests_cookie(
    booker: httpx.AsyncClient, guests: Guests, headers: dict[str, str]
) -> None:
    path, body = f"/api/doors/{guests.front}/moves", a_tap()
    answer = await booker.post(path, json=body, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "foreign_origin"
    assert guests.attempts == {}


async def test_our_own_page_is_heard(
    booker: httpx.AsyncClient, guests: Guests, house_url: str
) -> None:
    answer = await booker.post(
        f"/api/doors/{guests.front}/moves",
        json=a_tap(),
        headers={"Origin": house_url, "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_what_a_form_can_send_is_refused(
    booker: httpx.AsyncClient, guests: Guests, content_type: str
) -> None:
    answer = await booker.post(
        f"/api/doors/{guests.front}/moves",
        content=f'{{"attempt": "{uuid4()}"}}',
        headers={"Content-Type": content_type} if content_type else {},
    )
    assert answer.status_code == 415
    assert guests.attempts == {}


async def test_a_large_body_is_refused_before_it_is_read(anybody: httpx.AsyncClient) -> None:
    body = b'{"secret": "' + b"x" * 200_000 + b'"}'
    answer = await anybody.post(
        "/api/session", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"secret": 7}',
        b'{"secret": ""}',
        b'{"secret": "aaaaaaaaaa", "extra": 1}',
        b'{"secret": "aaaa\\u0000aaaa"}',
        b"[" * 8000,
        b'{"secret": "' + b"\xff" * 20 + b'"}',
    ],
)
async def test_a_broken_body_is_422_and_not_repeated(
    anybody: httpx.AsyncClient, body: bytes
) -> None:
    answer = await anybody.post(
        "/api/session", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_body"


async def test_guessing_links_is_slowed_down_for_the_one_who_guesses(
    anybody: httpx.AsyncClient,
) -> None:
    codes = [
        (await anybody.post("/api/session", json={"secret": f"{guess:064x}"})).status_code
        for guess in range(25)
    ]
    assert codes.count(403) == 20
    assert codes[-1] == 429


async def test_guessing_join_codes_is_slowed_down_too(anybody: httpx.AsyncClient) -> None:
    codes = [
        (
            await anybody.post(
                "/api/join",
                json={"code": f"guess-{guess:032x}", "name": "x", "wants": ["door:open"]},
                headers={"X-Forwarded-For": f"10.0.0.{guess}"},
            )
        ).status_code
        for guess in range(15)
    ]
    assert codes.count(404) == 10
    assert codes[-1] == 429


async def test_every_answer_forbids_framing_sniffing_and_foreign_scripts(
    booker: httpx.AsyncClient,
) -> None:
    for path in ("/", "/join", "/api/stay", "/static/stay.js", "/nothing-here"):
        answer = await booker.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["server"] == "portero"


async def test_what_the_api_says_is_never_stored_by_a_browser(booker: httpx.AsyncClient) -> None:
    for path in ("/api/stay", "/api/join.svg", "/api/nothing"):
        assert (await booker.get(path)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/..%2f..%2fetc/passwd", "/static/../texts.py", "/static/texts.py", "/guest_ui", "/static/"],
)
async def test_only_listed_files_exist(anybody: httpx.AsyncClient, path: str) -> None:
    answer = await anybody.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_a_wrong_method_is_a_problem_document_too(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.put("/api/stay")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_bug_says_nothing_about_itself(booker: httpx.AsyncClient, guests: Guests) -> None:
    guests.crash_on_view = True
    answer = await booker.get("/api/stay")
    assert answer.status_code == 500
    assert answer.json() == {
        "type": "about:blank",
        "status": 500,
        "code": "internal_error",
        "title": "Internal Server Error",
    }


async def test_no_secret_reaches_the_log(booker: httpx.AsyncClient, guests: Guests) -> None:
    with capture_logs() as logs:
        guests.crash_on_view = True
        await booker.get("/api/stay")
        guests.crash_on_view = False
        await booker.get("/api/stay")
        await booker.get(f"/api/{BOOKER_SECRET}")
        await booker.post("/api/session", json={"secret": BOOKER_SECRET, "more": 1})
    told = repr(logs)
    assert "request_failed" in told
    assert not [secret for secret in SECRETS if secret in told]


async def test_one_neighbour_cannot_take_all_connections(
    anybody: httpx.AsyncClient, house_url: str
) -> None:
    port = urlsplit(house_url).port
    hogs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
    still_open = 0
    for reader, _ in hogs:
        try:
            async with asyncio.timeout(0.05):
                await reader.read(1)
        except TimeoutError:
            still_open += 1
        except ConnectionError:
            continue
    assert still_open == 20
    for _, writer in hogs:
        writer.close()
    await asyncio.sleep(0.1)
    assert (await anybody.get("/")).status_code == 200


async def test_health_is_told_to_this_machine(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "healthy"


def _shape(path: str) -> str:
    """A path with every id replaced, whether it is a pattern or an example."""
    return re.sub(r"\{\w+\}|[0-9a-f]{8}-[0-9a-f-]{27}", "*", path.partition("?")[0])


@pytest.mark.parametrize(
    "path",
    [
        "/api/session",
        f"/api/doors/{NOWHERE}/moves",
        "/api/join",
        "/api/requests/state",
        f"/api/requests/{NOWHERE}/decision",
        f"/api/players/{NOWHERE}/transport",
        f"/api/players/{NOWHERE}/volume",
        f"/api/players/{NOWHERE}/media",
    ],
)
async def test_no_body_at_all_makes_it_stumble(
    booker: httpx.AsyncClient, guests: Guests, path: str
) -> None:
    chance = random.Random(path)  # noqa: S311 - a seed that can be told
    for _ in range(60):
        answer = await booker.post(
            path, content=_noise(chance), headers={"Content-Type": "application/json"}
        )
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
    assert guests.moved == []


def _noise(chance: random.Random) -> bytes:
    """Bytes, or JSON of the wrong shape."""
    shapes: list[object] = [None, [], {}, "x" * 300, 10**400, {"attempt": []}, {"secret": {}}]
    shapes += [{"code": "a", "name": "\u202e", "wants": [1]}, {"percent": 1e308}, {"uri": "\x00"}]
    if chance.random() < 0.5:
        return chance.randbytes(chance.randrange(400))
    return json.dumps(chance.choice(shapes)).encode()
