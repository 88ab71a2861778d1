"""How do staff say which application at Facebook is theirs?"""

from typing import Annotated

from fastapi import Depends, Request

from cloud_api.accounts.types import Permission
from cloud_api.crm.facebook import service
from cloud_api.crm.facebook.schemas import FacebookAppIn, FacebookAppOut
from cloud_api.kit.errors import Forbidden, NotFound, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.tenancy import Scope

router = room_router(prefix="/facebook-app", tag="clients")

Keeper = Annotated[Scope, Depends(allow(Permission.MEMBERS_SETUP))]


@router.get("", responses=problem_responses(NotFound, Forbidden))
async def read_app(session: DbSession, scope: Keeper) -> FacebookAppOut:
    """The application, its secret masked."""
    return await service.read(session, scope)


@router.put("", responses=problem_responses(Forbidden))
async def keep_app(
    request: Request, wanted: FacebookAppIn, session: DbSession, scope: Keeper, clock: ClockOf
) -> FacebookAppOut:
    """Use this application from now on."""
    vault = backstage(request).vault
    return await service.keep(session, scope, vault, wanted, now=clock.utc_now())


@router.delete("", status_code=204, responses=problem_responses(NotFound, Forbidden))
async def remove_app(session: DbSession, scope: Keeper) -> None:
    """Link nobody any more; links there are stay."""
    await service.remove(session, scope)
