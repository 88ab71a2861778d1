"""What can staff ask about grants over HTTP?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from cloud_api.access.auth import MakingsOf, links_out
from cloud_api.access.errors import (
    GrantNotFoundError,
    GrantOverError,
    NothingToGrantError,
    RoleForbidsError,
    StaffUnknownError,
    TooManyRightsError,
    WindowTooLongError,
)
from cloud_api.access.grants import pins, repository, service
from cloud_api.access.keys.service import key_of, keys_of
from cloud_api.access.models import GrantRow
from cloud_api.access.schemas import AccessOut, GrantOut, LinksOut, PinState, StaffGrantIn
from cloud_api.access.types import GrantState, StayWindow
from cloud_api.accounts.types import Permission
from cloud_api.fleet.errors import HouseFullError
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.errors import Forbidden, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of, read_page
from cloud_api.kit.tenancy import Scope

router = room_router(prefix="/grants", tag="access")

Reader = Annotated[Scope, Depends(allow(Permission.ACCESS_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.ACCESS_WRITE))]
# A secret opens doors in its holder's name: seeing it is more than reading, and always on record.
SecretReader = Annotated[Scope, Depends(allow(Permission.ACCESS_SECRETS))]


@router.get("")
async def list_grants(
    session: DbSession,
    scope: Reader,
    clock: ClockOf,
    window: PageWindow,
    *,
    house_id: UUID | None = None,
    reservation_id: UUID | None = None,
    state: GrantState | None = None,
) -> Page[GrantOut]:
    """Grants of the organisation, the last to end first."""
    statement = repository.listed(
        scope, house_id=house_id, reservation_id=reservation_id, state=state
    )
    order = (GrantRow.ends.desc(), GrantRow.id)
    rows, total = await read_page(session, statement, window, order=order)
    keys = await keys_of(session, clock, rows)
    shown = [GrantOut.of(row, keys[row.id]) for row in rows]
    return page_of(shown, total=total, window=window)


@router.get("/of-reservation/{reservation_id}")
async def access_of_reservation(
    session: DbSession, scope: Reader, clock: ClockOf, reservation_id: UUID
) -> AccessOut:
    """Everything one reservation opens, with the state of its PINs.

    Red where a former guest's PIN is not proven gone from a lock of this one: `former_since`.
    """
    statement = repository.listed(scope, house_id=None, reservation_id=reservation_id, state=None)
    rows = list(await session.scalars(statement.order_by(GrantRow.created_at)))
    found = [each for row in rows for each in await _pins(session, clock, row)]
    keys = await keys_of(session, clock, rows)
    return AccessOut(grants=[GrantOut.of(row, keys[row.id]) for row in rows], pins=found)


async def _pins(session: DbSession, clock: ClockOf, grant: GrantRow) -> list[PinState]:
    kept = await repository.pins_of(session, grant.id)
    locks = {pin.lock_id for pin in kept if pin.wanted}
    former = await pins.former_at(session, locks, except_grant=grant.id, now=clock.utc_now())
    return [
        PinState.of(pin, former_since=former.get(pin.lock_id) if pin.wanted else None)
        for pin in kept
    ]


@router.post(
    "/staff",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(
        NothingToGrantError,
        StaffUnknownError,
        GrantOverError,
        RoleForbidsError,
        TooManyRightsError,
        HouseFullError,
        WindowTooLongError,
    ),
)
async def make_staff_grant(
    session: DbSession, scope: Writer, makings: MakingsOf, wish: StaffGrantIn
) -> GrantOut:
    """Let a member of staff open a house's doors in a window.

    Only who may make staff may hand out the override, which opens with unknown time.
    """
    if wish.may_override and not scope.may(Permission.STAFF_WRITE):
        raise Forbidden(extra={"permission": Permission.STAFF_WRITE})
    row = await service.make_staff_grant(
        session,
        makings,
        scope,
        house_id=wish.house_id,
        staff_id=wish.staff_id,
        name=wish.name,
        window=StayWindow(wish.starts, wish.ends),
        may_override=wish.may_override,
    )
    made = GrantOut.of(row, await key_of(session, makings.clock, row))
    await audit.record(
        session, scope, action=Deed.GRANT_MADE, object_type="grant", object_id=row.id, after=made
    )
    return made


@router.get("/{grant_id}", responses=problem_responses(GrantNotFoundError))
async def get_grant(session: DbSession, scope: Reader, clock: ClockOf, grant_id: UUID) -> GrantOut:
    """One grant."""
    row = await service.get(session, scope, grant_id)
    return GrantOut.of(row, await key_of(session, clock, row))


@router.post("/{grant_id}/revocation", responses=problem_responses(GrantNotFoundError))
async def revoke_grant(
    session: DbSession, scope: Writer, clock: ClockOf, grant_id: UUID
) -> GrantOut:
    """End a grant and all that hangs on it, for ever; twice is the same as once."""
    row = await service.revoke(session, clock, scope, grant_id)
    ended = GrantOut.of(row, await key_of(session, clock, row))
    await audit.record(
        session,
        scope,
        action=Deed.GRANT_REVOKED,
        object_type="grant",
        object_id=row.id,
        after=ended,
    )
    return ended


@router.post(
    "/{grant_id}/links",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(GrantNotFoundError, GrantOverError),
)
async def show_links(
    session: DbSession,
    scope: SecretReader,
    makings: MakingsOf,
    grant_id: UUID,
    *,
    renew: Annotated[bool, Query(description="true: the old links end now")] = False,
) -> LinksOut:
    """The grant's links and PIN, to hand to its holder; on record, as they are secrets."""
    if renew and not scope.may(Permission.ACCESS_WRITE):
        raise Forbidden(extra={"permission": Permission.ACCESS_WRITE})
    row = (
        await service.rotate(session, makings, scope, grant_id)
        if renew
        else await service.get(session, scope, grant_id)
    )
    if row.state != GrantState.ACTIVE or row.delegated:
        raise GrantOverError
    action = Deed.LINKS_RENEWED if renew else Deed.LINKS_SHOWN
    await audit.record(session, scope, action=action, object_type="grant", object_id=row.id)
    return links_out(makings, row, pin=await pins.shown(session, makings, row.id))
