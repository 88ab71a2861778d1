"""How does a test ask for nights as a guest, and look after bookings as staff?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import CursorResult, text

from cloud_api.kit.db import Database
from cloud_api.kit.throttle import Limit
from tests.builders import HandClock, JsonDict, SmallHotel

CONTACT = {"name": "Ana Guest", "email": "ana@example.org", "phone": "+51 1 555 0134"}
OVERLAPS = """
SELECT count(*) FROM occupancies AS a JOIN occupancies AS b
ON a.space_id = b.space_id AND a.reservation_id < b.reservation_id AND a.nights && b.nights
WHERE a.live AND b.live
"""


async def without_limit() -> Limit:
    """Instead of `holds_per_address`, where a crowd comes from one address."""
    return Limit(10**9, timedelta(minutes=1))


@dataclass
class Desk:
    """Day 0 is today in the hotel's zone; `rooms[i]` and `whole` are unit ids as text."""

    hotel: SmallHotel
    database: Database
    clock: HandClock
    zone: str = "America/Lima"

    @property
    def rooms(self) -> tuple[str, ...]:
        return tuple(str(unit) for unit in self.hotel.room_units)

    @property
    def whole(self) -> str:
        return str(self.hotel.whole_unit)

    def day(self, number: int) -> date:
        today = self.clock.utc_now().astimezone(ZoneInfo(self.zone)).date()
        return today + timedelta(days=number)

    def wish(
        self, units: Sequence[str], first: int, last: int, **other: object
    ) -> dict[str, object]:
        return {
            "unit_ids": list(units),
            "check_in": self.day(first).isoformat(),
            "check_out": self.day(last).isoformat(),
            "guests": 1,
            "contact": CONTACT,
            **other,
        }

    async def ask(
        self, units: Sequence[str], first: int, last: int, **other: object
    ) -> httpx.Response:
        """POST /holds without a login."""
        client = self.hotel.tenant.client
        return await client.post("/api/v1/holds", json=self.wish(units, first, last, **other))

    async def hold(self, units: Sequence[str], first: int, last: int, **other: object) -> JsonDict:
        answer = await self.ask(units, first, last, **other)
        assert answer.status_code == 201, answer.text
        return _json(answer)

    async def book(self, units: Sequence[str], first: int, last: int, **other: object) -> JsonDict:
        """Staff book and confirm at once."""
        body = self.wish(units, first, last, confirmed=True, **other)
        return await self.hotel.tenant.made("/reservations", body)

    async def block(self, units: Sequence[str], first: int, last: int) -> JsonDict:
        body = self.wish(units, first, last, kind="maintenance")
        return await self.hotel.tenant.made(
            "/blocks", {key: body[key] for key in ("unit_ids", "check_in", "check_out", "kind")}
        )

    async def do(
        self, reservation: JsonDict, action: str, body: object = None, **headers: str
    ) -> httpx.Response:
        """One staff action, e.g. `confirm`."""
        path = f"/reservations/{reservation['id']}/{action}"
        return await self.hotel.tenant.post(path, body, headers=headers)

    async def done(self, reservation: JsonDict, action: str, body: object = None) -> JsonDict:
        answer = await self.do(reservation, action, body)
        assert answer.status_code == 200, answer.text
        return _json(answer)

    async def status(self, reservation: JsonDict) -> str:
        answer = await self.hotel.tenant.get(f"/reservations/{reservation['id']}")
        return str(_json(answer)["status"])

    async def run_out(self, reservation: JsonDict) -> None:
        """Let a hold's time be over by the database's own clock."""
        await self.sql(
            "UPDATE reservations SET expires_at = statement_timestamp() WHERE id = :id",
            id=UUID(reservation["id"]),
        )

    async def events(self) -> list[tuple[str, JsonDict]]:
        """Names and payloads, in order."""
        rows = await self.sql("SELECT name, payload FROM events_outbox ORDER BY id")
        return [(row.name, row.payload) for row in rows]

    async def event_names(self) -> list[str]:
        return [name for name, _ in await self.events() if name.startswith("reservations.")]

    async def overlaps(self) -> int:
        return int((await self.sql(OVERLAPS))[0].count)

    async def forget(self) -> None:
        """No bookings, and nobody counted."""
        await self.sql("DELETE FROM reservations")
        await self.sql("DELETE FROM throttle_slots")

    async def sql(self, statement: str, **values: object) -> Sequence[Any]:
        async with self.database.transaction() as session:
            found = await session.execute(text(statement), values)
            return found.all() if isinstance(found, CursorResult) and found.returns_rows else []


def _json(answer: httpx.Response) -> JsonDict:
    found: JsonDict = answer.json()
    return found
