"""A running cloud with a certificate authority, one house to claim, and the devices that try."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import text

from cloud_api.fleet import service
from cloud_api.fleet.certificates import service as certificates
from cloud_api.kit.db import Database
from cloud_api.kit.tenancy import Scope
from protocol.ids import HouseId
from provisioning import device
from provisioning.claim import Claimed, claim
from tests.builders import HandClock, JsonDict


@dataclass(frozen=True)
class Setting:
    """What a technician and a thief find."""

    url: str
    database: Database
    scope: Scope
    house_id: UUID
    clock: HandClock
    root_public: str
    issuer: Path

    @property
    def house(self) -> HouseId:
        return HouseId(self.house_id)

    async def token(self) -> str:
        async with self.database.transaction() as session:
            made = await service.make_claim_token(
                session, self.scope, self.house_id, clock=self.clock
            )
        return made.token

    async def claim(
        self, token: str, folder: Path, *, root: str | None = None, line: Path | None = None
    ) -> Claimed:
        return await asyncio.to_thread(
            claim, self.url, token, folder, expected_root=root, line_folder=line
        )

    async def enrol(self, folder: Path) -> Claimed:
        """A device with all its keys in one folder."""
        return await self.claim(await self.token(), folder, line=folder / "line")

    async def renew(self, folder: Path) -> None:
        await asyncio.to_thread(device.renew, self.url, folder / "line", self.house)

    async def post(self, path: str, body: object) -> tuple[int, JsonDict]:
        async with httpx.AsyncClient() as client:
            said = await client.post(f"{self.url}/api/v1/{path}", json=body)
        return said.status_code, said.json()

    async def refused_serials(self) -> list[str]:
        async with self.database.transaction() as session:
            rows = await certificates.of_house(session, self.scope, self.house_id)
            return [row.serial for row in rows if row.refused_at is not None]

    async def value(self, sql: str) -> object:
        async with self.database.transaction() as session:
            found: object = await session.scalar(text(sql))
        return found
