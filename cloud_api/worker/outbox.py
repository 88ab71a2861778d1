"""How does an event become one job for each reaction to it?"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

import asyncpg
from pgqueuer.queries import Queries

from cloud_api.jobs.types import REACTION_PREFIX
from cloud_api.kit.events import WAKE_CHANNEL
from cloud_api.kit.jobs import AnyReaction
from cloud_api.worker.types import Crew

BATCH = 200
# Fresh events that somebody waits for are the hands'.
_DUE = (
    "SELECT id, name FROM events_outbox WHERE dispatched_at IS NULL"
    " AND NOT (name = ANY($2::text[]) AND occurred_at > clock_timestamp() - $3::interval)"
    " ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED"
)
_DONE = "UPDATE events_outbox SET dispatched_at = now() WHERE id = ANY($1::bigint[])"

type Connection = asyncpg.Connection[asyncpg.Record]
type Calls = asyncio.Queue[None]
"""A word for each hand that should look; more words than hands say nothing more."""


async def dispatch(connection: Connection, crew: Crew, *, leave: Iterable[str] = ()) -> int:
    """Queue the reactions to up to 200 events, once, whoever else dispatches; how many events.

    Events of the names in `leave` are left to the hands while they are fresh.
    """
    async with connection.transaction():
        due = await connection.fetch(_DUE, BATCH, list(leave), crew.pace.fresh)
        if not due:
            return 0
        wanted = [(each, event["id"]) for event in due for each in crew.bound_to(event["name"])]
        if wanted:
            await enqueue(connection, wanted)
        await connection.execute(_DONE, [event["id"] for event in due])
        return len(due)


async def enqueue(
    connection: Connection,
    wanted: Sequence[tuple[AnyReaction, int]],
    *,
    wait: timedelta | None = None,
) -> list[int]:
    """Queue these reactions to these events, in the caller's transaction; the jobs' ids."""
    return list(
        await Queries.from_asyncpg_connection(connection).enqueue(
            [f"{REACTION_PREFIX}{reaction.name}" for reaction, _ in wanted],
            [str(event_id).encode() for _, event_id in wanted],
            [0] * len(wanted),
            [wait] * len(wanted),
        )
    )


async def keep_dispatching(
    connection: Connection, crew: Crew, calls: Calls, stop: asyncio.Event
) -> None:
    """Dispatch whenever an event wakes us, and look every second for those that do not.

    What the hands do, they are called for; a look of ours is also one of theirs.
    """
    woken = asyncio.Event()

    def hear(_connection: object, _pid: int, _channel: str, name: object) -> None:
        if name in crew.prompt:
            call(calls)
        else:
            woken.set()

    await connection.add_listener(WAKE_CHANNEL, hear)
    while not stop.is_set():
        woken.clear()
        call(calls)
        while await dispatch(connection, crew, leave=crew.prompt) == BATCH:
            pass
        await _either(woken, stop, crew.pace.look_every)
    for _ in range(crew.pace.hands):  # the last call: they see that it is time to stop
        call(calls)


def call(calls: Calls) -> None:
    """Have one hand look; when all are called already they will look anyway."""
    if not calls.full():
        calls.put_nowait(None)


async def _either(first: asyncio.Event, second: asyncio.Event, most: timedelta) -> None:
    async with asyncio.TaskGroup() as tasks:
        waits = [tasks.create_task(event.wait(), name="wait") for event in (first, second)]
        await asyncio.wait(waits, timeout=most.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
