"""Are attempts counted, all of them, and forgotten in time?"""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from cloud_api.kit.db import Database
from cloud_api.kit.throttle import Limit, Throttle, purge

LIMIT = Limit(attempts=5, window=timedelta(hours=1))


def _throttle(database: Database) -> Throttle:
    return Throttle(database, key=b"k" * 32)


async def test_exactly_the_allowed_number_passes_even_all_at_once(database: Database) -> None:
    throttle = _throttle(database)
    async with asyncio.TaskGroup() as tasks:
        hits = [tasks.create_task(throttle.hit("pin", "door", LIMIT)) for _ in range(30)]
    waits = [hit.result() for hit in hits]
    assert sum(wait is None for wait in waits) == LIMIT.attempts
    assert all(0 < wait <= 3600 for wait in waits if wait is not None)


async def test_another_name_or_kind_is_counted_apart(database: Database) -> None:
    throttle = _throttle(database)
    for _ in range(LIMIT.attempts):
        await throttle.hit("pin", "door", LIMIT)
    assert await throttle.hit("pin", "door", LIMIT) is not None
    assert await throttle.hit("pin", "gate", LIMIT) is None
    assert await throttle.hit("login", "door", LIMIT) is None


async def test_a_success_may_start_the_count_anew(database: Database) -> None:
    throttle = _throttle(database)
    for _ in range(LIMIT.attempts + 1):
        await throttle.hit("pin", "door", LIMIT)
    await throttle.forget("pin", "door")
    assert await throttle.hit("pin", "door", LIMIT) is None


async def test_the_slot_before_counts_in_part_and_older_ones_not(database: Database) -> None:
    throttle = _throttle(database)

    async def move_back(slots: int) -> None:
        async with database.transaction() as session:
            await session.execute(text("UPDATE throttle_slots SET slot = slot - :n"), {"n": slots})

    for _ in range(200):
        await throttle.hit("pin", "door", LIMIT)
    await move_back(1)
    just_before = await throttle.hit("pin", "door", Limit(attempts=1, window=LIMIT.window))
    await move_back(1)
    assert just_before is not None or await _slot_is_nearly_over(database)
    assert await throttle.hit("pin", "door", Limit(attempts=2, window=LIMIT.window)) is None


async def test_old_slots_are_dropped_and_names_are_not_readable(database: Database) -> None:
    throttle = _throttle(database)
    await throttle.hit("login", "ana@example.org", LIMIT)
    async with database.transaction() as session:
        bucket: bytes = await session.scalar(text("SELECT bucket FROM throttle_slots"))
        assert b"ana" not in bucket
        await purge(session)
        assert await session.scalar(text("SELECT count(*) FROM throttle_slots")) == 1
        await session.execute(
            text("UPDATE throttle_slots SET counts_until = counts_until - interval '2 hours'")
        )
        await purge(session)
        assert await session.scalar(text("SELECT count(*) FROM throttle_slots")) == 0


async def _slot_is_nearly_over(database: Database) -> bool:
    async with database.transaction() as session:
        gone: float = await session.scalar(
            text("SELECT extract(epoch FROM now())::numeric % 3600 / 3600")
        )
    return gone > 0.99
