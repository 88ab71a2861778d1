"""How are prices read and written?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, TextClause, delete, select, text
from sqlalchemy.exc import IntegrityError

from cloud_api.kit.db import Session
from cloud_api.kit.money import Money
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.pricing.errors import PriceExists
from cloud_api.pricing.models import (
    PolicyRow,
    PriceEntry,
    QuoteRow,
    RateRow,
    SettingsRow,
    UnitPriceRow,
)
from cloud_api.pricing.types import (
    CancellationPolicy,
    Charge,
    ExchangeRate,
    HourTerms,
    Level,
    NightPrices,
    Season,
    Service,
    Settings,
    SpecialDate,
    Tariff,
    UnitPrices,
)
from cloud_api.properties.types import BookableUnit

# One statement for each table, whatever the number of units: a search prices a thousand houses.
_SETTINGS = text("""
SELECT property_id, weekend, currency, second_currency, deposit_percent, high_season_factor,
       weekend_factor, rounding, quote_minutes, charges, late_check_out, early_check_in
FROM pricing_settings WHERE property_id = ANY(:property_ids)
""")
_PRICES = text("""
SELECT unit_id, currency, low_weekday, low_weekend, high_weekday, high_weekend, extra_person, fixed
FROM pricing_unit_prices WHERE unit_id = ANY(:unit_ids)
""")
_SEASONS = text("""
SELECT p.id AS property_id, s.id, s.name, s.level, s.start_month, s.start_day, s.end_month,
       s.end_day, s.year, s.property_id IS NOT NULL AS own
FROM unnest(CAST(:property_ids AS uuid[]), CAST(:organisation_ids AS uuid[]))
    AS p (id, organisation_id)
JOIN pricing_seasons s ON s.organisation_id = p.organisation_id
    AND (s.property_id IS NULL OR s.property_id = p.id)
WHERE s.archived_at IS NULL
ORDER BY s.id
""")
_SPECIALS = text("""
SELECT property_id, unit_id, id, name, month, day, price_minor, price_currency, minimum_nights
FROM pricing_special_dates
WHERE property_id = ANY(:property_ids) AND archived_at IS NULL
ORDER BY property_id, month, day, unit_id IS NULL, id
""")
_SERVICES = text("""
SELECT p.id AS property_id, s.id, s.name, s.mandatory, s.per_night, s.per_person, s.price_minor,
       s.price_currency, s.after
FROM unnest(CAST(:property_ids AS uuid[]), CAST(:organisation_ids AS uuid[]))
    AS p (id, organisation_id)
JOIN pricing_services s ON s.organisation_id = p.organisation_id
    AND (s.property_ids = '{}' OR p.id = ANY(s.property_ids))
WHERE s.archived_at IS NULL
ORDER BY s.place, s.name, s.id
""")
_RATES = text("""
SELECT DISTINCT ON (organisation_id, base, quote) organisation_id, base, quote, value, valid_from
FROM pricing_exchange_rates
WHERE organisation_id = ANY(:organisation_ids) AND valid_from <= :now
ORDER BY organisation_id, base, quote, valid_from DESC
""")
_ADD_QUOTE = text("""
INSERT INTO pricing_quotes
    (id, organisation_id, property_id, document, mac, made_at, expires_at)
VALUES (:id, :organisation_id, :property_id, :document, :mac, :made_at, :expires_at)
""")
_KEEP = text("""
UPDATE pricing_quotes SET kept_at = coalesce(kept_at, statement_timestamp())
WHERE id = :id AND organisation_id = :organisation_id RETURNING true
""")
_CHARGES = TypeAdapter(tuple[Charge, ...])
_HOURS = TypeAdapter(tuple[HourTerms, ...])
_PLAIN_SETTINGS = (
    "currency",
    "second_currency",
    "deposit_percent",
    "high_season_factor",
    "weekend_factor",
    "rounding",
    "quote_minutes",
)
_ONCE = ("uq_pricing", "pk_pricing")
_BECAUSE = "units on sale and their prices are public"


async def tariff(session: Session, units: Sequence[BookableUnit], *, now: datetime) -> Tariff:
    """All terms of these units as they are now, in six statements."""
    places = {unit.property_id: unit.organisation_id for unit in units}
    property_ids, organisation_ids = list(places), list(places.values())
    both = {"property_ids": property_ids, "organisation_ids": organisation_ids}
    unit_ids = [unit.unit_id for unit in units]
    return Tariff(
        settings=await _settings(session, property_ids),
        seasons=_seasons(await _rows(session, _SEASONS, both)),
        services=_services(await _rows(session, _SERVICES, both)),
        prices=await _prices(session, unit_ids),
        specials=_specials(await _rows(session, _SPECIALS, {"property_ids": property_ids}), units),
        rates=await _rates(session, sorted(set(organisation_ids)), now=now),
    )


async def find[M: PriceEntry](
    session: Session, model: type[M], scope: Scope, entry_id: UUID, *, lock: bool = False
) -> M | None:
    """One of the caller's own; locked against changes when `lock`."""
    statement = scoped(select(model).where(model.id == entry_id), model, scope)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def page[M: PriceEntry](
    session: Session,
    model: type[M],
    scope: Scope,
    window: Window,
    *,
    sort: str | None,
    archived: bool,
    where: Mapping[str, UUID | None],
) -> tuple[list[M], int]:
    """A page of the caller's own. `where` names columns that must equal; None does not filter."""
    statement = scoped(select(model), model, scope)
    for column, value in where.items():
        if value is not None:
            statement = statement.where(getattr(model, column) == value)
    if not archived:
        statement = statement.where(model.archived_at.is_(None))
    allowed: dict[str, Column] = {"name": model.name, "created_at": model.created_at}
    order = ordering(sort, allowed, default="name", last=model.id.asc())
    return await read_page(session, statement, window, order=order)


async def save(session: Session) -> None:
    """Write what was added and changed. Raises PriceExists, also when two write at once."""
    try:
        await session.flush()
    except IntegrityError as error:
        if any(each in str(error.orig) for each in _ONCE):
            raise PriceExists from None
        raise


async def find_settings(
    session: Session, scope: Scope, property_id: UUID, *, lock: bool = False
) -> SettingsRow | None:
    """The conventions of one property, if any were told."""
    statement = scoped(
        select(SettingsRow).where(SettingsRow.property_id == property_id), SettingsRow, scope
    )
    return await session.scalar(statement.with_for_update() if lock else statement)


async def find_unit_price(
    session: Session, scope: Scope, unit_id: UUID, *, lock: bool = False
) -> UnitPriceRow | None:
    """One unit's prices, if any were told."""
    statement = scoped(
        select(UnitPriceRow).where(UnitPriceRow.unit_id == unit_id), UnitPriceRow, scope
    )
    return await session.scalar(statement.with_for_update() if lock else statement)


async def rates_page(
    session: Session, scope: Scope, window: Window, *, base: str | None, quote: str | None
) -> tuple[list[RateRow], int]:
    """The history of rates, the newest first."""
    statement = scoped(select(RateRow), RateRow, scope)
    if base:
        statement = statement.where(RateRow.base == base)
    if quote:
        statement = statement.where(RateRow.quote == quote)
    order: list[Column] = [RateRow.valid_from.desc(), RateRow.id.asc()]
    return await read_page(session, statement, window, order=order)


async def policies(
    session: Session, organisation_id: UUID, property_id: UUID
) -> list[CancellationPolicy]:
    """The policies of a property and the general ones."""
    statement = select(PolicyRow).where(
        PolicyRow.organisation_id == organisation_id,
        (PolicyRow.property_id == property_id) | PolicyRow.property_id.is_(None),
        PolicyRow.archived_at.is_(None),
    )
    rows = await session.scalars(across_tenants(statement, because="named by its own tenant"))
    return [
        CancellationPolicy(
            id=row.id,
            name=row.name,
            days_before=row.days_before,
            refund_percent=row.refund_percent,
            default=row.is_default,
            own=row.property_id is not None,
        )
        for row in rows
    ]


async def add_quote(session: Session, row: Mapping[str, object]) -> None:
    """Keep what was signed."""
    await session.execute(_ADD_QUOTE, row)


async def find_quote(session: Session, quote_id: UUID) -> QuoteRow | None:
    """A quote, for whoever can name it."""
    statement = select(QuoteRow).where(QuoteRow.id == quote_id)
    return await session.scalar(across_tenants(statement, because="its token was signed by us"))


async def keep_quote(session: Session, organisation_id: UUID, quote_id: UUID) -> bool:
    """Never forget it; False when there is none."""
    key = {"id": quote_id, "organisation_id": organisation_id}
    return await session.scalar(_KEEP, key) is not None


async def forget_quotes(session: Session, *, expired_before: datetime) -> int:
    """Delete quotes nobody booked; how many."""
    statement = (
        delete(QuoteRow)
        .where(QuoteRow.kept_at.is_(None), QuoteRow.expires_at < expired_before)
        .returning(QuoteRow.id)
    )
    gone = await session.scalars(across_tenants(statement, because="the job tidies for everybody"))
    return len(gone.all())


async def _rows(
    session: Session, statement: TextClause, values: Mapping[str, object]
) -> Iterable[RowMapping]:
    found = await session.execute(across_tenants(statement, because=_BECAUSE), values)
    return found.mappings()


async def _settings(session: Session, property_ids: Sequence[UUID]) -> dict[UUID, Settings]:
    rows = await _rows(session, _SETTINGS, {"property_ids": property_ids})
    return {row["property_id"]: settings_from(row) for row in rows}


def settings_from(row: RowMapping | Mapping[str, Any]) -> Settings:
    """A stored row as the rules know it."""
    plain = {name: row[name] for name in _PLAIN_SETTINGS}
    return Settings(
        **plain,
        weekend=frozenset(row["weekend"]),
        charges=_CHARGES.validate_python(row["charges"]),
        late_check_out=_HOURS.validate_python(row["late_check_out"]),
        early_check_in=_HOURS.validate_python(row["early_check_in"]),
    )


async def _prices(session: Session, unit_ids: Sequence[UUID]) -> dict[UUID, UnitPrices]:
    rows = await _rows(session, _PRICES, {"unit_ids": unit_ids})
    return {row["unit_id"]: _unit_prices(row) for row in rows}


def _unit_prices(row: RowMapping) -> UnitPrices:
    nights = None
    if row["low_weekday"] is not None:
        nights = NightPrices(
            row["currency"],
            row["low_weekday"],
            row["low_weekend"],
            row["high_weekday"],
            row["high_weekend"],
        )
    return UnitPrices(nights, Money(row["extra_person"], row["currency"]), row["fixed"])


def _seasons(rows: Iterable[RowMapping]) -> dict[UUID, tuple[Season, ...]]:
    found: defaultdict[UUID, list[Season]] = defaultdict(list)
    for row in rows:
        found[row["property_id"]].append(
            Season(
                id=row["id"],
                name=row["name"],
                level=Level(row["level"]),
                start=(row["start_month"], row["start_day"]),
                end=(row["end_month"], row["end_day"]),
                year=row["year"],
                own=row["own"],
            )
        )
    return {key: tuple(each) for key, each in found.items()}


def _specials(
    rows: Iterable[RowMapping], units: Sequence[BookableUnit]
) -> dict[UUID, tuple[SpecialDate, ...]]:
    """One a day for each unit: the statement brings a unit's own before its property's."""
    told: defaultdict[UUID, list[tuple[UUID | None, SpecialDate]]] = defaultdict(list)
    for row in rows:
        special = SpecialDate(
            id=row["id"],
            name=row["name"],
            month=row["month"],
            day=row["day"],
            price=Money(row["price_minor"], row["price_currency"]),
            minimum_nights=row["minimum_nights"],
        )
        told[row["property_id"]].append((row["unit_id"], special))
    return {
        unit.unit_id: _one_a_day(told[unit.property_id], unit.unit_id)
        for unit in units
        if unit.property_id in told
    }


def _one_a_day(
    told: Sequence[tuple[UUID | None, SpecialDate]], unit_id: UUID
) -> tuple[SpecialDate, ...]:
    days: dict[tuple[int, int], SpecialDate] = {}
    for whose, special in told:
        if whose is None or whose == unit_id:
            days.setdefault((special.month, special.day), special)
    return tuple(days.values())


def _services(rows: Iterable[RowMapping]) -> dict[UUID, tuple[Service, ...]]:
    found: defaultdict[UUID, list[Service]] = defaultdict(list)
    for row in rows:
        found[row["property_id"]].append(
            Service(
                id=row["id"],
                name=row["name"],
                mandatory=row["mandatory"],
                per_night=row["per_night"],
                per_person=row["per_person"],
                price=Money(row["price_minor"], row["price_currency"]),
                after=row["after"],
            )
        )
    return {key: tuple(each) for key, each in found.items()}


async def rates_at(
    session: Session, organisation_id: UUID, *, now: datetime
) -> tuple[ExchangeRate, ...]:
    """An organisation's rates that hold at this instant."""
    return (await _rates(session, [organisation_id], now=now)).get(organisation_id, ())


async def _rates(
    session: Session, organisation_ids: Sequence[UUID], *, now: datetime
) -> dict[UUID, tuple[ExchangeRate, ...]]:
    rows = await _rows(session, _RATES, {"organisation_ids": organisation_ids, "now": now})
    found: defaultdict[UUID, list[ExchangeRate]] = defaultdict(list)
    for row in rows:
        found[row["organisation_id"]].append(
            ExchangeRate(row["base"], row["quote"], row["value"], row["valid_from"])
        )
    return {key: tuple(each) for key, each in found.items()}
