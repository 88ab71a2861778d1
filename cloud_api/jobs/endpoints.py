"""How do owners see, replay and discard what was given up, over HTTP?"""

from typing import Annotated

from fastapi import Depends, Path

from cloud_api.accounts.types import Permission
from cloud_api.jobs import service
from cloud_api.jobs.errors import DeadLetterNotFound
from cloud_api.jobs.schemas import LARGEST_ID, DeadLetterDetailOut, DeadLetterOut, ReplayedOut
from cloud_api.kit.errors import problem_responses
from cloud_api.kit.http import DbSession, allow, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of
from cloud_api.kit.tenancy import Scope

router = room_router(prefix="/dead-letters", tag="jobs")

Reader = Annotated[Scope, Depends(allow(Permission.JOBS_READ))]
Runner = Annotated[Scope, Depends(allow(Permission.JOBS_RUN))]
LetterId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
_NOT_FOUND = problem_responses(DeadLetterNotFound)


@router.get("")
async def list_dead_letters(
    session: DbSession, scope: Reader, window: PageWindow
) -> Page[DeadLetterOut]:
    """Reactions to this organisation's events that were given up, newest first."""
    letters, total = await service.list_dead_letters(session, scope, window)
    return page_of([DeadLetterOut.of(each) for each in letters], total=total, window=window)


# Making nothing, these need no idempotency key: what is replayed is no dead letter any more.
@router.post("/replay", status_code=202)
async def replay_all(session: DbSession, scope: Runner) -> ReplayedOut:
    """Have all of them tried again."""
    return ReplayedOut(replayed=list(await service.replay_all(session, scope)))


@router.get("/{letter_id}", responses=_NOT_FOUND)
async def show_dead_letter(
    session: DbSession, scope: Reader, letter_id: LetterId
) -> DeadLetterDetailOut:
    """One of them, with what the event said."""
    return DeadLetterDetailOut.of(await service.show_dead_letter(session, scope, letter_id))


@router.post("/{letter_id}/replay", status_code=202, responses=_NOT_FOUND)
async def replay_dead_letter(session: DbSession, scope: Runner, letter_id: LetterId) -> ReplayedOut:
    """Have it tried again; its effect happens once however often this is asked."""
    letter = await service.replay_dead_letter(session, scope, letter_id)
    return ReplayedOut(replayed=[letter.id])


@router.delete("/{letter_id}", status_code=204, responses=_NOT_FOUND)
async def discard_dead_letter(session: DbSession, scope: Runner, letter_id: LetterId) -> None:
    """Never try it again; the event itself stays."""
    await service.discard_dead_letter(session, scope, letter_id)
