"""Are the engine's tables those this release of the engine wants, and ours those we declare?"""

import asyncpg
import pytest
from pgqueuer.queries import Queries
from sqlalchemy import text

from cloud_api.jobs import models, repository
from cloud_api.jobs.errors import describe
from cloud_api.kit.db import Database
from cloud_api.kit.events import WAKE_CHANNEL, publish
from tests.cloud_api.worker.stage import BellRung, NobodyCares


async def test_the_engine_finds_nothing_missing(owner_dsn: str) -> None:
    connection = await asyncpg.connect(owner_dsn)
    try:
        plan = await Queries.from_asyncpg_connection(connection).plan_upgrade()
    finally:
        await connection.close()
    assert plan.statements == ()


@pytest.mark.parametrize(
    "row", [models.EventWakeRow, models.ReactionDoneRow, models.WorkerRow, models.JobRunRow]
)
async def test_our_tables_have_the_declared_columns(database: Database, row: type) -> None:
    table = row.__table__  # type: ignore[attr-defined] # every model has one
    async with database.transaction() as session:
        found = await session.execute(
            text(
                "SELECT column_name, is_nullable = 'YES' AS empty FROM information_schema.columns"
                " WHERE table_name = :name"
            ),
            {"name": table.name},
        )
        columns = {each.column_name: each.empty for each in found}
    assert columns == {each.name: bool(each.nullable) for each in table.columns}


async def test_only_events_somebody_reacts_to_wake_the_workers(database: Database) -> None:
    heard: list[str] = []
    listener = await asyncpg.connect(database.dsn)
    await listener.add_listener(WAKE_CHANNEL, lambda *_: heard.append("woken"))
    async with database.transaction() as session:
        await repository.wake_on(session, [BellRung.name])
    for event in (NobodyCares(), BellRung(who="one")):
        async with database.transaction() as session:
            await publish(session, event, organisation_id=None)
    await listener.fetchval("SELECT 1")
    await listener.close()
    assert heard == ["woken"]


async def test_an_error_of_the_database_is_told_without_its_parameters(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT CAST(:pin AS text) / 2"), {"pin": "482913"})

    with pytest.raises(Exception, match="operator does not exist") as raised:
        await fail()
    assert "482913" not in describe(raised.value)
    assert "operator does not exist" in describe(raised.value)
