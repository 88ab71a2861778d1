"""How is the vendor asked, and what becomes of its answers?"""

from datetime import timedelta
from urllib.parse import parse_qs

from cloud_api.pricing.demand.errands import note, take
from cloud_api.pricing.demand.types import EventStatus, Happening, Told
from portero.simulators.kit import Fault, FaultKind, Heard
from tests.cloud_api.pricing.demand.stage import Town


def _query(heard: Heard) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(heard.query).items()}


async def test_what_happens_in_town_is_found_and_judged(town: Town) -> None:
    town.gig(name="Loud Band", prices=(20.0, 45.5), status="onsale")
    await town.ask()
    found = await town.only()
    assert found["title"] == "Loud Band"
    assert (found["least_price"], found["most_price"]) == (20, 46)
    assert (found["score"], found["level"], found["colour"]) == (27, "low", "green")
    assert found["suggested"] == {"minor": 80_00, "currency": "GBP"}
    assert (found["starts"], found["state"], found["sold_out"]) == ("19:30:00", "open", False)
    assert found["day"] == town.day(30).isoformat()


async def test_a_town_where_nothing_happens_is_no_trouble(town: Town) -> None:
    assert await town.ask() == 1
    assert await town.listed() == []
    assert (await town.account())["last_trouble"] == ""


async def test_halls_with_a_vendors_id_are_asked_for_first_and_the_town_after_them(
    town: Town,
) -> None:
    await town.venue()
    await town.venue(name="Old Hall", vendor_id="HALL")
    await town.venue(name="Nameless", vendor_id="")
    town.vendor.a_second = 100
    await town.ask()
    asked = [_query(each) for each in town.stage.journal]
    assert {each.get("venueId") for each in asked} == {"ARENA", "HALL", None}
    (city,) = [each for each in asked if "venueId" not in each]
    assert (city["city"], city["countryCode"]) == ("Manchester", "GB")


async def test_an_event_found_twice_is_kept_once(town: Town) -> None:
    await town.venue()
    town.gig(venue_id="ARENA", venue="Arena")
    await town.ask()
    await town.ask_again()
    assert len(await town.listed()) == 1


async def test_what_changes_of_an_event_is_seen_at_the_next_search(town: Town) -> None:
    gig = town.gig()
    await town.ask()
    before = await town.only()
    gig.status, gig.prices = "offsale", (50.0, 120.0)
    assert await town.ask_again() == 1
    after = await town.only()
    assert (before["id"], before["score"]) == (after["id"], 15)
    assert (after["sold_out"], after["score"], after["level"]) == (True, 100, "critical")


async def test_a_long_list_is_read_page_by_page(town: Town) -> None:
    for number in range(450):
        town.gig(number, ahead=1 + number % 300)
    assert await town.ask() == 3
    assert (await town.tenant.get("/price-suggestions")).json()["total"] == 450


async def test_a_list_longer_than_the_vendor_shows_is_read_in_shorter_windows(town: Town) -> None:
    for number in range(1_300):
        town.gig(number, ahead=1 + number % 300)
    await town.ask()
    assert (await town.tenant.get("/price-suggestions")).json()["total"] == 1_300
    for heard in town.stage.journal:
        query = _query(heard)
        assert int(query["size"]) * int(query["page"]) < 1_000


async def test_nothing_is_asked_again_before_ten_minutes_are_over(town: Town) -> None:
    await town.ask()
    town.clock.advance(timedelta(minutes=9))
    assert await town.round() == 0
    town.clock.advance(timedelta(minutes=2))
    assert await town.round() == 1


async def test_a_key_that_is_refused_is_told_and_tried_rarely(town: Town) -> None:
    town.vendor.keys.clear()
    await town.ask()
    assert (await town.account())["last_trouble"] == "key_refused"
    town.clock.advance(timedelta(minutes=9))
    assert await town.round() == 0
    town.vendor.keys.add("another-key-of-this-test")
    await town.tenant.put("/demand/account", {"api_key": "another-key-of-this-test"})
    town.clock.advance(timedelta(minutes=2))
    assert await town.round() == 1
    assert (await town.account())["last_trouble"] == ""


async def test_without_a_key_nothing_is_asked(town: Town) -> None:
    assert (await town.tenant.delete("/demand/account")).status_code == 204
    assert await town.round() == 0
    assert town.stage.journal == []


async def test_a_vendor_that_does_not_answer_is_asked_again_later(town: Town) -> None:
    town.gig()
    for kind in (FaultKind.CUT_AFTER, FaultKind.GARBAGE_AFTER, FaultKind.STATUS_BEFORE):
        town.stage.add_fault(Fault(kind))
        assert await town.round() == 1
        assert await town.round() == 0
        town.clock.advance(timedelta(hours=1))
    assert await town.round() == 1
    assert len(await town.listed()) == 1
    assert (await town.account())["last_trouble"] == ""


async def test_a_worker_that_died_between_leaves_the_search_to_the_next(town: Town) -> None:
    town.gig()
    async with town.database.transaction() as session:
        assert len(await take(session, town.tools)) == 1
    town.clock.advance(timedelta(minutes=1))
    assert await town.round() == 0
    town.clock.advance(timedelta(minutes=2))
    assert await town.round() == 1
    assert len(await town.listed()) == 1


async def test_a_page_noted_twice_changes_nothing(town: Town) -> None:
    async with town.database.transaction() as session:
        (question,) = await take(session, town.tools)
    told = Told((Happening("X1", "Band", town.day(), EventStatus.ON_SALE),), 1, 1)
    for _ in range(2):
        async with town.database.transaction() as session:
            await note(session, question, told, town.tools)
    assert len(await town.listed()) == 1


async def test_an_event_without_a_day_is_left_out(town: Town) -> None:
    undated = {"id": "U1", "name": "Undated", "dates": {"start": {"dateTBA": True}}}
    body = {"page": {"totalElements": 1, "totalPages": 1}, "_embedded": {"events": [undated]}}
    town.stage.add_fault(Fault(FaultKind.STATUS_BEFORE, status=200, body=body))
    await town.ask()
    assert await town.listed() == []
    assert (await town.account())["last_trouble"] == ""


async def test_tickets_not_yet_on_sale_are_not_sold_out(town: Town) -> None:
    town.gig(status="offsale", sale_begins=town.clock.utc_now() + timedelta(days=20))
    await town.ask()
    assert (await town.only())["sold_out"] is False


async def test_the_key_is_nowhere_but_in_the_question(town: Town) -> None:
    await town.ask()
    account = await town.account()
    assert account["api_key"] == "****test"
    async with town.database.transaction() as session:
        town.clock.advance(timedelta(days=1))
        (question,) = await take(session, town.tools)
    assert question.api_key not in repr(question)
