"""What does an event make of a night's price, and who is told of it?"""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Json, Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.events import publish
from cloud_api.kit.money import Money
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.pricing import management as prices
from cloud_api.pricing.demand import repository
from cloud_api.pricing.demand.errors import (
    DayPriced,
    NoProperty,
    NothingToUndo,
    SuggestionDecided,
    SuggestionPast,
)
from cloud_api.pricing.demand.events import DemandAlert
from cloud_api.pricing.demand.models import HappeningRow, PlaceRow
from cloud_api.pricing.demand.types import SuggestionState
from cloud_api.pricing.models import SpecialDateRow
from cloud_api.pricing.schemas import EntryPatch, PriceIn, SpecialDateIn, SpecialDatePatch
from cloud_api.properties import service as properties

_LONGEST_NAME = 100
_MOST_AT_ONCE = 500
# Wherever a house stands, the day is over there too.
_SURELY_OVER = timedelta(days=2)


async def accept(
    session: Session, scope: Scope, suggestion_id: UUID, *, now: datetime
) -> HappeningRow:
    """Let the night cost what is suggested, in every property that follows the town.

    A special date that stands on that day gets the price; else one is made. Raises NotFound,
    SuggestionDecided, SuggestionPast, DayPriced, NoProperty.
    """
    row = await _open(session, scope, suggestion_id)
    if row.day < now.date() - timedelta(days=1):
        raise SuggestionPast
    if await repository.is_priced(session, scope, row):
        raise DayPriced
    made: list[Json] = [
        await _priced(session, scope, row, property_id, now=now)
        for property_id in await _followers(session, scope, row)
    ]
    row.made = {"special_dates": made}
    await _decide(session, scope, row, SuggestionState.ACCEPTED, now=now)
    return row


async def dismiss(
    session: Session, scope: Scope, suggestion_id: UUID, *, now: datetime
) -> HappeningRow:
    """Leave the price as it is. Raises NotFound, SuggestionDecided."""
    row = await _open(session, scope, suggestion_id)
    await _decide(session, scope, row, SuggestionState.DISMISSED, now=now)
    return row


async def undo(
    session: Session, scope: Scope, suggestion_id: UUID, *, now: datetime
) -> HappeningRow:
    """Take a decision back: prices it made are as they were, unless somebody changed them since.

    Raises NotFound, NothingToUndo.
    """
    row = await _found(session, scope, suggestion_id)
    if row.state is SuggestionState.OPEN:
        raise NothingToUndo
    await _take_back(session, scope, row, now=now)
    await _decide(session, scope, row, SuggestionState.OPEN, now=now)
    return row


async def alert(session: Session, *, now: datetime) -> int:
    """Tell of every event nobody was told of, once; how many.

    The first of a day, as many as the organisation wants, are in the short list.
    """
    midnight = datetime.combine(now.date(), time(), UTC)
    found = await repository.to_alert(
        session, today=now.date(), midnight=midnight, most=_MOST_AT_ONCE
    )
    listed: dict[UUID, int] = {}
    for row in found:
        so_far = listed.setdefault(row.organisation_id, row.listed_today)
        short = so_far < repository.read_numbers(row.numbers).short_list
        listed[row.organisation_id] += short
        await repository.alerted(session, row.id, row.organisation_id, now=now, short_listed=short)
        told = DemandAlert(
            organisation_id=row.organisation_id,
            suggestion_id=row.id,
            property_ids=list(row.property_ids),
            title=row.name,
            venue=row.venue,
            day=row.day,
            score=row.score,
            level=row.demand,
            sold_out=row.sold_out,
            suggested=Money(row.price_minor, row.price_currency),
            url=row.url,
            in_short_list=short,
        )
        await publish(session, told, organisation_id=row.organisation_id)
    return len(found)


async def retire(session: Session, *, now: datetime) -> int:
    """Take back the prices of events that are over: a special date would return every year."""
    over = await repository.accepted_before(
        session, (now - _SURELY_OVER).date(), most=_MOST_AT_ONCE
    )
    for row in over:
        scope = Scope(row.organisation_id, PrincipalKind.SYSTEM, row.id)
        await _take_back(session, scope, row, now=now)
    return len(over)


async def _found(session: Session, scope: Scope, suggestion_id: UUID) -> HappeningRow:
    row = await repository.find(session, scope, HappeningRow, suggestion_id, lock=True)
    if row is None:
        raise NotFound
    return row


async def _open(session: Session, scope: Scope, suggestion_id: UUID) -> HappeningRow:
    row = await _found(session, scope, suggestion_id)
    if row.state is not SuggestionState.OPEN:
        raise SuggestionDecided
    return row


async def _followers(session: Session, scope: Scope, row: HappeningRow) -> list[UUID]:
    place = await repository.find(session, scope, PlaceRow, row.place_id)
    there = await properties.property_ids(session, scope.organisation_id)
    found = sorted(there & set(() if place is None else place.property_ids))
    if not found:
        raise NoProperty
    return found


async def _priced(
    session: Session, scope: Scope, row: HappeningRow, property_id: UUID, *, now: datetime
) -> dict[str, Json]:
    price = PriceIn(minor=row.price_minor, currency=row.price_currency)
    standing = await repository.special_date(session, scope, property_id, row.day)
    former: Json = None
    if standing is None:
        wanted = SpecialDateIn(
            property_id=property_id,
            name=row.name[:_LONGEST_NAME],
            month=row.day.month,
            day=row.day.day,
            price=price,
        )
        standing = await prices.create(session, scope, SpecialDateRow, wanted)
    else:
        former = {"minor": standing.price_minor, "currency": standing.price_currency}
        patch = SpecialDatePatch(price=price)
        await prices.change(session, scope, SpecialDateRow, standing.id, patch, now=now)
    given: Json = {"minor": row.price_minor, "currency": row.price_currency}
    return {"id": str(standing.id), "given": given, "former": former}


async def _take_back(session: Session, scope: Scope, row: HappeningRow, *, now: datetime) -> None:
    made = row.made.get("special_dates")
    for each in made if isinstance(made, list) else ():
        assert isinstance(each, dict)  # noqa: S101 - written by `_priced`
        special = await repository.find(
            session, scope, SpecialDateRow, UUID(str(each["id"])), lock=True
        )
        if special is None or special.archived_at is not None or not _is(special, each["given"]):
            continue
        former = each["former"]
        patch = (
            EntryPatch(archived=True)
            if former is None
            else SpecialDatePatch(price=PriceIn.model_validate(former))
        )
        await prices.change(session, scope, SpecialDateRow, special.id, patch, now=now)
    row.made = {}
    await session.flush()


def _is(special: SpecialDateRow, price: Json) -> bool:
    return price == {"minor": special.price_minor, "currency": special.price_currency}


async def _decide(
    session: Session, scope: Scope, row: HappeningRow, state: SuggestionState, *, now: datetime
) -> None:
    row.state = state
    row.decided_at = None if state is SuggestionState.OPEN else now
    await session.flush()
    await audit.record(
        session,
        scope,
        action=_DEEDS[state],
        object_type="demand_events",
        object_id=row.id,
    )


_DEEDS = {
    SuggestionState.ACCEPTED: Deed.SUGGESTION_ACCEPTED,
    SuggestionState.DISMISSED: Deed.SUGGESTION_DISMISSED,
    SuggestionState.OPEN: Deed.SUGGESTION_UNDONE,
}


def default_last(first: date) -> date:
    """Until when a list reaches that was not told."""
    return first + timedelta(days=365)
