"""Can a stay be stretched at either end, for its price, with its night and its keys?"""

from datetime import timedelta

from tests.builders import JsonDict
from tests.desk import CONTACT, Desk


def first_before_monday(desk: Desk) -> int:
    """A day number whose departure, two nights later, is a Monday: weekends may not be stretched."""
    return next(n for n in range(10, 17) if (desk.day(n) + timedelta(days=2)).weekday() == 0)


async def offered(desk: Desk, booked: JsonDict, which: str = "late-check-out") -> JsonDict:
    answer = await desk.hotel.tenant.get(f"/reservations/{booked['id']}/hours/{which}")
    assert answer.status_code == 200, answer.text
    found: JsonDict = answer.json()
    return found


async def test_a_late_check_out_keeps_the_night_and_owes_its_price(desk: Desk) -> None:
    first = first_before_monday(desk)
    booked = await desk.book([desk.rooms[0]], first, first + 2)
    offer = await offered(desk, booked)
    assert offer["why_not"] is None
    body = {"hour": "18:00", "price": offer["price"]}
    agreed = await desk.done(booked, "hours/late-check-out", body)
    assert agreed["late_check_out"] == "18:00:00"
    assert agreed["check_out"] == booked["check_out"]
    taken = await desk.ask([desk.rooms[0]], first + 2, first + 3)
    assert taken.json()["code"] == "date_overlap"
    [row] = await desk.sql("SELECT sum(amount_minor) AS owed FROM folio_lines")
    assert row.owed == offer["price"]["minor"]
    assert "reservations.hours_agreed" in await desk.event_names()


async def test_where_the_night_is_taken_it_cannot_be_had(desk: Desk) -> None:
    first = first_before_monday(desk)
    booked = await desk.book([desk.rooms[0]], first, first + 2)
    offer = await offered(desk, booked)
    await desk.book([desk.rooms[0]], first + 2, first + 3)
    assert (await offered(desk, booked))["why_not"] == "taken"
    body = {"hour": "18:00", "price": offer["price"]}
    answer = await desk.do(booked, "hours/late-check-out", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "hour_not_offered")


async def test_another_price_or_an_hour_the_house_gives_anyway_is_refused(desk: Desk) -> None:
    first = first_before_monday(desk)
    booked = await desk.book([desk.rooms[0]], first, first + 2)
    offer = await offered(desk, booked)
    cheap = {"hour": "18:00", "price": {**offer["price"], "minor": 1}}
    answer = await desk.do(booked, "hours/late-check-out", cheap)
    assert answer.json()["code"] == "hour_price_changed"
    early = {"hour": "10:00", "price": offer["price"]}
    answer = await desk.do(booked, "hours/late-check-out", early)
    assert answer.json()["code"] == "hour_unfit"


async def test_a_guest_who_knows_code_and_contact_agrees_too(desk: Desk) -> None:
    first = first_before_monday(desk)
    booked = await desk.book([desk.rooms[0]], first, first + 2)
    client, knows = desk.hotel.tenant.client, {"Portero-Contact": str(CONTACT["email"])}
    path = f"/api/v1/holds/{booked['code']}"
    offer = (await client.get(f"{path}/hours/late-check-out", headers=knows)).json()
    body = {"hour": "18:00", "price": offer["price"]}
    answer = await client.post(f"{path}/hours/late-check-out", json=body, headers=knows)
    assert answer.status_code == 200, answer.text
    assert (await desk.hotel.tenant.get(f"/reservations/{booked['id']}")).json()[
        "late_check_out"
    ] == "18:00:00"
