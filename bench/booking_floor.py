"""What is the least that can stand between HTTP and the same statements? The floor of `bookings`.

Thin FastAPI on uvloop and httptools, bare asyncpg, a pool that is a list. `python -m
bench.booking_floor <recording> <dsn> <port>` serves it.
"""

import asyncio
import pickle
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI, Header, Request, Response

from bench.recorder import BEGIN, COMMIT, ROLLBACK, Known, Step, Template, Value
from cloud_api.kit.ids import human_code
from cloud_api.reservations.schemas import HoldIn

POOL = 10
_LEARNED = {
    "contact_email": "email",
    "contact_phone": "phone",
    "code": "code",
    "check_in": "check_in",
    "check_out": "check_out",
}

_LISTS = {"space_ids": "space", "unit_ids": "unit"}

type Makers = list[tuple[Step, list[Callable[[Known], Value]]]]
type Connection = asyncpg.Connection[asyncpg.Record]
type Pool = asyncio.LifoQueue[Connection]


@dataclass(frozen=True, slots=True)
class Recordings:
    """What ours was heard to do: a hold won, a hold lost, a confirmation."""

    hold: Template
    refused: Template
    confirm: Template


def create_floor(recordings: Recordings, dsn: str) -> FastAPI:
    """The application."""
    pool: Pool = asyncio.LifoQueue()

    @asynccontextmanager
    async def live(_app: FastAPI) -> AsyncIterator[None]:
        for _ in range(POOL):
            pool.put_nowait(await asyncpg.connect(dsn))
        yield
        while not pool.empty():
            await pool.get_nowait().close()

    app = FastAPI(lifespan=live, openapi_url=None)
    hold, refused, confirm = recordings.hold, recordings.refused, recordings.confirm
    hold_makers, confirm_makers = hold.makers(), confirm.makers()
    lost_makers = _after_taking(refused.makers())
    held, lost, confirmed = hold.answer(), refused.answer(), confirm.answer()

    @app.post("/api/v1/holds")
    async def take(
        wanted: HoldIn,
        request: Request,
        idempotency_key: Annotated[str, Header()],
        x_forwarded_for: Annotated[str, Header()] = "",
    ) -> Response:
        del request
        known: Known = {
            "reservation": uuid4(),
            "code": human_code("RES261121", length=6),
            "unit": wanted.unit_ids[0],
            "check_in": wanted.check_in,
            "check_out": wanted.check_out,
            "email": wanted.contact.email,
            "phone": wanted.contact.phone,
            "key": idempotency_key,
            "bucket": sha256(x_forwarded_for.encode()).digest(),
        }
        won = await _run(pool, hold_makers, lost_makers, known)
        answer, status = (held, 201) if won else (lost, 409)
        return Response(str(answer(known)), status, media_type="application/json")

    @app.post("/api/v1/reservations/{reservation}/confirm")
    async def make_certain(
        reservation: UUID, idempotency_key: Annotated[str, Header()]
    ) -> Response:
        known: Known = {"reservation": reservation, "client": uuid4(), "key": idempotency_key}
        await _run(pool, confirm_makers, [], known)
        return Response(str(confirmed(known)), 200, media_type="application/json")

    @app.get("/healthz")
    async def well() -> dict[str, str]:
        return {"status": "well"}

    return app


async def _run(pool: Pool, makers: Makers, lost: Makers, known: Known) -> bool:
    """Send the steps; when the nights are gone, send what ours sends then, and answer False."""
    connection: Connection | None = None
    won, steps = True, iter(makers)
    for step, values in steps:
        if step.sql == BEGIN:
            connection = await pool.get()
        assert connection is not None
        rows = await _send(connection, step, [make(known) for make in values])
        if step.takes_nights and not rows:
            won, steps = False, iter(())
            for other, theirs in lost:
                await _send(connection, other, [make(known) for make in theirs])
            pool.put_nowait(connection)
            break
        if step.sql in {COMMIT, ROLLBACK}:
            pool.put_nowait(connection)
        _learn(known, rows)
    return won


async def _send(connection: Connection, step: Step, values: list[Value]) -> list[asyncpg.Record]:
    if not values and step.sql in {BEGIN, COMMIT, ROLLBACK}:
        await connection.execute(step.sql)
        return []
    return await connection.fetch(step.sql, *values)


def _learn(known: Known, rows: list[asyncpg.Record]) -> None:
    """What ours knows from a row, the floor knows from it too."""
    if not rows:
        return
    row = rows[0]
    for column in row.keys():  # noqa: SIM118 - a record is no mapping
        if column in _LISTS:
            known[_LISTS[column]] = row[column][0]
        elif column in _LEARNED and _LEARNED[column] not in known:
            known[_LEARNED[column]] = row[column]
            if column == "contact_phone":
                known["e164"] = row[column].replace(" ", "")


def _after_taking(makers: Makers) -> Makers:
    at = next(n for n, (step, _) in enumerate(makers) if step.takes_nights)
    return makers[at + 1 :]


def main() -> None:
    """Serve until told to stop."""
    recording, dsn, port = sys.argv[1:]
    with Path(recording).open("rb") as file:
        recordings = pickle.load(file)  # noqa: S301 - written by the bench itself
    uvicorn.run(
        create_floor(recordings, dsn),
        host="127.0.0.1",
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
