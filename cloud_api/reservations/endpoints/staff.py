"""What can staff do with reservations?"""

from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from starlette.convertors import StringConvertor, register_url_convertor

from cloud_api.accounts.types import Permission
from cloud_api.kit.days import Day
from cloud_api.kit.errors import (
    Forbidden,
    InvalidRequest,
    Unauthenticated,
    problem_responses,
)
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, room_router
from cloud_api.kit.idempotency import IdempotencyKeyReusedError
from cloud_api.kit.paging import Page, PageWindow, Sort, UnknownSortingError, Window, page_of
from cloud_api.kit.tenancy import Scope
from cloud_api.pricing.types import Wish as PriceWish
from cloud_api.reservations import service
from cloud_api.reservations.bills import service as bills
from cloud_api.reservations.bills.errors import UnpricedError
from cloud_api.reservations.bills.schemas import PriceChangeOut
from cloud_api.reservations.endpoints import sheet
from cloud_api.reservations.endpoints.answers import agreement, reservation, tools_of
from cloud_api.reservations.errors import (
    AccommodationNotFoundError,
    DateOverlapError,
    HoldExpiredError,
    InvalidDatesError,
    InvalidGuestsError,
    InvalidStateError,
    InvalidUnitsError,
    ProcessingError,
    ReservationNotFoundError,
)
from cloud_api.reservations.schemas import (
    ConfirmIn,
    MoveIn,
    ReasonIn,
    ReservationIn,
    ReservationOut,
)
from cloud_api.reservations.types import Action, Booking, Kind, Nights, Payment, Status


class _Deed(StringConvertor):
    """A deed of ours behind a booking; every other word there is free for rooms above."""

    regex = "submit|review|reject|cancel|check-in|check-out|no-show"


register_url_convertor("deed", _Deed())
router = room_router(prefix="/reservations", tag="reservations")

Reader = Annotated[Scope, Depends(allow(Permission.RESERVATIONS_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.RESERVATIONS_WRITE))]

MOST_EXPORTED = 10_000

_READ_PROBLEMS = (Unauthenticated, Forbidden, InvalidRequest)
TAKE_PROBLEMS = (
    *_READ_PROBLEMS,
    InvalidDatesError,
    InvalidGuestsError,
    InvalidUnitsError,
    IdempotencyKeyReusedError,
    AccommodationNotFoundError,
    DateOverlapError,
    ProcessingError,
)
_CHANGE_PROBLEMS = (
    *_READ_PROBLEMS,
    IdempotencyKeyReusedError,
    ReservationNotFoundError,
    InvalidStateError,
    HoldExpiredError,
)
_ACTIONS: dict[str, Action] = {
    "submit": Action.SUBMIT,
    "review": Action.REVIEW,
    "reject": Action.REJECT,
    "cancel": Action.CANCEL,
    "check-in": Action.CHECK_IN,
    "check-out": Action.CHECK_OUT,
    "no-show": Action.NO_SHOW,
}


async def _wanted(
    *,
    status: Annotated[list[Status] | None, Query()] = None,
    kind: Annotated[list[Kind] | None, Query()] = None,
    unit_id: UUID | None = None,
    house_id: UUID | None = None,
    client_id: UUID | None = None,
    since: Annotated[
        Day | None, Query(alias="from", description="with a night on or after this day")
    ] = None,
    until: Annotated[Day | None, Query(alias="to", description="arriving before this day")] = None,
    words: Annotated[
        str | None,
        Query(alias="q", min_length=1, max_length=100, description="in code, contact or notes"),
    ] = None,
) -> service.Filter:
    return service.Filter(
        statuses=tuple(status or ()),
        kinds=tuple(kind or ()),
        unit_id=unit_id,
        house_id=house_id,
        client_id=client_id,
        since=since,
        until=until,
        words=words,
    )


Wanted = Annotated[service.Filter, Depends(_wanted)]


@router.get("", responses=problem_responses(*_READ_PROBLEMS, UnknownSortingError))
async def find(
    scope: Reader, session: DbSession, window: PageWindow, wanted: Wanted, sort: Sort = None
) -> Page[ReservationOut]:
    """Reservations and blocks, newest first unless sorted otherwise."""
    found, total = await service.page(session, scope, wanted, window, sort=sort)
    return page_of([ReservationOut.of(each) for each in found], total=total, window=window)


@router.get(
    ".csv",
    response_class=Response,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **problem_responses(*_READ_PROBLEMS, UnknownSortingError),
    },
)
async def export(scope: Reader, session: DbSession, wanted: Wanted, sort: Sort = None) -> Response:
    """The same list as a spreadsheet, at most 10,000 rows; cells cannot become formulas."""
    window = Window(limit=MOST_EXPORTED)
    found, _ = await service.page(session, scope, wanted, window, sort=sort)
    return Response(
        sheet.csv_of(found),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="reservations.csv"'},
    )


@router.post(
    "",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(*TAKE_PROBLEMS),
)
async def create(
    wanted: ReservationIn, scope: Writer, session: DbSession, clock: ClockOf, request: Request
) -> ReservationOut:
    """Book for somebody: held, or confirmed at once."""
    wish = service.Wish(
        unit_ids=tuple(wanted.unit_ids),
        nights=Nights(wanted.check_in, wanted.check_out),
        guests=wanted.guests,
        channel=wanted.channel,
        contact=wanted.contact.to_contact(),
        notes=wanted.notes,
    )
    agreed = None
    if wanted.quote is not None:
        agreed = await agreement(request, session, wish, wanted.quote)
        wish = replace(wish, price=agreed.price)
    made = await service.create(session, scope, clock, wish, confirmed=wanted.confirmed)
    if agreed is not None:
        await bills.open_bill(session, made, agreed)
    return ReservationOut.of(made)


@router.get(
    "/{reservation_id}", responses=problem_responses(*_READ_PROBLEMS, ReservationNotFoundError)
)
async def get(reservation_id: UUID, scope: Reader, session: DbSession) -> ReservationOut:
    """One reservation or block."""
    return ReservationOut.of(await service.get(session, scope, reservation_id))


@router.post(
    "/{reservation_id}/confirm",
    response_model=ReservationOut,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(*_CHANGE_PROBLEMS, ProcessingError),
)
async def confirm(
    reservation_id: UUID, scope: Writer, session: DbSession, said: ConfirmIn | None = None
) -> ReservationOut | Response:
    """Make it certain; of several at once exactly one does, the others get `invalid_state`."""
    given = said.payment if said else None
    payment = Payment(given.note, given.amount) if given else None
    return reservation(await service.confirm(session, scope, reservation_id, payment))


@router.post(
    "/{reservation_id}/move",
    response_model=ReservationOut,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(
        *TAKE_PROBLEMS, ReservationNotFoundError, InvalidStateError, HoldExpiredError
    ),
)
async def move(
    *,
    reservation_id: UUID,
    wanted: MoveIn,
    scope: Writer,
    session: DbSession,
    clock: ClockOf,
    request: Request,
) -> ReservationOut | Response:
    """Other dates, units or guests: all of it, or nothing changes."""
    change = service.Change(
        check_in=wanted.check_in,
        check_out=wanted.check_out,
        unit_ids=tuple(wanted.unit_ids) if wanted.unit_ids is not None else None,
        guests=wanted.guests,
    )
    moved = await service.move(session, scope, clock, reservation_id, change)
    if isinstance(moved, Booking) and wanted.quote is not None:
        moved = await bills.reprice(session, tools_of(request), moved, wanted.quote)
    return reservation(moved)


@router.post(
    "/{reservation_id}/price-change",
    responses=problem_responses(*_READ_PROBLEMS, ReservationNotFoundError, UnpricedError),
)
async def price_change(
    reservation_id: UUID, wanted: MoveIn, scope: Writer, session: DbSession, request: Request
) -> PriceChangeOut:
    """What moving would cost, said before; send the `quote` with the move. Nothing is booked."""
    booking = await service.get(session, scope, reservation_id)
    wish = PriceWish(
        unit_ids=tuple(wanted.unit_ids or booking.unit_ids),
        check_in=wanted.check_in or booking.nights.check_in,
        check_out=wanted.check_out or booking.nights.check_out,
        guests=booking.guests if wanted.guests is None else wanted.guests,
        language=booking.contact.language,
    )
    change = await bills.price_change(session, tools_of(request), booking, wish)
    return PriceChangeOut(
        before=change.before,
        after=change.after,
        difference=change.difference,
        quote=change.token,
    )


@router.post(
    "/{reservation_id}/extend-hold",
    response_model=ReservationOut,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(*_CHANGE_PROBLEMS),
)
async def extend_hold(
    reservation_id: UUID, scope: Writer, session: DbSession
) -> ReservationOut | Response:
    """Let a hold run for its lifetime once more; once."""
    return reservation(await service.extend_hold(session, scope, reservation_id))


@router.post(
    "/{reservation_id}/{action:deed}",
    response_model=ReservationOut,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(*_CHANGE_PROBLEMS),
)
async def act(
    *,
    reservation_id: UUID,
    action: Literal["submit", "review", "reject", "cancel", "check-in", "check-out", "no-show"],
    scope: Writer,
    session: DbSession,
    clock: ClockOf,
    said: ReasonIn | None = None,
) -> ReservationOut | Response:
    """Give the reservation its next status; `reason` is kept."""
    return reservation(
        await service.act(
            session,
            scope,
            clock,
            reservation_id,
            _ACTIONS[action],
            reason=said.reason if said else "",
        )
    )
