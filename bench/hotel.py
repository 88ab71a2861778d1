"""Which cloud do the benches ask: a fresh database, one property, many rooms, one API key?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import psycopg
from fastapi import FastAPI
from psycopg import sql
from pydantic import SecretStr

from cloud_api.app import create_app
from cloud_api.kit.http import Backstage
from cloud_api.migrations.runner import app_dsn, upgrade
from cloud_api.settings import CloudSettings
from cloud_api.worker.rooms import REACTIONS
from portero.local.postgres import LocalPostgres

EMAIL = "owner@bench.example"
PASSWORD = "a password of the bench"  # noqa: S105 - of a database that lives for minutes
SECRET_KEY = "a secret of the bench only, long enough"  # noqa: S105 - as above
_WAKES = "INSERT INTO event_wakes (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hotel:
    """Ids of what stands, and an API key that may confirm."""

    key: str
    constants: frozenset[UUID]
    units: tuple[UUID, ...]
    spaces: tuple[UUID, ...]


class Databases:
    """A PostgreSQL with its normal durability, and the databases of one run in it."""

    def __init__(self, folder: Path) -> None:
        self._server = LocalPostgres(folder / "postgres")
        with self._admin() as admin:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                found = admin.execute(sql.SQL("SHOW {}").format(sql.Identifier(setting)))
                assert found.fetchone() == ("on",), setting

    def make(self, name: str, *, like: str | None = None) -> str:
        """A fresh database, migrated or a copy; its DSN as the role the processes run as."""
        fresh, source = sql.Identifier(name), sql.Identifier(like or "template1")
        with self._admin() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(fresh))
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(fresh, source))
        if like is None:
            upgrade(self._server.dsn(name))
        return app_dsn(self._server.dsn(name))

    def wake_workers(self, name: str) -> None:
        """As a worker does at its start: publishing what somebody reacts to notifies."""
        names = sorted({each.event_name for each in REACTIONS})
        with psycopg.connect(self._server.dsn(name), autocommit=True) as owner:
            owner.execute(_WAKES, [names])

    def owner_dsn(self, name: str) -> str:
        """For triggers and other things the processes' role may not do."""
        return self._server.dsn(name)

    def close(self) -> None:
        """Stop the server."""
        self._server.close()

    def _admin(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self._server.dsn(), autocommit=True)


def settings(dsn: str) -> CloudSettings:
    """A quiet cloud on this database."""
    return CloudSettings(
        environment="development",
        database_dsn=SecretStr(dsn),
        secret_key=SecretStr(SECRET_KEY),
        log_level="WARNING",
        owner_email=EMAIL,
        owner_password=SecretStr(PASSWORD),
    )


def environment(dsn: str, port: int) -> dict[str, str]:
    """The same, for `portero cloud` as its own process; it logs as in production."""
    return {
        "PORTERO_ENVIRONMENT": "development",
        "PORTERO_DATABASE_DSN": dsn,
        "PORTERO_SECRET_KEY": SECRET_KEY,
        "PORTERO_PORT": str(port),
    }


@asynccontextmanager
async def in_process(dsn: str) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The application without a socket, to build with and to listen to."""
    app = create_app(settings(dsn))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
            yield app, client


def stage_of(app: FastAPI) -> Backstage:
    """The application's parts."""
    return cast("Backstage", app.state.backstage)


async def build(client: httpx.AsyncClient, *, rooms: int) -> Hotel:
    """Through the API: a property, a house, so many rooms, a key."""
    session = await made(client, "/sessions", {"email": EMAIL, "password": PASSWORD})
    client.headers["authorization"] = f"Bearer {session['token']}"
    me = (await client.get("/api/v1/me")).json()
    key = await made(client, "/api-keys", {"name": "bench", "role": "manager"})
    place = await made(client, "/properties", {"name": "Casa del Mar", "region": "PE"})
    house = await made(
        client,
        f"/properties/{place['id']}/houses",
        {"name": "Beach house", "zone": "America/Lima"},
    )
    spaces, units = list[UUID](), list[UUID]()
    for number in range(rooms):
        space = await made(client, f"/houses/{house['id']}/spaces", {"name": f"Room {number}"})
        unit = await made(client, f"/houses/{house['id']}/units", _unit(space))
        spaces.append(UUID(space["id"]))
        units.append(UUID(unit["id"]))
    known = (me["organisation_id"], key["id"], place["id"], house["id"])
    return Hotel(key["token"], frozenset(map(UUID, known)), tuple(units), tuple(spaces))


async def made(client: httpx.AsyncClient, path: str, body: Json) -> Json:
    """POST that must answer 201; what it answers."""
    answer = await client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def _unit(space: Json) -> Json:
    price = {"minor": 12_000, "currency": "PEN"}
    return {
        "name": space["name"],
        "capacity": 2,
        "space_ids": [space["id"]],
        "base_price": price,
    }
