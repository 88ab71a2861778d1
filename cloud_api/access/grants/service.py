"""How does a booking become a grant, and how does a grant change and end?"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.access.errors import (
    GrantNotFoundError,
    GrantOverError,
    NothingToGrantError,
    RoleForbidsError,
    StaffUnknownError,
    TooManyRightsError,
    WindowTooLongError,
)
from cloud_api.access.events import PinChanged, StayTouched
from cloud_api.access.grants import companions, pins, repository
from cloud_api.access.grants.rows import hash_links, new_guest, new_staff
from cloud_api.access.grants.types import Makings
from cloud_api.access.models import GrantRow
from cloud_api.access.rules import (
    MOST_PINS,
    MOST_RIGHTS,
    guest_rights,
    home_rights,
    staff_rights,
    stay_window,
)
from cloud_api.access.types import GrantState, Holder, StayWindow
from cloud_api.accounts import service as accounts_service
from cloud_api.clients import service as clients_service
from cloud_api.fleet import service as fleet_service
from cloud_api.fleet.errors import GrantWithdrawnError
from cloud_api.fleet.types import DesiredGrant, DesiredPin
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.tenancy import Scope
from cloud_api.properties import service as properties_service
from cloud_api.properties.types import HouseLayout
from cloud_api.reservations import service as reservations_service
from cloud_api.reservations.types import Kind, Status, StayForAccess
from protocol.access import Right, Role, Verb

BY_STAFF = "revoked_by_staff"
WITHDRAWN = "withdrawn"
FOUND_REVOKED = "revoked_in_house"
_FINAL = frozenset({BY_STAFF, WITHDRAWN, FOUND_REVOKED})
_ROLES = {Holder.GUEST: Role.GUEST, Holder.COMPANION: Role.COMPANION, Holder.STAFF: Role.STAFF}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a stay's grant should say right now."""

    stay: StayForAccess
    layout: HouseLayout
    window: StayWindow
    keypads: tuple[UUID, ...]
    rights: tuple[str, ...]


async def sync_stay(session: Session, makings: Makings, *, reservation_id: UUID) -> None:
    """Make the stay's grant what the booking says now.

    Reads the booking afresh, so events may come late, twice or in any order.
    """
    await repository.lock_stay(session, reservation_id)
    stay = await reservations_service.stay_for_access(session, reservation_id)
    past = await repository.guest_grants(session, reservation_id)
    live = next((row for row in past if row.state == GrantState.ACTIVE), None)
    if stay is None or not _admits(stay):
        await _end_stay(session, makings, stay, live)
        return
    plan = await _plan(session, stay)
    followers: tuple[companions.Follower, ...] = ()
    if live is not None and live.house_id != stay.house_id:
        followers = await companions.followers(session, live)
        await end(session, makings.clock, live, reason="moved_house")
        live = None
    elif live is None and any(row.reason in _FINAL for row in past):
        return  # a person said no; only a person may say yes again
    row = await _write_guest(session, makings, plan, live)
    for child in await companions.follow(session, makings, followers, row):
        await settle(session, makings, child)


async def _end_stay(
    session: Session, makings: Makings, stay: StayForAccess | None, live: GrantRow | None
) -> None:
    now = makings.clock.utc_now()
    if live is None or live.ends <= now:
        return
    if stay is not None and stay.status is Status.COMPLETED and live.house_id == stay.house_id:
        layout = await properties_service.house_layout(session, live.house_id)
        today, until = now.astimezone(ZoneInfo(layout.zone)).date(), _window(stay, layout).ends
        if stay.check_out <= today and max(now, live.starts) < until:
            # Checked out in the morning: theirs until the check-out hour all the same, no longer.
            await _shorten(session, makings, live, until)
            return
    await end(session, makings.clock, live, reason="gone" if stay is None else stay.status)


async def _shorten(session: Session, makings: Makings, row: GrantRow, until: datetime) -> None:
    if row.ends <= until:
        return
    row.ends = until
    await session.flush()
    await _fit_companions(session, makings, row)
    await settle(session, makings, row)


async def touch_stays(session: Session, clock: Clock, *, house_id: UUID | None = None) -> int:
    """Have every stay that has not ended looked at again, each by its own event; how many.

    One event a stay: no transaction ever holds two stays.
    """
    stays = await repository.running_stays(session, now=clock.utc_now(), house_id=house_id)
    for stay in stays:
        touched = StayTouched(reservation_id=stay.id, organisation_id=stay.organisation_id)
        await publish(session, touched, organisation_id=stay.organisation_id)
    return len(stays)


def _admits(stay: StayForAccess) -> bool:
    return stay.status is Status.CONFIRMED and stay.kind is Kind.STAY


async def _plan(session: Session, stay: StayForAccess) -> _Plan:
    layout = await properties_service.house_layout(session, stay.house_id)
    spaces = set(stay.space_ids)
    locks = [lock for lock in layout.locks if lock.serves(spaces)]
    # Shared doors first: who cannot have a PIN everywhere gets into the house.
    keypads = tuple(lock.id for lock in sorted(locks, key=lambda each: not each.shared))
    players = tuple(player.id for player in layout.players if player.serves(spaces))
    rights = (
        *guest_rights(locks=(lock.id for lock in locks), players=players, may_approve=True),
        *home_rights(each for each in layout.things if each.serves(spaces)),
    )
    _refuse_too_many(rights)
    return _Plan(stay, layout, _window(stay, layout), keypads[:MOST_PINS], rights)


def _window(stay: StayForAccess, layout: HouseLayout) -> StayWindow:
    return stay_window(
        stay.check_in,
        stay.check_out,
        # Hours agreed for this stay win over the house's.
        from_local=stay.early_check_in or layout.check_in_from,
        until_local=stay.late_check_out or layout.check_out_until,
        zone=layout.zone,
    )


def _refuse_too_many(rights: Sequence[str]) -> None:
    """One grant too large would stop the house's whole book from being built."""
    if len(rights) > MOST_RIGHTS:
        raise TooManyRightsError(extra={"rights": len(rights), "most": MOST_RIGHTS})


async def _write_guest(
    session: Session, makings: Makings, plan: _Plan, row: GrantRow | None
) -> GrantRow:
    is_new = row is None
    if row is None:
        row = new_guest(makings, plan.stay)
        session.add(row)
    row.starts, row.ends = plan.window.starts, plan.window.ends
    row.rights = list(plan.rights)
    row.name, row.language = plan.stay.client_name, plan.stay.client_language
    row.checked_in = row.checked_in or plan.stay.checked_in
    row.max_delegations = plan.layout.max_companions
    wanted = await pins.ensure(
        session,
        makings,
        grant=row,
        locks=plan.keypads,
        is_new=is_new,
        telling=lambda: _telling(session, plan.stay),
    )
    if not is_new:  # else nothing hangs on it yet
        await _fit_companions(session, makings, row)
    await settle(session, makings, row, wanted)
    return row


async def _telling(session: Session, stay: StayForAccess | None) -> tuple[str, ...]:
    """The guest's phone numbers and the numbers in the house's address."""
    if stay is None:
        return ()
    address = await properties_service.house_address(session, stay.house_id)
    phones: tuple[str, ...] = ()
    if stay.client_id is not None:
        phones = await clients_service.phones_of(session, stay.client_id)
    return (*phones, *re.findall(r"\d+", address))


async def _fit_companions(session: Session, makings: Makings, parent: GrantRow) -> None:
    fitted = await companions.fit(session, parent)
    for child in fitted.outside:
        await end(session, makings.clock, child, reason="outside_stay")
    for child in fitted.told:
        await settle(session, makings, child)


async def settle(
    session: Session, makings: Makings, row: GrantRow, wanted: tuple[DesiredPin, ...] | None = None
) -> bool:
    """As `desire`, where nobody waits for an answer: a grant the house has buried ends here too."""
    try:
        await desire(session, makings, row, wanted)
    except GrantWithdrawnError:
        await end(session, makings.clock, row, reason=WITHDRAWN)
        return False
    return True


async def desire(
    session: Session, makings: Makings, row: GrantRow, wanted: tuple[DesiredPin, ...] | None = None
) -> None:
    """Tell the house, in this transaction, what this grant says now. GrantWithdrawnError.

    `wanted`: its PINs, where the caller knows them already.
    """
    if wanted is None:
        wanted = await pins.wanted(session, makings, row)
    await fleet_service.desire(session, (_desired(row, wanted),), vault=makings.vault)


def _desired(row: GrantRow, wanted: tuple[DesiredPin, ...]) -> DesiredGrant:
    return DesiredGrant(
        id=row.id,
        house_id=row.house_id,
        organisation_id=row.organisation_id,
        role=_ROLES[Holder(row.holder)],
        starts=row.starts,
        ends=row.ends,
        rights=tuple(row.rights),
        stay_id=row.reservation_id,
        parent=row.parent_id,
        generation=row.generation,
        checked_in=row.checked_in,
        lan_secret_hash=row.lan_hash,
        max_delegations=row.max_delegations,
        name=row.name or None,
        language=row.language,
        pins=wanted,
    )


async def end(session: Session, clock: Clock, row: GrantRow, *, reason: str) -> None:
    """Revoke a grant and all that hangs on it; the house hears of it by its next snapshot."""
    now = clock.utc_now()
    family = [row, *await repository.children(session, [row.id])]
    for each in family:
        each.state, each.reason, each.revoked_at = GrantState.REVOKED, reason, now
    ids = tuple(each.id for each in family)
    await repository.end_sessions(session, ids)
    await fleet_service.withdraw(session, house_id=row.house_id, grant_ids=ids, clock=clock)


async def revoke(session: Session, clock: Clock, scope: Scope, grant_id: UUID) -> GrantRow:
    """A member of staff ends a grant; twice is the same as once."""
    row = await get(session, scope, grant_id)
    if row.state == GrantState.ACTIVE:
        await end(session, clock, row, reason=BY_STAFF)
    return row


async def end_gone_staff(session: Session, clock: Clock) -> int:
    """End the grants of staff who may not log in any more, or whose role allows less; how many."""
    live = await repository.staff_grants(session, now=clock.utc_now())
    ids = sorted({row.staff_id for row in live if row.staff_id is not None})
    may = await accounts_service.permissions_of_staff(session, ids)
    ended = 0
    for row in live:
        held = may.get(row.staff_id) if row.staff_id is not None else None
        if held is not None and set(row.rights) <= set(staff_rights(row.rights, held)):
            continue
        await end(session, clock, row, reason="staff_gone" if held is None else "role_changed")
        ended += 1
    return ended


async def rotate(session: Session, makings: Makings, scope: Scope, grant_id: UUID) -> GrantRow:
    """New links for the same grant; the old ones and all sessions end. GrantOverError when over."""
    row = await get(session, scope, grant_id)
    if _is_over(row, makings) or row.delegated:
        raise GrantOverError
    row.generation += 1
    hash_links(row, makings)
    await repository.end_sessions(session, [row.id])
    await session.flush()
    await desire(session, makings, row)
    return row


async def make_staff_grant(
    session: Session,
    makings: Makings,
    scope: Scope,
    *,
    house_id: UUID,
    staff_id: UUID,
    name: str,
    window: StayWindow,
    may_override: bool,
) -> GrantRow:
    """A member of staff may open every door of one house inside a window.

    Raises StaffUnknownError, GrantOverError, NothingToGrantError, WindowTooLongError,
    RoleForbidsError, TooManyRightsError, and NotFound for the house.
    """
    person = await accounts_service.staff_permissions(session, scope, staff_id)
    if person is None:
        raise StaffUnknownError
    if window.ends <= makings.clock.utc_now():
        raise GrantOverError
    layout = await properties_service.house_layout(session, house_id, scope)
    locks = tuple(lock.id for lock in layout.locks)
    if not locks:
        raise NothingToGrantError("the house has no locks yet")
    _refuse_too_long(
        window, layout.longest_override if may_override else layout.longest_staff_grant
    )
    wished = [*guest_rights(locks=locks, players=(), may_approve=True)]
    wished += [str(Right(Verb.HOME_USE, each.id)) for each in layout.things]
    if may_override:
        wished.append(str(Right(Verb.ACCESS_OVERRIDE)))
    rights = staff_rights(wished, person)
    if not rights or (may_override and wished[-1] not in rights):
        raise RoleForbidsError
    _refuse_too_many(rights)
    row = new_staff(
        makings,
        scope.organisation_id,
        house_id=house_id,
        staff_id=staff_id,
        name=name,
        window=window,
        rights=rights,
    )
    session.add(row)
    await session.flush()
    await desire(session, makings, row)
    return row


def _refuse_too_long(window: StayWindow, longest: timedelta) -> None:
    if window.ends - window.starts > longest:
        raise WindowTooLongError(most_hours=longest // timedelta(hours=1))


async def get(session: Session, scope: Scope, grant_id: UUID) -> GrantRow:
    """One grant of the caller's organisation. GrantNotFoundError for any other."""
    row = await repository.find(session, scope, grant_id)
    if row is None:
        raise GrantNotFoundError
    return row


async def of_id(session: Session, grant_id: UUID) -> GrantRow | None:
    """One grant whoever asks; the caller has checked the right to it."""
    return await repository.by_id(session, grant_id)


async def peek(session: Session, grant_id: UUID) -> GrantRow | None:
    """As `of_id`, to look at only."""
    return await repository.peek(session, grant_id)


async def another_pin(session: Session, makings: Makings, grant: GrantRow) -> bool:
    """A lock refused the stay's digits: others at all its locks. False where it needs a person."""
    if _is_over(grant, makings) or grant.delegated:
        return False
    stay = None
    if grant.reservation_id is not None:
        stay = await reservations_service.stay_for_access(session, grant.reservation_id)
    telling = functools.partial(_telling, session, stay)
    wanted = await pins.replace(session, makings, grant=grant, telling=telling)
    if wanted is None or not await settle(session, makings, grant, wanted):
        return False
    changed = PinChanged(
        grant_id=grant.id,
        organisation_id=grant.organisation_id,
        house_id=grant.house_id,
        reservation_id=grant.reservation_id,
    )
    await publish(session, changed, organisation_id=grant.organisation_id)
    return True


async def mark_checked_in(session: Session, makings: Makings, grant_id: UUID) -> GrantRow | None:
    """The house saw the grant open a door: its guest is honoured to the end of the window."""
    row = await repository.by_id(session, grant_id)
    if row is None or row.checked_in or row.state != GrantState.ACTIVE or row.delegated:
        return None
    row.checked_in = True
    await session.flush()
    return row if await settle(session, makings, row) else None


def _is_over(row: GrantRow, makings: Makings) -> bool:
    return row.state != GrantState.ACTIVE or row.ends <= makings.clock.utc_now()
