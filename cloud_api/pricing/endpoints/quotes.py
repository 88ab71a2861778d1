"""What can somebody do who has no login: ask what a stay costs, and be given it in writing?"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from cloud_api.kit.days import Day
from cloud_api.kit.db import Session
from cloud_api.kit.errors import (
    InvalidRequest,
    TooManyAttempts,
    Unauthenticated,
    problem_responses,
)
from cloud_api.kit.http import ClockOf, DbSession, backstage, room_router
from cloud_api.kit.idempotency import IdempotencyKeyReusedError
from cloud_api.pricing import service
from cloud_api.pricing.endpoints.answers import (
    HourPriceOut,
    PricesOut,
    QuoteOut,
    RefundOut,
    UnitPriceOut,
)
from cloud_api.pricing.endpoints.callers import (
    COUNTED_LOOK,
    COUNTED_QUOTE,
    IDEMPOTENT_FOR_ANYBODY,
    OPEN,
    CalendarOf,
    GuestsOf,
)
from cloud_api.pricing.errors import (
    CheckInPast,
    DatesMissing,
    DatesReversed,
    DatesUnreadable,
    ExchangeRateMissing,
    GuestsNotPositive,
    NothingOnSale,
    QuoteExpired,
    QuoteInvalid,
    ServiceNotOffered,
    SpecialDateMinimum,
    StayTooLong,
    UnitsUnclear,
)
from cloud_api.pricing.ports import Calendar
from cloud_api.pricing.rules.naming import natural
from cloud_api.pricing.rules.wishes import refuse_dates
from cloud_api.pricing.types import HourKind, Wish
from cloud_api.properties import service as properties

router = room_router(prefix="", tag="prices")

_WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WIDE = 2**31

type Code = Annotated[
    str, Field(min_length=1, max_length=60, pattern=r"^\s*[!-~]+\s*$", examples=["SUMMER10"])
]
type Language = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, examples=["es"])
]
type Guests = Annotated[int, Field(strict=True, ge=-_WIDE, lt=_WIDE, description="at least 1")]


class QuoteIn(BaseModel):
    """What somebody wants a price for.

    Name units of one property, or a property that has only one unit on sale.
    """

    model_config = ConfigDict(extra="forbid")

    unit_ids: Annotated[list[UUID], Field(max_length=50)] = []
    property_id: UUID | None = None
    check_in: Annotated[str | None, Field(max_length=40, examples=["2030-01-03"])] = None
    check_out: Annotated[str | None, Field(max_length=40, examples=["2030-01-06"])] = None
    guests: Guests = 1
    service_ids: Annotated[list[UUID], Field(max_length=50)] = []
    code: Code | None = None
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class _Desk:
    """What both ends of a stay are asked with."""

    session: Session
    now: datetime
    calendar: Calendar

    async def price(self, kind: HourKind, unit_id: UUID, day: date, guests: int) -> HourPriceOut:
        """Either of the two."""
        units = await properties.units_for_booking(self.session, [unit_id])
        taken = await self.calendar(self.session, units, *service.around(day, day))
        price = await service.stretch(
            self.session, kind, unit_id, day, guests, now=self.now, taken=taken
        )
        return HourPriceOut.of(price)


async def _desk(session: DbSession, clock: ClockOf, calendar: CalendarOf) -> _Desk:
    return _Desk(session, clock.utc_now(), calendar)


@router.post(
    "/quotes",
    status_code=201,
    dependencies=[COUNTED_QUOTE, IDEMPOTENT_FOR_ANYBODY],
    openapi_extra=OPEN,
    responses=problem_responses(
        DatesMissing,
        DatesUnreadable,
        CheckInPast,
        DatesReversed,
        StayTooLong,
        GuestsNotPositive,
        UnitsUnclear,
        ServiceNotOffered,
        SpecialDateMinimum,
        IdempotencyKeyReusedError,
        InvalidRequest,
        NothingOnSale,
        ExchangeRateMissing,
        TooManyAttempts,
        Unauthenticated,
    ),
)
async def make_quote(
    *,
    wanted: QuoteIn,
    request: Request,
    session: DbSession,
    clock: ClockOf,
    calendar: CalendarOf,
    guests: GuestsOf,
) -> QuoteOut:
    """A price in writing, signed, good until `expires_at`. It holds no nights.

    For a guest who is signed in (`Authorization`), with the discounts that are theirs.
    """
    check_in, check_out = _day(wanted.check_in), _day(wanted.check_out)
    wish = Wish(
        unit_ids=await _unit_ids(session, wanted),
        check_in=check_in,
        check_out=check_out,
        guests=wanted.guests,
        service_ids=tuple(wanted.service_ids),
        code=wanted.code and wanted.code.strip(),
        language=wanted.language,
    )
    units = await properties.units_for_booking(session, wish.unit_ids)
    if not units:
        raise NothingOnSale
    now = clock.utc_now()
    refuse_dates(check_in, check_out, today=service.today_of(units[0], now))
    taken = await calendar(session, units, *service.around(check_in, check_out))
    client = await guests(
        session, request.headers.get("authorization"), units[0].organisation_id, now=now
    )
    signed = await service.quote(
        session, backstage(request).vault, wish, now=now, taken=taken, client=client
    )
    return QuoteOut.of(signed)


@router.get(
    "/quotes/{token}",
    dependencies=[COUNTED_LOOK],
    openapi_extra=OPEN,
    responses=problem_responses(QuoteInvalid, QuoteExpired, InvalidRequest, TooManyAttempts),
)
async def read_quote(
    token: Annotated[str, Path(max_length=200)],
    request: Request,
    session: DbSession,
    clock: ClockOf,
) -> QuoteOut:
    """The quote of this token, as it was given."""
    now, vault = clock.utc_now(), backstage(request).vault
    return QuoteOut.of(await service.read_quote(session, vault, token, now=now))


@router.get(
    "/prices",
    dependencies=[COUNTED_LOOK],
    openapi_extra=OPEN,
    responses=problem_responses(
        CheckInPast, DatesReversed, StayTooLong, InvalidRequest, NothingOnSale, TooManyAttempts
    ),
)
async def list_prices(
    *,
    session: DbSession,
    clock: ClockOf,
    calendar: CalendarOf,
    check_in: Day,
    check_out: Day,
    guests: Annotated[int, Query(ge=1, le=10_000)] = 1,
    unit_id: Annotated[list[UUID] | None, Query(max_length=50)] = None,
    house_id: UUID | None = None,
    property_id: UUID | None = None,
) -> PricesOut:
    """What each of these units costs alone, free or not; mandatory services and charges in."""
    units = await properties.units_on_sale(
        session, unit_ids=unit_id or [], house_id=house_id, property_id=property_id
    )
    if not units:
        raise NothingOnSale
    now = clock.utc_now()
    refuse_dates(check_in, check_out, today=min(service.today_of(each, now) for each in units))
    taken = await calendar(session, units, *service.around(check_in, check_out))
    found = await service.price_these(
        session, units, check_in, check_out, guests, now=now, taken=taken
    )
    ordered = sorted(units, key=lambda unit: (natural(unit.name), unit.unit_id))
    return PricesOut(
        check_in=check_in,
        check_out=check_out,
        guests=guests,
        units=[UnitPriceOut.of(found[each.unit_id], each.name) for each in ordered],
    )


@router.get(
    "/late-check-out",
    dependencies=[COUNTED_LOOK],
    openapi_extra=OPEN,
    responses=problem_responses(
        GuestsNotPositive,
        CheckInPast,
        StayTooLong,
        InvalidRequest,
        NothingOnSale,
        ExchangeRateMissing,
        TooManyAttempts,
    ),
)
async def price_late_check_out(
    *,
    desk: Annotated[_Desk, Depends(_desk)],
    unit_id: UUID,
    check_out: Day,
    guests: Annotated[int, Query(ge=-_WIDE, lt=_WIDE)] = 1,
) -> HourPriceOut:
    """What staying longer on the day of departure costs, if it can be had."""
    return await desk.price(HourKind.LATE_CHECK_OUT, unit_id, check_out, guests)


@router.get(
    "/early-check-in",
    dependencies=[COUNTED_LOOK],
    openapi_extra=OPEN,
    responses=problem_responses(
        GuestsNotPositive,
        CheckInPast,
        StayTooLong,
        InvalidRequest,
        NothingOnSale,
        ExchangeRateMissing,
        TooManyAttempts,
    ),
)
async def price_early_check_in(
    *,
    desk: Annotated[_Desk, Depends(_desk)],
    unit_id: UUID,
    check_in: Day,
    guests: Annotated[int, Query(ge=-_WIDE, lt=_WIDE)] = 1,
) -> HourPriceOut:
    """What coming early on the day of arrival costs, if it can be had."""
    return await desk.price(HourKind.EARLY_CHECK_IN, unit_id, check_in, guests)


@router.get(
    "/refund-share",
    dependencies=[COUNTED_LOOK],
    openapi_extra=OPEN,
    responses=problem_responses(InvalidRequest, NothingOnSale, TooManyAttempts),
)
async def read_refund_share(
    *,
    session: DbSession,
    property_id: UUID,
    days_before: Annotated[int, Query(ge=0, le=10_000)],
) -> RefundOut:
    """How much of what was paid goes back to whoever cancels so many days before arrival."""
    units = await properties.units_on_sale(session, property_id=property_id)
    if not units:
        raise NothingOnSale
    share = await service.refund_share(
        session, units[0].organisation_id, property_id, days_before=days_before
    )
    name = share.policy.name if share.policy else None
    return RefundOut(days_before=days_before, percent=share.percent, policy=name)


async def _unit_ids(session: Session, wanted: QuoteIn) -> tuple[UUID, ...]:
    if wanted.unit_ids:
        return tuple(wanted.unit_ids)
    if wanted.property_id is None:
        raise UnitsUnclear
    units = await properties.units_on_sale(session, property_id=wanted.property_id)
    if not units:
        raise NothingOnSale
    if len(units) > 1:
        raise UnitsUnclear(extra={"unit_ids": [str(unit.unit_id) for unit in units]})
    return (units[0].unit_id,)


def _day(written: str | None) -> date:
    """Raises dates_missing, dates_unreadable."""
    if written is None:
        raise DatesMissing
    if not _WRITTEN_DAY.fullmatch(written):
        raise DatesUnreadable
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise DatesUnreadable from None
