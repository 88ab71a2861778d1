"""How is room made by moving stays among equal units, and how is that undone?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.pricing import service as pricing
from cloud_api.pricing.types import UnitPrice
from cloud_api.properties import service as properties
from cloud_api.properties.types import BookableUnit
from cloud_api.reservations import repository as bookings
from cloud_api.reservations import service as reservations
from cloud_api.reservations.availability.rules import natural_key
from cloud_api.reservations.availability.service import taken_nights
from cloud_api.reservations.errors import AccommodationNotFoundError
from cloud_api.reservations.events import publish_moved
from cloud_api.reservations.holds import service as holds
from cloud_api.reservations.holds.rules import refuse_dates
from cloud_api.reservations.holds.service import Wish
from cloud_api.reservations.holds.types import Moving
from cloud_api.reservations.models import GroupRow, RearrangementRow
from cloud_api.reservations.rearrangement import repository
from cloud_api.reservations.rearrangement.errors import (
    GroupNotFoundError,
    GroupUnitsError,
    MovesError,
    RearrangementNotFoundError,
    RearrangementStaleError,
)
from cloud_api.reservations.rearrangement.repository import Standing
from cloud_api.reservations.rearrangement.rules import room_for
from cloud_api.reservations.rearrangement.schemas import GroupOut, RearrangementOut
from cloud_api.reservations.rearrangement.types import Done, Group, Moved, Plan, Room, Stay
from cloud_api.reservations.record.service import note
from cloud_api.reservations.rules import date_fault
from cloud_api.reservations.types import (
    LIVE,
    MAX_DAYS_AHEAD,
    MAX_NIGHTS,
    Action,
    Booking,
    Kind,
    Nights,
)

_HORIZON = timedelta(days=MAX_DAYS_AHEAD + MAX_NIGHTS)


@dataclass(frozen=True, slots=True)
class Option:
    """One unit that is free for the nights, or becomes so by the plan's steps."""

    group: Group
    unit: BookableUnit
    plan: Plan
    price: UnitPrice | None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Every option of every group. `complete`: no unit was given up as too hard."""

    options: tuple[Option, ...]
    looked_at: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """One option that staff accept; `hold`: who gets the room."""

    unit_id: UUID
    nights: Nights
    guests: int
    moves: tuple[tuple[UUID, UUID, int], ...]
    hold: Wish | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class _Board:
    units: Mapping[UUID, BookableUnit]
    rooms: tuple[Room, ...]
    stays: tuple[Stay, ...]


async def groups(session: Session, scope: Scope) -> list[Group]:
    """The caller's groups of interchangeable units, by name."""
    return await repository.groups(session, scope)


async def make_group(session: Session, scope: Scope, name: str, unit_ids: Sequence[UUID]) -> Group:
    """Declare units interchangeable. Raises accommodation_not_found, invalid_group, group_taken."""
    row = GroupRow(id=new_id(), organisation_id=scope.organisation_id, name=name)
    return await _write_group(session, scope, row, unit_ids, Deed.GROUP_MADE)


async def change_group(
    session: Session, scope: Scope, group_id: UUID, name: str, unit_ids: Sequence[UUID]
) -> Group:
    """Another name, other units. Raises as `make_group`, and not_found."""
    row = await _group_row(session, scope, group_id)
    row.name = name
    return await _write_group(session, scope, row, unit_ids, Deed.GROUP_CHANGED)


async def remove_group(session: Session, scope: Scope, group_id: UUID) -> None:
    """These units are not interchangeable any more. Raises not_found."""
    row = await _group_row(session, scope, group_id)
    await session.delete(row)
    await session.flush()
    await audit.record(
        session,
        scope,
        action=Deed.GROUP_REMOVED,
        object_type="rearrangement_group",
        object_id=group_id,
    )


async def suggest(
    session: Session, scope: Scope, clock: Clock, nights: Nights, guests: int
) -> Suggestions:
    """For every unit of every group: free, or the fewest moves that would free it.

    The unit's price is that of the nights asked. Raises invalid_dates. Changes nothing.
    """
    now = clock.utc_now()
    found: list[tuple[Group, BookableUnit, Plan]] = []
    looked_at, complete = 0, True
    for group in await repository.groups(session, scope):
        board = await _board(session, scope, group, now)
        looked_at += len(board.rooms)
        for unit in board.units.values():
            refuse_dates(date_fault(nights, today=_today(unit, now)))
        sought = room_for(board.rooms, board.stays, nights, guests)
        complete = complete and sought.complete
        found += [(group, board.units[plan.unit_id], plan) for plan in sought.plans]
    prices = await pricing.price_units(
        session,
        [unit.unit_id for _, unit, _ in found],
        nights.check_in,
        nights.check_out,
        guests,
        now=now,
    )
    found.sort(key=lambda each: len(each[2].steps))
    options = (Option(group, unit, plan, prices.get(unit.unit_id)) for group, unit, plan in found)
    return Suggestions(tuple(options), looked_at, complete)


async def accept(session: Session, scope: Scope, clock: Clock, wanted: Wanted) -> Done:
    """Move every stay of the option and, if wished, book the room: all of it or nothing.

    Raises rearrangement_stale and whatever a move or a hold raises; after any of them the
    transaction must be rolled back.
    """
    board = await _board_of(session, scope, wanted.unit_id, clock.utc_now())
    going = [_checked(board, move) for move in wanted.moves]
    if len({stay.reservation_id for stay, _ in going}) != len(going):
        raise MovesError("a stay moves once")
    targets = {stay.reservation_id: to_unit for stay, to_unit in going}
    after = await _move_all(
        session, scope, targets, {s.reservation_id: s.version for s, _ in going}
    )
    held = await _take_room(session, scope, clock, board.units[wanted.unit_id], wanted)
    row = RearrangementRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        unit_id=wanted.unit_id,
        check_in=wanted.nights.check_in,
        check_out=wanted.nights.check_out,
        guests=wanted.guests,
        moves=[
            {
                "reservation_id": str(stay.reservation_id),
                "from_unit_id": str(stay.unit_id),
                "to_unit_id": str(to_unit),
                "version": after[stay.reservation_id].version,
            }
            for stay, to_unit in going
        ],
        held_id=held and held.id,
        applied_at=clock.utc_now(),
        applied_by=scope.principal_id,
    )
    session.add(row)
    await session.flush()
    return await _recorded(session, scope, Deed.REARRANGED, row)


async def undo(session: Session, scope: Scope, clock: Clock, rearrangement_id: UUID) -> Done:
    """Everybody goes back where they were, while none of these bookings changed since.

    A hold made with it is cancelled. Raises not_found and rearrangement_stale.
    """
    row = await repository.done(session, scope, rearrangement_id)
    if row is None:
        raise RearrangementNotFoundError
    if row.undone_at is not None:
        raise RearrangementStaleError("it was undone already")
    if row.held_id is not None:
        await _give_up(session, scope, clock, row.held_id)
    moves = _moves_of(row)
    await _move_all(
        session,
        scope,
        {each.reservation_id: each.from_unit_id for each in moves},
        {each.reservation_id: each.version for each in moves},
    )
    row.undone_at = clock.utc_now()
    await session.flush()
    return await _recorded(session, scope, Deed.REARRANGEMENT_UNDONE, row)


async def _group_row(session: Session, scope: Scope, group_id: UUID) -> GroupRow:
    row = await repository.group_row(session, scope, group_id)
    if row is None:
        raise GroupNotFoundError
    return row


async def _write_group(
    session: Session, scope: Scope, row: GroupRow, unit_ids: Sequence[UUID], deed: Deed
) -> Group:
    units = await properties.units_for_booking(session, sorted(set(unit_ids)))
    own = [each for each in units if each.organisation_id == scope.organisation_id and each.active]
    if len(own) != len(set(unit_ids)):
        raise AccommodationNotFoundError
    spaces = [space for unit in own for space in unit.space_ids]
    if len(own) != len(unit_ids) or len(spaces) != len(set(spaces)):
        raise GroupUnitsError("each unit once, and no two that share a space")
    await repository.write_members(session, row, [unit.unit_id for unit in own])
    group = Group(row.id, row.organisation_id, row.name, tuple(unit.unit_id for unit in own))
    await audit.record(
        session,
        scope,
        action=deed,
        object_type="rearrangement_group",
        object_id=row.id,
        after=GroupOut.of(group),
    )
    return group


async def _board_of(session: Session, scope: Scope, unit_id: UUID, now: datetime) -> _Board:
    for group in await repository.groups(session, scope):
        if unit_id in group.unit_ids:
            return await _board(session, scope, group, now)
    raise GroupNotFoundError


async def _board(session: Session, scope: Scope, group: Group, now: datetime) -> _Board:
    """The group's units as they stand, in two statements. Who has come, or comes today, stays."""
    units = await properties.units_for_booking(session, group.unit_ids)
    on_sale = sorted(
        (unit for unit in units if unit.active),
        key=lambda unit: (natural_key(unit.house_name), natural_key(unit.name)),
    )
    spaces = {space: unit for unit in on_sale for space in unit.space_ids}
    today = min((_today(unit, now) for unit in on_sale), default=now.date())
    standing = await repository.standing(session, scope, list(spaces), today, today + _HORIZON)
    stays: dict[UUID, Stay] = {}
    closed: dict[UUID, list[Nights]] = {}
    for each in standing:
        unit = spaces[each.space_id]
        if _may_move(each, unit, now):
            stays[each.reservation_id] = _stay(each, unit)
        else:
            closed.setdefault(unit.unit_id, []).append(Nights(each.check_in, each.check_out))
    rooms = tuple(
        Room(unit.unit_id, unit.capacity, tuple(closed.get(unit.unit_id, ()))) for unit in on_sale
    )
    return _Board({unit.unit_id: unit for unit in on_sale}, rooms, tuple(stays.values()))


def _today(unit: BookableUnit, now: datetime) -> date:
    return now.astimezone(ZoneInfo(unit.time_zone)).date()


def _may_move(each: Standing, unit: BookableUnit, now: datetime) -> bool:
    return (
        each.kind == Kind.STAY
        and each.unit_ids == [unit.unit_id]
        and each.checked_in_at is None
        and each.arrives > _today(unit, now)
    )


def _stay(each: Standing, unit: BookableUnit) -> Stay:
    return Stay(
        reservation_id=each.reservation_id,
        unit_id=unit.unit_id,
        nights=Nights(each.check_in, each.check_out),
        guests=each.guests,
        version=each.version,
        code=each.code,
    )


def _checked(board: _Board, move: tuple[UUID, UUID, int]) -> tuple[Stay, UUID]:
    """The stay and where it goes; raises rearrangement_stale and invalid_moves."""
    reservation_id, to_unit, version = move
    stay = next((each for each in board.stays if each.reservation_id == reservation_id), None)
    if stay is None or stay.version != version:
        raise RearrangementStaleError
    target = board.units.get(to_unit)
    if target is None or to_unit == stay.unit_id or target.capacity < stay.guests:
        raise MovesError("a stay goes to another unit of its group that sleeps its guests")
    return stay, to_unit


async def _move_all(
    session: Session,
    scope: Scope,
    targets: Mapping[UUID, UUID],
    versions: Mapping[UUID, int],
) -> dict[UUID, Booking]:
    """Everybody out, then everybody in; houses are locked first, then bookings by id."""
    places = {
        reservation_id: await holds.place_for(session, (unit_id,), scope=scope, sold_already=True)
        for reservation_id, unit_id in targets.items()
    }
    seen = [await reservations.get(session, scope, each) for each in targets]
    houses = {place.house_id for place in places.values()} | {each.house_id for each in seen}
    await holds.lock_houses(session, sorted(houses))
    locked = [await bookings.lock(session, scope, each) for each in sorted(targets)]
    before = [each for each in locked if each is not None]
    if any(each.status not in LIVE or each.version != versions[each.id] for each in before):
        raise RearrangementStaleError
    await holds.set_free(session, [each.id for each in before])
    after: dict[UUID, Booking] = {}
    for booking in before:
        place = places[booking.id]
        moved = replace(
            booking,
            unit_ids=place.unit_ids,
            house_id=place.house_id,
            property_id=place.property_id,
        )
        moving = Moving(
            reservation_id=booking.id,
            property_id=place.property_id,
            house_id=place.house_id,
            nights=booking.nights,
            guests=booking.guests,
            unit_ids=place.unit_ids,
            space_ids=place.space_ids,
            hours=booking.hours,
        )
        await holds.move(session, moving, place, channel=booking.channel)
        await publish_moved(session, booking, moved)
        now_standing = await reservations.get(session, scope, booking.id)
        after[booking.id] = await note(
            session, scope, Deed.RESERVATION_MOVED, now_standing, before=booking
        )
    return after


async def _take_room(
    session: Session, scope: Scope, clock: Clock, unit: BookableUnit, wanted: Wanted
) -> Booking | None:
    if wanted.hold is not None:
        return await holds.create(session, scope, clock, wanted.hold, confirmed=wanted.confirmed)
    if await taken_nights(session, [unit], wanted.nights):
        raise RearrangementStaleError("the room is not free after these moves")
    return None


async def _give_up(session: Session, scope: Scope, clock: Clock, held_id: UUID) -> None:
    held = await bookings.lock(session, scope, held_id)
    if held is None or held.status not in LIVE:
        return
    if held.version != 1:
        raise RearrangementStaleError
    await reservations.act(
        session, scope, clock, held_id, Action.CANCEL, reason="rearrangement undone"
    )


def _moves_of(row: RearrangementRow) -> tuple[Moved, ...]:
    return tuple(
        Moved(
            reservation_id=UUID(str(each["reservation_id"])),
            from_unit_id=UUID(str(each["from_unit_id"])),
            to_unit_id=UUID(str(each["to_unit_id"])),
            version=int(str(each["version"])),
        )
        for each in row.moves
    )


async def _recorded(session: Session, scope: Scope, deed: Deed, row: RearrangementRow) -> Done:
    done = Done(
        id=row.id,
        organisation_id=row.organisation_id,
        unit_id=row.unit_id,
        nights=Nights(row.check_in, row.check_out),
        guests=row.guests,
        moves=_moves_of(row),
        held_id=row.held_id,
        applied_at=row.applied_at,
        undone_at=row.undone_at,
    )
    await audit.record(
        session,
        scope,
        action=deed,
        object_type="rearrangement",
        object_id=row.id,
        after=RearrangementOut.of(done),
    )
    return done
