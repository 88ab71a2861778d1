"""Can a host on the LAN say what time it is, and nobody without a session?"""

import httpx

from tests.edge_agent.guests import Guests

NOW = "2026-07-01T14:00:00+02:00"


async def test_a_word_on_the_time_reaches_lockd(booker: httpx.AsyncClient, guests: Guests) -> None:
    said = await booker.post("/api/time", json={"now": NOW})
    assert said.status_code == 204
    assert [each.isoformat() for each in guests.declared] == [NOW]


async def test_without_a_session_nobody_says_anything(
    anybody: httpx.AsyncClient, guests: Guests
) -> None:
    assert (await anybody.post("/api/time", json={"now": NOW})).status_code == 401
    assert guests.declared == []


async def test_a_time_without_its_offset_is_no_time(
    booker: httpx.AsyncClient, guests: Guests
) -> None:
    for body in ({"now": "2026-07-01T14:00:00"}, {"now": "soon"}, {}, {"now": NOW, "more": 1}):
        assert (await booker.post("/api/time", json=body)).status_code == 422
    assert guests.declared == []
