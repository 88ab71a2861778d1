"""How do guests and staff see and use things of the house from afar over HTTP?"""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from cloud_api.access.auth import CurrentGuest, allow_while_waiting, count
from cloud_api.access.errors import (
    HouseNotReachedError,
    HouseRefusedError,
    LinkRefusedError,
    NoStaffGrantError,
    NotYoursError,
)
from cloud_api.access.home import service
from cloud_api.access.home.errors import NoHomeHereError, ThingFailedError, ThingNotTakenError
from cloud_api.access.home.schemas import ThingsOut, UseIn
from cloud_api.access.home.service import Asker, Line
from cloud_api.accounts.types import Permission
from cloud_api.fleet.errors import HouseNotEnrolledError
from cloud_api.kit.errors import NotFound, TooManyAttempts, problem_responses
from cloud_api.kit.http import backstage, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Limit
from protocol.home import UseThing
from protocol.ids import ThingId

WISHES_PER_GRANT = Limit(attempts=60, window=timedelta(minutes=1))

router = room_router(prefix="", tag="home")


async def _guest_limit(request: Request, guest: CurrentGuest) -> None:
    await count(request, "guest.home", str(guest.grant_id), WISHES_PER_GRANT)


WaitingStaff = Annotated[Scope, Depends(allow_while_waiting(Permission.DOORS_OPEN))]


async def _staff_limit(request: Request, scope: WaitingStaff) -> None:
    await count(request, "staff.home", scope.principal, WISHES_PER_GRANT)


async def _line(request: Request) -> Line:
    stage = backstage(request)
    return Line(stage.database, stage.bell, stage.clock)


OurLine = Annotated[Line, Depends(_line)]
_USES = (
    NotYoursError,
    HouseRefusedError,
    HouseNotEnrolledError,
    TooManyAttempts,
    NoHomeHereError,
    ThingNotTakenError,
    ThingFailedError,
    HouseNotReachedError,
)


@router.get(
    "/guest/things",
    dependencies=[Depends(_guest_limit)],
    responses=problem_responses(LinkRefusedError, HouseRefusedError, TooManyAttempts),
)
async def list_stay_things(line: OurLine, guest: CurrentGuest) -> ThingsOut:
    """The stay's heating, lights and sensors; without a state where the house does not answer."""
    return await service.things(line, Asker.of(guest))


@router.post(
    "/guest/things/{thing_id}",
    dependencies=[Depends(_guest_limit)],
    responses=problem_responses(LinkRefusedError, *_USES),
)
async def use_thing(line: OurLine, guest: CurrentGuest, thing_id: UUID, body: UseIn) -> ThingsOut:
    """Turn it on or off, or set its temperature; answers once its state shows it."""
    wish = UseThing(thing=ThingId(thing_id), on=body.on, degrees=body.degrees)
    return await service.use(line, Asker.of(guest), wish)


@router.get(
    "/houses/{house_id}/things/states",
    dependencies=[Depends(_staff_limit)],
    responses=problem_responses(NotFound, NoStaffGrantError, HouseRefusedError, TooManyAttempts),
)
async def list_house_things(line: OurLine, scope: WaitingStaff, house_id: UUID) -> ThingsOut:
    """All things of a house as they are now, on the caller's own grant there."""
    return await service.things(line, await service.staff_asker(line, scope, house_id))


@router.post(
    "/houses/{house_id}/things/{thing_id}/use",
    dependencies=[Depends(_staff_limit)],
    responses=problem_responses(NotFound, NoStaffGrantError, *_USES),
)
async def use_house_thing(
    line: OurLine, scope: WaitingStaff, house_id: UUID, thing_id: UUID, body: UseIn
) -> ThingsOut:
    """Use a thing on the caller's own grant there; the house keeps it on record."""
    wish = UseThing(thing=ThingId(thing_id), on=body.on, degrees=body.degrees)
    return await service.use(line, await service.staff_asker(line, scope, house_id), wish)
