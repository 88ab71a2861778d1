"""How do people at the desk see, give, take and redeem points over HTTP?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from cloud_api.accounts import service as accounts
from cloud_api.accounts.types import Permission
from cloud_api.clients import service as clients
from cloud_api.crm.loyalty import repository, service
from cloud_api.crm.loyalty.errors import (
    CodeOwn,
    CodeUnknown,
    OtherGuests,
    PointsNoRate,
    PointsOff,
    PointsShort,
    PointsTooFew,
    ReferredAlready,
)
from cloud_api.crm.loyalty.schemas import (
    AdjustIn,
    AdjustNote,
    BalanceOut,
    EntryOut,
    LoyaltySettingsIO,
    RedeemedOut,
    RedeemIn,
    ReferrerIn,
    ReferrerNote,
)
from cloud_api.crm.loyalty.types import EntryKind, Member
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.errors import Forbidden, InvalidRequest, NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.reservations.errors import ReservationNotFoundError
from cloud_api.reservations.points.errors import PointsNotForThis

router = room_router(prefix="", tag="loyalty")

Reader = Annotated[Scope, Depends(allow(Permission.LOYALTY_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.LOYALTY_WRITE))]
Manager = Annotated[Scope, Depends(allow(Permission.LOYALTY_MANAGE))]


@router.get("/loyalty-settings", responses=problem_responses(Forbidden))
async def read_settings(session: DbSession, scope: Reader) -> LoyaltySettingsIO:
    """The rules for points."""
    return LoyaltySettingsIO.of(await service.settings(session, scope.organisation_id))


@router.put("/loyalty-settings", responses=problem_responses(Forbidden, InvalidRequest))
async def set_settings(
    wanted: LoyaltySettingsIO, session: DbSession, scope: Manager
) -> LoyaltySettingsIO:
    """Set the rules; points that were earned stay as they are."""
    before = LoyaltySettingsIO.of(await service.settings(session, scope.organisation_id))
    await repository.set_settings(session, scope.organisation_id, wanted.settings())
    await audit.record(
        session,
        scope,
        action=Deed.LOYALTY_CONFIGURED,
        object_type="organisation",
        object_id=scope.organisation_id,
        before=before,
        after=wanted,
    )
    return wanted


@router.get("/clients/{client_id}/points", responses=problem_responses(NotFound))
async def read_points(
    client_id: UUID, session: DbSession, scope: Reader, clock: ClockOf
) -> BalanceOut:
    """How many points a client has; the referral code is made by `POST .../referral-code`."""
    await clients.get_client(session, client_id, scope)
    found = await service.find(session, scope.organisation_id, client_id)
    nobody = Member(client_id, scope.organisation_id, None, None, 0, None)
    return await _balance(session, scope, found or nobody, clock)


@router.get("/clients/{client_id}/points/entries", responses=problem_responses(NotFound))
async def list_entries(
    *,
    client_id: UUID,
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    kind: EntryKind | None = None,
    sort: Annotated[str | None, Query(pattern=sort_pattern("created_at", "points"))] = None,
) -> Page[EntryOut]:
    """The ledger, the newest first."""
    await clients.get_client(session, client_id, scope)
    rows, total = await repository.entries(session, scope, client_id, window, sort=sort, kind=kind)
    return page_of([EntryOut.of(row) for row in rows], total=total, window=window)


@router.post(
    "/clients/{client_id}/points/redemptions",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(
        NotFound,
        ReservationNotFoundError,
        PointsOff,
        PointsShort,
        PointsNoRate,
        PointsTooFew,
        PointsNotForThis,
        OtherGuests,
    ),
)
async def redeem_points(
    client_id: UUID, wanted: RedeemIn, session: DbSession, scope: Writer, clock: ClockOf
) -> RedeemedOut:
    """Take points off the price of one of the client's bookings, once; never paid out."""
    await clients.get_client(session, client_id, scope)
    done = await service.redeem(
        session, scope, client_id, wanted.reservation_id, wanted.points, now=clock.utc_now()
    )
    out = RedeemedOut.of(done, wanted.reservation_id)
    await audit.record(
        session,
        scope,
        action=Deed.POINTS_REDEEMED,
        object_type="client",
        object_id=client_id,
        after=out,
    )
    return out


@router.post(
    "/clients/{client_id}/points/adjustments",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, PointsShort, InvalidRequest),
)
async def adjust_points(
    client_id: UUID, wanted: AdjustIn, session: DbSession, scope: Manager, clock: ClockOf
) -> BalanceOut:
    """Give or take points, with the reason and your name on the ledger; never below zero."""
    if wanted.points == 0:
        raise InvalidRequest("an adjustment is of at least one point")
    await clients.get_client(session, client_id, scope)
    balance = await service.adjust(
        session,
        scope,
        client_id,
        wanted.points,
        reason=wanted.reason,
        by_name=await accounts.name_of(session, scope),
        now=clock.utc_now(),
    )
    await audit.record(
        session,
        scope,
        action=Deed.POINTS_ADJUSTED,
        object_type="client",
        object_id=client_id,
        after=AdjustNote(points=wanted.points, balance=balance),
    )
    owner = await service.member(session, scope.organisation_id, client_id)
    return await _balance(session, scope, owner, clock)


@router.post(
    "/clients/{client_id}/referral-code",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound),
)
async def make_code(
    client_id: UUID, session: DbSession, scope: Writer, clock: ClockOf
) -> BalanceOut:
    """The client's referral code, made when there is none; always the same one."""
    await clients.get_client(session, client_id, scope)
    owner = await service.member(session, scope.organisation_id, client_id)
    await audit.record(
        session,
        scope,
        action=Deed.REFERRAL_CODE_MADE,
        object_type="client",
        object_id=client_id,
    )
    return await _balance(session, scope, owner, clock)


@router.put(
    "/clients/{client_id}/referrer",
    responses=problem_responses(NotFound, CodeUnknown, CodeOwn, ReferredAlready),
)
async def set_referrer(
    client_id: UUID, wanted: ReferrerIn, session: DbSession, scope: Writer, clock: ClockOf
) -> BalanceOut:
    """By whose code the client came; said once, for good."""
    await clients.get_client(session, client_id, scope)
    owner = await service.refer(
        session, scope.organisation_id, client_id, wanted.code, now=clock.utc_now()
    )
    await audit.record(
        session,
        scope,
        action=Deed.REFERRER_SET,
        object_type="client",
        object_id=client_id,
        after=ReferrerNote(referrer_id=owner.referred_by),
    )
    return await _balance(session, scope, owner, clock)


async def _balance(session: Session, scope: Scope, owner: Member, clock: Clock) -> BalanceOut:
    terms = await service.settings(session, scope.organisation_id)
    return BalanceOut.of(owner, terms, today=clock.utc_now().date())
