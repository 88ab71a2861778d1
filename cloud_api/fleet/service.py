"""How do other rooms tell a house what it should hold, and learn what it holds?

What concerns live commands, music, claims and epochs is done in the sub-rooms and handed out here.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from cloud_api.fleet import repository
from cloud_api.fleet.capacity import service as capacity
from cloud_api.fleet.claims.service import claim
from cloud_api.fleet.claims.service import make_token as make_claim_token
from cloud_api.fleet.commands.service import await_outcome, command, door_command, move_door
from cloud_api.fleet.errors import GrantTooLargeError, GrantWithdrawnError, HouseUnknownError
from cloud_api.fleet.lives import service as lives
from cloud_api.fleet.models import BadMessageRow, HouseRow
from cloud_api.fleet.music.service import ask_music, await_music, relay_music
from cloud_api.fleet.repository import GrantCells
from cloud_api.fleet.rules import (
    allowed_lease,
    canonical,
    delivery_state,
    is_there,
    pin_place,
    words_place,
)
from cloud_api.fleet.standing.service import begin_epoch, freeze_restored, go_on
from cloud_api.fleet.types import Delivery, DeliveryState, DesiredGrant, FactView, HouseLayout
from cloud_api.fleet.unheard.service import grant_deliveries, house_worst_case
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Json, Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.paging import Window
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.properties import service as properties
from protocol.access import MOST_PINS, MOST_RIGHTS, PrivateWords
from protocol.house import Position

__all__ = [
    "ask_music",
    "await_music",
    "await_outcome",
    "bad_messages",
    "begin_epoch",
    "claim",
    "command",
    "delivery",
    "describe_house",
    "desire",
    "door_command",
    "facts",
    "freeze_restored",
    "go_on",
    "grant_deliveries",
    "houses",
    "make_claim_token",
    "move_door",
    "relay_music",
    "signing_key_of",
    "withdraw",
]


async def desire(session: Session, grants: Sequence[DesiredGrant], *, vault: Vault) -> None:
    """The houses shall hold these grants: inserted or replaced by id, in the caller's transaction.

    Idempotent: what is there already changes nothing; a lower generation is ignored. Names and
    PINs rest in `vault`. Changed houses are marked dirty and get a new snapshot after the commit.
    Raises GrantWithdrawnError for an id that was withdrawn, HouseUnknownError for a house of
    another organisation, GrantTooLargeError for what no snapshot could carry, HouseFullError for
    what none could carry beside the rest.
    """
    by_house: dict[UUID, list[DesiredGrant]] = defaultdict(list)
    for grant in grants:
        by_house[grant.house_id].append(grant)
    owners = await repository.lock_houses(
        session, {house: wanted[0].organisation_id for house, wanted in by_house.items()}
    )
    for house_id in sorted(by_house):
        wanted = by_house[house_id]
        _refuse_too_large(wanted)
        if any(grant.organisation_id != owners[house_id] for grant in wanted):
            raise HouseUnknownError
        if await _write(session, house_id, [_cells(each, vault) for each in wanted]):
            await repository.mark_dirty(session, house_id)


async def withdraw(
    session: Session, *, house_id: UUID, grant_ids: Sequence[UUID], clock: Clock
) -> None:
    """These grants or delegations hold no more, nor do grants that hang on them; for ever.

    Their ids stay in every snapshot's `revoked_ids` until their window plus lease has ended.
    Idempotent; in the caller's transaction.
    """
    buried = await repository.bury(session, house_id, grant_ids, now=clock.utc_now())
    if buried:
        await repository.mark_dirty(session, house_id)


async def describe_house(session: Session, layout: HouseLayout) -> None:
    """What the house is made of. Idempotent; a lease outside 1 h to 14 d is set to the nearest."""
    lease_seconds = allowed_lease(layout.lease_seconds)
    if await repository.describe(session, layout, lease_seconds=lease_seconds):
        await repository.mark_dirty(session, layout.house_id)


async def delivery(session: Session, scope: Scope, house_id: UUID, *, clock: Clock) -> Delivery:
    """What the house should hold, what it proved to hold. HouseUnknownError."""
    house = await repository.find_house(session, scope, house_id)
    now = clock.utc_now()
    if house is None:
        return await _not_told_yet(session, scope, house_id)
    worst = await house_worst_case(session, house_id, now=now)
    doubled = await lives.doubled(session, [house_id], now=now)
    return replace(_delivery(house, worst, now=now), doubled=doubled.get(house_id))


async def houses(
    session: Session, scope: Scope, window: Window, *, clock: Clock
) -> tuple[list[tuple[HouseRow, Delivery]], int]:
    """The caller's houses by name, and how many there are."""
    rows, total = await repository.list_houses(session, scope, window)
    now = clock.utc_now()
    found = []
    doubled = await lives.doubled(session, [row.house_id for row in rows], now=now)
    for row in rows:
        worst = await house_worst_case(session, row.house_id, now=now)
        told = replace(_delivery(row, worst, now=now), doubled=doubled.get(row.house_id))
        found.append((row, told))
    return found, total


async def facts(
    session: Session, scope: Scope, house_id: UUID, window: Window, *, kind: str | None = None
) -> tuple[list[FactView], int]:
    """What happened in a house, newest first, and how many there are. HouseUnknownError."""
    await _house(session, scope, house_id)
    rows, total = await repository.list_facts(session, scope, house_id, window, kind=kind)
    views = [
        FactView(row.house_id, row.chain, row.sequence, row.kind, row.exact, row.received_at)
        for row in rows
    ]
    return views, total


async def bad_messages(
    session: Session, scope: Scope, window: Window, *, house_id: UUID | None = None
) -> tuple[list[BadMessageRow], int]:
    """Refused messages in the name of the caller's houses, newest first."""
    return await repository.list_bad_messages(session, scope, window, house_id=house_id)


async def signing_key_of(session: Session, house_id: UUID) -> str | None:
    """The public key (hex) the house's device signs with; None before its claim."""
    return await repository.signing_key(session, house_id)


async def _house(session: Session, scope: Scope, house_id: UUID) -> HouseRow:
    house = await repository.find_house(session, scope, house_id)
    if house is None:
        raise HouseUnknownError
    return house


async def _write(session: Session, house_id: UUID, wanted: Sequence[GrantCells]) -> bool:
    room = await capacity.measure(session, house_id, wanted)
    changed = await _upsert(session, wanted)
    await capacity.refuse_overfull(session, room)
    return changed


async def _upsert(session: Session, wanted: Sequence[GrantCells]) -> bool:
    """Grants of one house; did any change?"""
    ids, changed = [cells.id for cells in wanted], False
    for cells in wanted:
        done = await repository.upsert_grant(session, cells, ids)
        if done.gone:
            raise GrantWithdrawnError(extra={"grants": [str(each) for each in done.gone]})
        changed = changed or done.changed
    return changed


def _refuse_too_large(wanted: Sequence[DesiredGrant]) -> None:
    for grant in wanted:
        if len(grant.rights) > MOST_RIGHTS or len(grant.pins) > MOST_PINS:
            raise GrantTooLargeError(rights=len(grant.rights), pins=len(grant.pins))


def _cells(grant: DesiredGrant, vault: Vault) -> GrantCells:
    pins: list[Json] = [
        {
            "credential": str(pin.credential),
            "lock": str(pin.lock),
            "from": pin.starts.isoformat(),
            "until": pin.ends.isoformat(),
            "digits": vault.lock(pin.digits, context=pin_place(grant.id, pin.credential)).hex(),
        }
        for pin in grant.pins
    ]
    return GrantCells(
        id=grant.id,
        house_id=grant.house_id,
        organisation_id=grant.organisation_id,
        stay_id=grant.stay_id,
        parent=grant.parent,
        generation=grant.generation,
        role=grant.role.value,
        starts=grant.starts,
        ends=grant.ends,
        rights=list(grant.rights),
        checked_in=grant.checked_in,
        lan_secret_hash=grant.lan_secret_hash,
        max_delegations=grant.max_delegations,
        vaulted_words=_vaulted_words(grant, vault),
        pins=pins,
        digest=vault.fingerprint(canonical(grant), context=f"fleet|{grant.id}"),
    )


def _vaulted_words(grant: DesiredGrant, vault: Vault) -> bytes | None:
    if grant.name is None:
        return None
    words = PrivateWords(name=grant.name, language=grant.language)
    return vault.lock(words.model_dump_json(), context=words_place(grant.id))


def _delivery(
    house: HouseRow, revocation_worst_case: datetime | None, *, now: datetime
) -> Delivery:
    wanted = _position(house.epoch, house.version, house.head_hash)
    held = _position(house.acked_epoch, house.acked_version, house.acked_hash)
    return Delivery(
        house_id=house.house_id,
        state=delivery_state(
            enrolled=house.signing_key is not None,
            frozen=house.frozen,
            dirty=house.dirty,
            wanted=wanted,
            held=held,
        ),
        wanted=wanted,
        acknowledged=held,
        acknowledged_at=house.acked_at,
        dirty=house.dirty,
        online=is_there(online=house.online, last_seen=house.last_seen, now=now),
        last_seen=house.last_seen,
        revocation_worst_case=revocation_worst_case,
        frozen_reason=house.frozen_reason,
    )


async def _not_told_yet(session: Session, scope: Scope, house_id: UUID) -> Delivery:
    """A house its owner has just described has no device. HouseUnknownError for any other."""
    try:
        await properties.house_layout(session, house_id, scope)
    except NotFound:
        raise HouseUnknownError from None
    return Delivery(
        house_id=house_id,
        state=DeliveryState.NOT_ENROLLED,
        wanted=None,
        acknowledged=None,
        acknowledged_at=None,
        dirty=False,
        online=False,
        last_seen=None,
        revocation_worst_case=None,
        frozen_reason=None,
    )


def _position(epoch: int | None, version: int | None, digest: str | None) -> Position | None:
    if not epoch or not version or not digest:
        return None
    return Position(epoch=epoch, version=version, hash=digest)
