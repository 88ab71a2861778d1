"""How do people watch towns over HTTP, and decide on the prices that events suggest?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.requests import Request

from cloud_api.accounts.types import Permission
from cloud_api.kit.days import Day
from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.paging import MOST, Page, PageWindow, Window, page_of
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.pricing.demand import management, repository, service, shown
from cloud_api.pricing.demand.errors import (
    DayPriced,
    NoProperty,
    NothingToUndo,
    PlaceTaken,
    SuggestionDecided,
    SuggestionPast,
    VenueTaken,
)
from cloud_api.pricing.demand.models import PlaceRow, VenueRow
from cloud_api.pricing.demand.schemas import (
    AccountIn,
    AccountOut,
    CalendarOut,
    Keyword,
    PlaceIn,
    PlaceOut,
    PlacePatch,
    SettingsIn,
    SuggestionOut,
    VenueIn,
    VenueOut,
    VenuePatch,
)
from cloud_api.pricing.demand.types import Demand, SuggestionState

router = room_router(prefix="", tag="demand")

Reader = Annotated[Scope, Depends(allow(Permission.PRICING_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.PRICING_WRITE))]
_A_PAGE = 15


async def _vault(request: Request) -> Vault:
    return backstage(request).vault


async def _fifteen(
    limit: Annotated[int, Query(ge=1, le=MOST, description="how many at most")] = _A_PAGE,
    offset: Annotated[int, Query(ge=0, le=1_000_000, description="how many to skip")] = 0,
) -> Window:
    return Window(limit=limit, offset=offset)


async def _wanted(
    *,
    clock: ClockOf,
    first: Annotated[Day | None, Query(description="today, unless said otherwise")] = None,
    last: Annotated[Day | None, Query(description="a year later, unless said otherwise")] = None,
    venue_id: UUID | None = None,
    keyword: Annotated[Keyword | None, Query(description="of the hall or the event")] = None,
    sold_out: bool | None = None,
    level: Demand | None = None,
    state: SuggestionState | None = None,
    priority: Annotated[bool, Query(description="only in halls that are minded")] = False,
) -> repository.Filter:
    begin = first or clock.utc_now().date()
    return repository.Filter(
        first=begin,
        last=last or service.default_last(begin),
        venue_id=venue_id,
        keyword=keyword,
        sold_out=sold_out,
        demand=level,
        state=state,
        priority=priority,
    )


VaultOf = Annotated[Vault, Depends(_vault)]
Wanted = Annotated[repository.Filter, Depends(_wanted)]
Fifteen = Annotated[Window, Depends(_fifteen)]


@router.get("/demand/account")
async def read_account(session: DbSession, scope: Reader, vault: VaultOf) -> AccountOut:
    """Whether there is a key at the vendor, and what it may still ask today."""
    return await management.read_account(session, scope, vault)


@router.put("/demand/account")
async def keep_account(
    wanted: AccountIn, session: DbSession, scope: Writer, vault: VaultOf
) -> AccountOut:
    """Ask with this key."""
    key = wanted.api_key.get_secret_value()
    await management.keep_account(session, scope, vault, key)
    return await management.read_account(session, scope, vault)


@router.delete("/demand/account", status_code=204)
async def drop_account(session: DbSession, scope: Writer, vault: VaultOf) -> None:
    """Ask no more; what is known stays."""
    await management.keep_account(session, scope, vault, None)


@router.get("/demand/settings")
async def read_settings(session: DbSession, scope: Reader) -> SettingsIn:
    """What events are judged by."""
    return await management.read_settings(session, scope)


@router.put("/demand/settings")
async def configure(
    wanted: SettingsIn, session: DbSession, scope: Writer, clock: ClockOf
) -> SettingsIn:
    """Judge events by this; every event ahead anew."""
    return await management.configure(session, scope, wanted, now=clock.utc_now())


@router.get("/demand/places")
async def list_places(session: DbSession, scope: Reader, window: PageWindow) -> Page[PlaceOut]:
    """The towns that are watched."""
    rows, total = await repository.places(session, scope, window)
    return page_of([PlaceOut.model_validate(row) for row in rows], total=total, window=window)


@router.post(
    "/demand/places",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, PlaceTaken),
)
async def create_place(
    wanted: PlaceIn, session: DbSession, scope: Writer, clock: ClockOf
) -> PlaceOut:
    """Watch a town."""
    row = await management.watch(session, scope, wanted, now=clock.utc_now())
    return PlaceOut.model_validate(row)


@router.patch("/demand/places/{place_id}", responses=problem_responses(NotFound))
async def change_place(
    place_id: UUID, patch: PlacePatch, session: DbSession, scope: Writer
) -> PlaceOut:
    """Let the prices of other properties follow it."""
    return PlaceOut.model_validate(await management.change_place(session, scope, place_id, patch))


@router.delete("/demand/places/{place_id}", status_code=204, responses=problem_responses(NotFound))
async def forget_place(place_id: UUID, session: DbSession, scope: Writer, clock: ClockOf) -> None:
    """Watch it no more; its events and halls are forgotten, prices that were set stay."""
    await management.forget(session, scope, PlaceRow, place_id, now=clock.utc_now())


@router.get("/demand/venues")
async def list_venues(
    session: DbSession, scope: Reader, window: PageWindow, place_id: UUID | None = None
) -> Page[VenueOut]:
    """The halls that are minded."""
    rows, total = await repository.venue_page(session, scope, window, place_id=place_id)
    return page_of([shown.venue(row) for row in rows], total=total, window=window)


@router.post(
    "/demand/venues",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, VenueTaken),
)
async def create_venue(
    wanted: VenueIn, session: DbSession, scope: Writer, clock: ClockOf
) -> VenueOut:
    """Mind a hall."""
    return shown.venue(await management.mind(session, scope, wanted, now=clock.utc_now()))


@router.patch("/demand/venues/{venue_id}", responses=problem_responses(NotFound, VenueTaken))
async def change_venue(
    venue_id: UUID, patch: VenuePatch, session: DbSession, scope: Writer, clock: ClockOf
) -> VenueOut:
    """Mind it otherwise."""
    now = clock.utc_now()
    return shown.venue(await management.change_venue(session, scope, venue_id, patch, now=now))


@router.delete("/demand/venues/{venue_id}", status_code=204, responses=problem_responses(NotFound))
async def forget_venue(venue_id: UUID, session: DbSession, scope: Writer, clock: ClockOf) -> None:
    """Mind it no more; its events are judged as any other's."""
    await management.forget(session, scope, VenueRow, venue_id, now=clock.utc_now())


@router.get("/price-suggestions")
async def list_suggestions(
    session: DbSession, scope: Reader, window: Fifteen, wanted: Wanted
) -> Page[SuggestionOut]:
    """Events ahead and the prices they suggest, the soonest first."""
    rows, total = await repository.suggestions(session, scope, window, wanted=wanted)
    return page_of([shown.suggestion(row) for row in rows], total=total, window=window)


@router.get("/price-suggestions/calendar")
async def read_calendar(session: DbSession, scope: Reader, wanted: Wanted) -> CalendarOut:
    """The same by day."""
    found = await repository.by_day(session, scope, wanted)
    numbers = repository.numbers_of(await repository.settings(session, scope.organisation_id))
    return CalendarOut(days=[shown.day(each, numbers) for each in found])


@router.post(
    "/price-suggestions/{suggestion_id}/accept",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, SuggestionDecided, SuggestionPast, DayPriced, NoProperty),
)
async def accept(
    suggestion_id: UUID, session: DbSession, scope: Writer, clock: ClockOf
) -> SuggestionOut:
    """Let the night cost this."""
    now = clock.utc_now()
    return shown.suggestion(await service.accept(session, scope, suggestion_id, now=now))


@router.post(
    "/price-suggestions/{suggestion_id}/dismiss",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, SuggestionDecided),
)
async def dismiss(
    suggestion_id: UUID, session: DbSession, scope: Writer, clock: ClockOf
) -> SuggestionOut:
    """Leave the price as it is."""
    now = clock.utc_now()
    return shown.suggestion(await service.dismiss(session, scope, suggestion_id, now=now))


@router.post(
    "/price-suggestions/{suggestion_id}/undo",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, NothingToUndo),
)
async def undo(
    suggestion_id: UUID, session: DbSession, scope: Writer, clock: ClockOf
) -> SuggestionOut:
    """Take the decision back, and with it the prices it made."""
    now = clock.utc_now()
    return shown.suggestion(await service.undo(session, scope, suggestion_id, now=now))
