"""How is what happens in town read and written, and who may ask for it now?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, case, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from cloud_api.kit.db import Model, Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.money import Money
from cloud_api.kit.paging import Column, Window, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.pricing.demand.models import (
    DemandSettingsRow,
    HappeningRow,
    PlaceRow,
    SearchRow,
    VenueRow,
)
from cloud_api.pricing.demand.types import (
    Demand,
    Happening,
    Numbers,
    Opinion,
    SuggestionState,
    Venue,
)
from cloud_api.pricing.models import SpecialDateRow

_NUMBERS: Final = TypeAdapter(Numbers)
_WORK = "a worker asks for every tenant"
_TO_ALERT: Final = text("""
SELECT e.id, e.organisation_id, e.name, e.venue, e.day, e.score, e.demand, e.sold_out, e.url,
       e.price_minor, e.price_currency, p.property_ids,
       coalesce(s.numbers, '{}') AS numbers,
       (SELECT count(*) FROM demand_events d WHERE d.organisation_id = e.organisation_id
            AND d.short_listed AND d.alerted_at >= :midnight) AS listed_today
FROM demand_events e
JOIN demand_places p ON p.id = e.place_id
LEFT JOIN demand_settings s ON s.organisation_id = e.organisation_id
LEFT JOIN demand_venues v ON v.id = e.venue_id
WHERE e.alert AND e.alerted_at IS NULL AND e.day >= :today
ORDER BY e.organisation_id, coalesce(v.always_alert, false) DESC, e.score DESC, e.day, e.id
LIMIT :most FOR UPDATE OF e SKIP LOCKED
""")
_ALERTED: Final = text("""
UPDATE demand_events SET alerted_at = :now, short_listed = :short_listed
WHERE id = :id AND organisation_id = :organisation_id
""")
# What may change of an event that is known: who found it first, and what people decided, stays.
_TOLD_ANEW: Final = (
    "name",
    "day",
    "starts",
    "status",
    "url",
    "venue",
    "vendor_venue_id",
    "sale_begins",
    "sale_ends",
    "least_price",
    "most_price",
    "venue_id",
    "score",
    "demand",
    "sold_out",
    "alert",
    "price_minor",
    "price_currency",
    "seen_at",
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which suggestions: None means any. `keyword` is part of the hall's or the event's name."""

    first: date
    last: date
    venue_id: UUID | None = None
    keyword: str | None = None
    sold_out: bool | None = None
    demand: Demand | None = None
    state: SuggestionState | None = None
    priority: bool = False


async def settings(
    session: Session, organisation_id: UUID, *, lock: bool = False
) -> DemandSettingsRow | None:
    """An organisation's key and numbers, if any were told."""
    statement = select(DemandSettingsRow).where(
        DemandSettingsRow.organisation_id == organisation_id
    )
    statement = across_tenants(statement, because="the caller's own, or of the place it asks for")
    return await session.scalar(statement.with_for_update() if lock else statement)


def numbers_of(row: DemandSettingsRow | None) -> Numbers:
    """What it counts with."""
    return _NUMBERS.validate_python({} if row is None else row.numbers)


def read_numbers(stored: object) -> Numbers:
    """What was stored, with the defaults for what was not."""
    return _NUMBERS.validate_python(stored)


def stored_numbers(numbers: Numbers) -> dict[str, Any]:
    """As it rests in its column."""
    found: dict[str, Any] = _NUMBERS.dump_python(numbers, mode="json")
    return found


async def find[R: Model](
    session: Session, scope: Scope, model: type[R], row_id: UUID, *, lock: bool = False
) -> R | None:
    """One of the caller's own."""
    key: Any = model
    statement = scoped(select(model).where(key.id == row_id), model, scope)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def places(session: Session, scope: Scope, window: Window) -> tuple[list[PlaceRow], int]:
    """A page of the towns the caller watches."""
    statement = scoped(select(PlaceRow), PlaceRow, scope)
    return await read_page(session, statement, window, order=[PlaceRow.city, PlaceRow.id])


async def venue_page(
    session: Session, scope: Scope, window: Window, *, place_id: UUID | None
) -> tuple[list[VenueRow], int]:
    """A page of the halls the caller minds."""
    statement = scoped(select(VenueRow), VenueRow, scope)
    if place_id is not None:
        statement = statement.where(VenueRow.place_id == place_id)
    return await read_page(session, statement, window, order=[VenueRow.name, VenueRow.id])


async def venues_of(session: Session, organisation_id: UUID, place_id: UUID) -> list[Venue]:
    """The halls of one town."""
    statement = select(VenueRow).where(
        VenueRow.organisation_id == organisation_id, VenueRow.place_id == place_id
    )
    rows = await session.scalars(across_tenants(statement, because=_WORK))
    return [venue_of(row) for row in rows]


async def search_of_venue(session: Session, scope: Scope, venue_id: UUID) -> SearchRow | None:
    """What is asked for a hall, locked."""
    statement = select(SearchRow).where(SearchRow.venue_id == venue_id)
    return await session.scalar(scoped(statement, SearchRow, scope).with_for_update())


async def save(session: Session) -> bool:
    """Write what was added or changed; False when there is one of this name."""
    try:
        await session.flush()
    except IntegrityError as error:
        if "uq_demand_" in str(error.orig):
            return False
        raise
    return True


async def keep(
    session: Session,
    organisation_id: UUID,
    place_id: UUID,
    found: Iterable[tuple[Happening, Opinion]],
    *,
    now: datetime,
) -> None:
    """Write events as they are told now, each once, whoever tells of it at the same time."""
    # In one order, so that two who write the same events do not wait for each other.
    each_once = {happening.vendor_id: (happening, view) for happening, view in found}
    rows = [
        {
            "id": new_id(),
            "organisation_id": organisation_id,
            "place_id": place_id,
            "vendor_id": vendor_id,
            **_columns(*each_once[vendor_id]),
            "seen_at": now,
        }
        for vendor_id in sorted(each_once)
    ]
    if not rows:
        return
    statement = insert(HappeningRow).values(rows)
    anew = {name: statement.excluded[name] for name in _TOLD_ANEW}
    await session.execute(
        statement.on_conflict_do_update(index_elements=["organisation_id", "vendor_id"], set_=anew)
    )


async def future(
    session: Session, scope: Scope, place_id: UUID | None, *, today: date
) -> list[HappeningRow]:
    """The caller's events from today on, locked, of one town or of all."""
    statement = select(HappeningRow).where(HappeningRow.day >= today)
    if place_id is not None:
        statement = statement.where(HappeningRow.place_id == place_id)
    ordered = scoped(statement, HappeningRow, scope).order_by(HappeningRow.vendor_id)
    return list(await session.scalars(ordered.with_for_update()))


async def suggestions(
    session: Session, scope: Scope, window: Window, *, wanted: Filter
) -> tuple[list[HappeningRow], int]:
    """A page of the caller's suggestions, the soonest first, of a day the strongest first."""
    statement = _narrowed(scoped(select(HappeningRow), HappeningRow, scope), wanted)
    order: list[Column] = [HappeningRow.day, HappeningRow.score.desc(), HappeningRow.id]
    return await read_page(session, statement, window, order=order)


async def by_day(
    session: Session, scope: Scope, wanted: Filter
) -> list[tuple[date, int, int, int]]:
    """For each day with events: how many, how many sold out, and the highest score."""
    narrowed = _narrowed(scoped(select(HappeningRow), HappeningRow, scope), wanted).subquery()
    statement = (
        select(
            narrowed.c.day,
            func.count(),
            func.count(case((narrowed.c.sold_out, 1))),
            func.max(narrowed.c.score),
        )
        .group_by(narrowed.c.day)
        .order_by(narrowed.c.day)
    )
    rows = await session.execute(statement)
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def special_date(
    session: Session, scope: Scope, property_id: UUID, day: date
) -> SpecialDateRow | None:
    """The price of this day in the whole property that is in force, locked."""
    statement = select(SpecialDateRow).where(
        SpecialDateRow.property_id == property_id,
        SpecialDateRow.unit_id.is_(None),
        SpecialDateRow.month == day.month,
        SpecialDateRow.day == day.day,
        SpecialDateRow.archived_at.is_(None),
    )
    return await session.scalar(scoped(statement, SpecialDateRow, scope).with_for_update())


async def is_priced(session: Session, scope: Scope, row: HappeningRow) -> bool:
    """Has another event of this town set the price of its day? The town is locked."""
    town = select(PlaceRow.id).where(PlaceRow.id == row.place_id).with_for_update()
    await session.execute(scoped(town, PlaceRow, scope))
    statement = select(HappeningRow.id).where(
        HappeningRow.place_id == row.place_id,
        HappeningRow.day == row.day,
        HappeningRow.state == SuggestionState.ACCEPTED,
    )
    found = await session.execute(scoped(statement, HappeningRow, scope).limit(1))
    return found.first() is not None


async def to_alert(
    session: Session, *, today: date, midnight: datetime, most: int
) -> list[Row[Any]]:
    """Events nobody was told of yet, each organisation's strongest first."""
    values = {"today": today, "midnight": midnight, "most": most}
    return list((await session.execute(_TO_ALERT, values)).all())


async def alerted(
    session: Session, event_id: UUID, organisation_id: UUID, *, now: datetime, short_listed: bool
) -> None:
    """Somebody was told of it."""
    values = {
        "id": event_id,
        "organisation_id": organisation_id,
        "now": now,
        "short_listed": short_listed,
    }
    await session.execute(_ALERTED, values)


async def accepted_before(session: Session, day: date, *, most: int) -> list[HappeningRow]:
    """Accepted suggestions of days that are over, whose prices still stand."""
    statement = (
        select(HappeningRow)
        .where(
            HappeningRow.state == SuggestionState.ACCEPTED,
            HappeningRow.day < day,
            HappeningRow.made != {},
        )
        .order_by(HappeningRow.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(across_tenants(statement, because=_WORK)))


def venue_of(row: VenueRow) -> Venue:
    """What the rules need of it."""
    priced = row.price_minor is not None and row.price_currency is not None
    return Venue(
        id=row.id,
        name=row.name,
        vendor_id=row.vendor_id,
        bonus=row.bonus,
        priority=row.priority,
        by_title=row.by_title,
        always_alert=row.always_alert,
        price=Money(row.price_minor or 0, row.price_currency or "") if priced else None,
    )


def happening_of(row: HappeningRow) -> Happening:
    """As its vendor told it."""
    return Happening(
        vendor_id=row.vendor_id,
        name=row.name,
        day=row.day,
        status=row.status,
        url=row.url,
        starts=row.starts,
        venue=row.venue,
        venue_id=row.vendor_venue_id,
        sale_begins=row.sale_begins,
        sale_ends=row.sale_ends,
        least_price=row.least_price,
        most_price=row.most_price,
    )


def think(row: HappeningRow, view: Opinion) -> None:
    """Have another opinion of an event that is known."""
    row.venue_id, row.score, row.demand = view.venue_id, view.score, view.demand
    row.sold_out, row.alert = view.sold_out, view.alert
    row.price_minor, row.price_currency = view.price.minor, view.price.currency


def _columns(happening: Happening, view: Opinion) -> dict[str, object]:
    return {
        "name": happening.name,
        "day": happening.day,
        "starts": happening.starts,
        "status": happening.status,
        "url": happening.url,
        "venue": happening.venue,
        "vendor_venue_id": happening.venue_id,
        "sale_begins": happening.sale_begins,
        "sale_ends": happening.sale_ends,
        "least_price": happening.least_price,
        "most_price": happening.most_price,
        "venue_id": view.venue_id,
        "score": view.score,
        "demand": view.demand,
        "sold_out": view.sold_out,
        "alert": view.alert,
        "price_minor": view.price.minor,
        "price_currency": view.price.currency,
    }


def _narrowed(statement: Select[HappeningRow], wanted: Filter) -> Select[HappeningRow]:
    statement = statement.where(HappeningRow.day.between(wanted.first, wanted.last))
    if wanted.venue_id is not None:
        statement = statement.where(HappeningRow.venue_id == wanted.venue_id)
    if wanted.keyword:
        statement = statement.where(
            or_(
                HappeningRow.name.icontains(wanted.keyword, autoescape=True),
                HappeningRow.venue.icontains(wanted.keyword, autoescape=True),
            )
        )
    if wanted.sold_out is not None:
        statement = statement.where(HappeningRow.sold_out == wanted.sold_out)
    if wanted.demand is not None:
        statement = statement.where(HappeningRow.demand == wanted.demand)
    if wanted.state is not None:
        statement = statement.where(HappeningRow.state == wanted.state)
    if wanted.priority:
        minded = select(VenueRow.id).where(
            VenueRow.priority, VenueRow.organisation_id == HappeningRow.organisation_id
        )
        statement = statement.where(HappeningRow.venue_id.in_(minded))
    return statement
