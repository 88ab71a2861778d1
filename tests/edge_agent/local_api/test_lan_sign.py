"""Who may print the sign for the wall, what may stand on it, and what is kept of it?"""

import httpx
import pytest
from structlog.testing import capture_logs

from edge_agent.app import lan_reach
from edge_agent.local_api.addresses import Reach, reachable
from edge_agent.settings import AgentSettings
from protocol.access import Role
from tests.edge_agent.guests import Guests

NAME = "http://portero.local"
PASSWORD = "wifi-canary-7;1"
WISH: dict[str, object] = {"addresses": [NAME], "languages": ["en", "es"]}


@pytest.mark.parametrize("role", [Role.STAFF, Role.OWNER])
async def test_staff_draw_it_with_the_address_they_came_by(
    booker: httpx.AsyncClient, guests: Guests, role: Role
) -> None:
    guests.role = role
    offered = (await booker.get("/api/sign")).json()
    assert offered["addresses"] == [str(booker.base_url).rstrip("/")]
    drawn = await booker.post(
        "/api/sign", json={**WISH, "addresses": [*offered["addresses"], NAME]}
    )
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
    assert "portero.local" in drawn.text
    assert drawn.headers["cache-control"] == "no-store"
    code = await booker.post("/api/sign", json={**WISH, "kind": "png"})
    assert code.headers["content-type"] == "image/png"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("role", [Role.GUEST, Role.COMPANION])
async def test_guests_do_not(
    booker: httpx.AsyncClient, guests: Guests, method: str, role: Role
) -> None:
    guests.role = role
    answer = await booker.request(method, "/api/sign", json=WISH if method == "POST" else None)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_such_right")


@pytest.mark.parametrize(
    "change",
    [
        {"addresses": ["http://evil.local"]},
        {"addresses": ["https://evil.example.org"]},
        {"addresses": ["http://portero.local/#secret"]},
        {"addresses": ["javascript:alert(1)"]},
        {"addresses": []},
        {"addresses": [NAME] * 3},
        {"languages": ["xx"]},
        {"languages": []},
        {"kind": "pdf"},
        {"wifi": {"name": "w" * 33}},
        {"wifi": {"name": "w", "password": "p" * 64}},
        {"surprise": 1},
    ],
)
async def test_it_leads_nowhere_but_to_this_house(
    booker: httpx.AsyncClient, guests: Guests, change: dict[str, object]
) -> None:
    guests.role = Role.STAFF
    answer = await booker.post("/api/sign", json={**WISH, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_body")


async def test_the_wifis_password_is_in_no_log_and_no_answer_but_its_code(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    guests.role = Role.STAFF
    with capture_logs() as logs:
        drawn = await booker.post(
            "/api/sign", json={**WISH, "wifi": {"name": "Casa", "password": PASSWORD}}
        )
        wrong = {"name": "Casa", "password": PASSWORD, "more": PASSWORD}
        refused = await booker.post("/api/sign", json={**WISH, "wifi": wrong})
    assert drawn.status_code == 200
    assert PASSWORD not in drawn.text + refused.text + str(logs)


async def test_drawing_is_slowed_down(booker: httpx.AsyncClient, guests: Guests) -> None:
    guests.role = Role.STAFF
    answers = [(await booker.post("/api/sign", json=WISH)).status_code for _ in range(21)]
    assert answers == [200] * 20 + [429]


def test_names_come_before_addresses_and_ipv6_is_bracketed() -> None:
    found = reachable(Reach(("casa.local",), 8480), ["fd00::20", "192.168.1.20"])
    assert found == (
        "http://casa.local:8480",
        "http://192.168.1.20:8480",
        "http://[fd00::20]:8480",
    )


def test_the_usual_port_is_not_named_and_a_containers_own_address_is_nobodys() -> None:
    inside = Reach(("casa.local", "casa.lan"), 80, is_inside=True)
    assert reachable(inside, ["172.17.0.2"]) == ("http://casa.local", "http://casa.lan")


def test_this_machines_addresses_leave_out_what_no_phone_reaches() -> None:
    for each in reachable(Reach((), 8480)):
        assert not each.startswith(("http://127.", "http://[::1]", "http://[fe80"))


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, ()),  # nobody has chosen a name, nobody answers for one
        ({"advertise": True}, ("portero.local",)),
        ({"lan_names": ("casa.local", "localhost")}, ("casa.local",)),
    ],
)
def test_a_name_is_printed_where_somebody_answers_for_it(
    change: dict[str, object], names: tuple[str, ...]
) -> None:
    assert lan_reach(AgentSettings.model_validate(change)).names == names


def test_a_published_port_is_the_one_people_use() -> None:
    reach = lan_reach(AgentSettings(lan_port_outside=80))
    assert (reach.port, reach.is_inside) == (80, True)
