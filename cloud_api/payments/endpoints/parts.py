"""What do the endpoints of this room share?"""

from typing import Annotated

from fastapi import Depends, Request

from cloud_api.accounts.types import Permission
from cloud_api.kit.http import allow, backstage
from cloud_api.kit.jobs import Tools
from cloud_api.kit.tenancy import Scope

Reader = Annotated[Scope, Depends(allow(Permission.PAYMENTS_READ))]
Taker = Annotated[Scope, Depends(allow(Permission.PAYMENTS_WRITE))]
Refunder = Annotated[Scope, Depends(allow(Permission.PAYMENTS_REFUND))]
Manager = Annotated[Scope, Depends(allow(Permission.PAYMENTS_MANAGE))]


async def _tools(request: Request) -> Tools:
    stage = backstage(request)
    return Tools(clock=stage.clock, vault=stage.vault)


ToolsOf = Annotated[Tools, Depends(_tools)]
