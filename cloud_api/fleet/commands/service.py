"""How does a person far away open a door now, at most once, and learn what truly happened?"""

import math
from uuid import UUID

from cloud_api.fleet.commands import repository
from cloud_api.fleet.commands.repository import EndedCommand, OpenCommand
from cloud_api.fleet.errors import CommandUnknownError, HouseNotEnrolledError
from cloud_api.fleet.events import DoorCommandEnded
from cloud_api.fleet.lives import service as lives
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.repository import notify
from cloud_api.fleet.rules import read_from_house
from cloud_api.fleet.types import (
    CHANNEL_DONE,
    CHANNEL_WORK,
    FINAL_COMMAND_STATES,
    CommandState,
    CommandView,
    Letter,
    Sender,
)
from cloud_api.kit.bell import Bell
from cloud_api.kit.db import Database, Session
from cloud_api.kit.events import publish
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from protocol.envelope import Kind
from protocol.ids import CommandId, GrantId, HouseId, LockId
from protocol.live import (
    NONCE_SECONDS,
    CommandOutcome,
    LiveCommand,
    Move,
    NonceGrant,
    NonceRequest,
    Outcome,
)
from protocol.topics import Down

_WAIT_MARGIN_SECONDS = 0.5
_NEXT_TO_NOTHING_SECONDS = 0.001


async def door_command(
    session: Session,
    *,
    house_id: UUID,
    grant_id: UUID,
    lock_id: UUID,
    move: Move,
    command_id: UUID | None = None,
    within_seconds: float = NONCE_SECONDS,
) -> UUID:
    """Ask for a door to be moved now; answers the command's id.

    The command carries no right: the house decides. It is tried once, and never after
    `within_seconds`. The same `command_id` again is the same command. A courier starts when the
    caller's transaction commits. Raises HouseNotEnrolledError.
    """
    chosen = command_id or new_id()
    if not await repository.insert(
        session,
        command_id=chosen,
        house_id=house_id,
        grant_id=grant_id,
        lock_id=lock_id,
        move=move,
        seconds=within_seconds,
    ):
        raise HouseNotEnrolledError
    await notify(session, CHANNEL_WORK, f"command {chosen}")
    return chosen


async def command(session: Session, scope: Scope, command_id: UUID) -> CommandView:
    """Where a command stands. Raises CommandUnknownError."""
    view = await repository.find(session, scope, command_id)
    if view is None:
        raise CommandUnknownError
    return view


async def await_outcome(
    database: Database,
    bell: Bell,
    scope: Scope,
    command_id: UUID,
    *,
    wait_seconds: float = NONCE_SECONDS + _WAIT_MARGIN_SECONDS,
) -> CommandView:
    """Wait for the end of a command, outside any transaction of the caller.

    Answers the last state seen when the wait is over; a command past its time is ended here, so
    the answer is honest without any courier. Raises CommandUnknownError.
    """
    async for _ in bell.rings(f"command {command_id}", within_seconds=wait_seconds):
        async with database.transaction() as session:
            view = await command(session, scope, command_id)
        if view.state in FINAL_COMMAND_STATES:
            return view
    async with database.transaction() as session:
        for each in await repository.expire_one(session, command_id):
            await _tell(session, each)
        return await command(session, scope, command_id)


async def move_door(
    database: Database,
    bell: Bell,
    scope: Scope,
    *,
    house_id: UUID,
    grant_id: UUID,
    lock_id: UUID,
    move: Move,
    command_id: UUID | None = None,
) -> CommandView:
    """Command and wait: the true outcome within 10 s, or an honest `unknown`.

    Uses short transactions of its own, so call it outside any. Raises HouseNotEnrolledError.
    """
    async with database.transaction() as session:
        chosen = await door_command(
            session,
            house_id=house_id,
            grant_id=grant_id,
            lock_id=lock_id,
            move=move,
            command_id=command_id,
        )
    return await await_outcome(database, bell, scope, chosen)


async def claim(session: Session, desk: Desk, *, most: int) -> tuple[Letter, ...]:
    """Take commands nobody has begun; answers the requests for their nonces."""
    return tuple(
        [await _nonce_request(each, desk) for each in await repository.claim(session, most=most)]
    )


async def take_nonce(
    session: Session, sender: Sender, frame: bytes, desk: Desk
) -> tuple[Letter, ...]:
    """The house's nonce: the command is sent, by whoever is first, once."""
    grant = read_from_house(sender, frame, Kind.NONCE_GRANT, NonceGrant)
    if await lives.has_lost(session, sender.house_id, grant.life):
        return ()  # no command goes to a device that is not the house's
    if grant.nonce is None:
        reason = "refused" if grant.refusal is None else grant.refusal.value
        await _end(session, sender, grant.command, Outcome.REFUSED, reason, CommandState.ASKED)
        return ()
    sent = await repository.send(session, grant.command, sender.house_id)
    return () if sent is None else (await _live_command(sent, grant.nonce, desk),)


async def take_outcome(
    session: Session, sender: Sender, frame: bytes, _desk: Desk
) -> tuple[Letter, ...]:
    """What truly happened; a late truth replaces `unknown`."""
    said = read_from_house(sender, frame, Kind.OUTCOME, CommandOutcome)
    leaving = (CommandState.SENT, CommandState.UNKNOWN)
    await _end(session, sender, said.command, said.outcome, said.reason, *leaving)
    return ()


async def expire(session: Session) -> int:
    """End every command that is too late, honestly; answers how many."""
    ended = await repository.expire(session)
    for each in ended:
        await _tell(session, each)
    return len(ended)


async def _end(
    session: Session,
    sender: Sender,
    command_id: UUID,
    outcome: Outcome,
    reason: str | None,
    *leaving: CommandState,
) -> None:
    states = {Outcome.UNKNOWN: CommandState.UNKNOWN, Outcome.REFUSED: CommandState.REFUSED}
    ended = await repository.end(
        session,
        command_id,
        sender.house_id,
        state=states.get(outcome, CommandState.DONE),
        outcome=outcome.value,
        reason=reason,
        leaving=leaving,
    )
    if ended is not None:
        await _tell(session, ended)


async def _tell(session: Session, ended: EndedCommand) -> None:
    await notify(session, CHANNEL_DONE, f"command {ended.id}")
    event = DoorCommandEnded(
        house_id=ended.house_id,
        organisation_id=ended.organisation_id,
        command_id=ended.id,
        grant_id=ended.grant_id,
        lock_id=ended.lock_id,
        outcome=ended.outcome,
        reason=ended.reason,
    )
    await publish(session, event, organisation_id=ended.organisation_id)


async def _nonce_request(command: OpenCommand, desk: Desk) -> Letter:
    request = NonceRequest(
        house=HouseId(command.house_id),
        command=CommandId(command.id),
        grant=GrantId(command.grant_id),
        lock=LockId(command.lock_id),
        move=_move(command.move),
        seconds=min(max(command.left_seconds, _NEXT_TO_NOTHING_SECONDS), NONCE_SECONDS),
    )
    frame = await desk.sealer.seal(Kind.NONCE_REQUEST, request.to_bytes())
    return Letter(command.house_id, Down.ASK, frame, _expiry(command))


async def _live_command(command: OpenCommand, nonce: str, desk: Desk) -> Letter:
    live = LiveCommand(
        house=HouseId(command.house_id),
        command=CommandId(command.id),
        grant=GrantId(command.grant_id),
        lock=LockId(command.lock_id),
        move=_move(command.move),
        nonce=nonce,
    )
    frame = await desk.sealer.seal(Kind.COMMAND, live.to_bytes())
    return Letter(command.house_id, Down.COMMAND, frame, _expiry(command))


def _expiry(command: OpenCommand) -> int:
    return max(1, math.ceil(command.left_seconds))


def _move(text: str) -> Move:
    return "open" if text == "open" else "lock"
