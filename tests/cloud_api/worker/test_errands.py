"""What is told to the outside is told once, whoever dies in between."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import text

from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database, Session
from cloud_api.kit.errands import Errand, wake
from cloud_api.kit.jobs import Tools
from cloud_api.kit.vault import Vault
from cloud_api.worker import shift
from cloud_api.worker.types import Crew
from tests.cloud_api.worker.stage import BRISK, SECRET

LETTERS = (
    "CREATE TABLE letters (id int PRIMARY KEY, begun timestamptz, noted text, again bool NOT NULL"
    " DEFAULT false)"
)
TAKE = text(
    "UPDATE letters SET begun = clock_timestamp(), again = begun IS NOT NULL WHERE id IN"
    " (SELECT id FROM letters WHERE noted IS NULL"
    " AND (begun IS NULL OR begun < clock_timestamp() - make_interval(secs => 1))"
    " ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED) RETURNING id, again"
)


@dataclass
class Postman:
    """Carries letters; `sent` is the outside world, and `break_at` the letter he falls over."""

    sent: list[tuple[int, bool]] = field(default_factory=list)
    break_at: int | None = None

    async def take(self, session: Session, _tools: Tools) -> Sequence[tuple[int, bool]]:
        return [(row.id, row.again) for row in (await session.execute(TAKE)).all()]

    async def run(self, carried: tuple[int, bool], _tools: Tools) -> str:
        self.sent.append(carried)
        if carried[0] == self.break_at:
            self.break_at = None
            raise RuntimeError("the postman fell")
        return f"delivered {carried[0]}"

    async def note(
        self, session: Session, carried: tuple[int, bool], result: str, _tools: Tools
    ) -> None:
        await session.execute(
            text("UPDATE letters SET noted = :result WHERE id = :id"),
            {"id": carried[0], "result": result},
        )


@pytest.fixture
async def letters(owner_dsn: str) -> Database:
    database = Database(owner_dsn, name="portero-test-errands")
    async with database.transaction() as session:
        await session.execute(text(LETTERS))
    return database


async def write(database: Database, *ids: int) -> None:
    async with database.transaction() as session:
        for each in ids:
            await session.execute(text("INSERT INTO letters (id) VALUES (:id)"), {"id": each})
        await wake(session, "test.carry_letters")


async def noted(database: Database) -> list[int]:
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT id FROM letters WHERE noted IS NOT NULL ORDER BY id")
        )
        return list(rows.scalars())


def crew_of(database: Database, postman: Postman, *, every: float = 60) -> Crew:
    errand = Errand(
        "test.carry_letters",
        postman.take,
        postman.run,
        postman.note,
        every=timedelta(seconds=every),
    )
    tools = Tools(clock=SystemClock(), vault=Vault(SECRET))
    return Crew(database=database, tools=tools, reactions=(), errands=(errand,), pace=BRISK)


async def at_work(crew: Crew, until: Callable[[], Awaitable[bool]]) -> None:
    stop = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(shift.work(crew, stop), name="worker")
        while not await until():  # noqa: ASYNC110 - another process's database
            await asyncio.sleep(0.05)
        stop.set()


async def test_each_letter_is_carried_once_and_noted(letters: Database) -> None:
    postman = Postman()
    await write(letters, *range(1, 8))
    await shift.drain_until_idle(crew_of(letters, postman))
    assert sorted(postman.sent) == [(n, False) for n in range(1, 8)]
    assert await noted(letters) == list(range(1, 8))
    await letters.close()


async def test_a_commit_that_wakes_it_is_not_left_to_the_next_look(letters: Database) -> None:
    """It looks by itself once a minute here; the letter goes at once all the same."""
    postman = Postman()
    crew = crew_of(letters, postman)
    stop = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(shift.work(crew, stop), name="worker")
        await asyncio.sleep(1.0)
        await write(letters, 1)
        while await noted(letters) != [1]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
        stop.set()
    await letters.close()


async def test_who_dies_between_sending_and_noting_leaves_a_letter_marked_as_begun(
    letters: Database,
) -> None:
    """The one who takes it again is told so: he must look before he sends it again."""
    postman = Postman(break_at=2)
    await write(letters, 1, 2, 3)

    async def all_noted() -> bool:
        return await noted(letters) == [1, 2, 3]

    await at_work(crew_of(letters, postman, every=0.2), all_noted)
    assert sorted(postman.sent) == [(1, False), (2, False), (2, True), (3, False)]
    await letters.close()


async def test_two_workers_never_carry_the_same_letter(letters: Database) -> None:
    first, second = Postman(), Postman()
    await write(letters, *range(1, 31))

    async def all_noted() -> bool:
        return len(await noted(letters)) == 30

    async with asyncio.TaskGroup() as tasks:
        for postman in (first, second):
            tasks.create_task(at_work(crew_of(letters, postman, every=0.2), all_noted))
    assert sorted(first.sent + second.sent) == [(n, False) for n in range(1, 31)]
    await letters.close()


async def test_two_errands_may_not_share_a_name(letters: Database) -> None:
    crew = crew_of(letters, Postman())
    with pytest.raises(ValueError, match=r"test\.carry_letters"):
        Crew(
            database=letters, tools=crew.tools, reactions=(), errands=(*crew.errands, *crew.errands)
        )
    await letters.close()
