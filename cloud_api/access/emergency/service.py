"""How does a host get a guest in, whose house cannot be reached?

The ordinary way is first proved shut; then the vendor is asked, with no transaction open; then the
code is kept, encrypted, for good: it cannot be taken back, so it must not be forgotten either.
"""

from uuid import UUID

from cloud_api.access.emergency import repository, rules
from cloud_api.access.emergency.errors import (
    NotAnEmergencyError,
    NoVendorAccountError,
    PeriodTakenError,
)
from cloud_api.access.emergency.types import (
    Generated,
    OfflineCode,
    Period,
    Question,
    VendorAccount,
)
from cloud_api.access.errors import GrantOverError, NotYoursError
from cloud_api.access.grants import repository as grants_repository
from cloud_api.access.grants import service as grants_service
from cloud_api.access.grants.types import Makings
from cloud_api.access.models import GrantRow, OfflineCodeRow
from cloud_api.access.types import GrantState, Holder
from cloud_api.fleet import service as fleet_service
from cloud_api.fleet.errors import HouseUnknownError
from cloud_api.fleet.types import DeliveryState
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope
from cloud_api.properties import service as properties_service
from protocol.access import Right, Verb


async def keep_account(
    session: Session, makings: Makings, scope: Scope, account: VendorAccount
) -> None:
    """Store the organisation's account, encrypted; the former one is forgotten."""
    cell = makings.vault.lock(account.model_dump_json(), context=_account_place(scope))
    await repository.keep_account(session, scope, cell, now=makings.clock.utc_now())


async def keep_vendor_lock(
    session: Session, scope: Scope, *, house_id: UUID, lock_id: UUID, vendor_lock: int
) -> None:
    """Say what a lock of one's own is called at the vendor. NotYoursError, NotFound."""
    layout = await properties_service.house_layout(session, house_id, scope)
    if lock_id not in {lock.id for lock in layout.locks}:
        raise NotYoursError
    await repository.keep_vendor_lock(session, scope, lock_id, vendor_lock)


async def question(
    session: Session, makings: Makings, scope: Scope, grant_id: UUID, lock_id: UUID
) -> Question | OfflineCode:
    """What to ask the vendor; or the code, when the grant has one for this lock already.

    GrantNotFoundError, GrantOverError, NotYoursError, NotAnEmergencyError, NoVendorAccountError,
    PeriodTakenError.
    """
    grant = await _standing(session, makings, scope, grant_id)
    layout = await properties_service.house_layout(session, grant.house_id)
    if str(Right(Verb.DOOR_OPEN, lock_id)) not in grant.rights:
        raise NotYoursError
    made = await repository.code(session, scope, grant_id, lock_id)
    if made is not None:
        return _in_clear(makings, made, layout.zone)
    await _require_emergency(session, makings, scope, grant, lock_id)
    now = makings.clock.utc_now()
    period = rules.whole_hours(grant.starts, grant.ends, now=now, zone=layout.zone)
    if period is None:
        raise GrantOverError
    await _require_free(session, lock_id, period, grant_id)
    account = await repository.account(session, scope)
    vendor_lock = await repository.vendor_lock(session, scope, lock_id)
    if account is None or vendor_lock is None:
        raise NoVendorAccountError
    words = makings.vault.unlock(account.account, context=_account_place(scope))
    return Question(
        grant_id=grant_id,
        lock_id=lock_id,
        vendor_lock=vendor_lock,
        account=VendorAccount.model_validate_json(words),
        period=period,
        zone=layout.zone,
    )


async def keep(
    session: Session, makings: Makings, scope: Scope, asked: Question, made: Generated
) -> OfflineCode:
    """Keep what the vendor handed out; of two who ask at once, both get what the first has kept."""
    await _standing(session, makings, scope, asked.grant_id)  # locks the grant's row
    await _require_free(session, asked.lock_id, asked.period, asked.grant_id)
    row = await repository.code(session, scope, asked.grant_id, asked.lock_id)
    if row is None:
        cell = makings.vault.lock(made.digits, context=_place(asked.grant_id, asked.lock_id))
        await repository.keep_code(session, scope, asked, cell, vendor_code=made.vendor_code)
        row = await repository.code(session, scope, asked.grant_id, asked.lock_id)
    if row is None:
        raise PeriodTakenError  # somebody else's, in this very moment
    return _in_clear(makings, row, asked.zone)


async def of_grant(
    session: Session, makings: Makings, grant_id: UUID, *, zone: str
) -> tuple[OfflineCode, ...]:
    """The offline codes of a grant that still open something."""
    now = makings.clock.utc_now()
    rows = await repository.codes_of(session, grant_id)
    return tuple(_in_clear(makings, row, zone) for row in rows if now < row.ends)


async def _standing(session: Session, makings: Makings, scope: Scope, grant_id: UUID) -> GrantRow:
    grant = await grants_service.get(session, scope, grant_id)
    over = grant.state != GrantState.ACTIVE or grant.ends <= makings.clock.utc_now()
    if over or grant.holder != Holder.GUEST:
        raise GrantOverError
    return grant


async def _require_emergency(
    session: Session, makings: Makings, scope: Scope, grant: GrantRow, lock_id: UUID
) -> None:
    pins = await grants_repository.pins_of(session, grant.id)
    state = next((pin.state for pin in pins if pin.wanted and pin.lock_id == lock_id), None)
    reason = rules.why_not(
        reached=await _is_reached(session, makings, scope, grant.house_id),
        pin_state=state,
        starts=grant.starts,
        now=makings.clock.utc_now(),
    )
    if reason is not None:
        raise NotAnEmergencyError(extra={"reason": reason})


async def _is_reached(session: Session, makings: Makings, scope: Scope, house_id: UUID) -> bool:
    """The house holds all it should and is there: its own doors and PINs will do."""
    try:
        known = await fleet_service.delivery(session, scope, house_id, clock=makings.clock)
    except HouseUnknownError:
        return False
    return known.state is DeliveryState.DELIVERED and known.online


async def _require_free(session: Session, lock_id: UUID, period: Period, grant_id: UUID) -> None:
    holder = await repository.holder_of(session, lock_id, period)
    if holder is not None and holder != grant_id:
        raise PeriodTakenError


def _in_clear(makings: Makings, row: OfflineCodeRow, zone: str) -> OfflineCode:
    place = _place(row.grant_id, row.lock_id)
    return OfflineCode(
        grant_id=row.grant_id,
        lock_id=row.lock_id,
        digits=makings.vault.unlock(row.digits, context=place),
        starts=row.starts,
        ends=row.ends,
        zone=zone,
    )


def _place(grant_id: UUID, lock_id: UUID) -> str:
    return f"access_offline_codes|{grant_id}|{lock_id}"


def _account_place(scope: Scope) -> str:
    return f"access_vendor_accounts|{scope.organisation_id}"
