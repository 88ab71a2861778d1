"""How are achievements and their holders read and written?"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from cloud_api.crm.achievements.errors import AchievementTaken
from cloud_api.crm.achievements.models import AchievementRow, AwardRow
from cloud_api.crm.achievements.types import Achievement, Award, Needs
from cloud_api.kit.db import Session
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped

_SORTING: Final[dict[str, Column]] = {
    "place": AchievementRow.place,
    "name": AchievementRow.name,
    "created_at": AchievementRow.created_at,
}
_NAMED: Final = "named with its organisation"
_AWARD: Final = text("""
INSERT INTO client_achievements (client_id, achievement_id, organisation_id, earned_at)
SELECT w.client_id, w.achievement_id, :organisation_id, :at
FROM unnest(CAST(:clients AS uuid[]), CAST(:achievements AS uuid[]))
    AS w (client_id, achievement_id)
ON CONFLICT (client_id, achievement_id) DO UPDATE SET revoked_at = NULL
""")
_REVOKE: Final = text("""
UPDATE client_achievements AS a SET revoked_at = :at
FROM unnest(CAST(:clients AS uuid[]), CAST(:achievements AS uuid[]))
    AS w (client_id, achievement_id)
WHERE a.client_id = w.client_id AND a.achievement_id = w.achievement_id
    AND a.organisation_id = :organisation_id
""")

type Pairs = Sequence[tuple[UUID, UUID]]
"""Client and achievement."""


async def all_of(session: Session, organisation_id: UUID) -> list[Achievement]:
    """Every achievement of an organisation, in its order."""
    statement = select(AchievementRow).where(AchievementRow.organisation_id == organisation_id)
    ordered = across_tenants(statement, because=_NAMED).order_by(
        AchievementRow.place, AchievementRow.name, AchievementRow.id
    )
    return [achievement_of(row) for row in await session.scalars(ordered)]


async def page(
    session: Session, scope: Scope, window: Window, *, sort: str | None
) -> tuple[list[AchievementRow], int]:
    """A page of the caller's."""
    statement = scoped(select(AchievementRow), AchievementRow, scope)
    order = ordering(sort, _SORTING, default="place,name", last=AchievementRow.id.asc())
    return await read_page(session, statement, window, order=order)


async def find(session: Session, scope: Scope, achievement_id: UUID) -> AchievementRow | None:
    """One of the caller's, locked."""
    statement = select(AchievementRow).where(AchievementRow.id == achievement_id)
    return await session.scalar(scoped(statement, AchievementRow, scope).with_for_update())


async def save(session: Session, row: AchievementRow) -> None:
    """Write it. Raises AchievementTaken."""
    session.add(row)
    try:
        await session.flush()
    except IntegrityError:
        raise AchievementTaken from None


async def awards(
    session: Session, organisation_id: UUID, client_ids: Collection[UUID]
) -> list[Award]:
    """What these people have and had."""
    statement = select(AwardRow.client_id, AwardRow.achievement_id, AwardRow.revoked_at).where(
        AwardRow.organisation_id == organisation_id, AwardRow.client_id.in_(client_ids)
    )
    rows = await session.execute(across_tenants(statement, because=_NAMED))
    return [Award(row.client_id, row.achievement_id, row.revoked_at is None) for row in rows]


async def award(session: Session, organisation_id: UUID, pairs: Pairs, *, at: datetime) -> None:
    """These people have these now; who had one before has it since then."""
    await session.execute(_AWARD, _values(organisation_id, pairs, at))


async def revoke(session: Session, organisation_id: UUID, pairs: Pairs, *, at: datetime) -> None:
    """These people have these no more."""
    await session.execute(_REVOKE, _values(organisation_id, pairs, at))


async def history(session: Session, organisation_id: UUID, client_id: UUID) -> list[AwardRow]:
    """All that somebody has or had."""
    statement = select(AwardRow).where(
        AwardRow.organisation_id == organisation_id, AwardRow.client_id == client_id
    )
    ordered = across_tenants(statement, because=_NAMED).order_by(AwardRow.earned_at)
    return list(await session.scalars(ordered))


def achievement_of(row: AchievementRow) -> Achievement:
    """As the rules read it."""
    needs = Needs(row.required_stays, row.required_referrals, row.required_referred_stays)
    return Achievement(row.id, row.name, row.icon, row.place, needs, row.active)


def _values(organisation_id: UUID, pairs: Pairs, at: datetime) -> dict[str, object]:
    return {
        "organisation_id": organisation_id,
        "clients": [client for client, _ in pairs],
        "achievements": [achievement for _, achievement in pairs],
        "at": at,
    }
