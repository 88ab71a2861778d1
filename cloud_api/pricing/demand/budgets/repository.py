"""Who may ask the vendor now, and for what?"""

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, text

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants
from cloud_api.pricing.demand.models import BudgetRow, SearchRow

_WORK = "a worker asks for every tenant"
_KEYS: Final = text("""
SELECT DISTINCT s.key_mark FROM demand_settings s
WHERE s.key_mark IS NOT NULL AND EXISTS (
    SELECT FROM demand_searches q WHERE q.organisation_id = s.organisation_id
        AND q.due_at <= :now AND (q.leased_until IS NULL OR q.leased_until <= :now))
""")
_OPEN_BUDGET: Final = text("""
INSERT INTO demand_budgets (key_mark, day) VALUES (:key_mark, :day)
ON CONFLICT (key_mark) DO NOTHING
""")
# Halls before towns: they are what somebody minds most, and cost least.
_DUE: Final = text("""
UPDATE demand_searches SET leased_until = :until_time, asked = asked + 1 WHERE id IN (
    SELECT q.id FROM demand_searches q
    JOIN demand_settings s ON s.organisation_id = q.organisation_id
    WHERE s.key_mark = :key_mark AND q.due_at <= :now
        AND (q.leased_until IS NULL OR q.leased_until <= :now)
    ORDER BY q.venue_id IS NULL, q.due_at, q.id LIMIT :most FOR UPDATE OF q SKIP LOCKED
) RETURNING id
""")
_ASKED: Final = text("""
SELECT q.id, q.organisation_id, q.place_id, q.first, q.until, q.end_day, q.page, p.city, p.country,
       coalesce(v.vendor_id, '') AS vendor_venue_id, s.api_key, s.key_mark, s.horizon_days
FROM demand_searches q
JOIN demand_places p ON p.id = q.place_id
JOIN demand_settings s ON s.organisation_id = q.organisation_id
LEFT JOIN demand_venues v ON v.id = q.venue_id
WHERE q.id = ANY(:ids) AND s.api_key IS NOT NULL
ORDER BY q.id
""")
_COST: Final = text("""
SELECT coalesce(sum(greatest(q.cost, q.asked)), 0) FROM demand_searches q
JOIN demand_settings s ON s.organisation_id = q.organisation_id WHERE s.key_mark = :key_mark
""")


async def keys_with_work(session: Session, *, now: datetime) -> list[bytes]:
    """The keys with which something is to be asked."""
    return [bytes(each) for each in await session.scalars(_KEYS, {"now": now})]


async def budget(session: Session, key_mark: bytes, *, day: date) -> BudgetRow | None:
    """A key's budget of this day, locked; None while another worker has it."""
    await session.execute(_OPEN_BUDGET, {"key_mark": key_mark, "day": day})
    statement = select(BudgetRow).where(BudgetRow.key_mark == key_mark)
    row = await session.scalar(statement.with_for_update(skip_locked=True))
    return None if row is None else _of_day(row, day)


async def budget_to_note(session: Session, key_mark: bytes, *, day: date) -> BudgetRow:
    """The same, waiting for it."""
    await session.execute(_OPEN_BUDGET, {"key_mark": key_mark, "day": day})
    statement = select(BudgetRow).where(BudgetRow.key_mark == key_mark).with_for_update()
    return _of_day((await session.scalars(statement)).one(), day)


async def spent(session: Session, key_mark: bytes) -> BudgetRow | None:
    """A key's budget as it stands."""
    return await session.scalar(select(BudgetRow).where(BudgetRow.key_mark == key_mark))


async def take(
    session: Session, key_mark: bytes, *, most: int, now: datetime, lease: timedelta
) -> list[Row[Any]]:
    """Lease so many searches that are due with this key."""
    values = {"key_mark": key_mark, "most": most, "now": now, "until_time": now + lease}
    ids = list(await session.scalars(_DUE, values))
    return list((await session.execute(_ASKED, {"ids": ids})).all()) if ids else []


async def cost_of_all(session: Session, key_mark: bytes) -> int:
    """How many requests it takes to ask once for everything this key is used for."""
    return int(await session.scalar(_COST, {"key_mark": key_mark}))


async def search(session: Session, search_id: UUID) -> SearchRow | None:
    """One search, locked; None when nobody wants it any more."""
    statement = select(SearchRow).where(SearchRow.id == search_id).with_for_update()
    return await session.scalar(across_tenants(statement, because=_WORK))


def _of_day(row: BudgetRow, day: date) -> BudgetRow:
    # Never back: a clock that was set back must not open a second day.
    if row.day < day:
        row.day, row.used = day, 0
    return row
