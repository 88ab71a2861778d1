"""Does every reaction to an event take effect once, whatever dies, fails or runs beside it?"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as EngineJob
from sqlalchemy import text

from cloud_api.jobs import repository, service
from cloud_api.jobs.registry import HEALTH_CHECKS
from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database
from cloud_api.kit.events import publish
from cloud_api.kit.health import Health
from cloud_api.kit.paging import Window
from cloud_api.worker import shift
from cloud_api.worker.engine import perform
from tests.cloud_api.worker.conftest import Effects, Workers, until
from tests.cloud_api.worker.stage import JAM, TICK, NobodyCares, crew_of

type Ring = Callable[..., Awaitable[None]]


async def _dead(database: Database) -> list[str]:
    async with database.transaction() as session:
        letters, _ = await service.list_dead_letters(session, None, Window())
    return [f"{each.reaction} x{each.tries}: {each.error}" for each in letters]


async def test_an_event_published_before_any_worker_lived_is_handled(
    database: Database, effects: Effects, ring: Ring, tmp_path: Path
) -> None:
    await ring("early")
    await shift.drain_until_idle(crew_of(database, tmp_path))
    assert sorted(await effects.all()) == ["greet early", "open early", "stumble over early"]


async def test_events_nobody_reacts_to_make_no_jobs(
    database: Database, effects: Effects, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        await publish(session, NobodyCares(), organisation_id=None)
    await shift.drain_until_idle(crew_of(database, tmp_path))
    async with database.transaction() as session:
        waiting = await session.scalar(
            text("SELECT count(*) FROM events_outbox WHERE dispatched_at IS NULL")
        )
    assert (waiting, await effects.all()) == (0, [])


async def test_an_event_taken_back_with_its_transaction_is_never_heard(
    database: Database, effects: Effects, tmp_path: Path
) -> None:
    async def ring_and_fail() -> None:
        async with database.transaction() as session:
            await publish(session, NobodyCares(), organisation_id=None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await ring_and_fail()
    await shift.drain_until_idle(crew_of(database, tmp_path))
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM events_outbox")) == 0


async def test_a_failing_reaction_hinders_no_other_and_becomes_a_dead_letter(
    database: Database, effects: Effects, ring: Ring, tmp_path: Path
) -> None:
    await ring("poison")
    await shift.drain_until_idle(crew_of(database, tmp_path))
    assert sorted(await effects.all()) == ["greet poison", "open poison"]
    found = await _dead(database)
    assert len(found) == 1, found
    dead = found[0]
    assert dead.startswith("test.stumble x3: ValueError: the bell is broken at tests/")


async def test_a_dead_letter_takes_effect_when_replayed_after_the_fix(
    database: Database, effects: Effects, ring: Ring, tmp_path: Path
) -> None:
    await ring("poison")
    await shift.drain_until_idle(crew_of(database, tmp_path))
    async with database.transaction() as session:
        await service.replay_all(session, None)
    await shift.drain_until_idle(crew_of(database, tmp_path, mended=True))
    assert sorted(await effects.all()) == ["greet poison", "mended poison", "open poison"]
    assert await _dead(database) == []


async def test_a_replay_before_the_fix_is_a_dead_letter_again(
    database: Database, effects: Effects, ring: Ring, tmp_path: Path
) -> None:
    await ring("poison")
    await shift.drain_until_idle(crew_of(database, tmp_path))
    async with database.transaction() as session:
        await service.replay_all(session, None)
    await shift.drain_until_idle(crew_of(database, tmp_path))
    assert len(await _dead(database)) == 1
    assert sorted(await effects.all()) == ["greet poison", "open poison"]


async def test_done_again_nothing_happens(
    database: Database, effects: Effects, ring: Ring, tmp_path: Path
) -> None:
    await ring("twice")
    crew = crew_of(database, tmp_path)
    await shift.drain_until_idle(crew)
    async with database.transaction() as session:
        event_id = await session.scalar(text("SELECT id FROM events_outbox"))
    again = await service.react(
        database, crew.reactions[0], crew.tools, event_id=event_id, job_id=1
    )
    assert not again
    assert await effects.count("open twice") == 1


async def test_two_transactions_on_one_reaction_take_effect_once(
    database: Database, effects: Effects, ring: Ring, tmp_path: Path
) -> None:
    await ring("both", seconds=0.3)
    crew = crew_of(database, tmp_path)
    async with database.transaction() as session:
        event_id = await session.scalar(text("SELECT id FROM events_outbox"))
    async with asyncio.TaskGroup() as tasks:
        both = [
            tasks.create_task(
                service.react(
                    database, crew.reactions[0], crew.tools, event_id=event_id, job_id=each
                )
            )
            for each in (1, 2)
        ]
    assert sorted(task.result() for task in both) == [False, True]
    assert await effects.count("open both") == 1


async def test_a_reaction_that_takes_its_process_down_again_and_again_is_given_up(
    database: Database, effects: Effects, ring: Ring, tmp_path: Path
) -> None:
    await ring("killer")
    async with database.transaction() as session:
        event_id = await session.scalar(text("SELECT id FROM events_outbox"))
        await session.execute(
            text(
                "INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint)"
                " SELECT 77, 'picked', 0, 'reaction:test.open' FROM generate_series(1, 21)"
            )
        )
    crew = crew_of(database, tmp_path)
    with pytest.raises(Exception, match="begun 21 times without an end"):
        await service.react(database, crew.reactions[0], crew.tools, event_id=event_id, job_id=77)
    assert await effects.all() == []


async def test_sigkill_in_mid_reaction_and_another_worker_does_it_once(
    workers: Workers, effects: Effects, ring: Ring
) -> None:
    workers.start()
    workers.start()
    await ring("slow", seconds=1.0)
    await until(lambda: _begun(workers.folder))
    victim = next(int(each.name) for each in workers.folder.iterdir())
    next(each for each in workers.running if each.pid == victim).kill()
    await effects.come("open slow", "greet slow", "stumble over slow")
    await asyncio.sleep(1.5)
    assert sorted(await effects.all()) == ["greet slow", "open slow", "stumble over slow"]


async def test_sigterm_finishes_what_was_begun(
    workers: Workers, effects: Effects, ring: Ring, database: Database
) -> None:
    worker = workers.start()
    await ring("slow", seconds=1.0)
    await until(lambda: _begun(workers.folder))
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, 10) == 0
    assert await effects.count("open slow") == 1
    async with database.transaction() as session:
        pulse = await repository.pulse(session, alive_within_seconds=60, failures=3)
    assert pulse.alive == 0


async def test_a_burst_over_two_workers_takes_effect_once_each(
    workers: Workers, effects: Effects, ring: Ring
) -> None:
    workers.start()
    workers.start()
    for number in range(100):
        await ring(f"guest {number}")
    await until(lambda: _all_there(effects, 300), seconds=40)
    done = await effects.all()
    assert len(done) == len(set(done)) == 300


async def test_a_drain_out_of_time_finishes_what_it_began(
    database: Database, effects: Effects, ring: Ring, tmp_path: Path
) -> None:
    await ring("slow", seconds=1.5)
    with pytest.raises(TimeoutError):
        await shift.drain_until_idle(crew_of(database, tmp_path), seconds=1.0)
    assert await effects.count("open slow") == 1


async def test_a_cancelled_reaction_is_asked_for_again(
    database: Database, effects: Effects, ring: Ring, tmp_path: Path
) -> None:
    await ring("slow", seconds=30)
    crew = crew_of(database, tmp_path)
    async with database.transaction() as session:
        event_id = await session.scalar(text("SELECT id FROM events_outbox"))
    job = engine_job(payload=str(event_id).encode())

    async def cancelled_in_the_middle() -> None:
        async with asyncio.TaskGroup() as tasks:
            reacting = tasks.create_task(perform(crew.reactions[0], crew, job))
            await until(lambda: _begun(tmp_path))
            reacting.cancel()

    with pytest.RaisesGroup(RetryRequested):
        await cancelled_in_the_middle()
    assert await effects.all() == []


async def test_a_job_of_the_clock_runs_once_each_time_over_three_workers(
    workers: Workers, effects: Effects
) -> None:
    for _ in range(3):
        workers.start("ticking")
    await until(lambda: _all_there(effects, 3))
    async with effects._database.transaction() as session:
        rows = await session.execute(text("SELECT at FROM effects ORDER BY at"))
        times = [row.at for row in rows]
    span = (times[-1] - times[0]) / TICK.every
    # A late tick may come close to the next one; three workers ticking each would be thrice as many.
    assert len(times) - 1 <= span + 1, times


async def test_a_failing_job_undoes_its_work_and_is_on_record(
    database: Database, effects: Effects, tmp_path: Path
) -> None:
    for _ in range(3):
        with pytest.raises(RuntimeError):
            await service.run_job(database, JAM, crew_of(database, tmp_path).tools.clock)
    assert await effects.all() == []
    async with database.transaction() as session:
        pulse = await repository.pulse(session, alive_within_seconds=60, failures=3)
    assert pulse.failing_jobs == ("test.jam",)


async def test_health_says_whether_a_worker_lives(workers: Workers, database: Database) -> None:
    [check] = HEALTH_CHECKS
    assert (await check.ask(database)).health is Health.DEGRADED
    workers.start()
    await until(lambda: _healthy(database))


async def test_a_worker_that_lost_its_connections_goes_on_alone(
    workers: Workers, effects: Effects, ring: Ring, owner_dsn: str
) -> None:
    workers.start()
    await ring("before")
    await effects.come("open before")
    owner = Database(owner_dsn, name="portero-test-owner")
    async with owner.transaction() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                " datname = current_database() AND application_name IN"
                " ('portero-test-worker', 'portero-worker-engine', 'portero-worker-outbox')"
            )
        )
    await owner.close()
    await ring("after")
    await effects.come("open after", "greet after", "stumble over after", seconds=30)


def engine_job(*, payload: bytes) -> EngineJob:
    now = SystemClock().utc_now()
    return EngineJob.model_validate(
        {
            "id": 1,
            "priority": 0,
            "created": now,
            "updated": now,
            "heartbeat": now,
            "execute_after": now,
            "status": "picked",
            "entrypoint": "reaction:test.open",
            "payload": payload,
            "queue_manager_id": None,
            "headers": None,
        }
    )


async def _begun(folder: Path) -> bool:
    return any(await asyncio.to_thread(os.listdir, folder))


async def _all_there(effects: Effects, how_many: int) -> bool:
    return len(await effects.all()) >= how_many


async def _healthy(database: Database) -> bool:
    return (await HEALTH_CHECKS[0].ask(database)).health is Health.HEALTHY
