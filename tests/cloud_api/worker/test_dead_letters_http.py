"""What do owners see of what was given up, and what may others not see?"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from cloud_api import worker
from cloud_api.accounts.types import Role
from cloud_api.kit.db import Database
from cloud_api.settings import CloudSettings
from cloud_api.worker import shift
from tests.builders import Tenant, found_tenant, join
from tests.cloud_api.worker.conftest import Effects
from tests.cloud_api.worker.stage import crew_of

type Ring = Callable[..., Awaitable[None]]


@pytest.fixture
async def owner(database: Database, http: httpx.AsyncClient) -> Tenant:
    return await found_tenant(database, http)


@pytest.fixture
async def letter(
    owner: Tenant, database: Database, effects: Effects, ring: Ring, tmp_path: Path
) -> int:
    """The id of the owner's one dead letter."""
    await ring("poison", organisation_id=owner.organisation_id)
    await shift.drain_until_idle(crew_of(database, tmp_path))
    [only] = (await owner.get("/dead-letters")).json()["items"]
    letter_id: int = only["id"]
    return letter_id


async def test_the_owner_sees_what_was_given_up_and_why(owner: Tenant, letter: int) -> None:
    shown = (await owner.get(f"/dead-letters/{letter}")).json()
    assert shown["reaction"] == "test.stumble"
    assert shown["tries"] == 3
    assert shown["error"].startswith("ValueError: the bell is broken at tests/")
    assert shown["payload"] == {"who": "poison", "seconds": 0.0}


async def test_after_the_fix_a_replay_takes_effect_once(
    owner: Tenant, letter: int, database: Database, effects: Effects, tmp_path: Path
) -> None:
    answer = await owner.post(f"/dead-letters/{letter}/replay")
    assert (answer.status_code, answer.json()) == (202, {"replayed": [letter]})
    assert (await owner.post(f"/dead-letters/{letter}/replay")).status_code == 404
    await shift.drain_until_idle(crew_of(database, tmp_path, mended=True))
    assert await effects.count("mended poison") == 1
    assert (await owner.get("/dead-letters")).json()["total"] == 0


async def test_what_is_discarded_is_never_tried_again(
    owner: Tenant, letter: int, database: Database, effects: Effects, tmp_path: Path
) -> None:
    assert (await owner.delete(f"/dead-letters/{letter}")).status_code == 204
    assert (await owner.post("/dead-letters/replay")).json() == {"replayed": []}
    await shift.drain_until_idle(crew_of(database, tmp_path, mended=True))
    assert await effects.count("mended poison") == 0


async def test_another_organisation_neither_sees_nor_touches_it(
    owner: Tenant, letter: int, database: Database, http: httpx.AsyncClient
) -> None:
    stranger = await found_tenant(database, http)
    assert (await stranger.get("/dead-letters")).json()["total"] == 0
    for answer in (
        await stranger.get(f"/dead-letters/{letter}"),
        await stranger.post(f"/dead-letters/{letter}/replay"),
        await stranger.delete(f"/dead-letters/{letter}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "dead_letter_not_found")
    assert (await stranger.post("/dead-letters/replay")).json() == {"replayed": []}
    assert (await owner.get("/dead-letters")).json()["total"] == 1


async def test_the_front_desk_may_not(
    owner: Tenant, letter: int, database: Database, http: httpx.AsyncClient
) -> None:
    desk = await join(database, http, organisation_id=owner.organisation_id, role=Role.RECEPTION)
    assert (await desk.get("/dead-letters")).status_code == 403
    assert (await desk.post(f"/dead-letters/{letter}/replay")).status_code == 403


async def test_what_owners_decide_is_on_record(
    owner: Tenant, letter: int, database: Database
) -> None:
    await owner.delete(f"/dead-letters/{letter}")
    async with database.transaction() as session:
        actions = await session.scalars(text("SELECT action FROM audit_log"))
        assert list(actions) == ["jobs.dead_letter_discarded"]


async def test_the_operator_lists_replays_and_discards_from_the_command_line(
    letter: int, settings: CloudSettings
) -> None:
    assert [each.id for each in await worker.list_dead_letters(settings)] == [letter]
    assert await worker.replay_dead_letters(settings, [letter, letter + 1]) == [letter]
    assert await worker.list_dead_letters(settings) == []


async def test_the_operator_runs_a_job_of_the_clock_at_once(settings: CloudSettings) -> None:
    await worker.run_job(settings, "jobs.forget")
    with pytest.raises(KeyError):
        await worker.run_job(settings, "no.such_job")


def test_the_settings_of_this_test_are_the_operators(settings: CloudSettings) -> None:
    assert isinstance(settings.database_dsn, SecretStr)
