"""Is what somebody waits for done at once, and is nothing lost or done twice by that?"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from cloud_api.jobs import service
from cloud_api.kit.db import Database
from cloud_api.kit.events import publish
from cloud_api.kit.jobs import Reaction
from cloud_api.kit.paging import Window
from cloud_api.worker import hands, shift
from cloud_api.worker.types import Crew
from tests.cloud_api.worker.conftest import Effects, Workers, until
from tests.cloud_api.worker.stage import Heard, Knocked, crew_of

type Knock = Callable[..., Awaitable[None]]


@pytest.fixture
def knock(database: Database) -> Knock:
    async def knock(who: str, *, seconds: float = 0) -> None:
        async with database.transaction() as session:
            await publish(session, Knocked(who=who, seconds=seconds), organisation_id=None)

    return knock


@pytest.fixture
def crew(database: Database, tmp_path: Path) -> Crew:
    return crew_of(database, tmp_path)


async def queued(database: Database) -> list[tuple[str, int]]:
    """What waits for the engine: the reaction, and the tries before."""
    async with database.transaction() as session:
        rows = await session.execute(text("SELECT entrypoint, attempts FROM pgqueuer ORDER BY id"))
        return [(row.entrypoint, row.attempts) for row in rows]


async def test_it_is_done_without_the_engine_and_the_rest_is_queued(
    crew: Crew, database: Database, effects: Effects, knock: Knock
) -> None:
    await knock("ana")
    assert not await hands.take_next(crew)
    assert await effects.all() == ["open ana"]
    assert await queued(database) == [("reaction:test.note_knock", 0)]
    assert not await hands.take_next(crew)
    await shift.drain_until_idle(crew)
    assert sorted(await effects.all()) == ["greet ana", "open ana"]


async def test_it_says_that_more_wait_and_takes_the_oldest_first(
    crew: Crew, effects: Effects, knock: Knock
) -> None:
    await knock("first")
    await knock("second")
    assert await hands.take_next(crew)
    assert not await hands.take_next(crew)
    assert await effects.all() == ["open first", "open second"]


async def test_two_hands_never_take_one_event(crew: Crew, effects: Effects, knock: Knock) -> None:
    await knock("both", seconds=0.3)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(hands.take_next(crew))
    assert await effects.all() == ["open both"]


async def test_what_fails_goes_to_the_engine_and_ends_as_a_dead_letter_after_all_its_tries(
    crew: Crew, database: Database, effects: Effects, knock: Knock
) -> None:
    await knock("poison")
    await hands.take_next(crew)
    assert await effects.all() == []
    assert await queued(database) == [
        ("reaction:test.let_in", 1),
        ("reaction:test.note_knock", 0),
    ]
    assert not await hands.take_next(crew)
    await shift.drain_until_idle(crew)
    async with database.transaction() as session:
        (letter,), _ = await service.list_dead_letters(session, None, Window())
    assert (letter.reaction, letter.tries) == ("test.let_in", 3)
    assert "the latch is stuck" in letter.error
    assert await effects.all() == ["greet poison"]


async def test_what_is_not_fresh_any_more_is_the_engines(
    crew: Crew, database: Database, effects: Effects, knock: Knock
) -> None:
    await knock("late")
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE events_outbox SET occurred_at = occurred_at - interval '4 s'")
        )
    assert not await hands.take_next(crew)
    assert await effects.all() == []
    await shift.drain_until_idle(crew)
    assert sorted(await effects.all()) == ["greet late", "open late"]


async def test_a_worker_does_all_of_it(workers: Workers, effects: Effects, knock: Knock) -> None:
    workers.start()
    for number in range(30):
        await knock(f"guest {number}")
    await effects.come(
        *(f"{did} guest {number}" for did in ("open", "greet") for number in range(30))
    )
    assert len(await effects.all()) == 60


async def test_sigkill_in_mid_reaction_and_another_worker_does_it_once(
    workers: Workers, effects: Effects, knock: Knock
) -> None:
    workers.start()
    workers.start()
    await knock("slow", seconds=1.0)
    await until(lambda: _begun(workers.folder))
    victim = next(int(each.name) for each in workers.folder.iterdir())
    next(each for each in workers.running if each.pid == victim).kill()
    await effects.come("open slow", "greet slow")
    assert sorted(await effects.all()) == ["greet slow", "open slow"]


async def test_sigterm_finishes_what_was_begun(
    workers: Workers, effects: Effects, knock: Knock
) -> None:
    worker = workers.start()
    await knock("slow", seconds=1.0)
    await until(lambda: _begun(workers.folder))
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, 10) == 0
    assert await effects.count("open slow") == 1


async def test_what_kills_its_worker_comes_to_the_engine_which_counts(
    workers: Workers, database: Database, effects: Effects, knock: Knock
) -> None:
    await knock("deadly")

    async def is_queued() -> bool:
        if all(each.poll() is not None for each in workers.running):
            workers.start()
        async with database.transaction() as session:
            picked = "SELECT count(*) FROM pgqueuer_log WHERE entrypoint = 'reaction:test.let_in'"
            return bool(await session.scalar(text(picked)))

    await until(is_queued)
    assert await effects.count("open deadly") == 0


async def test_one_event_has_at_most_one_prompt_reaction(crew: Crew, database: Database) -> None:
    twin = Reaction(Knocked.name, "test.twin", Heard, _nothing, prompt=True)
    with pytest.raises(ValueError, match="two prompt reactions"):
        Crew(database=database, tools=crew.tools, reactions=(*crew.reactions, twin))


async def _nothing(*_: object) -> None:
    return


async def _begun(folder: Path) -> bool:
    return await asyncio.to_thread(lambda: any(folder.iterdir()))
