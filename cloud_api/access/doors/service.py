"""How does somebody far away move a door, and learn what truly happened?"""

from uuid import UUID

from cloud_api.access.doors import repository
from cloud_api.access.errors import CommandIdTakenError, NoStaffGrantError, NotYoursError
from cloud_api.access.types import Guest
from cloud_api.accounts.types import Permission
from cloud_api.fleet import service as fleet_service
from cloud_api.fleet.errors import CommandUnknownError
from cloud_api.fleet.types import FINAL_COMMAND_STATES, CommandView
from cloud_api.kit.bell import Bell
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Database, Session
from cloud_api.kit.tenancy import Scope
from protocol.access import Right, Verb
from protocol.live import Move

_VERBS: dict[Move, Verb] = {"open": Verb.DOOR_OPEN, "lock": Verb.DOOR_LOCK}


async def move_as_guest(
    session: Session, guest: Guest, *, lock_id: UUID, move: Move, command_id: UUID | None
) -> CommandView:
    """Ask the guest's house to move a door of the stay.

    Raises NotYoursError, CommandIdTakenError, HouseNotEnrolledError.
    """
    if not guest.may(_VERBS[move], lock_id):
        raise NotYoursError
    return await _command(
        session,
        guest.scope,
        house_id=guest.house_id,
        grant_id=guest.grant_id,
        lock_id=lock_id,
        move=move,
        command_id=command_id,
    )


async def move_as_staff(
    session: Session,
    scope: Scope,
    clock: Clock,
    *,
    house_id: UUID,
    lock_id: UUID,
    move: Move,
    command_id: UUID | None,
) -> CommandView:
    """Ask a house to move a door, on the caller's own grant there.

    Raises NoStaffGrantError, CommandIdTakenError, HouseNotEnrolledError.
    """
    right = str(Right(_VERBS[move], lock_id))
    grant_id = await repository.staff_grant(
        session, scope, house_id=house_id, right=right, now=clock.utc_now()
    )
    if grant_id is None:
        raise NoStaffGrantError
    return await _command(
        session,
        scope,
        house_id=house_id,
        grant_id=grant_id,
        lock_id=lock_id,
        move=move,
        command_id=command_id,
    )


async def _command(
    session: Session,
    scope: Scope,
    *,
    house_id: UUID,
    grant_id: UUID,
    lock_id: UUID,
    move: Move,
    command_id: UUID | None,
) -> CommandView:
    chosen = await fleet_service.door_command(
        session,
        house_id=house_id,
        grant_id=grant_id,
        lock_id=lock_id,
        move=move,
        command_id=command_id,
    )
    view = await fleet_service.command(session, scope, chosen)
    if (view.grant_id, view.lock_id, view.move) != (grant_id, lock_id, move):
        raise CommandIdTakenError
    return view


async def outcome_for_guest(
    database: Database, bell: Bell, guest: Guest, command_id: UUID, *, wait_seconds: float
) -> CommandView:
    """The end of the guest's own command, or where it stands when the wait is over.

    Waits without a transaction. CommandUnknownError for anybody else's.
    """
    async with database.reading() as session:
        view = await fleet_service.command(session, guest.scope, command_id)
    if view.grant_id != guest.grant_id:
        raise CommandUnknownError
    return await _end_of(database, bell, guest.scope, view, wait_seconds=wait_seconds)


async def outcome_for_staff(
    database: Database, bell: Bell, scope: Scope, command_id: UUID, *, wait_seconds: float
) -> CommandView:
    """As for guests: one's own commands, or any of the organisation's with `access:read`."""
    async with database.reading() as session:
        view = await fleet_service.command(session, scope, command_id)
        own = await repository.is_staffs_own(session, scope, view.grant_id)
    if not own and not scope.may(Permission.ACCESS_READ):
        raise CommandUnknownError
    return await _end_of(database, bell, scope, view, wait_seconds=wait_seconds)


async def _end_of(
    database: Database, bell: Bell, scope: Scope, view: CommandView, *, wait_seconds: float
) -> CommandView:
    if view.state in FINAL_COMMAND_STATES:
        return view
    return await fleet_service.await_outcome(
        database, bell, scope, view.id, wait_seconds=wait_seconds
    )
