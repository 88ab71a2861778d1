"""What can somebody do who has no login: look for nights, hold them, look after the hold?

A human code is read aloud and written on paper, so it opens nothing alone: whoever asks about a
hold also tells its e-mail address or phone number, in a header that no log keeps. Answers hold
nothing personal, and a wrong code looks like a wrong contact. Attempts are counted by address and
by code.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request, Response
from pydantic import JsonValue

from cloud_api.kit.days import Day
from cloud_api.kit.errors import InvalidRequest, Problem, TooManyAttempts, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, backstage, room_router
from cloud_api.kit.idempotency import IdempotencyKeyReusedError, KeyHeader, claim
from cloud_api.kit.jobs import Tools
from cloud_api.kit.throttle import Limit, source_of
from cloud_api.payments import service as payments
from cloud_api.payments.schemas import LinkOut
from cloud_api.properties import service as properties
from cloud_api.reservations import service
from cloud_api.reservations.availability import service as availability
from cloud_api.reservations.bills import service as bills
from cloud_api.reservations.bills.errors import QuoteMismatchError, UnpricedError
from cloud_api.reservations.endpoints.answers import agreement, refusal
from cloud_api.reservations.errors import (
    AccommodationNotFoundError,
    DateOverlapError,
    HoldExpiredError,
    InvalidDatesError,
    InvalidGuestsError,
    InvalidStateError,
    InvalidUnitsError,
    NoPlaceNamedError,
    ProcessingError,
    ReservationNotFoundError,
)
from cloud_api.reservations.rules import DateFault
from cloud_api.reservations.schemas import AvailabilityOut, HoldIn, HoldOut, OfferOut
from cloud_api.reservations.types import MAX_NIGHTS, Action, Nights

router = room_router(prefix="", tag="booking")

# In the document: no login.
OPEN: dict[str, JsonValue] = {"security": []}

HOLDS_PER_ADDRESS = Limit(attempts=30, window=timedelta(minutes=1))
LOOKUPS_PER_ADDRESS = Limit(attempts=60, window=timedelta(minutes=1))
LOOKUPS_PER_CODE = Limit(attempts=20, window=timedelta(minutes=10))

_ACTIONS: dict[str, Action] = {
    "submit": Action.SUBMIT,
    "review": Action.REVIEW,
    "cancel": Action.CANCEL,
    "extend": Action.EXTEND_HOLD,
}
# Strangers share one name: a retry may come from another address, and keys are random.
_ANYBODY = "public"

Code = Annotated[str, Path(min_length=1, max_length=40, pattern="^[A-Z0-9]+$")]
KnownContact = Annotated[
    str,
    Header(
        alias="Portero-Contact",
        min_length=5,
        max_length=254,
        description="the hold's e-mail address or phone number",
    ),
]


async def holds_per_address() -> Limit:
    """How many holds one address may try to take; the composition root may override it."""
    return HOLDS_PER_ADDRESS


async def _hold_limit(
    request: Request, limit: Annotated[Limit, Depends(holds_per_address)]
) -> None:
    await count(request, "hold", address_of(request), limit)


async def lookup_limit(request: Request, code: Code) -> None:
    """Count one attempt at a code, by address and by code."""
    await count(request, "hold-lookup", address_of(request), LOOKUPS_PER_ADDRESS)
    await count(request, "hold-code", code, LOOKUPS_PER_CODE)


async def _idempotent(request: Request, session: DbSession, key: KeyHeader = None) -> None:
    if key is not None:
        request.state.idempotency = await claim(session, request, principal=_ANYBODY, key=key)


@router.post(
    "/holds",
    status_code=201,
    # Counted first: the count has a transaction of its own and must not wait for a second one.
    dependencies=[Depends(_hold_limit), Depends(_idempotent)],
    openapi_extra=OPEN,
    responses=problem_responses(
        InvalidDatesError,
        InvalidGuestsError,
        InvalidUnitsError,
        IdempotencyKeyReusedError,
        InvalidRequest,
        AccommodationNotFoundError,
        DateOverlapError,
        ProcessingError,
        QuoteMismatchError,
        TooManyAttempts,
    ),
)
async def hold(wanted: HoldIn, session: DbSession, clock: ClockOf, request: Request) -> HoldOut:
    """Hold nights for a while; nobody else can have them until `expires_at`."""
    wish = service.Wish(
        unit_ids=tuple(wanted.unit_ids),
        nights=Nights(wanted.check_in, wanted.check_out),
        guests=wanted.guests,
        channel=wanted.channel,
        contact=wanted.contact.to_contact(),
        transfer=wanted.transfer,
    )
    if wanted.quote is None:
        return HoldOut.of(await service.hold(session, clock, wish))
    agreed = await agreement(request, session, wish, wanted.quote)
    held = await service.hold(session, clock, replace(wish, price=agreed.price))
    await bills.open_bill(session, held, agreed)
    return HoldOut.of(held)


@router.get(
    "/holds/{code}",
    dependencies=[Depends(lookup_limit)],
    openapi_extra=OPEN,
    responses=problem_responses(ReservationNotFoundError, InvalidRequest, TooManyAttempts),
)
async def get_hold(code: Code, contact: KnownContact, session: DbSession) -> HoldOut:
    """The hold of this code, for somebody who knows its contact."""
    return HoldOut.of(await service.guest_hold(session, code, contact))


@router.post(
    "/holds/{code}/payment-link",
    dependencies=[Depends(lookup_limit)],
    openapi_extra=OPEN,
    responses=problem_responses(
        ReservationNotFoundError, UnpricedError, InvalidRequest, TooManyAttempts
    ),
)
async def link_to_pay(
    code: Code, contact: KnownContact, session: DbSession, clock: ClockOf, request: Request
) -> LinkOut:
    """Where this booking is paid: the same address whenever it is asked for."""
    booking = await service.guest_seen(session, code, contact)
    folio = await payments.folio(session, booking.id)
    if folio is None:
        raise UnpricedError
    tools = Tools(clock=clock, vault=backstage(request).vault)
    token = await payments.payment_link(session, folio, tools)
    return LinkOut(token=token, path=f"/api/v1/pay/{token}")


@router.post(
    "/holds/{code}/{action}",
    response_model=HoldOut,
    dependencies=[Depends(lookup_limit)],
    openapi_extra=OPEN,
    responses=problem_responses(
        ReservationNotFoundError,
        InvalidStateError,
        HoldExpiredError,
        InvalidRequest,
        TooManyAttempts,
    ),
)
async def change_hold(
    code: Code,
    action: Literal["submit", "review", "cancel", "extend"],
    contact: KnownContact,
    session: DbSession,
) -> HoldOut | Response:
    """Say that it is paid (`submit`, `review`), give it up, or let it run once more."""
    result = await service.guest_act(session, code, contact, _ACTIONS[action])
    return refusal(result) if isinstance(result, Problem) else HoldOut.of(result)


@router.get(
    "/availability",
    openapi_extra=OPEN,
    responses=problem_responses(
        InvalidDatesError, InvalidRequest, NoPlaceNamedError, AccommodationNotFoundError
    ),
)
async def search(
    *,
    session: DbSession,
    clock: ClockOf,
    check_in: Day,
    check_out: Day,
    guests: Annotated[int, Query(ge=1, le=10_000)] = 1,
    unit_id: Annotated[list[UUID] | None, Query(max_length=50)] = None,
    house_id: UUID | None = None,
    property_id: UUID | None = None,
) -> AvailabilityOut:
    """Which of these units are free, and why not the others; bookable ones first.

    Name units, a house or a property. Conflicts are told as nights, never by whom.
    """
    if not unit_id and house_id is None and property_id is None:
        raise NoPlaceNamedError
    nights = Nights(check_in, check_out)
    if not 1 <= nights.count <= MAX_NIGHTS:
        raise InvalidDatesError(DateFault.NO_NIGHT if nights.count < 1 else DateFault.TOO_LONG)
    units = await properties.units_on_sale(
        session, unit_ids=unit_id or [], house_id=house_id, property_id=property_id
    )
    if not units:
        raise AccommodationNotFoundError
    offers = await availability.offers(session, units, nights, guests=guests, now=clock.utc_now())
    ordered = sorted(offers, key=lambda offer: (not offer.free, offer.unit_name))
    return AvailabilityOut(
        check_in=check_in,
        check_out=check_out,
        nights=nights.count,
        guests=guests,
        units=[OfferOut.model_validate(offer, from_attributes=True) for offer in ordered],
    )


def address_of(request: Request) -> str:
    """Under which name this caller is counted."""
    return source_of(request.client and request.client.host)


async def count(request: Request, kind: str, name: str, limit: Limit) -> None:
    """Count one attempt; raises too_many_attempts."""
    wait = await backstage(request).throttle.hit(kind, name, limit)
    if wait is not None:
        raise TooManyAttempts(retry_after_seconds=wait)
