"""How does a test get an organisation, its people and a house, through the front door?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from cloud_api.accounts.models import OrganisationRow, StaffRow
from cloud_api.accounts.service import open_session
from cloud_api.accounts.types import Role
from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database

PASSWORD = "correct horse battery"

type JsonDict = dict[str, Any]


@dataclass
class HandClock:
    """A clock that moves only when told."""

    now: datetime = field(default_factory=SystemClock().utc_now)
    ticks: float = 0.0

    def utc_now(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.ticks

    def advance(self, by: timedelta) -> None:
        self.now += by
        self.ticks += by.total_seconds()


@dataclass(frozen=True)
class Tenant:
    """An organisation and a client logged in as one of its people."""

    client: httpx.AsyncClient
    organisation_id: UUID
    staff_id: UUID
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    async def get(self, path: str, **params: str | int) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", params=params, headers=self.headers)

    async def post(
        self, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return await self.client.post(
            f"/api/v1{path}", json=body, headers={**self.headers, **(headers or {})}
        )

    async def patch(self, path: str, body: object) -> httpx.Response:
        return await self.client.patch(f"/api/v1{path}", json=body, headers=self.headers)

    async def put(self, path: str, body: object) -> httpx.Response:
        return await self.client.put(f"/api/v1{path}", json=body, headers=self.headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(f"/api/v1{path}", headers=self.headers)

    async def made(self, path: str, body: object) -> JsonDict:
        """POST that must answer 201; the body it answers."""
        answer = await self.post(path, body)
        assert answer.status_code == 201, answer.text
        made: JsonDict = answer.json()
        return made


@dataclass(frozen=True)
class SmallHotel:
    """One house: four rooms behind one front door, also let as a whole."""

    tenant: Tenant
    property_id: UUID
    house_id: UUID
    room_spaces: tuple[UUID, ...]
    room_units: tuple[UUID, ...]
    whole_unit: UUID
    front_door: UUID
    room_locks: tuple[UUID, ...]
    player: UUID

    @property
    def organisation_id(self) -> UUID:
        return self.tenant.organisation_id


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """A client that calls the application in process; failures are answers, not exceptions."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def found_tenant(
    database: Database, client: httpx.AsyncClient, *, role: Role = Role.OWNER
) -> Tenant:
    """A new organisation with one person of this role, logged in."""
    organisation_id = uuid4()
    async with database.transaction() as session:
        session.add(OrganisationRow(id=organisation_id, name="Casas del Mar"))
        await session.flush()
    return await join(database, client, organisation_id=organisation_id, role=role)


async def join(
    database: Database, client: httpx.AsyncClient, *, organisation_id: UUID, role: Role
) -> Tenant:
    """One more person of this organisation, logged in. The password is PASSWORD."""
    staff_id = uuid4()
    person = StaffRow(
        id=staff_id,
        organisation_id=organisation_id,
        email=f"{role}-{staff_id.hex[:8]}@example.org",
        name=str(role).title(),
        role=role,
        password_hash=_password_hash(),
        active=True,
    )
    async with database.transaction() as session:
        session.add(person)
        await session.flush()
        opened = await open_session(session, person, now=HandClock().utc_now())
    return Tenant(client, organisation_id, staff_id, person.email, opened.token)


async def build_small_hotel(tenant: Tenant, *, zone: str = "America/Lima") -> SmallHotel:
    """Through the API: property, house, four rooms and the whole house, five locks, a player."""
    place = await tenant.made("/properties", {"name": "Casa del Mar", "region": "PE"})
    house = await tenant.made(
        f"/properties/{place['id']}/houses", {"name": "Beach house", "zone": zone}
    )
    at = f"/houses/{house['id']}"
    spaces = [await tenant.made(f"{at}/spaces", {"name": f"Room {n}"}) for n in range(1, 5)]
    rooms = [await tenant.made(f"{at}/units", _unit(s["name"], 2, [s["id"]])) for s in spaces]
    everything = [space["id"] for space in spaces]
    whole = await tenant.made(f"{at}/units", _unit("Whole house", 8, everything))
    door = await tenant.made(f"{at}/locks", {"name": "Front door", "vendor": "ttlock"})
    locks = [await tenant.made(f"{at}/locks", _lock(space)) for space in spaces]
    player = await tenant.made(
        f"{at}/players", {"name": "Living room", "vendor": "music_assistant"}
    )
    return SmallHotel(
        tenant=tenant,
        property_id=UUID(place["id"]),
        house_id=UUID(house["id"]),
        room_spaces=tuple(UUID(each) for each in everything),
        room_units=tuple(UUID(each["id"]) for each in rooms),
        whole_unit=UUID(whole["id"]),
        front_door=UUID(door["id"]),
        room_locks=tuple(UUID(each["id"]) for each in locks),
        player=UUID(player["id"]),
    )


def _unit(name: str, capacity: int, space_ids: list[str]) -> JsonDict:
    return {
        "name": name,
        "capacity": capacity,
        "space_ids": space_ids,
        "base_price": {"minor": 12_000 * capacity, "currency": "PEN"},
    }


def _lock(space: JsonDict) -> JsonDict:
    return {"name": f"{space['name']} door", "vendor": "ttlock", "space_id": space["id"]}


@cache
def _password_hash() -> str:
    # Cheap parameters: only the tests of logging in pay for the real ones.
    cheap = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
    return PasswordHash((cheap,)).hash(PASSWORD)
