"""What does a house hold, by its own signed word, and what must it be told?"""

from datetime import timedelta
from uuid import UUID

from cloud_api.fleet.configurations import service as configurations
from cloud_api.fleet.errors import EpochNotListedError, HouseUnknownError, NotFrozenError
from cloud_api.fleet.events import HouseFrozen, SnapshotDelivered, SnapshotRefused
from cloud_api.fleet.keys import service as keys
from cloud_api.fleet.lives import service as lives
from cloud_api.fleet.lives.types import Told
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.repository import find_house, mark_dirty
from cloud_api.fleet.rules import read_from_house
from cloud_api.fleet.snapshots import service as snapshots
from cloud_api.fleet.standing import repository
from cloud_api.fleet.standing.rules import judge_status, sessions_with, stand
from cloud_api.fleet.standing.types import STRANGE, Ledger, Resumed, Standing, StatusVerdict
from cloud_api.fleet.types import Letter, Sender
from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.tenancy import Scope
from protocol.envelope import EnvelopeError, Flaw, Kind
from protocol.facts import Again
from protocol.house import (
    AckResult,
    CurrentAnswer,
    CurrentQuery,
    HouseStatus,
    Position,
    SnapshotAck,
)
from protocol.ids import HouseId
from protocol.topics import Down

_ASK_AGAIN_AFTER = timedelta(seconds=2)
_STUCK_AFTER = timedelta(seconds=30)
_SEEN_AGAIN_AFTER = timedelta(seconds=10)
"""Far below the silence that means a house is away (`fleet.rules.is_there`)."""


async def take_ack(
    session: Session, sender: Sender, frame: bytes, desk: Desk
) -> tuple[Letter, ...]:
    """A signed acknowledgement, the only proof of delivery; also one that comes early."""
    ack = read_from_house(sender, frame, Kind.SNAPSHOT_ACK, SnapshotAck)
    ledger = await _ledger(session, sender, ack.position)
    await _note_seen(session, sender, ledger, desk)
    await _weigh(session, sender, ledger, ack.position, desk)
    if ack.result is AckResult.REFUSED:
        await _note_refusal(session, sender, ack)
    return ()


async def take_status(
    session: Session, sender: Sender, frame: bytes, desk: Desk
) -> tuple[Letter, ...]:
    """A signed status, retained and therefore seen again and again; replays change nothing."""
    status = read_from_house(sender, frame, Kind.STATUS, HouseStatus)
    ledger = await _ledger(session, sender, status.position)
    if judge_status(ledger, status) is StatusVerdict.OLD:
        return ()
    if await lives.has_lost(session, sender.house_id, _life_of(status)):
        return ()
    sessions = sessions_with(ledger.sessions, status.session)
    await repository.keep_status(session, status, sessions=sessions, now=desk.clock.utc_now())
    await _weigh(session, sender, ledger, status.position, desk)
    if status.online and status.facts_acknowledged > ledger.facts_through:
        return await ask_again(session, sender, ledger.facts_through, desk)
    return ()


async def take_query(
    session: Session, sender: Sender, frame: bytes, desk: Desk
) -> tuple[Letter, ...]:
    """The question what is current, answered with signed time; what is lacking goes with it."""
    query = read_from_house(sender, frame, Kind.CURRENT_QUERY, CurrentQuery)
    ledger = await _ledger(session, sender, query.position)
    told = await lives.weigh(session, sender, query.life, query.proof, now=desk.clock.utc_now())
    in_force = await keys.in_force(session)
    if told.rival is not None:
        # Not the house's device: it hears so, and the time, and no more.
        return (await _answer(query, None, told, ledger=ledger, in_force=in_force, desk=desk),)
    await _note_seen(session, sender, ledger, desk)
    standing = await _weigh(session, sender, ledger, query.position, desk)
    letters = []
    if query.key_document < in_force.document.version:
        letters.append(Letter(sender.house_id, Down.KEYS, in_force.frame))
    newest = await snapshots.head(session, sender.house_id) if standing not in STRANGE else None
    position = None if newest is None else newest.position
    letters.append(
        await _answer(query, position, told, ledger=ledger, in_force=in_force, desk=desk)
    )
    if newest is not None and standing is not Standing.CURRENT:
        letters.append(Letter(sender.house_id, Down.SNAPSHOT, newest.frame))
    if query.life is not None:  # a house of the version before knows nothing of it
        letters += await configurations.lacking(session, sender, query.configuration)
    if query.facts_through > ledger.facts_through:
        letters += await _again_if_stuck(session, sender, ledger, desk)
    return tuple(letters)


async def ask_again(
    session: Session, sender: Sender, through: int, desk: Desk
) -> tuple[Letter, ...]:
    """Ask for the facts after `through`, though not in every breath."""
    now = desk.clock.utc_now()
    if not await repository.may_ask_again(
        session, sender.house_id, now=now, before=now - _ASK_AGAIN_AFTER
    ):
        return ()
    again = Again(house=HouseId(sender.house_id), from_sequence=through + 1)
    frame = await desk.sealer.seal(Kind.AGAIN, again.to_bytes())
    return (Letter(sender.house_id, Down.AGAIN, frame),)


async def begin_epoch(session: Session, scope: Scope, house_id: UUID) -> int:
    """Publish to a frozen house again, in an epoch above everything it ever held.

    Raises HouseUnknownError, NotFrozenError, and EpochNotListedError until the root has signed a
    key document that lists the epoch for a key that signs snapshots.
    """
    house = await find_house(session, scope, house_id)
    if house is None:
        raise HouseUnknownError
    if not house.frozen:
        raise NotFrozenError
    epoch = max(house.epoch, house.ahead_epoch) + 1
    document = (await keys.in_force(session)).document
    if not any(document.allows_epoch(key.kid, epoch) for key in document.keys):
        raise EpochNotListedError(extra={"epoch": epoch})
    await repository.new_epoch(session, house_id, epoch=epoch)
    await mark_dirty(session, house_id)
    return epoch


async def freeze_restored(session: Session) -> int:
    """After a restored backup: publish nothing until each house has said where it stands.

    Answers how many houses wait.
    """
    frozen = await repository.freeze_restored(session)
    for house_id, organisation_id in frozen:
        event = HouseFrozen(house_id=house_id, organisation_id=organisation_id, reason="restored")
        await publish(session, event, organisation_id=organisation_id)
    return len(frozen)


async def go_on(session: Session) -> list[Resumed]:
    """Begin the next epoch of every frozen house that was heard and that the root has listed."""
    document, done = (await keys.in_force(session)).document, list[Resumed]()
    for house in await repository.frozen_houses(session):
        epoch = house.highest_epoch + 1
        listed = any(document.allows_epoch(key.kid, epoch) for key in document.keys)
        if house.was_heard and listed:
            await repository.new_epoch(session, house.house_id, epoch=epoch)
            await mark_dirty(session, house.house_id)
        done.append(Resumed(house.house_id, epoch, is_heard=house.was_heard, is_listed=listed))
    return done


async def _ledger(session: Session, sender: Sender, position: Position | None) -> Ledger:
    ledger = await repository.lock(session, sender.house_id, position)
    if ledger is None:
        raise EnvelopeError(Flaw.WRONG_HOUSE)
    return ledger


async def _note_seen(session: Session, sender: Sender, ledger: Ledger, desk: Desk) -> None:
    """A house that speaks often is not written down each time."""
    now = desk.clock.utc_now()
    if ledger.last_seen is None or abs(now - ledger.last_seen) >= _SEEN_AGAIN_AFTER:
        await repository.seen(session, sender.house_id, now=now)


async def _weigh(
    session: Session, sender: Sender, ledger: Ledger, position: Position | None, desk: Desk
) -> Standing:
    """Note what the house proves to hold; freeze a house that holds what we never issued."""
    if position is None:
        return Standing.NOTHING
    standing = stand(ledger, position, issued_hash=ledger.issued_hash)
    if standing in STRANGE:
        await _freeze(session, sender, standing, position)
    elif await repository.acknowledge(session, sender.house_id, position, now=desk.clock.utc_now()):
        event = SnapshotDelivered(
            house_id=sender.house_id,
            organisation_id=sender.organisation_id,
            epoch=position.epoch,
            version=position.version,
        )
        await publish(session, event, organisation_id=sender.organisation_id)
    return standing


async def _freeze(session: Session, sender: Sender, standing: Standing, position: Position) -> None:
    reason = f"house_{standing.value}"
    if await repository.freeze(session, sender.house_id, reason=reason, epoch=position.epoch):
        event = HouseFrozen(
            house_id=sender.house_id, organisation_id=sender.organisation_id, reason=reason
        )
        await publish(session, event, organisation_id=sender.organisation_id)


async def _note_refusal(session: Session, sender: Sender, ack: SnapshotAck) -> None:
    reason = ack.reason or "unexplained"
    if await repository.refused(session, sender.house_id, offered=ack.offered_hash, reason=reason):
        event = SnapshotRefused(
            house_id=sender.house_id, organisation_id=sender.organisation_id, reason=reason
        )
        await publish(session, event, organisation_id=sender.organisation_id)


async def _answer(
    query: CurrentQuery,
    position: Position | None,
    told: Told,
    *,
    ledger: Ledger,
    in_force: keys.InForce,
    desk: Desk,
) -> Letter:
    answer = CurrentAnswer(
        house=query.house,
        nonce=query.nonce,
        now=desk.clock.utc_now(),
        position=position,
        key_document=in_force.document.version,
        facts_received=ledger.facts_through,
        prove=told.prove,
        rival=told.rival,
    )
    frame = await desk.sealer.seal(Kind.CURRENT_ANSWER, answer.to_bytes())
    return Letter(query.house, Down.CURRENT, frame)


def _life_of(status: HouseStatus) -> str | None:
    return None if status.life is None else status.life.id


async def _again_if_stuck(
    session: Session, sender: Sender, ledger: Ledger, desk: Desk
) -> tuple[Letter, ...]:
    """The house sends what it has by itself; ask only when nothing came since its last query."""
    now = desk.clock.utc_now()
    if await repository.gap_persists(session, sender.house_id, now=now, before=now - _STUCK_AFTER):
        return await ask_again(session, sender, ledger.facts_through, desk)
    return ()
