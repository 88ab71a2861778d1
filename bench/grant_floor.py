"""What is the thinnest way from a request over two durable commits and back? The floor of `grants`.

POST → asyncpg commit → MQTT → SQLite commit with synchronous=FULL → MQTT → asyncpg commit, all on
the broker and the server that ours uses. `python -m bench.grant_floor cloud <dsn> <broker port>
<http port>` and `… house <database> <broker port>`.
"""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY
from uuid import UUID

import aiomqtt
import asyncpg
import uvicorn
from fastapi import FastAPI, Request, Response

DOWN, UP = "thin/down", "thin/up"
TABLE = """
CREATE TABLE thin_grants (id UUID PRIMARY KEY, exact BYTEA NOT NULL, acked_at TIMESTAMPTZ);
GRANT ALL ON thin_grants TO PUBLIC
"""
_INSERT = "INSERT INTO thin_grants (id, exact) VALUES ($1, $2)"
_ACKED = "UPDATE thin_grants SET acked_at = clock_timestamp() WHERE id = $1"
_POOL = 8
_ID_BYTES = 16


def line(port: int, name: str) -> aiomqtt.Client:
    """A connection to the broker that does not wait to fill a packet."""
    return aiomqtt.Client(
        "127.0.0.1",
        port,
        identifier=name,
        protocol=aiomqtt.ProtocolVersion.V5,
        socket_options=((IPPROTO_TCP, TCP_NODELAY, 1),),
    )


def create_cloud(dsn: str, broker_port: int) -> FastAPI:
    """One process for what ours does in three."""

    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        async with (
            asyncpg.create_pool(dsn, min_size=_POOL, max_size=_POOL) as pool,
            line(broker_port, "thin-cloud") as mqtt,
            asyncio.TaskGroup() as tasks,
        ):
            await mqtt.subscribe(UP, qos=1)
            app.state.pool, app.state.mqtt = pool, mqtt
            hearing = tasks.create_task(_hear(mqtt, pool), name="hear")
            yield
            hearing.cancel()

    app = FastAPI(lifespan=live, openapi_url=None)

    @app.post("/grants/{grant}")
    async def give(grant: UUID, request: Request) -> Response:
        exact = await request.body()
        await app.state.pool.execute(_INSERT, grant, exact)
        await app.state.mqtt.publish(DOWN, grant.bytes + exact, qos=1)
        return Response(exact, 200, media_type="application/json")

    @app.get("/healthz")
    async def well() -> dict[str, str]:
        return {"status": "well"}

    return app


async def _hear(mqtt: aiomqtt.Client, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    async for message in mqtt.messages:
        await pool.execute(_ACKED, UUID(bytes=bytes(message.payload)))


async def house(database: Path, broker_port: int) -> None:
    """Keep what comes, and say so."""
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS kept (id BLOB PRIMARY KEY, exact BLOB) STRICT")
    async with line(broker_port, "thin-house") as mqtt:
        await mqtt.subscribe(DOWN, qos=1)
        async for message in mqtt.messages:
            frame = bytes(message.payload)
            grant, exact = frame[:_ID_BYTES], frame[_ID_BYTES:]
            db.execute("INSERT OR IGNORE INTO kept VALUES (?, ?)", (grant, exact))
            await mqtt.publish(UP, grant, qos=1)


def main() -> None:
    """Serve until told to stop."""
    match sys.argv[1:]:
        case ["cloud", dsn, broker_port, port]:
            uvicorn.run(
                create_cloud(dsn, int(broker_port)),
                host="127.0.0.1",
                port=int(port),
                loop="uvloop",
                http="httptools",
                access_log=False,
                log_level="warning",
            )
        case ["house", database, broker_port]:
            asyncio.run(house(Path(database), int(broker_port)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
