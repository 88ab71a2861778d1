"""How do owners and managers keep their prices over HTTP?"""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, room_router
from cloud_api.kit.money import Currency
from cloud_api.kit.paging import Page, PageWindow, page_of
from cloud_api.pricing import management, repository
from cloud_api.pricing.endpoints.callers import Reader, Writer
from cloud_api.pricing.endpoints.shelf import Kind, keep
from cloud_api.pricing.errors import PriceExists
from cloud_api.pricing.models import PolicyRow, SeasonRow, ServiceRow, SpecialDateRow
from cloud_api.pricing.schemas import (
    PolicyIn,
    PolicyOut,
    PolicyPatch,
    RateIn,
    RateOut,
    SeasonIn,
    SeasonOut,
    SeasonPatch,
    ServiceIn,
    ServiceOut,
    ServicePatch,
    SettingsOut,
    SettingsPatch,
    SpecialDateIn,
    SpecialDateOut,
    SpecialDatePatch,
    UnitPriceIn,
    UnitPriceOut,
)

router = room_router(prefix="", tag="pricing")

keep(
    router,
    Kind(
        one="season",
        many="seasons",
        about="Low and high seasons, of one property or of all.",
        model=SeasonRow,
        wanted=SeasonIn,
        out=SeasonOut,
        page=Page[SeasonOut],
        patch=SeasonPatch,
    ),
)
keep(
    router,
    Kind(
        one="special_date",
        many="special_dates",
        about="Days of the year with a price of their own.",
        model=SpecialDateRow,
        wanted=SpecialDateIn,
        out=SpecialDateOut,
        page=Page[SpecialDateOut],
        patch=SpecialDatePatch,
    ),
)
keep(
    router,
    Kind(
        one="service",
        many="services",
        about="What is sold beside the nights.",
        model=ServiceRow,
        wanted=ServiceIn,
        out=ServiceOut,
        page=Page[ServiceOut],
        patch=ServicePatch,
        within=None,
    ),
)
keep(
    router,
    Kind(
        one="cancellation_policy",
        many="cancellation_policies",
        about="What goes back to whoever cancels early enough.",
        model=PolicyRow,
        wanted=PolicyIn,
        out=PolicyOut,
        page=Page[PolicyOut],
        patch=PolicyPatch,
    ),
)


@router.get("/properties/{property_id}/pricing", responses=problem_responses(NotFound))
async def read_pricing(property_id: UUID, session: DbSession, scope: Reader) -> SettingsOut:
    """A property's conventions in force: weekend, currencies, deposit, taxes and fees, hours."""
    return await management.read_settings(session, scope, property_id)


@router.patch(
    "/properties/{property_id}/pricing", responses=problem_responses(NotFound, PriceExists)
)
async def change_pricing(
    property_id: UUID, patch: SettingsPatch, session: DbSession, scope: Writer, clock: ClockOf
) -> SettingsOut:
    """Change some of them; the others stay, or stay by default."""
    now = clock.utc_now()
    return await management.configure(session, scope, property_id, patch, now=now)


@router.get("/units/{unit_id}/price", responses=problem_responses(NotFound))
async def read_unit_price(unit_id: UUID, session: DbSession, scope: Reader) -> UnitPriceOut:
    """A unit's own night prices; 404 where it is priced by its base price."""
    row = await management.read_unit_price(session, scope, unit_id)
    return UnitPriceOut.model_validate(row)


@router.put("/units/{unit_id}/price", responses=problem_responses(NotFound, PriceExists))
async def price_unit(
    unit_id: UUID, wanted: UnitPriceIn, session: DbSession, scope: Writer, clock: ClockOf
) -> UnitPriceOut:
    """A unit's night prices from now on, all of them."""
    row = await management.price_unit(session, scope, unit_id, wanted, now=clock.utc_now())
    return UnitPriceOut.model_validate(row)


@router.delete("/units/{unit_id}/price", status_code=204, responses=problem_responses(NotFound))
async def unprice_unit(unit_id: UUID, session: DbSession, scope: Writer) -> None:
    """Back to the unit's base price."""
    await management.unprice_unit(session, scope, unit_id)


@router.get("/exchange-rates")
async def list_exchange_rates(
    *,
    session: DbSession,
    scope: Reader,
    window: PageWindow,
    base: Annotated[Currency | None, Query()] = None,
    quote: Annotated[Currency | None, Query()] = None,
) -> Page[RateOut]:
    """The history of the rates, the newest first."""
    rows, total = await repository.rates_page(session, scope, window, base=base, quote=quote)
    return page_of([RateOut.model_validate(row) for row in rows], total=total, window=window)


@router.post(
    "/exchange-rates",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(PriceExists),
)
async def add_exchange_rate(
    wanted: RateIn, session: DbSession, scope: Writer, clock: ClockOf
) -> RateOut:
    """One more entry in the history; nothing in it is ever changed."""
    row = await management.add_rate(session, scope, wanted, now=clock.utc_now())
    return RateOut.model_validate(row)
