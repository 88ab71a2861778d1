"""How does what is desired become signed bytes, once, in order, and never anything else?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from cloud_api.fleet.configurations import service as configurations
from cloud_api.fleet.errors import SnapshotTooLargeError
from cloud_api.fleet.events import SnapshotTooLarge
from cloud_api.fleet.keys import service as keys
from cloud_api.fleet.ports import RandomBytes, Sealer
from cloud_api.fleet.repository import notify
from cloud_api.fleet.rules import pin_place, words_place
from cloud_api.fleet.snapshots import repository
from cloud_api.fleet.snapshots.rules import (
    HORIZON,
    MOST_REVOKED,
    assemble,
    frame_hash,
    grant_on_the_wire,
    horizons,
    is_due,
    within,
)
from cloud_api.fleet.snapshots.types import Built, HouseCells, Idle, Stored, StoredGrant
from cloud_api.fleet.types import CHANNEL_WORK
from cloud_api.fleet.unheard.service import forget_heard
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.vault import Vault, VaultError
from protocol.access import Grant, pin_context, private_context
from protocol.envelope import Kind
from protocol.house import Position
from protocol.sealing import seal_for

_log = structlog.get_logger("portero.fleet.snapshots")

_SEED_BYTES = 32
_KEPT = timedelta(days=40)
"""Longer than any backup is kept: a house that comes back with an old version is recognised."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What the builder works with; only processes that may sign snapshots have one."""

    sealer: Sealer
    vault: Vault
    clock: Clock
    random: RandomBytes


async def build(session: Session, house_id: UUID, workshop: Workshop) -> Built | Idle:
    """Allocate the next version, sign it and store its exact bytes, in the caller's transaction.

    Does nothing when nothing changed and the lease is fresh. A house whose grants do not fit gets
    no new version, an event for a person, and keeps the version it has. Raises
    KeysNotInstalledError.
    """
    house = await repository.lock(session, house_id)
    if house is None:
        return Idle.UNKNOWN_HOUSE
    return await _build(session, house, workshop)


async def build_next(session: Session, workshop: Workshop) -> Built | Idle | None:
    """Build for the house that has waited longest, as `build` does; None when none waits."""
    house = await repository.lock_waiting(session)
    return None if house is None else await _build(session, house, workshop)


async def waiting(session: Session, *, most: int) -> list[UUID]:
    """Houses that want a new version, also those that could not be built before."""
    return await repository.waiting(session, most=most)


async def due(session: Session, clock: Clock, *, most: int) -> list[UUID]:
    """Houses whose lease wants renewing."""
    return await repository.due(session, now=clock.utc_now(), most=most)


async def head(session: Session, house_id: UUID) -> Stored | None:
    """What to publish for a house; None when there is nothing, or the house is frozen."""
    return await repository.head(session, house_id)


async def unpublished(session: Session, *, most: int) -> list[Stored]:
    """What no courier has published yet."""
    return await repository.unpublished(session, most=most)


async def unheard(session: Session, *, after: UUID, most: int) -> list[Stored]:
    """What houses have not acknowledged; for a courier that has (re)connected. Paged by house."""
    return await repository.unheard(session, after=after, most=most)


async def enrolled(session: Session, *, after: UUID, most: int) -> list[UUID]:
    """Every house with a device, paged by its id."""
    return await repository.enrolled(session, after=after, most=most)


async def call_publishers(session: Session, house_id: UUID) -> None:
    """Who built it cannot publish it: at this commit the other couriers look."""
    await notify(session, CHANNEL_WORK, f"snapshot {house_id}")


async def mark_published(session: Session, stored: Stored, clock: Clock) -> None:
    """A broker has taken these bytes."""
    await repository.mark_published(session, stored.house_id, stored.position, now=clock.utc_now())


async def prune(session: Session, clock: Clock) -> None:
    """Forget versions and tombstones nobody needs any more."""
    before = clock.utc_now() - _KEPT
    await repository.prune(session, before=before)
    await forget_heard(session, before=before)


async def _build(session: Session, house: HouseCells, workshop: Workshop) -> Built | Idle:
    now = workshop.clock.utc_now()
    idle = await _reason_to_rest(session, house, workshop.sealer.kid, now=now)
    if idle is not None:
        return idle
    try:
        body, carried = await _fitting_body(session, house, workshop, now=now)
    except SnapshotTooLargeError as error:
        await _report_too_large(session, house, error.size_bytes)
        return Idle.TOO_LARGE
    except (VaultError, ValueError) as error:
        # One house that cannot be built must not keep the others waiting.
        _log.error("snapshot_unreadable", house=str(house.house_id), error=type(error).__name__)
        await repository.set_trouble(session, house.house_id, Idle.UNREADABLE.value)
        return Idle.UNREADABLE
    frame = await workshop.sealer.seal(Kind.SNAPSHOT, body)
    position = Position(epoch=house.epoch, version=house.version + 1, hash=frame_hash(frame))
    lease_until = now + timedelta(seconds=house.lease_seconds)
    await repository.store(
        session, house, position, frame, grants=carried, now=now, lease_until=lease_until
    )
    await configurations.sign(session, house.house_id, house.epoch, workshop.sealer, workshop.clock)
    return Built(Stored(house.house_id, position, frame), len(carried))


async def _reason_to_rest(
    session: Session, house: HouseCells, kid: str, *, now: datetime
) -> Idle | None:
    if house.sealing_key is None:
        return Idle.NOT_ENROLLED
    if house.frozen:
        return Idle.FROZEN
    if not is_due(house, now=now):
        return Idle.UNCHANGED
    in_force = await keys.in_force(session)
    if not in_force.document.allows_epoch(kid, house.epoch):
        await repository.set_trouble(session, house.house_id, Idle.EPOCH_NOT_LISTED.value)
        return Idle.EPOCH_NOT_LISTED
    return None


async def _fitting_body(
    session: Session, house: HouseCells, workshop: Workshop, *, now: datetime
) -> tuple[bytes, list[UUID]]:
    stored = await repository.grants(session, house.house_id, now=now, horizon=now + HORIZON)
    sealed = {each.id: await _sealed(session, house, each, workshop) for each in stored}
    revoked = await repository.revoked(session, house.house_id, now=now, most=MOST_REVOKED)
    tries = list(horizons(house.lease_seconds))
    for horizon in tries:
        kept = [sealed[each.id] for each in within(stored, now=now, horizon=horizon)]
        try:
            body = assemble(house, grants=kept, revoked=revoked, now=now)
        except SnapshotTooLargeError:
            if horizon == tries[-1]:
                raise
        else:
            return body, [each.id for each in kept]
    raise AssertionError("there is always a shortest horizon")


async def _sealed(
    session: Session, house: HouseCells, stored: StoredGrant, workshop: Workshop
) -> Grant:
    """The grant with its private words in boxes only this house opens; sealed once per key."""
    boxes = stored.boxes or {}
    if boxes.get("for") != house.sealing_key:
        boxes = {**_seal_all(house, stored, workshop), "for": house.sealing_key}
        await repository.keep_boxes(
            session, stored.id, {name: str(box) for name, box in boxes.items()}
        )
    return grant_on_the_wire(stored, {name: str(box) for name, box in boxes.items()})


def _seal_all(house: HouseCells, stored: StoredGrant, workshop: Workshop) -> dict[str, str]:
    vault, key = workshop.vault, house.sealing_key or ""
    boxes = {}
    if stored.vaulted_words is not None:
        words = vault.unlock(stored.vaulted_words, context=words_place(stored.id))
        context = private_context(house.house_id, stored.id)
        boxes["words"] = seal_for(
            key, words.encode(), context=context, ephemeral_seed=workshop.random(_SEED_BYTES)
        )
    for pin in stored.pins:
        credential, lock = UUID(str(pin["credential"])), UUID(str(pin["lock"]))
        digits = vault.unlock(
            bytes.fromhex(str(pin["digits"])), context=pin_place(stored.id, credential)
        )
        boxes[str(credential)] = seal_for(
            key,
            digits.encode(),
            context=pin_context(house.house_id, stored.id, lock),
            ephemeral_seed=workshop.random(_SEED_BYTES),
        )
    return boxes


async def _report_too_large(session: Session, house: HouseCells, size_bytes: int) -> None:
    if await repository.set_trouble(session, house.house_id, Idle.TOO_LARGE.value):
        event = SnapshotTooLarge(
            house_id=house.house_id,
            organisation_id=house.organisation_id,
            size_bytes=size_bytes,
        )
        await publish(session, event, organisation_id=house.organisation_id)
