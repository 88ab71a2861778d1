"""How do people at the desk say what can be reached, and see who reached it?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from cloud_api.accounts.types import Permission
from cloud_api.clients import service as clients
from cloud_api.crm.achievements import repository, rules, service
from cloud_api.crm.achievements.errors import AchievementTaken
from cloud_api.crm.achievements.events import AchievementsChanged
from cloud_api.crm.achievements.models import AchievementRow
from cloud_api.crm.achievements.schemas import (
    AchievementIn,
    AchievementOut,
    AchievementPatch,
    StandingOut,
)
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import Forbidden, NotFound, problem_responses
from cloud_api.kit.events import publish
from cloud_api.kit.http import IDEMPOTENT, DbSession, allow, room_router
from cloud_api.kit.ids import new_id
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope

router = room_router(prefix="", tag="loyalty")

Reader = Annotated[Scope, Depends(allow(Permission.LOYALTY_READ))]
Manager = Annotated[Scope, Depends(allow(Permission.LOYALTY_MANAGE))]


@router.get("/achievements", responses=problem_responses(Forbidden))
async def list_achievements(
    *,
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    sort: Annotated[str | None, Query(pattern=sort_pattern("place", "name", "created_at"))] = None,
) -> Page[AchievementOut]:
    """What can be reached."""
    rows, total = await repository.page(session, scope, window, sort=sort)
    return page_of([AchievementOut.of(row) for row in rows], total=total, window=window)


@router.post(
    "/achievements",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(Forbidden, AchievementTaken),
)
async def create_achievement(
    wanted: AchievementIn, session: DbSession, scope: Manager
) -> AchievementOut:
    """Something new to reach; everybody is judged soon."""
    row = AchievementRow(id=new_id(), organisation_id=scope.organisation_id, **wanted.model_dump())
    return await _saved(session, scope, row, Deed.ACHIEVEMENT_CREATED)


@router.patch(
    "/achievements/{achievement_id}",
    responses=problem_responses(Forbidden, NotFound, AchievementTaken),
)
async def change_achievement(
    achievement_id: UUID, patch: AchievementPatch, session: DbSession, scope: Manager
) -> AchievementOut:
    """Another name or other numbers; everybody is judged anew soon."""
    row = await repository.find(session, scope, achievement_id)
    if row is None:
        raise NotFound
    before = AchievementOut.of(row)
    for name in patch.model_fields_set:
        setattr(row, name, getattr(patch, name))
    return await _saved(session, scope, row, Deed.ACHIEVEMENT_CHANGED, before=before)


@router.get("/clients/{client_id}/standing", responses=problem_responses(NotFound))
async def read_standing(client_id: UUID, session: DbSession, scope: Reader) -> StandingOut:
    """What a client has reached, and the highest of it."""
    await clients.get_client(session, client_id, scope)
    mine = scope.organisation_id
    reached = (await service.reached(session, mine, [client_id]))[client_id]
    held = (await service.held(session, mine, [client_id]))[client_id]
    return StandingOut.of(client_id, reached, held, rules.highest(held))


async def _saved(
    session: Session,
    scope: Scope,
    row: AchievementRow,
    deed: Deed,
    *,
    before: AchievementOut | None = None,
) -> AchievementOut:
    await repository.save(session, row)
    after = AchievementOut.of(row)
    changed = AchievementsChanged(organisation_id=scope.organisation_id)
    await publish(session, changed, organisation_id=scope.organisation_id)
    await audit.record(
        session,
        scope,
        action=deed,
        object_type="achievement",
        object_id=row.id,
        before=before,
        after=after,
    )
    return after
