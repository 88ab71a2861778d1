"""Who sees what of referrals? Staff all of it, strangers "First L." and numbers."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import JsonValue

from cloud_api.accounts.types import Permission
from cloud_api.clients import service as clients
from cloud_api.crm.loyalty.rules import short_name
from cloud_api.crm.referrals import repository, service
from cloud_api.crm.referrals.models import RankingRow
from cloud_api.crm.referrals.schemas import (
    PlaceOut,
    PublicReferrerOut,
    PublicStatisticsOut,
    RankedOut,
    RankingOut,
    ReferralsOut,
    ReferredOut,
    ReferrerOut,
    StaffPlaceOut,
    StaffRankingOut,
)
from cloud_api.crm.referrals.types import Month, Order, Scoped
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import Forbidden, NotFound, TooManyAttempts, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.money import Money
from cloud_api.kit.paging import Page, PageWindow, page_of
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Limit, source_of

router = room_router(prefix="", tag="referrals")

# In the document: no login.
OPEN: dict[str, JsonValue] = {"security": []}
LOOKS_PER_ADDRESS = Limit(attempts=120, window=timedelta(minutes=1))
_TOP = 10

Reader = Annotated[Scope, Depends(allow(Permission.LOYALTY_READ))]
Runner = Annotated[Scope, Depends(allow(Permission.JOBS_RUN))]
Wanted = Annotated[str | None, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2030-01"])]


async def _look_limit(request: Request) -> None:
    address = source_of(request.client and request.client.host)
    wait = await backstage(request).throttle.hit("referrals", address, LOOKS_PER_ADDRESS)
    if wait is not None:
        raise TooManyAttempts(retry_after_seconds=wait)


COUNTED = Depends(_look_limit)


@router.get(
    "/public/organisations/{organisation_id}/referral-ranking",
    dependencies=[COUNTED],
    openapi_extra=OPEN,
    responses=problem_responses(TooManyAttempts),
)
async def public_ranking(
    organisation_id: UUID, session: DbSession, month: Wanted = None
) -> RankingOut:
    """Who brought most in a month, the last ranked one by default."""
    found = await _month(session, organisation_id, month)
    if found is None:
        return RankingOut(month=None, places=[])
    rows = await repository.places(session, organisation_id, found)
    called = await service.names(session, organisation_id, [row.client_id for row in rows])
    places = [
        PlaceOut(
            position=row.position,
            name=short_name(called.get(row.client_id, "")),
            stays=row.stays,
            new_referrals=row.new_referrals,
            points=row.points,
        )
        for row in rows
    ]
    return RankingOut(month=found.start, places=places)


@router.get(
    "/public/organisations/{organisation_id}/referral-statistics",
    dependencies=[COUNTED],
    openapi_extra=OPEN,
    responses=problem_responses(TooManyAttempts),
)
async def public_statistics(
    organisation_id: UUID,
    session: DbSession,
    scope: Scoped = Scoped.ALL,
    order: Order = Order.TOTAL_REFERRALS,
) -> PublicStatisticsOut:
    """How referrals go, and who brought most."""
    found = await service.statistics(session, organisation_id, scope, order)
    top = found[:_TOP]
    called = await service.names(session, organisation_id, [each.client_id for each in top])
    return PublicStatisticsOut(
        referrers=len(found),
        total_referrals=sum(each.total for each in found),
        referrals_with_reservations=sum(each.with_reservations for each in found),
        top=[
            PublicReferrerOut(
                name=short_name(called.get(each.client_id, "")),
                total_referrals=each.total,
                referrals_with_reservations=each.with_reservations,
            )
            for each in top
        ],
    )


@router.get("/referrals/ranking", responses=problem_responses(Forbidden))
async def ranking(session: DbSession, scope: Reader, month: Wanted = None) -> StaffRankingOut:
    """A month's ranking with whole names and revenue."""
    mine = scope.organisation_id
    found = await _month(session, mine, month)
    made = None if found is None else await repository.month_of(session, mine, found)
    if found is None or made is None:
        return StaffRankingOut(month=found and found.start, made_at=None, places=[])
    rows = await repository.places(session, mine, found)
    called = await service.names(session, mine, [row.client_id for row in rows])
    places = [_place(row, called.get(row.client_id, ""), made.currency) for row in rows]
    return StaffRankingOut(month=found.start, made_at=made.made_at, places=places)


@router.get("/referrals/statistics", responses=problem_responses(Forbidden))
async def statistics(
    *,
    session: DbSession,
    caller: Reader,
    window: PageWindow,
    scope: Scoped = Scoped.ALL,
    order: Order = Order.TOTAL_REFERRALS,
) -> Page[ReferrerOut]:
    """Every referrer with numbers."""
    mine = caller.organisation_id
    found = await service.statistics(session, mine, scope, order)
    some = found[window.offset : window.offset + window.limit]
    called = await service.names(session, mine, [each.client_id for each in some])
    items = [
        ReferrerOut(
            client_id=each.client_id,
            name=called.get(each.client_id, ""),
            total_referrals=each.total,
            referrals_with_reservations=each.with_reservations,
            reservations=each.stays,
        )
        for each in some
    ]
    return page_of(items, total=len(found), window=window)


@router.get("/clients/{client_id}/referrals", responses=problem_responses(NotFound))
async def referrals_of(client_id: UUID, session: DbSession, scope: Reader) -> ReferralsOut:
    """Whom a client referred, and what came of it."""
    await clients.get_client(session, client_id, scope)
    mine = scope.organisation_id
    found = await service.brought_by(session, mine, client_id)
    called = await service.names(session, mine, [one for one, _, _ in found])
    referred = [
        ReferredOut(
            client_id=one,
            name=called.get(one, ""),
            referred_at=at,
            reservations=counted.booked,
            approved_reservations=counted.approved,
        )
        for one, at, counted in found
    ]
    return ReferralsOut(
        client_id=client_id,
        total_referrals=len(found),
        referrals_with_reservations=sum(each.approved_reservations > 0 for each in referred),
        referred=referred,
    )


@router.post("/admin/jobs/crm/rank-referrals", responses=problem_responses(Forbidden))
async def rank(
    *,
    session: DbSession,
    scope: Runner,
    clock: ClockOf,
    month: Wanted = None,
    force: Annotated[bool, Query(description="also where it was ranked before")] = False,
) -> RankedOut:
    """Rank a month now, the last whole one by default."""
    now = clock.utc_now()
    wanted = _parsed(month) or Month.before(now.date())
    places = await service.rank(session, scope.organisation_id, wanted, now=now, force=force)
    out = RankedOut(month=wanted.start, made=places is not None, places=places or 0)
    await audit.record(
        session,
        scope,
        action=Deed.RANKING_MADE,
        object_type="job",
        object_id="crm.rank_referrals",
        after=out,
    )
    return out


async def _month(session: Session, organisation_id: UUID, wanted: str | None) -> Month | None:
    if wanted is not None:
        return _parsed(wanted)
    newest = await repository.newest(session, organisation_id)
    return None if newest is None else Month(newest)


def _parsed(month: str | None) -> Month | None:
    return None if month is None else Month(date.fromisoformat(f"{month}-01"))


def _place(row: RankingRow, name: str, currency: str | None) -> StaffPlaceOut:
    return StaffPlaceOut(
        position=row.position,
        name=name,
        stays=row.stays,
        new_referrals=row.new_referrals,
        points=row.points,
        client_id=row.client_id,
        revenue=Money(row.revenue_minor, currency) if currency else None,
    )
