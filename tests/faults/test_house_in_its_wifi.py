"""E13: a neighbour in the house's Wi-Fi. One declared port, and nothing behind it without a secret.

Real lockd and agent. Ports come from the kernel's tables, routes from the source: a new route that
nobody thought of here fails this test until somebody has.
"""

import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from guest_ui import assets
from tests.faults.figures import Figure, Scale
from tests.faults.lan_house import a_lan_house
from tests.faults.sockets import Listening, listening

pytestmark = [pytest.mark.fault, pytest.mark.timeout(120)]

SOURCES = Path(__file__).parent.parent.parent / "edge_agent"
ROUTE = re.compile(r'web\.(get|post|put|patch|delete)\(\s*"(/[^"]*)"')
OPEN = {
    ("post", "/api/session"): "the link's secret is in the body",
    ("delete", "/api/session"): "forgets a session, if there is one",
    ("post", "/api/join/code"): "the code's secret is in the body",
    ("post", "/api/join"): "as above",
    ("post", "/api/requests/state"): "the companion's own secret is in the body",
    ("get", "/healthz"): "told to this machine only",
}
"""Everything else wants the cookie."""

BODIES: tuple[dict[str, object], ...] = (
    {},
    {"secret": "0" * 43},
    {"code": "0" * 43},
    {"code": "0" * 43, "name": "n", "wants": []},
)


def routes() -> set[tuple[str, str]]:
    """Every route of the house's LAN page that is not one of the page's own files."""
    found = set[tuple[str, str]]()
    for source in (*(SOURCES / "local_api").glob("*.py"), SOURCES / "app.py"):
        found |= set(ROUTE.findall(source.read_text()))
    return found


async def test_one_port_and_no_answer_without_a_secret(tmp_path: Path, scale: Scale) -> None:
    figure = Figure("E13 ports and routes seen from the Wi-Fi", scale.seed)
    async with a_lan_house(tmp_path) as house, httpx.AsyncClient(base_url=house.url) as neighbour:
        ports = listening(house.agent.pid)
        assert {(each.protocol, each.port) for each in ports} == {("tcp", house.port)}
        assert listening(house.lockd.process.pid) == set[Listening]()
        answers = dict[tuple[str, str], set[int]]()
        for method, path in sorted(routes()):
            where = re.sub(r"\{\w+\}", str(uuid4()), path)
            bodies = BODIES if method in {"post", "put", "patch"} else (None,)
            for body in bodies:
                for cookie in ({}, {"Cookie": f"portero_stay={'0' * 43}"}):
                    answer = await neighbour.request(method, where, json=body, headers=cookie)
                    figure.tried += 1
                    answers.setdefault((method, path), set()).add(answer.status_code)
        served = [await neighbour.get(path) for path in assets()]
        assert {each.status_code for each in served} == {200}
        assert not any(_names_somebody(each.text) for each in served)
        assert await house.bench.openings() == []
    figure.notes["routes"] = len(answers)
    closed = {key: got for key, got in answers.items() if key not in OPEN}
    let_in = {key: got for key, got in closed.items() if not got <= {401, 403, 422}}
    let_in |= {
        key: got for key, got in answers.items() if key in OPEN and not _says_nothing(key, got)
    }
    figure.violations = len(let_in)
    figure.publish(scale)
    assert let_in == {}  # 422: what was sent is no wish, whoever sent it
    assert len(closed) > 12


def _says_nothing(key: tuple[str, str], got: set[int]) -> bool:
    if key == ("get", "/healthz"):
        return got <= {200, 403, 503}
    return (
        got <= {204, 401, 403, 404, 422, 429} if key[0] == "delete" else not got & {200, 201, 204}
    )


def _names_somebody(page: str) -> bool:
    return "lan_secret" in page
