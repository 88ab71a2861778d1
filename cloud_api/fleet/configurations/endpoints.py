"""How does a host set a house from afar, and see what became of it?"""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel

from cloud_api.accounts.types import Permission
from cloud_api.fleet.configurations import service
from cloud_api.fleet.configurations.types import ConfigurationState, ConfigurationView
from cloud_api.fleet.errors import HouseUnknownError
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.errors import Forbidden, Unauthenticated, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, allow, room_router
from cloud_api.kit.tenancy import Scope
from protocol.configuration import HouseSettings

router = room_router(prefix="", tag="fleet")

FleetRead = Annotated[Scope, Depends(allow(Permission.FLEET_READ))]
FleetWrite = Annotated[Scope, Depends(allow(Permission.FLEET_WRITE))]
_RESPONSES = problem_responses(Unauthenticated, Forbidden, HouseUnknownError)


class ConfigurationOut(BaseModel):
    """What the house shall be set to; `state` and `reason` are the house's own signed word."""

    house_id: UUID
    version: int
    settings: HouseSettings
    state: ConfigurationState
    reason: str | None
    made_at: datetime | None
    told_at: datetime | None

    @classmethod
    def of(cls, house_id: UUID, view: ConfigurationView) -> Self:
        """As shown."""
        return cls(
            house_id=house_id,
            version=view.version,
            settings=HouseSettings.model_validate(view.settings),
            state=view.state,
            reason=view.reason,
            made_at=view.made_at,
            told_at=view.told_at,
        )


@router.get("/houses/{house_id}/configuration", responses=_RESPONSES)
async def get_configuration(
    house_id: UUID, session: DbSession, scope: FleetRead
) -> ConfigurationOut:
    """The settings given from afar, and whether the house has them in force."""
    return ConfigurationOut.of(house_id, await service.configuration(session, scope, house_id))


@router.put("/houses/{house_id}/configuration", responses=_RESPONSES)
async def configure(
    house_id: UUID, body: HouseSettings, session: DbSession, scope: FleetWrite, clock: ClockOf
) -> ConfigurationOut:
    """Set all of it: what is null stays as the house itself has it.

    The house tries the settings and goes back by itself to those that worked when it does not
    reach the cloud under them.
    """
    before = await service.configuration(session, scope, house_id)
    after = await service.configure(session, scope, house_id, body, clock=clock)
    if after.version != before.version:
        await audit.record(
            session,
            scope,
            action=Deed.HOUSE_CONFIGURED,
            object_type="house",
            object_id=house_id,
            before=HouseSettings.model_validate(before.settings),
            after=body,
        )
    return ConfigurationOut.of(house_id, after)
