"""What do many units cost, and what does an hour more?"""

from uuid import UUID

from sqlalchemy import event

from cloud_api.kit.db import Database
from cloud_api.pricing import service
from tests.builders import JsonDict
from tests.cloud_api.pricing.counter import Counter


async def _prices(counter: Counter, first: int, last: int, **params: str | int) -> list[JsonDict]:
    nights = {"check_in": str(counter.day(first)), "check_out": str(counter.day(last))}
    found: list[JsonDict] = (await counter.look("/prices", **nights, **params))["units"]
    return found


async def test_every_unit_of_a_property_has_its_price_in_the_order_of_names(
    counter: Counter,
) -> None:
    found = await _prices(counter, 0, 2, property_id=counter.place)
    assert [each["unit_name"] for each in found] == [
        "Room 1",
        "Room 2",
        "Room 3",
        "Room 4",
        "Whole house",
    ]
    assert [each["total"]["minor"] for each in found] == [480_00] * 4 + [1_920_00]


async def test_mandatory_services_and_charges_are_in_a_searched_price(counter: Counter) -> None:
    await counter.configure(charges=[{"name": "VAT", "kind": "percent", "percent": "10"}])
    price = {"minor": 30_00, "currency": "PEN"}
    await counter.made("/services", name="Cleaning", mandatory=True, price=price)
    await counter.made("/services", name="Boat", price=price)
    (found,) = await _prices(counter, 0, 1, unit_id=counter.room)
    assert (found["stay"]["minor"], found["total"]["minor"]) == (240_00, 294_00)
    made = await counter.quote(0, 1)
    assert made["total"] == found["total"]


async def test_a_unit_whose_special_date_is_too_near_says_so_and_the_others_have_prices(
    counter: Counter,
) -> None:
    await counter.special(3, nights=3, unit_id=counter.room)
    found = await _prices(counter, 2, 3, property_id=counter.place)
    assert found[0]["total"] is None
    assert found[0]["minimum_stay"]["minimum_nights"] == 3
    assert found[1]["total"]["minor"] == 240_00


async def test_a_price_in_a_currency_without_a_rate_is_not_guessed(counter: Counter) -> None:
    await counter.configure(currency="USD")
    (found,) = await _prices(counter, 0, 1, unit_id=counter.room)
    assert (found["no_rate"], found["total"]) == (True, None)
    assert (await counter.refusal())["code"] == "exchange_rate_missing"


async def test_prices_of_many_units_take_as_many_statements_as_of_one(
    counter: Counter, database: Database
) -> None:
    await counter.special(3)
    said: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", hear)

    async def ask(units: list[UUID]) -> int:
        said.clear()
        async with database.reading() as session:
            now = counter.clock.utc_now()
            found = await service.price_units(
                session, units, counter.day(0), counter.day(7), 2, now=now
            )
        assert set(found) == set(units)
        return len(said)

    one = await ask([counter.hotel.room_units[0]])
    assert await ask([*counter.hotel.room_units, counter.hotel.whole_unit]) == one == 7


async def test_a_late_check_out_costs_its_night_less_the_weekdays_cut(counter: Counter) -> None:
    await counter.configure(late_check_out=[{"weekday": 2, "allowed": True, "cut": "10"}])
    asked = {"unit_id": counter.room, "check_out": str(counter.day(2))}
    found = await counter.look("/late-check-out", **asked)
    assert (found["available"], found["price"]["minor"], found["percent"]) == (True, 216_00, "10")
    await counter.book(counter.room, 2, 3)
    found = await counter.look("/late-check-out", **asked)
    assert (found["available"], found["why_not"], found["price"]) == (False, "taken", None)


async def test_an_early_check_in_wants_the_night_before_free(counter: Counter) -> None:
    asked = {"unit_id": counter.room, "check_in": str(counter.day(3))}
    found = await counter.look("/early-check-in", **asked)
    assert (found["night"], found["price"]["minor"]) == (str(counter.day(2)), 240_00)
    await counter.book(counter.room, 2, 3)
    assert (await counter.look("/early-check-in", **asked))["why_not"] == "taken"


async def test_there_is_no_late_check_out_of_a_day_that_has_passed_or_for_nobody(
    counter: Counter,
) -> None:
    for day, guests, code in (
        ("2020-01-01", 1, "check_in_past"),
        ("0001-01-01", 1, "check_in_past"),
        ("9999-12-31", 1, "stay_too_long"),
        (str(counter.day(0)), 0, "guests_not_positive"),
    ):
        asked: dict[str, str | int] = {
            "unit_id": counter.room,
            "check_out": day,
            "guests": guests,
        }
        answer = await counter.http.get("/api/v1/late-check-out", params=asked)
        assert answer.json()["code"] == code, day


async def test_what_goes_back_by_the_propertys_policies_can_be_asked(counter: Counter) -> None:
    await counter.made("/cancellation-policies", name="Early", days_before=30, refund_percent="100")
    await counter.made(
        "/cancellation-policies", name="Here", days_before=7, refund_percent="50",
        property_id=counter.place,
    )  # fmt: skip
    found = await counter.look("/refund-share", property_id=counter.place, days_before=40)
    assert (found["percent"], found["policy"]) == ("50", "Here")
    found = await counter.look("/refund-share", property_id=counter.place, days_before=3)
    assert (found["percent"], found["policy"]) == ("0", None)
