"""How are rankings read and written?"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select, text

from cloud_api.crm.referrals.models import RankedMonthRow, RankingRow
from cloud_api.crm.referrals.types import Month, Placed
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import across_tenants

_NAMED: Final = "named with its organisation"
# The row is the lock: of two who rank a month at once, the second waits and finds it made.
_CLAIM: Final = text("""
INSERT INTO referral_months (organisation_id, month, currency)
VALUES (:organisation_id, :month, :currency)
ON CONFLICT (organisation_id, month) DO UPDATE SET currency = excluded.currency, made_at = now()
    WHERE :force
RETURNING true
""")
_CLEAR: Final = text("""
DELETE FROM referral_rankings WHERE organisation_id = :organisation_id AND month = :month
""")
_POINTS: Final = text("""
SELECT client_id, sum(points)::bigint AS points FROM points_entries
WHERE organisation_id = :organisation_id AND client_id = ANY(:ids) AND kind = 'referral'
    AND created_at >= :begins AND created_at < :ends
GROUP BY client_id
""")


async def claim(
    session: Session, organisation_id: UUID, month: Month, currency: str | None, *, force: bool
) -> bool:
    """Begin to rank a month; False where it was ranked and nobody insists."""
    values = {
        "organisation_id": organisation_id,
        "month": month.start,
        "currency": currency,
        "force": force,
    }
    return await session.scalar(_CLAIM, values) is not None


async def write(
    session: Session, organisation_id: UUID, month: Month, places: Sequence[Placed]
) -> None:
    """These and no others stand in the month."""
    await session.execute(_CLEAR, {"organisation_id": organisation_id, "month": month.start})
    session.add_all(
        RankingRow(
            organisation_id=organisation_id,
            month=month.start,
            client_id=each.client_id,
            position=each.position,
            stays=each.stays,
            revenue_minor=each.revenue_minor,
            new_referrals=each.new_referrals,
            points=each.points,
        )
        for each in places
    )
    await session.flush()


async def points_in(
    session: Session, organisation_id: UUID, client_ids: Collection[UUID], month: Month
) -> dict[UUID, int]:
    """Points for others' stays that each of these earned in the month."""
    key = {
        "organisation_id": organisation_id,
        "ids": list(client_ids),
        "begins": month.begins,
        "ends": month.ends,
    }
    return {row.client_id: row.points for row in await session.execute(_POINTS, key)}


async def newest(session: Session, organisation_id: UUID) -> date | None:
    """The last month that was ranked."""
    statement = (
        select(RankedMonthRow.month)
        .where(RankedMonthRow.organisation_id == organisation_id)
        .order_by(RankedMonthRow.month.desc())
        .limit(1)
    )
    return await session.scalar(across_tenants(statement, because=_NAMED))


async def month_of(session: Session, organisation_id: UUID, month: Month) -> RankedMonthRow | None:
    """When a month was ranked, and in which currency."""
    statement = select(RankedMonthRow).where(
        RankedMonthRow.organisation_id == organisation_id, RankedMonthRow.month == month.start
    )
    return await session.scalar(across_tenants(statement, because=_NAMED))


async def places(session: Session, organisation_id: UUID, month: Month) -> list[RankingRow]:
    """A month's ranking, in order."""
    statement = select(RankingRow).where(
        RankingRow.organisation_id == organisation_id, RankingRow.month == month.start
    )
    ordered = across_tenants(statement, because=_NAMED).order_by(RankingRow.position)
    return list(await session.scalars(ordered))


async def places_of(session: Session, organisation_id: UUID, client_id: UUID) -> list[RankingRow]:
    """Where somebody stood, month by month."""
    statement = select(RankingRow).where(
        RankingRow.organisation_id == organisation_id, RankingRow.client_id == client_id
    )
    ordered = across_tenants(statement, because=_NAMED).order_by(RankingRow.month)
    return list(await session.scalars(ordered))
