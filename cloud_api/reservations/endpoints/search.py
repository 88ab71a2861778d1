"""How does somebody without a login look through all houses, and through one house's calendar?"""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from cloud_api.kit.days import Day
from cloud_api.kit.errors import InvalidRequest, TooManyAttempts, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, room_router
from cloud_api.kit.money import MOST_MINOR, Currency
from cloud_api.kit.paging import Page, PageWindow, page_of
from cloud_api.kit.throttle import Limit
from cloud_api.reservations.availability import service
from cloud_api.reservations.availability.schemas import FoundOut, HouseNightsOut
from cloud_api.reservations.availability.types import Search, SortBy
from cloud_api.reservations.endpoints.guests import OPEN, address_of, count
from cloud_api.reservations.errors import (
    AccommodationNotFoundError,
    InvalidDatesError,
    NoPlaceNamedError,
)
from cloud_api.reservations.rules import DateFault
from cloud_api.reservations.types import MAX_NIGHTS, Nights

router = room_router(prefix="", tag="booking")

SEARCHES_PER_ADDRESS = Limit(attempts=120, window=timedelta(minutes=1))


async def searches_per_address() -> Limit:
    """How often one address may search; the composition root may override it."""
    return SEARCHES_PER_ADDRESS


async def _search_limit(
    request: Request, limit: Annotated[Limit, Depends(searches_per_address)]
) -> None:
    await count(request, "search", address_of(request), limit)


async def _wanted(
    *,
    check_in: Day,
    check_out: Day,
    guests: Annotated[int, Query(ge=1, le=10_000)] = 1,
    organisation_id: UUID | None = None,
    property_id: UUID | None = None,
    max_price: Annotated[
        int | None,
        Query(ge=0, le=MOST_MINOR, description="at most, for the whole stay, in minor units"),
    ] = None,
    currency: Annotated[
        Currency | None, Query(description="of `max_price` and of sorting; else the property's")
    ] = None,
    capacity: Annotated[int | None, Query(ge=1, le=10_000, description="sleeps at least")] = None,
    free: Annotated[bool, Query(description="only what can be booked")] = False,
    sort: SortBy = SortBy.NAME,
    alternatives: bool = True,
) -> Search:
    if organisation_id is None and property_id is None:
        raise NoPlaceNamedError("name an organisation (organisation_id) or a property")
    nights = Nights(check_in, check_out)
    if not 1 <= nights.count <= MAX_NIGHTS:
        raise InvalidDatesError(DateFault.NO_NIGHT if nights.count < 1 else DateFault.TOO_LONG)
    return Search(
        nights=nights,
        guests=guests,
        organisation_id=organisation_id,
        property_id=property_id,
        most_minor=max_price,
        currency=currency,
        least_capacity=capacity,
        only_free=free,
        sort=sort,
        alternatives=alternatives,
    )


@router.get(
    "/availability/search",
    dependencies=[Depends(_search_limit)],
    openapi_extra=OPEN,
    responses=problem_responses(
        InvalidDatesError,
        InvalidRequest,
        NoPlaceNamedError,
        AccommodationNotFoundError,
        TooManyAttempts,
    ),
)
async def search(
    wanted: Annotated[Search, Depends(_wanted)],
    session: DbSession,
    clock: ClockOf,
    window: PageWindow,
) -> Page[FoundOut]:
    """All units of an owner or a property for these dates: free or why not, and for how much.

    Where one is not free, other nights that are: as long and near, or a shorter part.
    """
    found, total = await service.search(session, wanted, window, now=clock.utc_now())
    told = [FoundOut.of(each, wanted.nights, wanted.guests) for each in found]
    return page_of(told, total=total, window=window)


@router.get(
    "/houses/{house_id}/nights",
    dependencies=[Depends(_search_limit)],
    openapi_extra=OPEN,
    responses=problem_responses(
        InvalidDatesError, InvalidRequest, AccommodationNotFoundError, TooManyAttempts
    ),
)
async def nights(
    *,
    house_id: UUID,
    session: DbSession,
    clock: ClockOf,
    first: Annotated[Day | None, Query(alias="from", description="today if left out")] = None,
    until: Annotated[
        Day | None, Query(alias="to", description="the year's end if left out; not told itself")
    ] = None,
) -> HouseNightsOut:
    """Free and taken nights of each unit of a house."""
    house = await service.house_nights(session, house_id, first, until, now=clock.utc_now())
    return HouseNightsOut.of(house)
