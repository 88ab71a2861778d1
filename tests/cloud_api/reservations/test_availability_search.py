"""Does a search over all houses say what is free, why not, for how much, and what else is?"""

from cloud_api.reservations.availability.rules import natural_key
from tests.builders import JsonDict
from tests.desk import Desk


async def search(desk: Desk, first: int, last: int, **other: str | int) -> JsonDict:
    answer = await desk.hotel.tenant.client.get(
        "/api/v1/availability/search",
        params={
            "organisation_id": str(desk.hotel.organisation_id),
            "check_in": desk.day(first).isoformat(),
            "check_out": desk.day(last).isoformat(),
            **other,
        },
    )
    assert answer.status_code == 200, answer.text
    found: JsonDict = answer.json()
    return found


def test_names_are_sorted_as_people_count() -> None:
    names = ["House 10", "House 2", "house 1", "House", "Cabin 3"]
    assert sorted(names, key=natural_key) == ["Cabin 3", "House", "house 1", "House 2", "House 10"]


async def test_every_unit_is_told_with_its_price_and_reasons(desk: Desk) -> None:
    await desk.book([desk.rooms[0]], 5, 7)
    found = await search(desk, 5, 8, guests=2)
    by_id = {each["unit_id"]: each for each in found["items"]}
    assert found["total"] == 5
    taken = by_id[desk.rooms[0]]
    assert (taken["free"], taken["why_not"]) == (False, ["taken"])
    assert taken["taken"] == [desk.day(5).isoformat(), desk.day(6).isoformat()]
    free = by_id[desk.rooms[1]]
    assert free["free"]
    assert free["price"]["total"]["minor"] > 0
    assert free["quote"]["guests"] == 2
    assert "ana" not in str(found).lower()


async def test_other_nights_as_long_and_near_and_a_shorter_part_are_offered(desk: Desk) -> None:
    await desk.book([desk.rooms[0]], 5, 7)
    found = await search(desk, 5, 8)
    taken = next(each for each in found["items"] if each["unit_id"] == desk.rooms[0])
    assert [each["shift_days"] for each in taken["nearest"]][:2] == [2, -3]
    assert [(each["check_in"], each["nights"]) for each in taken["shorter"]] == [
        (desk.day(7).isoformat(), 1)
    ]


async def test_only_free_ones_big_enough_ones_and_cheap_enough_ones(desk: Desk) -> None:
    await desk.book([desk.rooms[0]], 5, 7)
    assert (await search(desk, 5, 8, free="true"))["total"] == 3
    assert (await search(desk, 5, 8, capacity=5))["total"] == 1
    prices = [each["price"]["total"]["minor"] for each in (await search(desk, 20, 22))["items"]]
    cheap = await search(desk, 20, 22, max_price=min(prices))
    assert cheap["total"] == prices.count(min(prices))
    assert (await search(desk, 20, 22, sort="price"))["items"][-1]["capacity"] == 8


async def test_pages_hang_together(desk: Desk) -> None:
    whole = [each["unit_id"] for each in (await search(desk, 5, 8))["items"]]
    parts = [
        each["unit_id"]
        for offset in range(0, 5, 2)
        for each in (await search(desk, 5, 8, limit=2, offset=offset))["items"]
    ]
    assert parts == whole


async def test_more_guests_than_beds_is_too_small(desk: Desk) -> None:
    found = await search(desk, 5, 8, guests=3)
    room = next(each for each in found["items"] if each["unit_id"] == desk.rooms[0])
    assert room["why_not"] == ["too_small"]


async def test_a_house_tells_every_night_once_as_taken_or_free(desk: Desk) -> None:
    await desk.hold([desk.rooms[0]], 3, 5)
    answer = await desk.hotel.tenant.client.get(
        f"/api/v1/houses/{desk.hotel.house_id}/nights",
        params={"from": desk.day(1).isoformat(), "to": desk.day(8).isoformat()},
    )
    assert answer.status_code == 200, answer.text
    room = next(e for e in answer.json()["units"] if e["unit_id"] == desk.rooms[0])
    assert room["taken"] == [desk.day(3).isoformat(), desk.day(4).isoformat()]
    assert room["free_count"] == 5
    assert "ana" not in answer.text.lower()
