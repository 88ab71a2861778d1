"""Does the pool commit once, roll back on failure, and run without the owner's rights?"""

from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from cloud_api.kit.db import Database, Session
from cloud_api.kit.events import Event, publish


class _Happened(Event):
    name = "Happened"
    what: str


async def _events(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list(await session.scalars(text("SELECT payload->>'what' FROM events_outbox")))


async def test_a_normal_way_out_commits(database: Database) -> None:
    async with database.transaction() as session:
        await publish(session, _Happened(what="kept"), organisation_id=None)
    assert await _events(database) == ["kept"]


async def test_an_error_takes_the_event_back_with_the_effect(database: Database) -> None:
    async def publish_and_fail() -> None:
        async with database.transaction() as session:
            await publish(session, _Happened(what="lost"), organisation_id=None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await publish_and_fail()
    assert await _events(database) == []


async def test_the_runtime_role_is_no_superuser_and_cannot_change_tables(
    database: Database,
) -> None:
    async with database.transaction() as session:
        role = (
            await session.execute(
                text("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user")
            )
        ).one()
    assert (role.rolname, role.rolsuper) == ("portero_app", False)
    with pytest.raises(ProgrammingError, match="must be owner"):
        async with database.transaction() as session:
            await session.execute(text("DROP TABLE events_outbox"))


async def test_the_audit_log_can_only_grow(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM audit_log"))


async def test_reading_costs_no_transaction_and_does_not_spoil_the_next_one(
    database: Database,
) -> None:
    async def two_instants(session: Session) -> set[datetime]:
        return {await session.scalar(text("SELECT now()")) for _ in range(2)}

    async with database.reading() as session:
        assert len(await two_instants(session)) == 2
    async with database.transaction() as session:
        assert len(await two_instants(session)) == 1
