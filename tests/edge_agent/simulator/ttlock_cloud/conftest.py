"""A simulated vendor on loopback, and somebody who speaks its forms by hand."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession
from pydantic import JsonValue

from edge_agent.simulator.ttlock_cloud import Vendor, VendorServer
from edge_agent.simulator.ttlock_cloud.model import Account, Conditions
from tests.edge_agent.drivers.ttlock_cloud.bench import ZONE, real_now


@dataclass
class Caller:
    """Sends exactly what it is told, with a token and the right time unless told otherwise."""

    server: VendorServer
    account: Account
    session: ClientSession
    token: str = ""

    async def log_in(self, **changed: str) -> dict[str, JsonValue]:
        password = self.account.password.get_secret_value().encode()
        form = {
            "clientId": self.account.client_id,
            "clientSecret": self.account.client_secret.get_secret_value(),
            "username": self.account.username,
            "password": hashlib.md5(password).hexdigest(),  # noqa: S324 - the vendor's own rule
            **changed,
        }
        async with self.session.post(f"{self.server.url}/oauth2/token", data=form) as answer:
            found: dict[str, JsonValue] = await answer.json()
        self.token = str(found.get("access_token", self.token))
        return found

    async def post(self, path: str, **fields: str) -> dict[str, JsonValue]:
        async with self.session.post(self.server.url + path, data=self._form(fields)) as answer:
            assert answer.status == 200
            found: dict[str, JsonValue] = await answer.json()
        return found

    async def get(self, path: str, **fields: str) -> dict[str, JsonValue]:
        async with self.session.get(self.server.url + path, params=self._form(fields)) as answer:
            assert answer.status == 200
            found: dict[str, JsonValue] = await answer.json()
        return found

    async def as_json(self, path: str) -> dict[str, JsonValue]:
        async with self.session.post(self.server.url + path, json=self._form({})) as answer:
            found: dict[str, JsonValue] = await answer.json()
        return found

    def conditions(self, **changed: object) -> None:
        standing = self.server.vendor.conditions.model_dump() | changed
        self.server.vendor.set_conditions(Conditions.model_validate(standing))

    def _form(self, fields: dict[str, str]) -> dict[str, str]:
        form = {
            "clientId": self.account.client_id,
            "accessToken": self.token,
            "lockId": str(self.account.lock_id),
            "date": str(round(real_now().timestamp() * 1000)),
        }
        return form | fields


@pytest.fixture
async def caller(tmp_path: Path) -> AsyncIterator[Caller]:
    account = Account()
    vendor = Vendor(account, tmp_path / "lock.db", zone=ZONE, now=real_now)
    async with VendorServer(vendor) as server, ClientSession() as session:
        caller = Caller(server, account, session)
        await caller.log_in()
        yield caller
    vendor.close()
