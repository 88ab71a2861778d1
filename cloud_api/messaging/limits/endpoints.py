"""How does an owner set how often and by which ways people are written to?"""

from typing import Annotated

from fastapi import Depends

from cloud_api.accounts.types import Permission
from cloud_api.kit.http import DbSession, allow, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.messaging.limits import service
from cloud_api.messaging.limits.schemas import LimitsIO, WaysIn, WaysOut
from cloud_api.messaging.types import MessageEvent

router = room_router(prefix="", tag="messages")

Reader = Annotated[Scope, Depends(allow(Permission.MESSAGES_READ))]
SetUp = Annotated[Scope, Depends(allow(Permission.MESSAGING_SETUP))]


@router.get("/messaging-settings")
async def read_limits(session: DbSession, scope: Reader) -> LimitsIO:
    """How often a person is written to at most."""
    return await service.show(session, scope)


@router.put("/messaging-settings")
async def keep_limits(wanted: LimitsIO, session: DbSession, scope: SetUp) -> LimitsIO:
    """Set how often a person is written to at most."""
    return await service.keep(session, scope, wanted)


@router.get("/message-events")
async def list_ways(session: DbSession, scope: Reader) -> list[WaysOut]:
    """How each event is told."""
    return await service.ways(session, scope)


@router.put("/message-events/{event}")
async def keep_ways(
    event: MessageEvent, wanted: WaysIn, session: DbSession, scope: SetUp
) -> WaysOut:
    """Set whether an event is told, and by which ways."""
    return await service.keep_ways(session, scope, event, wanted)
