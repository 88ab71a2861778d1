"""Which statements read equal units, and who stands in them?"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError

from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope, across_tenants, scoped
from cloud_api.reservations.models import GroupRow, MemberRow, RearrangementRow
from cloud_api.reservations.rearrangement.errors import GroupTakenError
from cloud_api.reservations.rearrangement.types import Group

# Everything that stands in these spaces, with what decides whether it may move.
_STANDING: Final = text("""
SELECT o.space_id, lower(o.nights) AS check_in, upper(o.nights) AS check_out,
    r.id, r.kind, r.status, r.guests, r.version, r.code, r.checked_in_at,
    r.check_in AS arrives, ARRAY(SELECT u.unit_id FROM reservation_units AS u
        WHERE u.reservation_id = r.id ORDER BY u.unit_id) AS unit_ids
FROM occupancies AS o JOIN reservations AS r ON r.id = o.reservation_id
WHERE o.live AND o.space_id = ANY (CAST(:space_ids AS uuid[]))
  AND o.nights && daterange(:first, :last) AND r.organisation_id = :organisation_id
  AND (r.status <> 'held' OR r.expires_at IS NULL OR r.expires_at > statement_timestamp())
ORDER BY r.check_in, r.id, o.space_id
""")


class Standing(NamedTuple):
    """One booking in one space."""

    space_id: UUID
    check_in: date
    check_out: date
    reservation_id: UUID
    kind: str
    status: str
    guests: int
    version: int
    code: str
    checked_in_at: datetime | None
    arrives: date
    unit_ids: list[UUID]


async def groups(session: Session, scope: Scope) -> list[Group]:
    """Every group of the caller's, by name."""
    named = await session.scalars(
        scoped(select(GroupRow), GroupRow, scope).order_by(GroupRow.name, GroupRow.id)
    )
    members: dict[UUID, list[UUID]] = {}
    found = await session.execute(
        scoped(select(MemberRow.group_id, MemberRow.unit_id), MemberRow, scope)
    )
    for group_id, unit_id in found:
        members.setdefault(group_id, []).append(unit_id)
    return [
        Group(row.id, row.organisation_id, row.name, tuple(sorted(members.get(row.id, ()))))
        for row in named
    ]


async def group_row(session: Session, scope: Scope, group_id: UUID) -> GroupRow | None:
    """One group, locked."""
    statement = scoped(select(GroupRow).where(GroupRow.id == group_id), GroupRow, scope)
    return await session.scalar(statement.with_for_update())


async def write_members(session: Session, row: GroupRow, unit_ids: Sequence[UUID]) -> None:
    """These are the group's units from now on; raises GroupTakenError."""
    try:
        session.add(row)
        await session.flush()
        gone = delete(MemberRow).where(MemberRow.group_id == row.id)
        await session.execute(across_tenants(gone, because="the group was the caller's"))
        session.add_all(
            MemberRow(unit_id=unit_id, group_id=row.id, organisation_id=row.organisation_id)
            for unit_id in unit_ids
        )
        await session.flush()
    except IntegrityError as error:
        raise GroupTakenError from error


async def standing(
    session: Session, scope: Scope, space_ids: Sequence[UUID], first: date, last: date
) -> list[Standing]:
    """Every live booking in these spaces with a night in `[first, last)`."""
    values = {
        "space_ids": space_ids,
        "first": first,
        "last": last,
        "organisation_id": scope.organisation_id,
    }
    return [Standing(*row) for row in await session.execute(_STANDING, values)]


async def done(session: Session, scope: Scope, rearrangement_id: UUID) -> RearrangementRow | None:
    """One accepted rearrangement, locked."""
    statement = scoped(
        select(RearrangementRow).where(RearrangementRow.id == rearrangement_id),
        RearrangementRow,
        scope,
    )
    return await session.scalar(statement.with_for_update())
