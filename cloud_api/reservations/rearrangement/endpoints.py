"""Through which addresses do staff declare equal units, look for room, make it, and undo that?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from cloud_api.accounts.types import Permission
from cloud_api.kit.days import Day
from cloud_api.kit.errors import Forbidden, InvalidRequest, Unauthenticated, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, room_router
from cloud_api.kit.idempotency import IdempotencyKeyReusedError
from cloud_api.kit.tenancy import Scope
from cloud_api.reservations.errors import (
    AccommodationNotFoundError,
    DateOverlapError,
    InvalidDatesError,
    InvalidGuestsError,
    ProcessingError,
)
from cloud_api.reservations.holds.service import Wish
from cloud_api.reservations.rearrangement import service
from cloud_api.reservations.rearrangement.errors import (
    GroupNotFoundError,
    GroupTakenError,
    GroupUnitsError,
    MovesError,
    RearrangementNotFoundError,
    RearrangementStaleError,
)
from cloud_api.reservations.rearrangement.schemas import (
    AcceptIn,
    GroupIn,
    GroupOut,
    MoveOut,
    OptionOut,
    RearrangementOut,
    SuggestionsOut,
)
from cloud_api.reservations.types import Nights

router = room_router(prefix="", tag="rearrangement")

Reader = Annotated[Scope, Depends(allow(Permission.RESERVATIONS_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.RESERVATIONS_WRITE))]
Owner = Annotated[Scope, Depends(allow(Permission.PROPERTIES_WRITE))]

_READ = (Unauthenticated, Forbidden, InvalidRequest)
_GROUP = (*_READ, AccommodationNotFoundError, GroupUnitsError, GroupTakenError)


@router.get("/interchangeable-units", responses=problem_responses(*_READ))
async def groups(scope: Reader, session: DbSession) -> list[GroupOut]:
    """Every group of units that can stand for one another."""
    return [GroupOut.of(each) for each in await service.groups(session, scope)]


@router.post(
    "/interchangeable-units",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(*_GROUP, IdempotencyKeyReusedError),
)
async def make_group(wanted: GroupIn, scope: Owner, session: DbSession) -> GroupOut:
    """Declare units interchangeable; a unit is in one group at most."""
    return GroupOut.of(await service.make_group(session, scope, wanted.name, wanted.unit_ids))


@router.put(
    "/interchangeable-units/{group_id}", responses=problem_responses(*_GROUP, GroupNotFoundError)
)
async def change_group(
    group_id: UUID, wanted: GroupIn, scope: Owner, session: DbSession
) -> GroupOut:
    """Another name, other units."""
    changed = await service.change_group(session, scope, group_id, wanted.name, wanted.unit_ids)
    return GroupOut.of(changed)


@router.delete(
    "/interchangeable-units/{group_id}",
    status_code=204,
    responses=problem_responses(*_READ, GroupNotFoundError),
)
async def remove_group(group_id: UUID, scope: Owner, session: DbSession) -> None:
    """These units are not interchangeable any more; what was moved stays moved."""
    await service.remove_group(session, scope, group_id)


@router.get("/rearrangements", responses=problem_responses(*_READ, InvalidDatesError))
async def suggest(
    *,
    scope: Reader,
    session: DbSession,
    clock: ClockOf,
    check_in: Day,
    check_out: Day,
    guests: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> SuggestionsOut:
    """Which interchangeable units are free, and which would be if some stays moved."""
    nights = Nights(check_in, check_out)
    found = await service.suggest(session, scope, clock, nights, guests)
    told = [_option(each) for each in found.options]
    return SuggestionsOut(
        check_in=check_in,
        check_out=check_out,
        guests=guests,
        direct=[each for each in told if not each.moves],
        with_moves=[each for each in told if each.moves],
        units_looked_at=found.looked_at,
        complete=found.complete,
    )


@router.post(
    "/rearrangements",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(
        *_READ,
        IdempotencyKeyReusedError,
        InvalidDatesError,
        InvalidGuestsError,
        MovesError,
        GroupNotFoundError,
        RearrangementStaleError,
        DateOverlapError,
        ProcessingError,
    ),
)
async def accept(
    wanted: AcceptIn, scope: Writer, session: DbSession, clock: ClockOf
) -> RearrangementOut:
    """Do one option: every move and, if wished, the new booking; or nothing changes."""
    return RearrangementOut.of(await service.accept(session, scope, clock, _wanted(wanted)))


@router.post(
    "/rearrangements/{rearrangement_id}/undo",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(
        *_READ,
        IdempotencyKeyReusedError,
        RearrangementNotFoundError,
        RearrangementStaleError,
        DateOverlapError,
        ProcessingError,
    ),
)
async def undo(
    rearrangement_id: UUID, scope: Writer, session: DbSession, clock: ClockOf
) -> RearrangementOut:
    """Everybody back, while nothing else changed; a booking made with it is cancelled."""
    return RearrangementOut.of(await service.undo(session, scope, clock, rearrangement_id))


def _wanted(body: AcceptIn) -> service.Wanted:
    nights = Nights(body.check_in, body.check_out)
    hold = body.hold
    return service.Wanted(
        unit_id=body.unit_id,
        nights=nights,
        guests=body.guests,
        moves=tuple((each.reservation_id, each.to_unit_id, each.version) for each in body.moves),
        hold=None
        if hold is None
        else Wish(
            unit_ids=(body.unit_id,),
            nights=nights,
            guests=body.guests,
            channel=hold.channel,
            contact=hold.contact.to_contact(),
        ),
        confirmed=bool(hold and hold.confirmed),
    )


def _option(option: service.Option) -> OptionOut:
    price = option.price
    sold = price is not None and not price.minimum_stay and not price.no_rate
    return OptionOut(
        group_id=option.group.id,
        unit_id=option.unit.unit_id,
        unit_name=option.unit.name,
        house_id=option.unit.house_id,
        house_name=option.unit.house_name,
        capacity=option.unit.capacity,
        price=price.total if price and sold else None,
        second_price=price.second_total if price and sold else None,
        moves=[MoveOut.of(step) for step in option.plan.steps],
    )
