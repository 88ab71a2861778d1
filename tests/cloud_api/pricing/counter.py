"""How does a test ask for prices as a guest, and keep them as staff?"""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import httpx

from tests.builders import HandClock, JsonDict, SmallHotel


@dataclass
class Counter:
    """Day 0 is a Monday at least a month ahead; `room` costs 240.00 PEN a night, sleeps two."""

    hotel: SmallHotel
    http: httpx.AsyncClient
    clock: HandClock

    @property
    def room(self) -> str:
        return str(self.hotel.room_units[0])

    @property
    def place(self) -> str:
        return str(self.hotel.property_id)

    @property
    def today(self) -> date:
        return self.clock.utc_now().astimezone(ZoneInfo("America/Lima")).date()

    def day(self, number: int) -> date:
        ahead = self.today + timedelta(days=35)
        return ahead - timedelta(days=ahead.weekday()) + timedelta(days=number)

    def stay(self, first: int = 0, last: int = 2, **other: object) -> JsonDict:
        return {
            "unit_ids": [self.room],
            "check_in": self.day(first).isoformat(),
            "check_out": self.day(last).isoformat(),
            "guests": 1,
            **other,
        }

    async def ask(self, first: int = 0, last: int = 2, **other: object) -> httpx.Response:
        """POST /quotes without a login; None leaves a field out."""
        told = {k: v for k, v in self.stay(first, last, **other).items() if v is not None}
        return await self.http.post("/api/v1/quotes", json=told)

    async def quote(self, first: int = 0, last: int = 2, **other: object) -> JsonDict:
        answer = await self.ask(first, last, **other)
        assert answer.status_code == 201, answer.text
        return _json(answer)

    async def refusal(self, first: int = 0, last: int = 2, **other: object) -> JsonDict:
        answer = await self.ask(first, last, **other)
        assert answer.is_client_error, answer.text
        return _json(answer)

    async def look(self, path: str, **params: str | int) -> JsonDict:
        """GET without a login."""
        answer = await self.http.get(f"/api/v1{path}", params=params)
        assert answer.status_code == 200, answer.text
        return _json(answer)

    async def configure(self, **changes: object) -> JsonDict:
        answer = await self.hotel.tenant.patch(f"/properties/{self.place}/pricing", changes)
        assert answer.status_code == 200, answer.text
        return _json(answer)

    async def made(self, path: str, **body: object) -> JsonDict:
        return await self.hotel.tenant.made(path, body)

    async def special(self, number: int, *, nights: int = 1, **other: object) -> JsonDict:
        """A special date on day `number` for 1,000.00 PEN."""
        day = self.day(number)
        return await self.made(
            "/special-dates",
            property_id=self.place,
            name="Fiesta",
            month=day.month,
            day=day.day,
            price={"minor": 1000_00, "currency": "PEN"},
            minimum_nights=nights,
            **other,
        )

    async def book(self, unit: str, first: int, last: int) -> JsonDict:
        """Staff book and confirm at once."""
        contact = {"name": "Ana Guest", "email": "ana@example.org"}
        body = self.stay(first, last, unit_ids=[unit], contact=contact, confirmed=True)
        return await self.hotel.tenant.made("/reservations", body)


def _json(answer: httpx.Response) -> JsonDict:
    body: JsonDict = answer.json()
    return body
