"""How does a test let guests stay, bring others, and collect points?"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from cloud_api.crm.achievements.reactions import REACTIONS as ACHIEVEMENTS
from cloud_api.crm.loyalty.reactions import REACTIONS as LOYALTY
from cloud_api.kit.jobs import Tools
from cloud_api.reservations.reactions import REACTIONS as RESERVATIONS
from tests.builders import JsonDict, Tenant
from tests.desk import Desk

REACTIONS = (*RESERVATIONS, *LOYALTY, *ACHIEVEMENTS)
SETTINGS = {"point": {"minor": 100, "currency": "PEN"}}


@dataclass
class Club:
    """The small hotel with points in use: one is worth one sol."""

    desk: Desk
    tools: Tools
    seen: int = field(default=0)

    @property
    def tenant(self) -> Tenant:
        return self.desk.hotel.tenant

    @property
    def public(self) -> str:
        return f"/api/v1/public/organisations/{self.desk.hotel.organisation_id}"

    async def work(self) -> None:
        """Hand every event not seen yet to every reaction of these rooms, as the worker would."""
        while rows := await self.desk.sql(
            "SELECT id, name, payload FROM events_outbox WHERE id > :seen ORDER BY id",
            seen=self.seen,
        ):
            for row in rows:
                self.seen = row.id
                await self.react(row.name, row.payload)

    async def react(self, name: str, payload: JsonDict) -> None:
        for reaction in REACTIONS:
            if reaction.event_name == name:
                async with self.desk.database.transaction() as session:
                    await reaction.react(session, payload, self.tools)

    async def again(self) -> None:
        """Every event once more: whoever reacts must not mind."""
        for name, payload in await self.desk.events():
            await self.react(name, payload)

    async def client(self, name: str = "Ana Lopez") -> str:
        made = await self.tenant.made("/clients", {"name": name, "contacts": [mail(name)]})
        return str(made["id"])

    async def hold(self, name: str = "Ana Lopez", room: int = 0, **other: object) -> JsonDict:
        """A priced hold of two nights from today."""
        body = {
            "unit_ids": [self.desk.rooms[room]],
            "check_in": self.desk.day(0).isoformat(),
            "check_out": self.desk.day(2).isoformat(),
            "guests": 1,
        }
        answer = await self.tenant.client.post("/api/v1/quotes", json=body)
        assert answer.status_code == 201, answer.text
        contact = {"name": name, "email": mail(name)["value"]}
        token = answer.json()["token"]
        return await self.desk.hold(
            [self.desk.rooms[room]], 0, 2, quote=token, contact=contact, **other
        )

    async def booked(self, name: str = "Ana Lopez", room: int = 0, **other: object) -> JsonDict:
        """The same, confirmed."""
        held = await self.hold(name, room, **other)
        return await self.desk.done(held, "confirm", {"payment": {"note": "cash"}})

    async def ended(self, booking: JsonDict) -> JsonDict:
        """The guests were there and left."""
        await self.desk.done(booking, "check-in")
        done = await self.desk.done(booking, "check-out")
        await self.work()
        return done

    async def stay(self, name: str = "Ana Lopez", room: int = 0, **other: object) -> JsonDict:
        return await self.ended(await self.booked(name, room, **other))

    async def give(self, client_id: str, points: int) -> None:
        await self.tenant.made(
            f"/clients/{client_id}/points/adjustments", {"points": points, "reason": "a gift"}
        )

    async def points(self, client_id: str) -> JsonDict:
        answer = await self.tenant.get(f"/clients/{client_id}/points")
        assert answer.status_code == 200, answer.text
        found: JsonDict = answer.json()
        return found

    async def ledger(self, client_id: str) -> list[tuple[str, int]]:
        """Kinds and points, the oldest first."""
        answer = await self.tenant.get(
            f"/clients/{client_id}/points/entries", sort="created_at", limit=200
        )
        return [(each["kind"], each["points"]) for each in answer.json()["items"]]

    async def code(self, client_id: str) -> str:
        made = await self.tenant.made(f"/clients/{client_id}/referral-code", None)
        return str(made["referral_code"])

    async def refer(self, referrer_id: str, client_id: str) -> None:
        answer = await self.tenant.put(
            f"/clients/{client_id}/referrer", {"code": await self.code(referrer_id)}
        )
        assert answer.status_code == 200, answer.text
        await self.work()

    async def due(self, booking: JsonDict) -> int:
        rows = await self.desk.sql(
            "SELECT coalesce(sum(l.amount_minor), 0)::bigint AS owed FROM folio_lines l"
            " JOIN folios f ON f.id = l.folio_id WHERE f.subject_id = :id AND l.kind = 'charge'",
            id=UUID(booking["id"]),
        )
        return int(rows[0].owed)

    async def days_pass(self, days: int) -> None:
        """And nobody has to log in again."""
        self.desk.clock.advance(timedelta(days=days))
        await self.desk.sql(
            "UPDATE staff_sessions SET expires_at = expires_at + interval '2 years',"
            " created_at = created_at + interval '2 years'"
        )


def mail(name: str) -> dict[str, str]:
    return {"kind": "email", "value": f"{name.lower().replace(' ', '.')}@example.org"}
