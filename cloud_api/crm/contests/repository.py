"""How are events, contests and registrations read and written?"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from cloud_api.crm.contests.errors import CategoryTaken
from cloud_api.crm.contests.models import CategoryRow, ContestEntryRow, ContestRow
from cloud_api.crm.contests.types import PUBLIC, ContestStatus, EntryStatus
from cloud_api.kit.db import Session
from cloud_api.kit.paging import Column, Window, ordering, read_page
from cloud_api.kit.tenancy import Scope, across_tenants, scoped

_SORTING: Final[dict[str, Column]] = {
    "starts_at": ContestRow.starts_at,
    "deadline": ContestRow.deadline,
    "title": ContestRow.title,
    "created_at": ContestRow.created_at,
}
_ENTRY_SORTING: Final[dict[str, Column]] = {"registered_at": ContestEntryRow.registered_at}
_NAMED: Final = "named with its organisation"


async def categories(session: Session, organisation_id: UUID) -> list[CategoryRow]:
    """Every category of an organisation, by title."""
    statement = select(CategoryRow).where(CategoryRow.organisation_id == organisation_id)
    ordered = across_tenants(statement, because=_NAMED).order_by(CategoryRow.title, CategoryRow.id)
    return list(await session.scalars(ordered))


async def category(session: Session, scope: Scope, category_id: UUID) -> CategoryRow | None:
    """One of the caller's."""
    statement = select(CategoryRow).where(CategoryRow.id == category_id)
    return await session.scalar(scoped(statement, CategoryRow, scope))


async def save_category(session: Session, row: CategoryRow) -> None:
    """Write it. Raises CategoryTaken."""
    session.add(row)
    try:
        await session.flush()
    except IntegrityError:
        raise CategoryTaken from None


async def slug_taken(session: Session, organisation_id: UUID, slug: str) -> bool:
    """Has an event this slug?"""
    statement = select(ContestRow.id).where(
        ContestRow.organisation_id == organisation_id, ContestRow.slug == slug
    )
    return await session.scalar(across_tenants(statement, because=_NAMED)) is not None


async def page(
    session: Session,
    scope: Scope,
    window: Window,
    *,
    sort: str | None,
    status: ContestStatus | None,
    category_id: UUID | None,
) -> tuple[list[ContestRow], int]:
    """A page of the caller's events."""
    statement = scoped(select(ContestRow), ContestRow, scope)
    if status is not None:
        statement = statement.where(ContestRow.status == status)
    if category_id is not None:
        statement = statement.where(ContestRow.category_id == category_id)
    order = ordering(sort, _SORTING, default="-starts_at", last=ContestRow.id.asc())
    return await read_page(session, statement, window, order=order)


async def public_page(
    session: Session, organisation_id: UUID, window: Window
) -> tuple[list[ContestRow], int]:
    """What everybody may see, the next first."""
    statement = select(ContestRow).where(
        ContestRow.organisation_id == organisation_id,
        ContestRow.status.in_(PUBLIC),
        ContestRow.active,
    )
    order = (ContestRow.starts_at.asc(), ContestRow.id.asc())
    return await read_page(session, across_tenants(statement, because=_NAMED), window, order=order)


async def by_slug(session: Session, organisation_id: UUID, slug: str) -> ContestRow | None:
    """What everybody may see under this slug."""
    statement = select(ContestRow).where(
        ContestRow.organisation_id == organisation_id,
        ContestRow.slug == slug,
        ContestRow.status.in_(PUBLIC),
        ContestRow.active,
    )
    return await session.scalar(across_tenants(statement, because=_NAMED))


async def contest(
    session: Session, scope: Scope, contest_id: UUID, *, lock: bool = False
) -> ContestRow | None:
    """One of the caller's; locked, nobody else registers or is approved meanwhile."""
    statement = scoped(select(ContestRow).where(ContestRow.id == contest_id), ContestRow, scope)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def approved(session: Session, organisation_id: UUID, contest_id: UUID) -> int:
    """How many take part."""
    statement = select(func.count()).where(
        ContestEntryRow.organisation_id == organisation_id,
        ContestEntryRow.contest_id == contest_id,
        ContestEntryRow.status == EntryStatus.APPROVED,
    )
    return await session.scalar(across_tenants(statement, because=_NAMED)) or 0


async def entry_of(
    session: Session, scope: Scope, contest_id: UUID, client_id: UUID
) -> ContestEntryRow | None:
    """Somebody's registration."""
    statement = select(ContestEntryRow).where(
        ContestEntryRow.contest_id == contest_id, ContestEntryRow.client_id == client_id
    )
    return await session.scalar(scoped(statement, ContestEntryRow, scope))


async def entry(
    session: Session, scope: Scope, contest_id: UUID, entry_id: UUID
) -> ContestEntryRow | None:
    """One registration, locked."""
    statement = select(ContestEntryRow).where(
        ContestEntryRow.contest_id == contest_id, ContestEntryRow.id == entry_id
    )
    return await session.scalar(scoped(statement, ContestEntryRow, scope).with_for_update())


async def entries(
    session: Session,
    scope: Scope,
    contest_id: UUID,
    window: Window,
    *,
    sort: str | None,
    status: EntryStatus | None,
) -> tuple[list[ContestEntryRow], int]:
    """A page of an event's registrations."""
    statement = select(ContestEntryRow).where(ContestEntryRow.contest_id == contest_id)
    statement = scoped(statement, ContestEntryRow, scope)
    if status is not None:
        statement = statement.where(ContestEntryRow.status == status)
    last = ContestEntryRow.id.asc()
    order = ordering(sort, _ENTRY_SORTING, default="registered_at", last=last)
    return await read_page(session, statement, window, order=order)


async def takers(
    session: Session, organisation_id: UUID, contest_id: UUID
) -> list[ContestEntryRow]:
    """Everybody approved."""
    statement = select(ContestEntryRow).where(
        ContestEntryRow.organisation_id == organisation_id,
        ContestEntryRow.contest_id == contest_id,
        ContestEntryRow.status == EntryStatus.APPROVED,
    )
    return list(await session.scalars(across_tenants(statement, because=_NAMED)))


async def set_winners(
    session: Session, scope: Scope, contest_id: UUID, prizes: dict[UUID, str]
) -> None:
    """These and no others win; who was told already stays told."""
    nobody = update(ContestEntryRow).where(
        ContestEntryRow.contest_id == contest_id, ContestEntryRow.id.not_in(prizes)
    )
    await session.execute(scoped(nobody, ContestEntryRow, scope).values(winner=False, prize=""))
    for entry_id, prize in prizes.items():
        one = update(ContestEntryRow).where(ContestEntryRow.id == entry_id)
        await session.execute(scoped(one, ContestEntryRow, scope).values(winner=True, prize=prize))


async def due_winners(
    session: Session, *, today: date, most: int
) -> list[tuple[ContestEntryRow, ContestRow]]:
    """Winners nobody told whose day has come, locked, of every tenant."""
    statement = (
        select(ContestEntryRow, ContestRow)
        .join(ContestRow, ContestRow.id == ContestEntryRow.contest_id)
        .where(
            ContestEntryRow.winner,
            ContestEntryRow.notified_at.is_(None),
            ContestRow.winners_on <= today,
            ContestRow.status.in_(PUBLIC),
        )
        .order_by(ContestEntryRow.id)
        .limit(most)
        .with_for_update(of=ContestEntryRow, skip_locked=True)
    )
    rows = await session.execute(
        across_tenants(statement, because="the clock serves every organisation")
    )
    return [(row[0], row[1]) for row in rows]


async def mark_told(session: Session, ids: Collection[UUID], *, at: datetime) -> None:
    """These winners were told."""
    statement = update(ContestEntryRow).where(ContestEntryRow.id.in_(ids))
    await session.execute(
        across_tenants(statement, because="the clock serves every organisation").values(
            notified_at=at
        )
    )
