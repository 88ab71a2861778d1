"""Of which events is somebody told, once each, and which are in the short list?"""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from tests.builders import JsonDict
from tests.cloud_api.pricing.demand.stage import Town

_SOLD_OUT: JsonDict = {"status": "offsale", "prices": (50.0, 120.0)}  # 15 + 50 + 35 points


async def _told(town: Town) -> list[dict[str, Any]]:
    statement = text(
        "SELECT payload FROM events_outbox WHERE name = 'pricing.demand_alert' ORDER BY id"
    )
    async with town.database.reading() as session:
        return list(await session.scalars(statement))


async def test_an_event_that_fills_the_town_is_told_once(town: Town) -> None:
    town.gig(1, **_SOLD_OUT)
    town.gig(2)
    await town.ask()
    assert await town.alert() == 1
    assert await town.alert() == 0
    await town.ask_again()
    assert await town.alert() == 0
    (told,) = await _told(town)
    assert told == {
        "organisation_id": str(town.hotel.organisation_id),
        "suggestion_id": (await town.listed(sold_out="true"))[0]["id"],
        "property_ids": [str(town.hotel.property_id)],
        "title": "Band 1",
        "venue": "Small Club",
        "day": town.vendor.gigs[0].day.isoformat(),
        "score": 100,
        "level": "critical",
        "sold_out": True,
        "suggested": {"minor": 200_00, "currency": "GBP"},
        "url": "https://www.ticketmaster.example/event/G0001",
        "in_short_list": True,
    }


async def test_an_event_is_told_when_it_becomes_strong_enough(town: Town) -> None:
    gig = town.gig()
    await town.ask()
    assert await town.alert() == 0
    gig.status, gig.prices = "offsale", (50.0, 120.0)
    await town.ask_again()
    assert await town.alert() == 1


async def test_a_new_strong_event_is_told_also_outside_the_halls_that_are_minded(
    town: Town,
) -> None:
    await town.venue()
    town.gig(1, **_SOLD_OUT)
    await town.ask()
    assert await town.alert() == 1


async def test_sold_out_in_a_minded_hall_is_told_whatever_its_score(town: Town) -> None:
    await town.venue(bonus=0)
    town.gig(1, venue_id="ARENA", venue="Arena", status="offsale")
    town.gig(2, status="offsale")
    await town.ask()
    assert await town.alert() == 1
    assert [each["title"] for each in await _told(town)] == ["Band 1"]


async def test_halls_that_always_alert_come_first_then_the_strongest(town: Town) -> None:
    await town.venue(name="Warehouse", by_title=True, vendor_id="", bonus=50, always_alert=True)
    town.gig(1, **_SOLD_OUT)
    town.gig(2, status="offsale", prices=(40.0, 55.0))
    town.gig(3, name="Warehouse Nights", prices=(5.0, 10.0))
    await town.ask()
    assert await town.alert() == 3
    assert [each["title"] for each in await _told(town)] == ["Warehouse Nights", "Band 1", "Band 2"]


async def test_at_most_ten_a_day_are_in_the_short_list(town: Town) -> None:
    for number in range(8):
        town.gig(number, **_SOLD_OUT)
    await town.ask()
    await town.alert()
    for number in range(8, 13):
        town.gig(number, **_SOLD_OUT)
    town.clock.advance(timedelta(minutes=11))
    await town.ask()
    assert await town.alert() == 5
    listed = [each["in_short_list"] for each in await _told(town)]
    assert (listed[:8], listed[8:].count(True), len(listed)) == ([True] * 8, 2, 13)
    town.gig(99, ahead=40, **_SOLD_OUT)
    town.clock.advance(timedelta(days=1))
    await town.ask()
    await town.alert()
    assert (await _told(town))[-1]["in_short_list"] is True


async def test_an_event_that_was_cancelled_or_is_over_is_not_told(town: Town) -> None:
    town.gig(1, **(_SOLD_OUT | {"status": "cancelled"}))
    town.gig(2, ahead=1, **_SOLD_OUT)
    await town.ask()
    town.clock.advance(timedelta(days=3))
    assert await town.alert() == 0
