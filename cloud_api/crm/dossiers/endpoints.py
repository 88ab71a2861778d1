"""How do staff list the stays and payments of one person?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from cloud_api.accounts.types import Permission
from cloud_api.crm.dossiers import service
from cloud_api.kit.days import Day, Moment
from cloud_api.kit.errors import Forbidden, NotFound, problem_responses
from cloud_api.kit.http import DbSession, allow, backstage, room_router
from cloud_api.kit.paging import Page, PageWindow, Sort, UnknownSortingError, page_of, sort_pattern
from cloud_api.kit.tenancy import Scope
from cloud_api.payments.schemas import PaymentOut
from cloud_api.payments.types import PaymentState, ProviderName
from cloud_api.reservations.schemas import ReservationOut
from cloud_api.reservations.service import Filter as Stays
from cloud_api.reservations.types import Status

router = room_router(prefix="/clients/{client_id}", tag="clients")

Bookkeeper = Annotated[Scope, Depends(allow(Permission.PAYMENTS_READ))]
Clerk = Annotated[Scope, Depends(allow(Permission.RESERVATIONS_READ))]
Statuses = Annotated[list[Status] | None, Query()]
PaymentSort = Annotated[
    str | None, Query(pattern=sort_pattern("created_at", "paid_at", "amount_minor", "state"))
]


@router.get("/stays", responses=problem_responses(NotFound, Forbidden, UnknownSortingError))
async def list_stays(
    *,
    client_id: UUID,
    session: DbSession,
    scope: Clerk,
    window: PageWindow,
    status: Statuses = None,
    since: Annotated[Day | None, Query(alias="from")] = None,
    until: Annotated[Day | None, Query(alias="to")] = None,
    sort: Sort = None,
) -> Page[ReservationOut]:
    """This person's bookings, newest first unless sorted otherwise."""
    wanted = Stays(statuses=tuple(status or ()), client_id=client_id, since=since, until=until)
    found, total = await service.stays(session, scope, client_id, wanted, window, sort=sort)
    return page_of([ReservationOut.of(each) for each in found], total=total, window=window)


@router.get("/payments", responses=problem_responses(NotFound, Forbidden))
async def list_payments(
    *,
    request: Request,
    client_id: UUID,
    session: DbSession,
    scope: Bookkeeper,
    window: PageWindow,
    state: PaymentState | None = None,
    provider: ProviderName | None = None,
    made_from: Moment | None = None,
    made_until: Moment | None = None,
    sort: PaymentSort = None,
) -> Page[PaymentOut]:
    """What this person paid, and what was paid for their stays, newest first."""
    found, total = await service.payments(
        session,
        scope,
        backstage(request).vault,
        client_id,
        wanted=service.PaymentsWanted(state, provider, made_from, made_until),
        window=window,
        sort=sort,
    )
    return page_of(found, total=total, window=window)
