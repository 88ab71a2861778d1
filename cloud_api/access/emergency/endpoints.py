"""What can a host do for a guest whose house cannot be reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from cloud_api.access.auth import MakingsOf, allow_while_waiting
from cloud_api.access.emergency import service
from cloud_api.access.emergency.errors import (
    EmergencyNotConfirmedError,
    NotAnEmergencyError,
    NoVendorAccountError,
    PeriodTakenError,
    VendorNotReachedError,
    VendorRefusedError,
)
from cloud_api.access.emergency.schemas import (
    EmergencyIn,
    EmergencyNote,
    EmergencyOut,
    VendorLockIn,
)
from cloud_api.access.emergency.ttlock import LockVendor
from cloud_api.access.emergency.types import CONFIRMATION, OfflineCode, VendorAccount
from cloud_api.access.errors import GrantNotFoundError, GrantOverError, NotYoursError
from cloud_api.accounts.types import Permission
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.errors import Forbidden, problem_responses
from cloud_api.kit.http import DbSession, allow, backstage, room_router
from cloud_api.kit.tenancy import Scope

router = room_router(prefix="", tag="access")

Owner = Annotated[Scope, Depends(allow(Permission.ORGANISATION_WRITE))]
Fitter = Annotated[Scope, Depends(allow(Permission.PROPERTIES_WRITE))]
# Nobody waits here with a connection in hand: the vendor may take its time.
Asker = Annotated[Scope, Depends(allow_while_waiting(Permission.ACCESS_SECRETS))]


async def lock_vendor() -> LockVendor:
    """The vendor's cloud; elsewhere in tests."""
    return LockVendor()


VendorOf = Annotated[LockVendor, Depends(lock_vendor)]


@router.put("/lock-vendor/account", status_code=204)
async def keep_account(
    session: DbSession, scope: Owner, makings: MakingsOf, account: VendorAccount
) -> None:
    """Store the organisation's account at the lock vendor; it is never shown again."""
    await service.keep_account(session, makings, scope, account)
    await audit.record(
        session,
        scope,
        action=Deed.VENDOR_ACCOUNT_KEPT,
        object_type="organisation",
        object_id=scope.organisation_id,
    )


@router.put(
    "/lock-vendor/locks/{lock_id}", status_code=204, responses=problem_responses(NotYoursError)
)
async def name_lock(session: DbSession, scope: Fitter, lock_id: UUID, named: VendorLockIn) -> None:
    """Say what a lock is called at its vendor."""
    await service.keep_vendor_lock(
        session, scope, house_id=named.house_id, lock_id=lock_id, vendor_lock=named.vendor_lock
    )
    await audit.record(
        session,
        scope,
        action=Deed.VENDOR_LOCK_NAMED,
        object_type="lock",
        object_id=lock_id,
        after=named,
    )


@router.post(
    "/grants/{grant_id}/emergency-code",
    responses=problem_responses(
        GrantNotFoundError,
        GrantOverError,
        NotYoursError,
        EmergencyNotConfirmedError,
        NotAnEmergencyError,
        NoVendorAccountError,
        PeriodTakenError,
        VendorRefusedError,
        VendorNotReachedError,
    ),
)
async def make_emergency_code(
    request: Request,
    scope: Asker,
    makings: MakingsOf,
    vendor: VendorOf,
    grant_id: UUID,
    *,
    wish: EmergencyIn,
) -> EmergencyOut:
    """A code the lock works out by itself, for a guest about to arrive at a house out of reach.

    Whole hours, first use within 24 hours, and it cannot be revoked; the same hours give the same
    code. Asking again gives the same answer. Always on record.
    """
    if not scope.may(Permission.STAFF_WRITE):
        raise Forbidden(extra={"permission": Permission.STAFF_WRITE})
    if wish.confirm != CONFIRMATION:
        raise EmergencyNotConfirmedError(extra={"confirm": CONFIRMATION})
    database = backstage(request).database
    async with database.transaction() as session:
        asked = await service.question(session, makings, scope, grant_id, wish.lock_id)
        if isinstance(asked, OfflineCode):
            await _on_record(session, scope, asked, Deed.EMERGENCY_CODE_SHOWN)
            return EmergencyOut.of(asked)
    made = await vendor.generate(asked, now=makings.clock.utc_now())
    async with database.transaction() as session:
        kept = await service.keep(session, makings, scope, asked, made)
        await _on_record(session, scope, kept, Deed.EMERGENCY_CODE_MADE)
    return EmergencyOut.of(kept)


async def _on_record(session: DbSession, scope: Scope, code: OfflineCode, action: Deed) -> None:
    note = EmergencyNote(lock_id=code.lock_id, valid_from=code.starts, valid_until=code.ends)
    await audit.record(
        session, scope, action=action, object_type="grant", object_id=code.grant_id, after=note
    )
