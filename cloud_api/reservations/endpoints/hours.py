"""How is a late check-out or an early check-in offered, and accepted by staff or by the guest?"""

from typing import Literal
from uuid import UUID

from fastapi import Depends

from cloud_api.kit.errors import TooManyAttempts, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, room_router
from cloud_api.pricing.types import HourKind
from cloud_api.reservations import service
from cloud_api.reservations.endpoints.guests import OPEN, Code, KnownContact, lookup_limit
from cloud_api.reservations.endpoints.staff import TAKE_PROBLEMS, Reader, Writer
from cloud_api.reservations.errors import InvalidStateError, ReservationNotFoundError
from cloud_api.reservations.hours import service as hours
from cloud_api.reservations.hours.errors import (
    HourNotOfferedError,
    HourPriceChangedError,
    HourUnfitError,
)
from cloud_api.reservations.hours.schemas import HourIn, HourOfferOut
from cloud_api.reservations.schemas import HoldOut, ReservationOut

router = room_router(prefix="", tag="reservations")

type Which = Literal["late-check-out", "early-check-in"]
_KINDS: dict[str, HourKind] = {
    "late-check-out": HourKind.LATE_CHECK_OUT,
    "early-check-in": HourKind.EARLY_CHECK_IN,
}
_PROBLEMS = problem_responses(
    *TAKE_PROBLEMS,
    ReservationNotFoundError,
    InvalidStateError,
    HourNotOfferedError,
    HourPriceChangedError,
    HourUnfitError,
    TooManyAttempts,
)


@router.get("/reservations/{reservation_id}/hours/{which}", responses=_PROBLEMS)
async def offered(
    reservation_id: UUID, which: Which, scope: Reader, session: DbSession, clock: ClockOf
) -> HourOfferOut:
    """What staying longer, or coming earlier, costs this booking, or why it cannot be."""
    booking = await service.get(session, scope, reservation_id)
    price = await hours.offer(session, clock, booking, _KINDS[which])
    return HourOfferOut.model_validate(price)


@router.post(
    "/reservations/{reservation_id}/hours/{which}", dependencies=[IDEMPOTENT], responses=_PROBLEMS
)
async def agree(
    *,
    reservation_id: UUID,
    which: Which,
    wanted: HourIn,
    scope: Writer,
    session: DbSession,
    clock: ClockOf,
) -> ReservationOut:
    """Staff agree to it, at the price that was offered: the night is kept, keys hold until then."""
    booking = await service.get(session, scope, reservation_id)
    agreed = await hours.agree(
        session,
        clock,
        booking,
        _KINDS[which],
        hour=wanted.hour,
        price=wanted.price,
        scope=scope,
    )
    return ReservationOut.of(agreed)


@router.get(
    "/holds/{code}/hours/{which}",
    dependencies=[Depends(lookup_limit)],
    openapi_extra=OPEN,
    responses=_PROBLEMS,
)
async def offered_to_guest(
    code: Code, which: Which, contact: KnownContact, session: DbSession, clock: ClockOf
) -> HourOfferOut:
    """The same offer, for somebody who knows the booking's code and contact."""
    booking = await service.guest_hold(session, code, contact)
    price = await hours.offer(session, clock, booking, _KINDS[which])
    return HourOfferOut.model_validate(price)


@router.post(
    "/holds/{code}/hours/{which}",
    dependencies=[Depends(lookup_limit)],
    openapi_extra=OPEN,
    responses=_PROBLEMS,
)
async def agree_as_guest(
    *,
    code: Code,
    which: Which,
    wanted: HourIn,
    contact: KnownContact,
    session: DbSession,
    clock: ClockOf,
) -> HoldOut:
    """The guest takes it, at the price that was offered."""
    booking = await service.guest_seen(session, code, contact)
    agreed = await hours.agree(
        session,
        clock,
        booking,
        _KINDS[which],
        hour=wanted.hour,
        price=wanted.price,
        scope=None,
    )
    return HoldOut.of(agreed)
