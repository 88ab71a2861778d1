"""Is somebody new to the API told plainly what was wrong?"""

from uuid import uuid4

import pytest
from httpx import AsyncClient

from cloud_api.kit.db import Database
from cloud_api.kit.throttle import source_of
from tests.builders import HandClock, SmallHotel
from tests.desk import Desk


@pytest.fixture
def desk(house: SmallHotel, database: Database, clock: HandClock) -> Desk:
    return Desk(house, database, clock)


async def test_a_stranger_holds_no_more_nights_than_the_property_allows(desk: Desk) -> None:
    room, other = desk.rooms[0], desk.rooms[1]
    refused = await desk.ask([room], 0, 61)
    assert (refused.status_code, refused.json()["reason"]) == (422, "too_long_here")
    assert refused.json()["most_nights"] == 60
    await desk.hold([room], 0, 60)
    await desk.book([other], 0, 61)  # staff may


async def test_availability_says_what_cannot_be_held(desk: Desk, http: AsyncClient) -> None:
    nights = {"check_in": str(desk.day(0)), "check_out": str(desk.day(61))}
    answer = await http.get("/api/v1/availability", params={**nights, "unit_id": desk.rooms[0]})
    assert answer.json()["units"][0]["why_not"] == ["too_long"]


async def test_guests_are_counted_not_agreed_to(desk: Desk) -> None:
    refused = await desk.ask([desk.rooms[0]], 0, 1, guests=True)
    assert refused.status_code == 422


async def test_a_fact_of_no_kind_is_said(desk: Desk) -> None:
    at = f"/houses/{desk.hotel.house_id}/facts"
    refused = await desk.hotel.tenant.get(at, kind="banana")
    assert refused.status_code == 422
    assert "decided" in refused.json()["kinds"]


async def test_a_number_is_found_however_it_is_written(desk: Desk) -> None:
    contact = {"name": "Ada", "phone": "+54 9 11 5555-0134"}
    booked = await desk.book([desk.rooms[0]], 0, 1, contact=contact)
    for words in ("5555 0134", "5491155550134", "55550134", "(11) 5555-0134"):
        found = await desk.hotel.tenant.get("/reservations", q=words)
        assert [each["id"] for each in found.json()["items"]] == [booked["id"]], words
    assert (await desk.hotel.tenant.get("/reservations", q="5555 0135")).json()["total"] == 0


async def test_two_doors_of_one_house_have_two_names(desk: Desk) -> None:
    at = f"/houses/{desk.hotel.house_id}/locks"
    refused = await desk.hotel.tenant.post(at, {"name": "front DOOR", "vendor": "ttlock"})
    assert (refused.status_code, refused.json()["code"]) == (409, "name_taken")


async def test_a_house_can_be_claimed_the_moment_it_is_made(desk: Desk) -> None:
    at = f"/properties/{desk.hotel.property_id}/houses"
    made = await desk.hotel.tenant.made(at, {"name": "Annex", "zone": "America/Lima"})
    delivery = await desk.hotel.tenant.get(f"/houses/{made['id']}/delivery")
    assert (delivery.status_code, delivery.json()["state"]) == (200, "not_enrolled")
    claim = await desk.hotel.tenant.post(f"/houses/{made['id']}/claim-token")
    assert claim.status_code == 201, claim.text
    unknown = await desk.hotel.tenant.post(f"/houses/{uuid4()}/claim-token")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "house_not_found")


async def test_reasons_are_in_our_own_words(desk: Desk) -> None:
    refused = await desk.ask([desk.rooms[0]], 0, 1, contact={"name": "Ada"})
    assert refused.status_code == 422
    assert "an email or a phone is needed" in refused.text
    assert "Value error" not in refused.text


async def test_nights_without_a_place_are_asked_for_it(desk: Desk, http: AsyncClient) -> None:
    nights = {"check_in": str(desk.day(0)), "check_out": str(desk.day(1))}
    refused = await http.get("/api/v1/availability", params=nights)
    assert (refused.status_code, refused.json()["code"]) == (422, "no_place_named")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        (None, "unknown"),
    ],
)
def test_a_home_is_counted_once_whatever_its_addresses(host: str | None, name: str) -> None:
    assert source_of(host) == name
