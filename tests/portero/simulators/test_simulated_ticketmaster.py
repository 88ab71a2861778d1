"""Is the simulated Ticketmaster as strict as the true one?"""

from datetime import date, datetime, timedelta

import httpx
import pytest

from portero.simulators.kit import playing
from portero.simulators.ticketmaster import Gig, Ticketmaster
from tests.builders import HandClock

_DAY = date(2027, 6, 1)


async def _ask(ticketmaster: Ticketmaster, **params: str) -> httpx.Response:
    async with playing(ticketmaster.app) as stage, httpx.AsyncClient(trust_env=False) as client:
        return await client.get(
            f"{stage.url}/discovery/v2/events.json", params={"apikey": "key", **params}
        )


@pytest.fixture
def ticketmaster() -> Ticketmaster:
    return Ticketmaster(HandClock(), {"key"}, [Gig(f"G{n}", f"Band {n}", _DAY) for n in range(3)])


async def test_where_nothing_is_found_nothing_is_embedded(ticketmaster: Ticketmaster) -> None:
    body = (await _ask(ticketmaster, city="Leeds")).json()
    assert "_embedded" not in body
    assert body["page"] == {"size": 20, "totalElements": 0, "totalPages": 0, "number": 0}


async def test_events_come_in_pages(ticketmaster: Ticketmaster) -> None:
    body = (await _ask(ticketmaster, city="manchester", size="2", page="1")).json()
    assert [each["id"] for each in body["_embedded"]["events"]] == ["G2"]
    assert body["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 1}


async def test_a_bad_key_is_a_fault(ticketmaster: Ticketmaster) -> None:
    answer = await _ask(ticketmaster, apikey="other")
    assert answer.status_code == 401
    assert answer.json() == {
        "fault": {
            "faultstring": "Invalid ApiKey",
            "detail": {"errorcode": "oauth.v2.InvalidApiKey"},
        }
    }


async def test_each_answer_tells_the_quota(ticketmaster: Ticketmaster) -> None:
    headers = (await _ask(ticketmaster)).headers
    assert (headers["rate-limit"], headers["rate-limit-available"]) == ("5000", "4999")
    assert headers["rate-limit-over"] == "0"
    ahead = int(headers["rate-limit-reset"]) / 1000 - ticketmaster.clock.utc_now().timestamp()
    assert 0 < ahead <= timedelta(days=1).total_seconds()


async def test_the_sixth_in_a_second_and_one_too_many_in_a_day_are_sent_away(
    ticketmaster: Ticketmaster,
) -> None:
    ticketmaster.a_second = 1
    assert (await _ask(ticketmaster)).status_code == 200
    answer = await _ask(ticketmaster)
    assert answer.status_code == 429
    assert answer.json()["fault"]["detail"]["errorcode"].endswith("SpikeArrestViolation")
    ticketmaster.a_second, ticketmaster.daily = 5, 1
    answer = await _ask(ticketmaster)
    assert answer.json()["fault"]["detail"]["errorcode"].endswith("QuotaViolation")
    assert answer.headers["rate-limit-available"] == "0"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"size": "201"}, "DIS1034"),
        ({"size": "200", "page": "5"}, "DIS1035"),
        ({"startDateTime": "2027-06-01T00:00:00.000Z"}, "DIS1015"),
        ({"sort": "popularity"}, "DIS1025"),
        ({"town": "Manchester"}, "DIS1000"),
    ],
)
async def test_what_is_wrong_is_refused(
    ticketmaster: Ticketmaster, params: dict[str, str], code: str
) -> None:
    answer = await _ask(ticketmaster, **params)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == code


async def test_the_window_is_about_when_an_event_starts(ticketmaster: Ticketmaster) -> None:
    assert ticketmaster.gigs[0].starts == datetime.fromisoformat("2027-06-01T19:30:00Z")
    inside = {"startDateTime": "2027-06-01T00:00:00Z", "endDateTime": "2027-06-01T23:59:59Z"}
    assert (await _ask(ticketmaster, **inside)).json()["page"]["totalElements"] == 3
    after = {"startDateTime": "2027-06-02T00:00:00Z"}
    assert (await _ask(ticketmaster, **after)).json()["page"]["totalElements"] == 0
