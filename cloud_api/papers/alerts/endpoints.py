"""How does an owner say whom to alarm?"""

from typing import Annotated

from fastapi import Depends

from cloud_api.accounts.types import Permission
from cloud_api.kit.http import DbSession, allow, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.papers.alerts import service
from cloud_api.papers.alerts.schemas import AlertSettings

router = room_router(prefix="/alert-settings", tag="letters")

Manager = Annotated[Scope, Depends(allow(Permission.MESSAGING_SETUP))]


@router.get("")
async def show_settings(session: DbSession, scope: Manager) -> AlertSettings:
    """Where the organisation is alarmed."""
    return await service.show(session, scope)


@router.put("")
async def change_settings(
    wanted: AlertSettings, session: DbSession, scope: Manager
) -> AlertSettings:
    """Alarm it elsewhere; without a chat, owners and managers get mails."""
    return await service.change(session, scope, wanted)
