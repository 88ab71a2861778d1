"""What do people see of events ahead, and what becomes of the prices these suggest?"""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from cloud_api.accounts.types import Role
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.pricing.demand import service
from cloud_api.pricing.demand.errors import SuggestionPast
from tests.builders import JsonDict, Tenant, join
from tests.cloud_api.pricing.demand.stage import Town

_HUNDRED = {"minor": 100_00, "currency": "GBP"}
_MEDIUM = (10.0, 80.0)  # 15 + 28 points: 100 pounds a night


async def _suggested(town: Town, *, ahead: int = 30) -> JsonDict:
    town.gig(ahead=ahead, prices=_MEDIUM)
    await town.ask()
    return await town.only()


async def test_the_list_has_fifteen_a_page_and_the_soonest_first(town: Town) -> None:
    for number in range(17):
        town.gig(number, ahead=60 - number)
    await town.ask()
    page = (await town.tenant.get("/price-suggestions")).json()
    assert (len(page["items"]), page["total"], page["next"]) == (15, 17, 15)
    days = [each["day"] for each in page["items"]]
    assert days == sorted(days)
    rest = (await town.tenant.get("/price-suggestions", offset=15)).json()
    assert (len(rest["items"]), rest["next"]) == (2, None)


async def test_the_list_is_narrowed_by_hall_word_sale_level_and_days(town: Town) -> None:
    arena = await town.venue()
    await town.venue(name="Hall", vendor_id="HALL", priority=False)
    town.gig(1, ahead=10, venue_id="ARENA", venue="The Arena", status="offsale")
    town.gig(2, ahead=20, venue_id="HALL", venue="Hall")
    town.gig(3, ahead=30, name="100% Loud")
    await town.ask()
    assert await town.titles(venue_id=arena["id"]) == ["Band 1"]
    assert await town.titles(keyword="arena") == ["Band 1"]
    assert await town.titles(keyword="LOUD") == ["100% Loud"]
    assert await town.titles(keyword="0%") == ["100% Loud"]
    assert await town.titles(sold_out="true") == ["Band 1"]
    assert await town.titles(sold_out="false") == ["Band 2", "100% Loud"]
    assert await town.titles(level="critical") == ["Band 1"]
    assert await town.titles(priority="true") == ["Band 1"]
    assert await town.titles(first=town.day(11).isoformat()) == ["Band 2", "100% Loud"]
    assert await town.titles(last=town.day(20).isoformat()) == ["Band 1", "Band 2"]


async def test_the_calendar_shows_each_day_by_its_strongest_event(town: Town) -> None:
    town.gig(1, ahead=10)
    town.gig(2, ahead=10, status="offsale")
    town.gig(3, ahead=12)
    await town.ask()
    days = (await town.tenant.get("/price-suggestions/calendar")).json()["days"]
    assert [(each["day"], each["events"], each["sold_out"]) for each in days] == [
        (town.day(10).isoformat(), 2, 1),
        (town.day(12).isoformat(), 1, 0),
    ]
    assert [(each["score"], each["level"], each["colour"]) for each in days] == [
        (65, "high", "orange"),
        (15, "low", "green"),
    ]


async def test_accepting_makes_a_special_date_of_that_day(town: Town) -> None:
    found = await _suggested(town)
    assert found["suggested"] == _HUNDRED
    accepted = await town.decide(found, "accept")
    assert accepted["state"] == "accepted"
    (special,) = await town.special_dates()
    assert (special["month"], special["day"]) == (town.day().month, town.day().day)
    assert (special["price"], special["property_id"]) == (_HUNDRED, str(town.hotel.property_id))
    assert (special["name"], special["unit_id"]) == ("Band 1", None)


async def test_accepting_changes_a_special_date_that_stands_and_undoing_restores_it(
    town: Town,
) -> None:
    found, former = await _suggested(town), {"minor": 90_00, "currency": "PEN"}
    body = {
        "property_id": str(town.hotel.property_id),
        "name": "Fair",
        "month": town.day().month,
        "day": town.day().day,
        "price": former,
        "minimum_nights": 2,
    }
    await town.tenant.made("/special-dates", body)
    await town.decide(found, "accept")
    (special,) = await town.special_dates()
    assert (special["name"], special["price"], special["minimum_nights"]) == ("Fair", _HUNDRED, 2)
    assert (await town.decide(found, "undo"))["state"] == "open"
    (special,) = await town.special_dates()
    assert special["price"] == former


async def test_undoing_takes_the_special_date_away_and_the_suggestion_is_open_again(
    town: Town,
) -> None:
    found = await _suggested(town)
    await town.decide(found, "accept")
    await town.decide(found, "undo")
    assert await town.special_dates() == []
    await town.decide(found, "accept")
    assert len(await town.special_dates()) == 1


async def test_undoing_leaves_a_price_that_somebody_changed_since(town: Town) -> None:
    found = await _suggested(town)
    await town.decide(found, "accept")
    (special,) = await town.special_dates()
    own = {"minor": 123_00, "currency": "GBP"}
    await town.tenant.patch(f"/special-dates/{special['id']}", {"price": own})
    await town.decide(found, "undo")
    assert [each["price"] for each in await town.special_dates()] == [own]


async def test_what_was_decided_is_not_decided_again(town: Town) -> None:
    found = await _suggested(town)
    path = f"/price-suggestions/{found['id']}"
    early = await town.tenant.post(f"{path}/undo")
    assert (early.status_code, early.json()["code"]) == (409, "nothing_to_undo")
    assert (await town.decide(found, "dismiss"))["state"] == "dismissed"
    for verb in ("accept", "dismiss"):
        again = await town.tenant.post(f"{path}/{verb}")
        assert (again.status_code, again.json()["code"]) == (409, "suggestion_decided")
    assert (await town.decide(found, "undo"))["state"] == "open"
    assert await town.special_dates() == []


async def test_one_event_sets_the_price_of_a_day(town: Town) -> None:
    town.gig(1)
    town.gig(2)
    await town.ask()
    one, other = await town.listed()
    await town.decide(one, "accept")
    answer = await town.tenant.post(f"/price-suggestions/{other['id']}/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "day_priced")
    await town.decide(one, "undo")
    await town.decide(other, "accept")


async def test_a_new_search_does_not_open_what_was_decided(town: Town) -> None:
    found = await _suggested(town)
    await town.decide(found, "dismiss")
    await town.ask_again()
    assert (await town.only())["state"] == "dismissed"


async def test_the_price_of_an_event_that_is_over_does_not_return_next_year(town: Town) -> None:
    found = await _suggested(town, ahead=1)
    await town.decide(found, "accept")
    assert await town.retire() == 0
    town.clock.advance(timedelta(days=4))
    assert await town.retire() == 1
    assert await town.retire() == 0
    standing = text("SELECT count(*) FROM pricing_special_dates WHERE archived_at IS NULL")
    async with town.database.reading() as session:
        assert await session.scalar(standing) == 0


async def test_what_is_over_is_not_accepted(town: Town) -> None:
    found = await _suggested(town, ahead=1)
    owner = Scope(town.hotel.organisation_id, PrincipalKind.STAFF, town.tenant.staff_id)
    after = town.clock.utc_now() + timedelta(days=4)

    async def accept() -> None:
        async with town.database.transaction() as session:
            await service.accept(session, owner, UUID(found["id"]), now=after)

    with pytest.raises(SuggestionPast):
        await accept()


async def test_decisions_are_on_record(town: Town) -> None:
    found = await _suggested(town)
    for verb in ("accept", "undo", "dismiss"):
        await town.decide(found, verb)
    statement = text("SELECT action FROM audit_log WHERE object_type = 'demand_events' ORDER BY id")
    async with town.database.reading() as session:
        done = list(await session.scalars(statement))
    assert done == [
        "pricing.suggestion_accepted",
        "pricing.suggestion_undone",
        "pricing.suggestion_dismissed",
    ]


async def test_who_may_not_write_prices_decides_nothing(town: Town, stranger: Tenant) -> None:
    found = await _suggested(town)
    reader = await join(
        town.database,
        town.tenant.client,
        organisation_id=town.tenant.organisation_id,
        role=Role.READ_ONLY,
    )
    path = f"/price-suggestions/{found['id']}/accept"
    assert (await reader.get("/price-suggestions")).json()["total"] == 1
    assert (await reader.post(path)).status_code == 403
    assert (await stranger.post(path)).status_code == 404
    assert (await stranger.get("/price-suggestions")).json()["total"] == 0
