"""Who books, who holds a link, and what a house would report?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from cloud_api.fleet.events import HouseFactReceived
from cloud_api.kit.db import Database
from cloud_api.kit.events import publish
from cloud_api.kit.vault import Vault
from cloud_api.settings import CloudSettings
from cloud_api.worker import rooms, shift
from protocol.access import Delegation, Window, secret_hash
from protocol.envelope import Kind, seal
from protocol.facts import FactBody
from protocol.house import house_kid
from protocol.ids import GrantId, RequestId
from protocol.signing import Signer
from tests.builders import HandClock, JsonDict, SmallHotel, client_of
from tests.desk import Desk


@dataclass(frozen=True)
class Person:
    """Somebody with a session of their own; no login of staff."""

    client: httpx.AsyncClient
    token: str = ""

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    async def get(self, path: str, **params: str | float | list[str]) -> httpx.Response:
        return await self.client.get(f"/api/v1/guest{path}", params=params, headers=self._headers)

    async def post(
        self, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return await self.client.post(
            f"/api/v1/guest{path}", json=body, headers={**self._headers, **(headers or {})}
        )

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(f"/api/v1/guest{path}", headers=self._headers)

    async def stay(self) -> JsonDict:
        answer = await self.get("/stay")
        assert answer.status_code == 200, answer.text
        found: JsonDict = answer.json()
        return found


@dataclass
class Visit:
    """The hotel's desk, its guests, and a worker that is run when asked."""

    app: FastAPI
    desk: Desk
    settings: CloudSettings
    clock: HandClock
    database: Database
    _addresses: int = 0
    _facts: int = 0
    device: Signer = field(default_factory=lambda: Signer.from_seed("none", b"\x07" * 32))

    @property
    def hotel(self) -> SmallHotel:
        return self.desk.hotel

    @property
    def space(self) -> UUID:
        """The first room's."""
        return self.hotel.room_spaces[0]

    @property
    def vault(self) -> Vault:
        return Vault(self.settings.secret_key.get_secret_value())

    async def work(self) -> None:
        """All reactions that wait; none may be given up."""
        crew = rooms.crew(self.settings, self.database, clock=self.clock)
        quick = replace(crew.pace, look_every=timedelta(milliseconds=50))
        await shift.drain_until_idle(replace(crew, pace=quick), seconds=20)
        assert await self.dead_letters() == []

    async def dead_letters(self) -> list[str]:
        rows = await self.desk.sql("SELECT entrypoint, status FROM pgqueuer")
        return [row.entrypoint for row in rows if row.status not in {"queued", "picked"}]

    async def at(self, moment: datetime) -> None:
        """Time passes; the owner logs in again meanwhile."""
        self.clock.now = moment
        await self.desk.sql(
            "UPDATE staff_sessions SET created_at = :now, last_seen_at = :now, expires_at = :until",
            now=moment,
            until=moment + timedelta(hours=12),
        )

    async def book(
        self, units: Sequence[str], first: int = 0, last: int = 2, **other: object
    ) -> JsonDict:
        """Booked, confirmed, and reacted to."""
        made = await self.desk.book(units, first, last, **other)
        await self.work()
        return made

    async def do(self, reservation: JsonDict, action: str, body: object = None) -> None:
        await self.desk.done(reservation, action, body)
        await self.work()

    async def access(self, reservation: JsonDict) -> JsonDict:
        path = f"/grants/of-reservation/{reservation['id']}"
        found: JsonDict = (await self.hotel.tenant.get(path)).json()
        return found

    async def grants(self, reservation: JsonDict) -> list[JsonDict]:
        found: list[JsonDict] = (await self.access(reservation))["grants"]
        return found

    async def grant(self, reservation: JsonDict) -> JsonDict:
        """The one live guest grant."""
        live = [
            each
            for each in await self.grants(reservation)
            if (each["holder"], each["state"]) == ("guest", "active")
        ]
        assert len(live) == 1, live
        return live[0]

    async def links(self, grant: JsonDict, *, renew: bool = False) -> JsonDict:
        path = f"/grants/{grant['id']}/links?renew={str(renew).lower()}"
        answer = await self.hotel.tenant.post(path)
        assert answer.status_code == 200, answer.text
        found: JsonDict = answer.json()
        return found

    def somebody(self) -> Person:
        """A new person at an address of their own."""
        self._addresses += 1
        transport = httpx.ASGITransport(
            app=self.app, raise_app_exceptions=False, client=(f"10.0.0.{self._addresses}", 1)
        )
        return Person(httpx.AsyncClient(transport=transport, base_url="http://testserver"))

    async def try_link(self, secret: str) -> httpx.Response:
        return await self.somebody().post("/sessions", {"secret": secret})

    async def sign_in(self, cloud_url: str) -> Person:
        answer = await self.try_link(cloud_url.partition("#")[2])
        assert answer.status_code == 201, answer.text
        return Person(client_of(self.app), answer.json()["token"])

    async def guest_of(self, reservation: JsonDict) -> Person:
        links = await self.links(await self.grant(reservation))
        return await self.sign_in(links["cloud_url"])

    async def enrol(self) -> None:
        """The house gets a device, as its claim would do."""
        self.device = Signer.from_seed(house_kid(self.hotel.house_id), b"\x07" * 32)
        await self.desk.sql(
            "UPDATE fleet_houses SET signing_key = :key, enrolled_at = now() WHERE house_id = :id",
            key=self.device.public_hex,
            id=self.hotel.house_id,
        )

    async def report(self, body: FactBody, *, name: str | None = None, chain: int = 1) -> None:
        """A fact of the house, as fleet tells of it."""
        self._facts += 1
        await self.report_as(body, sequence=self._facts, name=name, chain=chain)
        await self.work()

    async def report_as(
        self,
        body: FactBody,
        *,
        sequence: int,
        name: str | None = None,
        chain: int = 1,
        house_id: UUID | None = None,
    ) -> None:
        event = HouseFactReceived(
            house_id=house_id or self.hotel.house_id,
            organisation_id=self.hotel.organisation_id,
            chain=chain,
            sequence=sequence,
            kind=body.kind,
            at_earliest=self.clock.utc_now(),
            at_latest=self.clock.utc_now(),
            body=body.model_dump(mode="json"),
            asker=name,
        )
        async with self.database.transaction() as session:
            await publish(session, event, organisation_id=event.organisation_id)

    def delegation(
        self,
        parent: JsonDict,
        request: UUID,
        *,
        rights: Sequence[str] | None = None,
        signer: Signer | None = None,
        delegation_id: UUID | None = None,
    ) -> tuple[UUID, str]:
        """What the house signs when the booker says yes; its id and the envelope as text."""
        made = Delegation(
            id=GrantId(delegation_id or uuid4()),
            request=RequestId(request),
            parent=GrantId(UUID(parent["id"])),
            approved_by=GrantId(UUID(parent["id"])),
            made_at=self.clock.utc_now(),
            window=Window(starts=self.clock.utc_now(), ends=instant(parent["ends"])),
            rights=tuple(rights or (f"music:control:{self.hotel.player}",)),
            secret_hash=secret_hash("a secret of the house alone"),
        )
        return made.id, seal(Kind.DELEGATION, made.to_bytes(), signer or self.device).decode()

    async def everything(self) -> str:
        """Every cell of every table, as text."""
        tables = await self.desk.sql(
            "SELECT relname AS table_name FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace"
            " AND has_table_privilege(current_user, oid, 'SELECT')"
        )
        cells: list[Any] = []
        for table in tables:
            cells += await self.desk.sql(f'SELECT t::text FROM "{table.table_name}" t')  # noqa: S608 - the catalogue's own names
        return "\n".join(str(cell[0]) for cell in cells)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def doors_of(rights: Sequence[str]) -> set[UUID]:
    return {UUID(each.removeprefix("door:open:")) for each in rights if each.startswith("door:op")}
