"""How do staff say what the tiers are?"""

from typing import Annotated

from fastapi import Depends

from cloud_api.accounts.types import Permission
from cloud_api.clients.tiers import service
from cloud_api.clients.tiers.schemas import TiersIO
from cloud_api.kit.errors import Forbidden, problem_responses
from cloud_api.kit.http import DbSession, allow, room_router
from cloud_api.kit.tenancy import Scope

router = room_router(prefix="/client-tiers", tag="clients")

Reader = Annotated[Scope, Depends(allow(Permission.CLIENTS_READ))]
Keeper = Annotated[Scope, Depends(allow(Permission.MEMBERS_SETUP))]


@router.get("", responses=problem_responses(Forbidden))
async def read_tiers(session: DbSession, scope: Reader) -> TiersIO:
    """From how many visits on, and what each tier may ask of us."""
    return TiersIO.of(await service.settings_of(session, scope.organisation_id))


@router.put("", responses=problem_responses(Forbidden))
async def change_tiers(wanted: TiersIO, session: DbSession, scope: Keeper) -> TiersIO:
    """Other tiers from now on; nobody who is super becomes less."""
    return await service.change(session, scope, wanted)
