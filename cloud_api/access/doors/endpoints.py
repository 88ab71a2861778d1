"""How do guests and staff move a door from afar over HTTP?"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from cloud_api.access.auth import (
    GUEST_IDEMPOTENT,
    CurrentGuest,
    allow_while_waiting,
    count,
)
from cloud_api.access.doors import service
from cloud_api.access.doors.schemas import MoveIn, MoveOut, StaffMoveIn, StaffMoveNote
from cloud_api.access.errors import (
    CommandIdTakenError,
    LinkRefusedError,
    NoStaffGrantError,
    NotYoursError,
)
from cloud_api.accounts.types import Permission
from cloud_api.fleet.errors import CommandUnknownError, HouseNotEnrolledError
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.errors import TooManyAttempts, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Limit

router = room_router(prefix="", tag="doors")

MOVES_PER_GRANT = Limit(attempts=20, window=timedelta(minutes=1))
MOVES_PER_STAFF = Limit(attempts=30, window=timedelta(minutes=1))

Opener = Annotated[Scope, Depends(allow(Permission.DOORS_OPEN))]
WaitingOpener = Annotated[Scope, Depends(allow_while_waiting(Permission.DOORS_OPEN))]
Wait = Annotated[float, Query(ge=0, le=12, description="seconds to wait for the end")]


@dataclass(frozen=True, slots=True)
class Door:
    """The door a path names."""

    house_id: UUID
    lock_id: UUID


async def _door(house_id: UUID, lock_id: UUID) -> Door:
    return Door(house_id, lock_id)


async def _guest_limit(request: Request, guest: CurrentGuest) -> None:
    await count(request, "guest.move", str(guest.grant_id), MOVES_PER_GRANT)


async def _staff_limit(request: Request, scope: WaitingOpener) -> None:
    await count(request, "staff.move", scope.principal, MOVES_PER_STAFF)


@router.post(
    "/guest/doors/{lock_id}/moves",
    status_code=202,
    dependencies=[Depends(_guest_limit), GUEST_IDEMPOTENT],
    responses=problem_responses(
        LinkRefusedError,
        NotYoursError,
        CommandIdTakenError,
        HouseNotEnrolledError,
        TooManyAttempts,
    ),
)
async def move_door(
    session: DbSession, guest: CurrentGuest, lock_id: UUID, wish: MoveIn
) -> MoveOut:
    """Ask the house to move a door now; it decides. Tried once, and never after 10 s."""
    view = await service.move_as_guest(
        session, guest, lock_id=lock_id, move=wish.move, command_id=wish.command_id
    )
    return MoveOut.of(view)


@router.get(
    "/guest/commands/{command_id}",
    responses=problem_responses(LinkRefusedError, CommandUnknownError),
)
async def guest_command(
    request: Request, guest: CurrentGuest, command_id: UUID, wait: Wait = 0
) -> MoveOut:
    """The true outcome of one's own command, `unknown` where nobody can say, null meanwhile."""
    stage = backstage(request)
    view = await service.outcome_for_guest(
        stage.database, stage.bell, guest, command_id, wait_seconds=wait
    )
    return MoveOut.of(view)


@router.post(
    "/houses/{house_id}/doors/{lock_id}/moves",
    status_code=202,
    dependencies=[Depends(_staff_limit), IDEMPOTENT],
    responses=problem_responses(
        NoStaffGrantError, CommandIdTakenError, HouseNotEnrolledError, TooManyAttempts
    ),
)
async def move_door_as_staff(
    session: DbSession,
    scope: Opener,
    clock: ClockOf,
    door: Annotated[Door, Depends(_door)],
    wish: StaffMoveIn,
) -> MoveOut:
    """Staff move a door on their own grant in that house; the reason is kept."""
    view = await service.move_as_staff(
        session,
        scope,
        clock,
        house_id=door.house_id,
        lock_id=door.lock_id,
        move=wish.move,
        command_id=wish.command_id,
    )
    note = StaffMoveNote(
        command_id=view.id,
        house_id=door.house_id,
        grant_id=view.grant_id,
        move=view.move,
        reason=wish.reason,
    )
    await audit.record(
        session,
        scope,
        action=Deed.DOOR_MOVED,
        object_type="lock",
        object_id=door.lock_id,
        after=note,
    )
    return MoveOut.of(view)


@router.get("/door-commands/{command_id}", responses=problem_responses(CommandUnknownError))
async def staff_command(
    request: Request, scope: WaitingOpener, command_id: UUID, wait: Wait = 0
) -> MoveOut:
    """What became of a command of one's own, or with `access:read` of anybody here."""
    stage = backstage(request)
    view = await service.outcome_for_staff(
        stage.database, stage.bell, scope, command_id, wait_seconds=wait
    )
    return MoveOut.of(view)
