"""Do staff find their bookings, page by page and in a spreadsheet?"""

import csv
from io import StringIO
from uuid import uuid4

import pytest

from tests.desk import CONTACT, Desk


async def test_lists_filter_by_status_kind_unit_dates_and_words(desk: Desk) -> None:
    held = await desk.hold([desk.rooms[0]], 3, 6)
    booked = await desk.book(
        [desk.rooms[1]],
        5,
        8,
        contact={"name": "Bruno 100%", "phone": "+51 1 555 0199"},
        notes="cot",
    )
    block = await desk.block([desk.rooms[2]], 10, 12)

    async def codes(**params: str) -> set[str]:
        answer = await desk.hotel.tenant.get("/reservations", **params)
        assert answer.status_code == 200, answer.text
        return {each["code"] for each in answer.json()["items"]}

    h, b, m = held["code"], booked["code"], block["code"]
    assert await codes() == {h, b, m}
    assert await codes(status="held") == {h}
    assert await codes(kind="maintenance") == {m}
    assert await codes(unit_id=desk.rooms[1]) == {b}
    assert await codes(house_id=str(uuid4())) == set()
    assert await codes(**{"from": desk.day(6).isoformat()}) == {b, m}
    assert await codes(to=desk.day(5).isoformat()) == {h}
    assert await codes(**{"from": desk.day(5).isoformat(), "to": desk.day(6).isoformat()}) == {h, b}
    assert await codes(q="bruno") == await codes(q="100%") == await codes(q="COT") == {b}
    assert await codes(q="%") == {b}
    assert await codes(q=h.lower()) == {h}
    assert await codes(client_id=booked["client_id"]) == {b}


async def test_lists_come_in_pages_that_miss_and_repeat_nobody(desk: Desk) -> None:
    made = [(await desk.hold([desk.rooms[n % 4]], n, n + 1))["code"] for n in range(7)]
    seen: list[str] = []
    offset: int | None = 0
    while offset is not None:
        answer = (
            await desk.hotel.tenant.get("/reservations", limit=3, offset=offset, sort="check_in")
        ).json()
        assert answer["total"] == 7
        seen += [each["code"] for each in answer["items"]]
        offset = answer["next"]
    assert seen == made
    newest = (await desk.hotel.tenant.get("/reservations", sort="-check_in", limit=1)).json()
    assert [each["code"] for each in newest["items"]] == [made[-1]]
    refused = await desk.hotel.tenant.get("/reservations", sort="secret")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_sorting")


@pytest.mark.parametrize(
    "name", ["=1+1", "+SUM(A1)", "-2", "@now", "  =cmd|' /C calc'!A0", "\uff1d1"]
)
async def test_a_spreadsheet_of_bookings_calculates_nothing(desk: Desk, name: str) -> None:
    await desk.book([desk.rooms[0]], 3, 6, contact={"name": name, "email": "a@example.org"})
    answer = await desk.hotel.tenant.get("/reservations.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    [row] = list(csv.DictReader(StringIO(answer.text)))
    assert row["guest_name"] == f"'{name.strip()}"


async def test_a_spreadsheet_keeps_quotes_and_line_breaks(desk: Desk) -> None:
    notes = 'says "hello",\nand; more'
    booked = await desk.book([desk.rooms[0]], 3, 6, notes=notes)
    answer = await desk.hotel.tenant.get("/reservations.csv", status="confirmed")
    [row] = list(csv.DictReader(StringIO(answer.text, newline="")))
    assert (row["code"], row["notes"], row["nights"]) == (booked["code"], notes, "3")
    assert row["guest_phone"] == f"'{CONTACT['phone']}"
