"""What is the least between a request and a motor, once the decision must survive a power cut?

Bare aiohttp and one SQLite commit with synchronous=FULL, in one process. `python -m
bench.door_floor <database> <file of calls> <port>`. With `--echo <socket>` instead: a unix socket
that sends every line back, for what a crossing costs at least.
"""

import asyncio
import json
import os
import sqlite3
import sys
import time
from pathlib import Path

from aiohttp import web

from bench.instant_bolt import MOMENT, opened

# As long as a decision on record is.
_PADDING = "." * 560


def application(database: Path, calls: Path) -> web.Application:
    """POST an attempt: one durable row, the driver, an answer."""
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS decided (attempt TEXT PRIMARY KEY, exact TEXT) STRICT")
    file = opened(calls)

    async def move(request: web.Request) -> web.Response:
        attempt = json.loads(await request.read())["attempt"]
        db.execute("INSERT INTO decided VALUES (?, ?)", (attempt, _PADDING))
        os.write(file, MOMENT.pack(time.perf_counter()))
        return web.json_response({"attempt": attempt, "outcome": None}, status=202)

    async def well(_: web.Request) -> web.Response:
        return web.json_response({"status": "well"})

    app = web.Application()
    app.add_routes([web.post("/api/doors/{lock}/moves", move), web.get("/healthz", well)])
    return app


async def echo(path: str) -> None:
    """Every line comes back, until told to stop."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_unix_server(answer, path)
    await server.serve_forever()


def main() -> None:
    """Serve until told to stop."""
    match sys.argv[1:]:
        case ["--echo", path]:
            asyncio.run(echo(path))
        case [database, calls, port]:
            app = application(Path(database), Path(calls))
            web.run_app(app, host="127.0.0.1", port=int(port), access_log=None, print=None)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
