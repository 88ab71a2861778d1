"""How is one reaction or clock's job done, and what becomes of those that were given up?"""

import asyncio
from collections.abc import Sequence

from cloud_api.jobs import repository
from cloud_api.jobs.errors import (
    DeadLetterNotFound,
    EventGoneError,
    KillsItsWorkerError,
    describe,
)
from cloud_api.jobs.types import DeadLetter
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Database, Session
from cloud_api.kit.jobs import AnyJob, AnyReaction, Tools
from cloud_api.kit.paging import Window
from cloud_api.kit.tenancy import Scope

REACTION_LIMIT_S = 20
JOB_LIMIT_S = 120
# A reaction that takes its process down leaves no error behind; begun this often, it is given up.
MOST_STARTS = 20


async def react(
    database: Database, reaction: AnyReaction, tools: Tools, *, event_id: int, job_id: int
) -> bool:
    """The door of reactions: one transaction for the effect and the note that it was done.

    False when it was done before. Raises what the handler raises, EventGoneError,
    KillsItsWorkerError, or TimeoutError after 20 s.
    """
    async with asyncio.timeout(REACTION_LIMIT_S), database.transaction() as session:
        told = await repository.begin(
            session, event_id=event_id, reaction=reaction.name, job_id=job_id
        )
        if told is None:
            raise EventGoneError(f"event {event_id} is not there")
        if not told.fresh:
            return False
        if told.starts > MOST_STARTS:
            raise KillsItsWorkerError(f"begun {told.starts} times without an end")
        await reaction.react(session, told.payload, tools)
    return True


async def run_job(database: Database, job: AnyJob, clock: Clock) -> object:
    """The door of the clock's jobs: one transaction; how it went is on record either way.

    Answers the job's report; raises what it raised.
    """
    try:
        async with asyncio.timeout(JOB_LIMIT_S), database.transaction() as session:
            report = await job.run(session, clock)
            await repository.note_success(session, job.name)
    except Exception as error:
        async with database.transaction() as session:
            await repository.note_failure(session, job.name, describe(error))
        raise
    return report


async def list_dead_letters(
    session: Session, scope: Scope | None, window: Window
) -> tuple[list[DeadLetter], int]:
    """What was given up, newest first, and how many in all; without a scope everybody's."""
    return await repository.dead_letters(session, scope, window)


async def show_dead_letter(session: Session, scope: Scope | None, letter_id: int) -> DeadLetter:
    """One of them; raises DeadLetterNotFound."""
    found = await repository.dead_letter(session, scope, letter_id)
    if found is None:
        raise DeadLetterNotFound
    return found


async def replay_dead_letter(session: Session, scope: Scope | None, letter_id: int) -> DeadLetter:
    """Have it tried again, with all its tries; raises DeadLetterNotFound."""
    letter = await show_dead_letter(session, scope, letter_id)
    await repository.replay(session, [letter.id])
    await _record(session, scope, letter, Deed.DEAD_LETTER_REPLAYED)
    return letter


async def replay_all(session: Session, scope: Scope | None) -> Sequence[int]:
    """Have all of the caller's (up to 1000) tried again; their ids."""
    letters, _ = await repository.dead_letters(session, scope, Window(limit=1000))
    for letter in letters:
        await _record(session, scope, letter, Deed.DEAD_LETTER_REPLAYED)
    return await repository.replay(session, [letter.id for letter in letters])


async def discard_dead_letter(session: Session, scope: Scope | None, letter_id: int) -> DeadLetter:
    """Never try it again; the event itself stays. Raises DeadLetterNotFound."""
    letter = await show_dead_letter(session, scope, letter_id)
    await repository.discard(session, letter.id)
    await _record(session, scope, letter, Deed.DEAD_LETTER_DISCARDED)
    return letter


async def _record(session: Session, scope: Scope | None, letter: DeadLetter, action: Deed) -> None:
    if scope is not None:
        await audit.record(
            session, scope, action=action, object_type="dead_letter", object_id=str(letter.id)
        )
